// Publications and events: both ways, patterns, who gets them and who sent them.

import assert from 'node:assert/strict'
import type { Stage } from '../stage.ts'
import { failsWith, same } from './assert.ts'

const ARGS = [1, 'zwei', null, [2.5]]
const KWARGS = { list: [1, 2], text: 'x' }

export const EVENTS: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  async 'event received'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await subject.subscribe(topic)
    await other.publish(topic, ARGS, {}, KWARGS)
    const { args, kwargs } = await subject.event(topic)
    same({ args, kwargs }, { args: ARGS, kwargs: KWARGS })
  },
  async 'event sent'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await other.subscribe(topic)
    await subject.publish(topic, ARGS, {}, KWARGS)
    const { args, kwargs } = await other.event(topic)
    same({ args, kwargs }, { args: ARGS, kwargs: KWARGS })
  },
  async 'events in order'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await subject.subscribe(topic)
    const numbers = Array.from({ length: 50 }, (_, index) => index)
    await Promise.all(numbers.map((number) => other.publish(topic, [number])))
    const heard: unknown[] = []
    for (const _ of numbers) heard.push((await subject.event(topic)).args![0])
    same(heard, numbers)
  },
  async 'acknowledged publish'(stage) {
    const { publication } = await (await stage.subject()).publish(stage.uri('topic'), [1], { acknowledge: true })
    assert.ok(Number(publication) > 0, String(publication))
  },
  async unsubscribe(stage) {
    const [subject, other, topic, last] = [await stage.subject(), await stage.other(), stage.uri('topic'), stage.uri('last')]
    await subject.subscribe(topic)
    await subject.subscribe(last)
    await subject.unsubscribe(topic)
    await other.publish(topic, ['too late'], { acknowledge: true })
    await other.publish(last, ['last'], { acknowledge: true })
    await subject.event(last)
    // Its next event would be the one that must not come.
    await subject.subscribe(topic)
    await other.publish(topic, ['again'], { acknowledge: true })
    same((await subject.event(topic)).args, ['again'])
  },
  async 'prefix subscription'(stage) {
    const [subject, other, prefix] = [await stage.subject(), await stage.other(), stage.uri('prefix')]
    await subject.subscribe(prefix, { match: 'prefix' })
    await other.publish(`${prefix}.one.two`, [1])
    assert.equal((await subject.event(prefix)).details!['topic'], `${prefix}.one.two`)
  },
  async 'wildcard subscription'(stage) {
    const [subject, other, start] = [await stage.subject(), await stage.other(), stage.uri('wild')]
    await subject.subscribe(`${start}..end`, { match: 'wildcard' })
    await other.publish(`${start}.any.end`, [1])
    assert.equal((await subject.event(`${start}..end`)).details!['topic'], `${start}.any.end`)
  },
  async 'exclude_me false'(stage) {
    const [subject, topic] = [await stage.subject(), stage.uri('topic')]
    await subject.subscribe(topic)
    await subject.publish(topic, ['not to me'])
    await subject.publish(topic, ['to me'], { exclude_me: false })
    same((await subject.event(topic)).args, ['to me'])
  },
  async 'exclude and eligible'(stage) {
    const [subject, other, second, topic] = [await stage.subject(), await stage.other(), await stage.second(), stage.uri('topic')]
    await other.subscribe(topic)
    await second.subscribe(topic)
    await subject.publish(topic, ['excluded'], { exclude: [other.id] })
    await subject.publish(topic, ['not eligible'], { eligible: [second.id] })
    await subject.publish(topic, ['eligible'], { eligible: [other.id] })
    same((await other.event(topic)).args, ['eligible'])
    const [one, two] = [await second.event(topic), await second.event(topic)]
    same([one.args![0], two.args![0]].sort(), ['excluded', 'not eligible']) // their order is another feature
  },
  async 'exclude and eligible by authrole'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await other.subscribe(topic)
    await subject.publish(topic, ['excluded'], { exclude_authrole: ['anonymous'] })
    await subject.publish(topic, ['not eligible'], { eligible_authrole: ['nobody'] })
    await subject.publish(topic, ['eligible'], { eligible_authrole: ['anonymous'] })
    same((await other.event(topic)).args, ['eligible'])
  },
  async 'publisher disclosed'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await other.subscribe(topic)
    await subject.publish(topic, [], { disclose_me: true })
    same((await other.event(topic)).details!['publisher'], subject.id)
  },
  async 'publisher seen'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await subject.subscribe(topic)
    await other.publish(topic, [], { disclose_me: true })
    same((await subject.event(topic)).details!['publisher'], other.id)
  },
  async 'refused subscription'(stage) {
    await failsWith('wamp.error.invalid_uri', (await stage.subject()).subscribe('with space.and#hash'))
  },
}
