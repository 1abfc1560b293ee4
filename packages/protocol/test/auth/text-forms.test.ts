import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readBase64 } from '../../src/auth/base64.ts'
import { readHex, toHex } from '../../src/auth/hex.ts'
import { NO_TEXTS } from './support.ts'

test('hexadecimal text goes both ways, in either case (property)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'))
      assert.deepEqual(readHex(toHex(bytes), bytes.length), bytes)
      assert.deepEqual(readHex(toHex(bytes).toUpperCase(), bytes.length), bytes)
    }),
  )
})

test('hexadecimal text of another length or with anything else in it is refused', () => {
  const wrong = ['', '0', '0af', '0aff0', '0aff00', '0x0a', ' aff', 'af f', '0ag0', '+1-1', '１２３４', '0aff\n', '1e1.']
  for (const text of [...NO_TEXTS, ...wrong]) assert.equal(readHex(text, 2), undefined, String(text))
})

test('Base64 goes both ways within its bounds (property)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.deepEqual(readBase64(text, 0, 100), bytes)
      assert.deepEqual(readBase64(text, bytes.length, bytes.length), bytes)
      assert.equal(readBase64(text, bytes.length + 1, 200), undefined)
      if (bytes.length > 0) assert.equal(readBase64(text, 0, bytes.length - 1), undefined)
    }),
  )
})

test('Base64 that is not canonical is refused: whitespace, padding, loose bits, the URL alphabet', () => {
  const wrong = [
    'AP8',
    'AP8==',
    'AP9=',
    'AB==',
    'A===',
    '====',
    '=',
    ' AP8=',
    'AP8=\n',
    'AP 8=',
    'A_8=',
    'A-8=',
    'AP8=AP8=',
    '🙂🙂',
    '\0\0\0\0',
  ]
  for (const text of [...NO_TEXTS, ...wrong]) assert.equal(readBase64(text, 0, 100), undefined, String(text))
})
