import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isValidUri, type MatchPolicy } from '@crosspoint/protocol'
import fc from 'fast-check'
import type { Action } from '../src/authorizer.ts'
import { PatternIndex } from '../src/pattern-index.ts'
import { type Permission, Permissions } from '../src/permissions.ts'

const CALL: readonly Action[] = ['call']
const may = (permissions: readonly Permission[], uri: string, match: MatchPolicy = 'exact', action: Action = 'call'): boolean =>
  new Permissions(permissions).decide(action, uri, match) === 'allowed'

describe('AUTHZ-01 what a role may do', () => {
  test('nothing without a rule, and only what the rule names', () => {
    assert.ok(!may([], 'com.a'))
    const rules: Permission[] = [{ uri: 'com.a', allow: ['call', 'subscribe'] }]
    assert.ok(may(rules, 'com.a'))
    assert.ok(may(rules, 'com.a', 'exact', 'subscribe'))
    assert.ok(!may(rules, 'com.a', 'exact', 'publish'))
    assert.ok(!may(rules, 'com.a.b'))
  })

  test('AUTHZ-07 the most specific rule decides alone: exact, then the longest prefix, then the best wildcard', () => {
    const rules: Permission[] = [
      { uri: '', match: 'prefix', allow: CALL },
      { uri: 'com.', match: 'prefix', allow: [] },
      { uri: 'com.open.', match: 'prefix', allow: CALL },
      { uri: 'com.open.not', allow: [] },
      { uri: 'org..read', match: 'wildcard', allow: [] },
    ]
    assert.ok(may(rules, 'net.a'))
    assert.ok(!may(rules, 'com.a'))
    assert.ok(may(rules, 'com.open.a'))
    assert.ok(!may(rules, 'com.open.not'))
    assert.ok(may(rules, 'org.x.read'), 'the prefix "" is before any wildcard')
    assert.ok(!may(rules.slice(1), 'org.x.read'))
  })

  test('a URI twice under one policy cannot be decided', () => {
    const twice: Permission[] = [
      { uri: 'com.a', allow: [] },
      { uri: 'com.a', match: 'exact', allow: CALL },
    ]
    assert.throws(() => new Permissions(twice), { code: 'ERR_INVALID_ARGUMENT', message: /two permissions for exact "com\.a"/ })
    assert.doesNotThrow(() => new Permissions([twice[0]!, { uri: 'com.a', match: 'prefix', allow: CALL }]))
  })
})

describe('AUTHZ-01 patterns', () => {
  const open: Permission = { uri: 'com.', match: 'prefix', allow: CALL }
  for (const [what, rules, uri, match, expected] of [
    ['a pattern within a prefix that is allowed', [open], 'com.a.', 'prefix', true],
    ['a pattern wider than what is allowed', [open], 'co', 'prefix', false],
    ['a wildcard that begins within the prefix', [open], 'com..x', 'wildcard', true],
    ['a wildcard that begins with anything', [open], '.com.x', 'wildcard', false],
    ['a pattern with the text of an exact rule', [{ uri: 'com.a', allow: CALL }], 'com.a', 'prefix', false],
    ['a pattern with something denied within', [open, { uri: 'com.a.secret', allow: [] }], 'com.a.', 'prefix', false],
    ['a pattern beside what is denied', [open, { uri: 'com.b.secret', allow: [] }], 'com.a.', 'prefix', true],
    ['a prefix with a longer one denied within', [open, { uri: 'com.a.b.', match: 'prefix', allow: [] }], 'com.a.', 'prefix', false],
    [
      'a wildcard that is denied, below a prefix that decides first',
      [open, { uri: 'com..x', match: 'wildcard', allow: [] }],
      'com.',
      'prefix',
      true,
    ],
    ['the same wildcard', [{ uri: 'com..x', match: 'wildcard', allow: CALL }], 'com..x', 'wildcard', true],
    ['a narrower wildcard', [{ uri: 'com..', match: 'wildcard', allow: CALL }], 'com..x', 'wildcard', true],
    ['a wider wildcard', [{ uri: 'com..x', match: 'wildcard', allow: CALL }], 'com..', 'wildcard', false],
    ['a prefix below a wildcard', [{ uri: 'com..', match: 'wildcard', allow: CALL }], 'com.a.', 'prefix', false],
  ] as const) {
    test(`${what}: ${expected ? 'allowed' : 'denied'}`, () => {
      assert.equal(may(rules, uri, match), expected)
    })
  }

  test('no pattern reaches a URI that would be denied by itself', () => {
    const component = fc.constantFrom('a', 'b', 'ab')
    const exact = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
    const prefix = fc.tuple(exact, fc.constantFrom('', '.')).map(([uri, dot]) => uri + dot)
    const wildcard = fc.array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
    const pattern = fc.oneof(
      fc.tuple(fc.oneof(prefix, fc.constant('')), fc.constant<MatchPolicy>('prefix')),
      fc.tuple(wildcard, fc.constant<MatchPolicy>('wildcard')),
    )
    const place = fc.oneof(fc.tuple(exact, fc.constant<MatchPolicy>('exact')), pattern)
    const permissions = fc.uniqueArray(fc.tuple(place, fc.boolean()), {
      maxLength: 6,
      selector: ([[uri, match]]) => `${match} ${uri}`,
    })
    let allowed = 0
    fc.assert(
      fc.property(permissions, pattern, fc.array(exact, { maxLength: 40 }), (drawn, [uri, match], uris) => {
        const rules = new Permissions(drawn.map(([[of, by], isAllowed]) => ({ uri: of, match: by, allow: isAllowed ? CALL : [] })))
        if (rules.decide('call', uri, match) !== 'allowed') return
        allowed++
        const asked = new PatternIndex<true>()
        asked.add(uri, match, true)
        for (const each of uris) {
          if (isValidUri(each, 'exact', 'loose') && asked.matchBest(each))
            assert.equal(rules.decide('call', each, 'exact'), 'allowed', each)
        }
      }),
      { numRuns: 20_000 },
    )
    assert.ok(allowed > 500, `${allowed} were allowed at all`)
  })
})
