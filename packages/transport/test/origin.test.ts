import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowedOrigin } from '../src/origin.ts'

for (const [origin, patterns, isAllowed] of [
  [undefined, [], true],
  ['https://example.com', [], false],
  ['https://example.com', ['*'], true],
  ['https://example.com', ['https://example.com'], true],
  ['HTTPS://Example.com', ['https://example.COM'], true],
  ['https://example.com.evil.org', ['https://example.com'], false],
  ['https://app.example.com', ['https://*.example.com'], true],
  ['https://example.com', ['https://*.example.com'], false],
  ['https://evil.org/.example.com.org', ['https://*.example.com'], false],
  ['http://localhost:3000', ['http://localhost:*', 'https://example.com'], true],
  ['http://localhost', ['http://localhost:*'], false],
  ['http://a.b.c:80', ['http://*.*.*:80'], true],
  ['http://a.b:80', ['http://*.*.*:80'], false],
  ['http://aa', ['http://a*a'], true],
  ['http://a', ['http://a*a'], false],
  ['null', ['https://example.com'], false],
] as const) {
  test(`TRN-06 origin ${origin} is ${isAllowed ? 'allowed' : 'refused'} by ${patterns.join(', ') || 'no pattern'}`, () => {
    assert.equal(isAllowedOrigin(origin, patterns), isAllowed)
  })
}
test('TRN-06 a pattern of many stars takes no time', () => {
  const began = performance.now()
  assert.equal(isAllowedOrigin(`${'a'.repeat(5_000)}b`, [`${'*a'.repeat(200)}*c`]), false)
  assert.ok(performance.now() - began < 1_000)
})
