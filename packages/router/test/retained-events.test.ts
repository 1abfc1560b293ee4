import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isValidUri, type MatchPolicy, Payload, type PublicationId, type SessionId } from '@crosspoint/protocol'
import fc from 'fast-check'
import { DEFAULT_LIMITS, type Principal, RETAINED_PER_TOPIC_MAX, type RouterLimits, type StoredEvent } from '../src/index.ts'
import { PatternIndex } from '../src/pattern-index.ts'
import { RetainedEvents } from '../src/retained-events.ts'

const anybody: Principal = { session: 1 as SessionId, authid: 'ada', authrole: 'user' }
let count = 0

function event(topic: string, lists: StoredEvent['lists'] = {}): StoredEvent {
  count++
  return {
    publicationId: count as PublicationId,
    topic,
    time: count,
    details: {},
    publisher: { session: 99 as SessionId, authid: 'bob', authrole: 'user' },
    isDisclosed: false,
    excludesPublisher: true,
    lists,
    payload: Payload.of(),
  }
}

function retained(limits: Partial<RouterLimits> = {}): RetainedEvents {
  return new RetainedEvents({ ...DEFAULT_LIMITS, ...limits }, [])
}

const found = (events: RetainedEvents, uri: string, match: MatchPolicy, asker = anybody): string[] =>
  events.find(uri, match, asker).map((each) => each.topic)

describe('retained events', () => {
  test('PUB-57 what a pattern finds is what the index of patterns says', () => {
    const component = fc.constantFrom('a', 'b', 'ab', '')
    const uri = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
    const topics = fc.uniqueArray(uri.filter((each) => isValidUri(each)))
    const match = fc.constantFrom<MatchPolicy>('exact', 'prefix', 'wildcard')
    fc.assert(
      fc.property(topics, uri, match, (names, pattern, policy) => {
        fc.pre(isValidUri(pattern, policy))
        const events = retained()
        const index = new PatternIndex<true>()
        index.add(pattern, policy, true)
        for (const name of names) events.keep(event(name))
        assert.deepEqual(found(events, pattern, policy).sort(), names.filter((name) => index.matchAll(name).length > 0).sort())
      }),
    )
  })

  test('PUB-56 an unrestricted event clears what was before, a restricted one comes after it', () => {
    const events = retained()
    events.keep(event('a.b'))
    const restricted = event('a.b', { eligible_authid: ['ada'] })
    assert.equal(events.keep(restricted), 'add')
    assert.deepEqual(events.find('a.b', 'exact', anybody), [restricted])
    const stranger = { ...anybody, authid: 'eve' }
    assert.equal(events.find('a.b', 'exact', stranger)[0]!.publicationId, restricted.publicationId - 1, 'the one before is for all')
    const open = event('a.b')
    assert.equal(events.keep(open), 'replace')
    assert.deepEqual(events.find('a.b', 'exact', stranger), [open])
  })

  test('PUB-54 the publishing session does not get its own', () => {
    const events = retained()
    const kept = event('a.b')
    events.keep(kept)
    assert.deepEqual(events.find('a.b', 'exact', kept.publisher), [])
  })

  test('only so many restricted events stay for a topic, the newest', () => {
    const events = retained()
    const first = event('a.b', { eligible_authid: ['first'] })
    events.keep(first)
    for (let i = 0; i < RETAINED_PER_TOPIC_MAX; i++) events.keep(event('a.b', { eligible_authid: ['ada'] }))
    assert.deepEqual(events.find('a.b', 'exact', { ...anybody, authid: 'first' }), [])
    assert.equal(events.find('a.b', 'exact', anybody).length, 1)
  })

  test('retainedTopicsMax: one more topic is not kept, a topic that is there is', () => {
    const events = retained({ retainedTopicsMax: 2 })
    events.keep(event('a.one'))
    events.keep(event('a.two'))
    assert.equal(events.keep(event('a.three')), 'none')
    assert.equal(events.keep(event('a.two')), 'replace')
    assert.deepEqual(found(events, 'a.', 'prefix'), ['a.one', 'a.two'])
    assert.equal(events.size, 2)
  })

  test('retainedBytesMax: what would exceed it is not kept, what takes its place is', () => {
    const events = retained({ retainedBytesMax: 500 })
    assert.equal(events.keep(event('a.one')), 'replace')
    assert.equal(events.keep(event('a.two')), 'replace')
    assert.equal(events.keep(event('a.three')), 'none')
    assert.equal(events.keep(event('a.one')), 'replace')
  })
})
