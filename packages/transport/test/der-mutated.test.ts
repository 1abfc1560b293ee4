// Certificates that somebody has tampered with at random: the reader of DER finds something or nothing, and comes to an end.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { endPointHash } from '../src/channel-binding.ts'
import { elementsOf } from '../src/der.ts'
import { makePair } from './certificates.ts'

test('no bytes, a certificate’s with some changed or any at all, break the reader', async () => {
  const { cert } = await makePair('router')
  const der = new Uint8Array(new X509Certificate(cert).raw)
  const changes = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
  const changed = fc.tuple(changes, fc.nat(der.length)).map(([all, length]) => {
    const bytes = der.slice(0, length)
    for (const [at, byte] of all) if (at < length) bytes[at] = byte
    return bytes
  })
  assert.equal(endPointHash(der), 'sha256')
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      const hash = endPointHash(bytes)
      assert.ok(hash === undefined || /^sha(256|384|512)$/.test(hash))
      for (const { start, end } of elementsOf(bytes)) assert.ok(start >= 0 && start <= end && end <= bytes.length)
    }),
    { numRuns: 20_000 },
  )
})
