import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ApplicationError,
  CloseUri,
  ERROR_CODES,
  ErrorUri,
  isReservedUri,
  isValidUri,
  ProtocolViolation,
  UsageError,
} from '../src/index.ts'

test('error classes tell who is at fault, and carry what a handler needs', () => {
  const cause = new Error('inner')
  const usage = new UsageError('ERR_TIMEOUT', 'too slow', { cause })
  assert.deepEqual([usage.name, usage.code, usage.message, usage.cause], ['UsageError', 'ERR_TIMEOUT', 'too slow', cause])
  const violation = new ProtocolViolation('bad', true)
  assert.deepEqual([violation.name, violation.message, violation.isTransportFault], ['ProtocolViolation', 'bad', true])
  assert.equal(new ProtocolViolation('bad').isTransportFault, false)
  const application = new ApplicationError('com.example.error', ['went wrong', 2], { a: 1 })
  assert.deepEqual([application.name, application.message], ['ApplicationError', 'com.example.error: went wrong'])
  assert.deepEqual([application.error, application.args, application.kwargs], ['com.example.error', ['went wrong', 2], { a: 1 }])
  assert.equal(new ApplicationError('com.example.error', [1]).message, 'com.example.error')
})

test('every code has one sentence, and every predefined URI is a valid, reserved one and stands once', () => {
  for (const [code, text] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^ERR_[A-Z_]+$/)
    assert.match(text, /^[A-Z].*[^.]$/)
  }
  const uris = [...Object.values(ErrorUri), ...Object.values(CloseUri)]
  for (const uri of uris) assert.ok(isValidUri(uri, 'exact', 'strict') && isReservedUri(uri), uri)
  assert.equal(new Set(uris).size, uris.length)
})
