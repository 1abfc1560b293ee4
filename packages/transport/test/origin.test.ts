import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowedHost, isAllowedOrigin } from '../src/origin.ts'

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
  ['http://localhost', ['http://localhost:*'], true],
  ['https://example.com', ['https://example.com:443'], true],
  ['https://example.com:443', ['https://example.com'], true],
  ['https://example.com:80', ['https://example.com'], false],
  ['http://example.com:8080', ['http://example.com'], false],
  ['http://[::1]', ['http://[::1]:80'], true],
  ['null', ['null'], true],
  ['null', ['https://*'], false],
  ['capacitor://localhost', ['capacitor://localhost'], true],
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

const LOCAL = ['localhost', '127.0.0.1', '[::1]']
for (const [host, patterns, isAllowed] of [
  ['localhost', LOCAL, true],
  ['LocalHost:8080', LOCAL, true],
  ['localhost.:8080', LOCAL, true],
  ['127.0.0.1:8080', LOCAL, true],
  ['[::1]:8080', LOCAL, true],
  ['[::1]', LOCAL, true],
  ['evil.example', LOCAL, false],
  ['localhost.evil.example:8080', LOCAL, false],
  ['evil.example:80@localhost', LOCAL, false],
  ['', LOCAL, false],
  [undefined, LOCAL, false],
  [undefined, ['*'], true],
  ['anything:1', ['*'], true],
  ['app.example.com', ['*.example.com'], true],
  ['app.example.com:8443', ['app.example.com:8443'], true],
  ['app.example.com:8080', ['app.example.com:8443'], false],
] as const) {
  test(`TRN-06 host ${host} is ${isAllowed ? 'allowed' : 'refused'} by ${patterns.join(', ')}`, () => {
    assert.equal(isAllowedHost(host, patterns), isAllowed)
  })
}
