// Cookies as HTTP has them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '@crosspoint/testing'
import { isCookieValue, newCookieValue, readCookie, setCookie } from '../../src/authentication/cookies.ts'

test('AUTH-10 a cookie is found among others, and only by its whole name', () => {
  assert.equal(readCookie('cbtid=abc', 'cbtid'), 'abc')
  assert.equal(readCookie('theme=dark; cbtid=abc; lang=de', 'cbtid'), 'abc')
  assert.equal(readCookie('  cbtid = "abc" ;', 'cbtid'), 'abc')
  assert.equal(readCookie('cbtid=a=b', 'cbtid'), 'a=b')
  assert.equal(readCookie(['theme=dark', 'cbtid=abc'], 'cbtid'), 'abc')
  for (const header of [undefined, '', ';', '=', 'cbtid', 'xcbtid=abc', 'cbtidx=abc', 'CBTID=abc', 'theme="cbtid=abc"']) {
    assert.equal(readCookie(header, 'cbtid'), undefined, header)
  }
})

test('a name that stands there twice is believed only if both say the same', () => {
  assert.equal(readCookie('cbtid=abc; cbtid=abc', 'cbtid'), 'abc')
  assert.equal(readCookie('cbtid=abc; cbtid=def', 'cbtid'), undefined)
  assert.equal(readCookie('cbtid=abc; cbtid=', 'cbtid'), undefined)
})

test('values have their length, six random bits a character, and need no quotes', () => {
  const values = new Set(Array.from({ length: 1_000 }, () => newCookieValue()))
  assert.equal(values.size, 1_000)
  for (const value of values) assert.match(value, /^[A-Za-z0-9_-]{24}$/)
  for (const length of [24, 25, 26, 27, 64]) assert.equal(isCookieValue(newCookieValue(length), length), true, String(length))
  for (const value of ['', 'x'.repeat(23), 'x'.repeat(25), `${'x'.repeat(23)}é`, `${'x'.repeat(23)}\n`, `${'x'.repeat(23)};`]) {
    assert.equal(isCookieValue(value), false, value)
  }
  // Each character of a value is drawn: none of the 64 is missing, at any place.
  for (const place of [0, 12, 23]) assert.ok(new Set([...values].map((value) => value[place])).size > 50, String(place))
})

test('Set-Cookie has the attributes that were asked for', () => {
  assert.equal(setCookie('v', {}, '/ws', true), 'cbtid=v; Path=/ws; Max-Age=604800; Secure; HttpOnly; SameSite=Lax')
  assert.equal(setCookie('v', {}, '/', false), 'cbtid=v; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax')
  const options = { name: 'sid', max_age: 60, secure: true, http_strict: false, same_site: 'None' } as const
  assert.equal(setCookie('v', options, '/ws', false), 'sid=v; Path=/ws; Max-Age=60; Secure; SameSite=None')
  assert.equal(
    setCookie('v', { secure: false, same_site: 'Strict' }, '/ws', true),
    'cbtid=v; Path=/ws; Max-Age=604800; HttpOnly; SameSite=Strict',
  )
})

test('AUTH-10 any header is read, and gives nothing but a value that stands in it', () => {
  const seed = Number(process.env['SEED'] ?? Date.now())
  const random = new SeededRandom(seed)
  const pieces = ['cbtid', '=', ';', ' ', '"', 'a', 'ü', '\0', '\t', ',', '%3D', '\\', '=;', 'cbtid=', '"cbtid"', 'x'.repeat(50)]
  for (let round = 0; round < 5_000; round++) {
    const header = Array.from({ length: random.below(12) }, () => pieces[random.below(pieces.length)]).join('')
    const value = readCookie(header, 'cbtid')
    assert.ok(value === undefined || header.includes(value), `seed ${seed}: ${JSON.stringify(header)}`)
    if (value !== undefined && isCookieValue(value)) assert.match(value, /^[\w-]{24}$/, `seed ${seed}`)
  }
  assert.equal(readCookie('cbtid=a;'.repeat(100_000), 'cbtid'), 'a')
  assert.equal(readCookie(`cbtid=${'"'.repeat(1_000_000)}`, 'cbtid'), '"'.repeat(999_998))
})
