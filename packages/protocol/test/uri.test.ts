import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isReservedUri, isValidUri, MATCH_POLICIES, type MatchPolicy, type UriRule } from '../src/index.ts'
import { uriRuleText } from '../src/internal.ts'

const RULES: readonly UriRule[] = ['loose', 'strict']
/** exact loose, exact strict, prefix loose, prefix strict, wildcard loose, wildcard strict */
const TABLE: readonly (readonly [string, string])[] = [
  ['com.myapp.topic1', '++++++'],
  ['realm1', '++++++'],
  ['com.myapp.', '--++++'],
  ['com..topic', '----++'],
  ['', '--++++'],
  ['.', '----++'],
  ['..', '----++'],
  ['.com', '----++'],
  ['Com.MyApp', '+-+-+-'],
  ['com.my-app', '+-+-+-'],
  ['com.ünï', '+-+-+-'],
  ['com.my app', '------'],
  ['com.my#x', '------'],
  ['a\n', '------'],
]

describe('URI-20 the table of the requirements', () => {
  for (const [uri, signs] of TABLE) {
    test(`URI-02 URI-03 URI-04 URI-05 URI-06 ${JSON.stringify(uri)} is ${signs}`, () => {
      const found = MATCH_POLICIES.map((match) => RULES.map((rule) => (isValidUri(uri, match, rule) ? '+' : '-')).join('')).join('')
      assert.equal(found, signs)
    })
  }
})

test('URI-01 URIs are Unicode', () => {
  for (const uri of ['日本.東京', 'a.😀', 'é', 'com.example.ß']) assert.ok(isValidUri(uri))
})

test('URI-17 all Unicode white space and a line end at the very end are refused', () => {
  for (const space of [
    ' ',
    '\t',
    '\n',
    '\r',
    '\v',
    '\f',
    '\u0085',
    '\u00a0',
    '\u1680',
    '\u2003',
    '\u2028',
    '\u2029',
    '\u202f',
    '\u205f',
    '\u3000',
    '\ufeff',
  ]) {
    for (const uri of [`a${space}`, `${space}a`, `a.b${space}c`, `a.${space}`]) {
      for (const match of MATCH_POLICIES)
        for (const rule of RULES) assert.ok(!isValidUri(uri, match, rule), JSON.stringify([uri, match, rule]))
    }
  }
})

test('URI-19 a realm may be any loose URI', () => {
  for (const realm of ['realm1', '0x0123456789abcdef0123456789abcdef01234567', 'my-realm@example.com', 'r']) assert.ok(isValidUri(realm))
})

test('URI-08 the first component wamp is reserved, and no other', () => {
  for (const uri of ['wamp', 'wamp.', 'wamp.session.count', 'wamp..x']) assert.ok(isReservedUri(uri), uri)
  for (const uri of ['wamp2', 'wampx.a', 'com.wamp', 'Wamp.a', '', 'wam', '.wamp', 'wamp-x']) assert.ok(!isReservedUri(uri), uri)
})

test('URI-02 URI-03 URI-05 URI-06 the checks agree with the rules written out over components', () => {
  const isSpace = (c: string) => /[\s\u0085]/.test(c)
  const isComponent = (part: string, rule: UriRule) =>
    rule === 'strict' ? /^[a-z0-9_]+$/.test(part) && !part.includes('\n') : part !== '' && ![...part].some((c) => c === '#' || isSpace(c))
  const isRight = (uri: string, match: MatchPolicy, rule: UriRule) => {
    const parts = uri.split('.')
    return parts.every((part, index) => {
      if (part === '') return match === 'wildcard' || (match === 'prefix' && index === parts.length - 1)
      return isComponent(part, rule)
    })
  }
  const uri = fc.string({ unit: fc.constantFrom(...'ab1_.. -#A\n\u0085é\u2003'), maxLength: 10 })
  fc.assert(
    fc.property(uri, fc.constantFrom(...MATCH_POLICIES), fc.constantFrom(...RULES), (each, match, rule) => {
      assert.equal(isValidUri(each, match, rule), isRight(each, match, rule))
    }),
    { numRuns: 3000 },
  )
})

test('SER-26 a URI as long as a message can be is checked like any other', () => {
  const million = 1_000_000
  for (const [uri, isRight] of [
    [`${'a.'.repeat(4 * million)}a`, true],
    [`${'a.'.repeat(4 * million)}#`, false],
    [`${'a'.repeat(8 * million)} `, false],
  ] as const) {
    for (const match of MATCH_POLICIES) for (const rule of RULES) assert.equal(isValidUri(uri, match, rule), isRight)
  }
  assert.ok(isValidUri('.'.repeat(8 * million), 'wildcard'))
})

test('the text for error messages says what the policy allows', () => {
  for (const match of MATCH_POLICIES) for (const rule of RULES) assert.match(uriRuleText(match, rule), new RegExp(`match policy ${match} `))
  assert.match(uriRuleText('exact', 'strict'), /lower-case/)
})
