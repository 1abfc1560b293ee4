import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findTotpStep, readTotpSecret, TOTP_STEP_MS, totpCode, totpStepAt } from '../../src/auth/totp.ts'
import { crypto, NO_TEXTS } from './support.ts'

const SECRET = Buffer.from('12345678901234567890')
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

/** RFC 6238 appendix B, SHA-1: seconds since 1970, the step, and eight digits, of which six are the last six. */
const VECTORS: readonly [seconds: number, step: number, code: string][] = [
  [59, 0x1, '94287082'],
  [1111111109, 0x23523ec, '07081804'],
  [1111111111, 0x23523ed, '14050471'],
  [1234567890, 0x273ef07, '89005924'],
  [2000000000, 0x3f940aa, '69279037'],
  [20000000000, 0x27bc86aa, '65353130'],
]

for (const [seconds, step, code] of VECTORS) {
  test(`AUTH-08 the vector of RFC 6238 appendix B for ${seconds} s`, () => {
    assert.equal(totpStepAt(seconds * 1000), step)
    assert.equal(totpCode(crypto, SECRET, step), code.slice(2))
    assert.equal(findTotpStep(crypto, SECRET, code.slice(2), step), step)
  })
}

/** RFC 4226 appendix D. */
const COUNTED = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489']

test('AUTH-08 the vectors of RFC 4226 appendix D, which counts where TOTP tells the time', () => {
  for (const [counter, code] of COUNTED.entries()) assert.equal(totpCode(crypto, SECRET, counter), code)
})

test('AUTH-08 a step changes after thirty seconds, and counts beyond 32 bits', () => {
  assert.deepEqual([0, 29_999, 30_000].map(totpStepAt), [0, 0, 1])
  assert.notEqual(totpCode(crypto, SECRET, 1), totpCode(crypto, SECRET, 2 ** 32 + 1))
})

test('AUTH-08 the codes of the step before and after are right, too, and no others', () => {
  const now = 1000
  const found = [-2, -1, 0, 1, 2].map((by) => findTotpStep(crypto, SECRET, totpCode(crypto, SECRET, now + by), now))
  assert.deepEqual(found, [undefined, 999, 1000, 1001, undefined])
  assert.equal(findTotpStep(crypto, SECRET, COUNTED[1], 0), 1, 'there is no step before the first')
})

test('AUTH-08 what is not six ASCII digits is no code', () => {
  const code = totpCode(crypto, SECRET, 1)
  for (const wrong of [...NO_TEXTS, '', code.slice(1), `0${code}`, ` ${code}`, `${code}\n`, '٢٨٧٠٨٢', 'x'.repeat(100_000)]) {
    assert.equal(findTotpStep(crypto, SECRET, wrong, 1), undefined, String(wrong).slice(0, 20))
  }
})

test('AUTH-08 a secret is Base32 as people and otpauth URIs write it', () => {
  for (const text of [BASE32, BASE32.toLowerCase(), `${BASE32}====`, BASE32.replace(/.{4}/g, '$& ')]) {
    assert.deepEqual(readTotpSecret(text), { bytes: new Uint8Array(SECRET) })
  }
  const faults = [
    ...NO_TEXTS,
    '',
    BASE32.slice(0, 15),
    `${BASE32}1`,
    `${BASE32}0`,
    `=${BASE32}`,
    `${BASE32}é`,
    'A'.repeat(207),
    ' '.repeat(1000),
  ]
  for (const wrong of faults) assert.deepEqual(readTotpSecret(wrong), { fault: 'totp must be Base32 of 10 to 128 bytes' })
})

test('AUTH-08 Base32 of any bytes reads back (property)', () => {
  const encode = (bytes: Uint8Array): string => {
    const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
    return bits.replace(/.{1,5}/g, (five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]!)
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 10, maxLength: 128 }), (bytes) => assert.deepEqual(readTotpSecret(encode(bytes)), { bytes })),
  )
})

test('AUTH-08 a right code lasts ninety seconds', () => {
  const code = totpCode(crypto, SECRET, totpStepAt(600_000))
  const isRightAt = (ms: number): boolean => findTotpStep(crypto, SECRET, code, totpStepAt(ms)) !== undefined
  assert.deepEqual(
    [600_000 - TOTP_STEP_MS - 1, 600_000 - TOTP_STEP_MS, 600_000 + 2 * TOTP_STEP_MS - 1, 600_000 + 2 * TOTP_STEP_MS].map(isRightAt),
    [false, true, true, false],
  )
})
