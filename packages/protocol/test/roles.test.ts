import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { announceRoles, CLIENT_ROLES, isDict, ROUTER_ROLES, readRoles, shown } from '../src/internal.ts'
import { violates } from './support.ts'

const read = (roles: unknown, known: readonly string[] = CLIENT_ROLES) => readRoles({ roles }, known)
const features = (...names: string[]) => ({ features: Object.fromEntries(names.map((name) => [name, true])) })

describe('roles and features', () => {
  test('SES-02 at least one known role must be announced, in dictionaries', () => {
    for (const wrong of [undefined, null, 1, 'caller', ['caller'], new Uint8Array(1)])
      violates(() => read(wrong), /Details\.roles must be a dictionary/)
    violates(() => readRoles({}, CLIENT_ROLES), /not nothing/)
    for (const none of [{}, { broker: {} }, { janitor: {} }]) violates(() => read(none), /announces none of publisher/)
    for (const wrong of [1, null, [], 'x', true]) violates(() => read({ caller: wrong }), /roles\.caller must be a dictionary/)
    for (const wrong of [1, null, [], 'x', true])
      violates(() => read({ caller: { features: wrong } }), /caller\.features must be a dictionary/)
    for (const wrong of [1, null, [], 'x', {}])
      violates(() => read({ caller: { features: { f: wrong } } }), /features\.f must be true or false/)
  })

  test('SES-03 SES-05 MSG-04 unknown roles and features are ignored, and only true counts', () => {
    const announced = read({
      caller: { features: { call_timeout: true, call_canceling: false, unheard_of: true } },
      janitor: 5,
      broker: {},
    })
    assert.deepEqual(Object.keys(announced), ['caller'])
    assert.deepEqual([...announced['caller']!], ['call_timeout', 'unheard_of'])
    assert.deepEqual([...read({ caller: {} })['caller']!], [])
  })

  test('keys that every object inherits are no roles', () => {
    violates(() => read({}, ['constructor', 'toString']), /announces none/)
  })

  test('FEA-02 second spellings mean the same', () => {
    const announced = read({ caller: features('call_cancelling'), subscriber: features('shareded_subscriptions') })
    assert.ok(announced['caller']!.has('call_canceling'))
    assert.ok(announced['subscriber']!.has('sharded_subscription'))
  })

  test('FEA-04 a callee without call_canceling has no progressive features', () => {
    const progressive = ['progressive_call_results', 'progressive_call_invocations']
    assert.deepEqual([...read({ callee: features(...progressive) })['callee']!], [])
    assert.deepEqual([...read({ callee: features(...progressive, 'call_cancelling') })['callee']!], [...progressive, 'call_canceling'])
    assert.deepEqual([...read({ caller: features(...progressive) })['caller']!], progressive)
  })

  test('what is announced reads back as the same', () => {
    const details = { roles: announceRoles({ broker: ['event_history'], dealer: [] }) }
    assert.deepEqual(details, { roles: { broker: { features: { event_history: true } }, dealer: { features: {} } } })
    const announced = readRoles(details, ROUTER_ROLES)
    assert.deepEqual([[...announced['broker']!], [...announced['dealer']!]], [['event_history'], []])
  })
})

test('values in error messages are short and never throw', () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  assert.deepEqual(
    [undefined, null, 1, 5n, 'a', new Uint8Array(3), [5n], circular, 'x'.repeat(200), () => 1].map(shown).map((text) => text.length <= 80),
    new Array(10).fill(true),
  )
  assert.deepEqual([shown(undefined), shown(5n), shown('a'), shown(new Uint8Array(3))], ['nothing', '5', '"a"', '3 bytes'])
})

test('a dictionary is an object that is no list and no bytes', () => {
  assert.deepEqual([{}, { a: 1 }, null, [], new Uint8Array(1), 'a', undefined].map(isDict), [true, true, false, false, false, false, false])
})
