// The meta API: what the router tells about sessions, registrations and subscriptions.

import assert from 'node:assert/strict'
import type { Dict } from '@crosspoint/client/node'
import type { Actor, Stage } from '../stage.ts'
import { failsWith, same } from './assert.ts'

/** An id that nothing has. */
const NOBODY = 2 ** 53 - 1

export const META: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  async 'session count, list and get'(stage) {
    const [subject, other] = [await stage.subject(), await stage.other()]
    assert.ok(Number(await ask(subject, 'wamp.session.count')) >= 2)
    const list = ids(await ask(subject, 'wamp.session.list'))
    assert.ok(list.includes(subject.id) && list.includes(other.id), String(list))
    same(((await ask(subject, 'wamp.session.get', other.id)) as Dict)['session'], other.id)
    await failsWith('wamp.error.no_such_session', ask(subject, 'wamp.session.get', NOBODY))
  },
  async 'session events'(stage) {
    const subject = await stage.subject()
    await subject.subscribe('wamp.session.on_join')
    await subject.subscribe('wamp.session.on_leave')
    const guest = await stage.anotherOther()
    await eventAbout(subject, 'wamp.session.on_join', (args) => Number((args[0] as Dict)['session']) === guest.id)
    await guest.leave()
    await eventAbout(subject, 'wamp.session.on_leave', (args) => Number(args[0]) === guest.id)
    await subject.unsubscribe('wamp.session.on_join')
    await subject.unsubscribe('wamp.session.on_leave')
  },
  async 'registration lookup, match, list and get'(stage) {
    const [subject, other, procedure] = [await stage.subject(), await stage.other(), stage.uri('procedure')]
    await other.register(procedure, 'echo', { options: { match: 'prefix' } })
    const id = await ask(subject, 'wamp.registration.lookup', procedure, { match: 'prefix' })
    assert.ok(Number(id) > 0, String(id))
    same(await ask(subject, 'wamp.registration.match', `${procedure}.more`), id)
    const list = (await ask(subject, 'wamp.registration.list')) as Dict
    assert.ok(ids(list['prefix']).includes(Number(id)))
    const { uri, match, invoke } = (await ask(subject, 'wamp.registration.get', id)) as Dict
    same({ uri, match, invoke }, { uri: procedure, match: 'prefix', invoke: 'single' })
    await failsWith('wamp.error.no_such_registration', ask(subject, 'wamp.registration.get', NOBODY))
  },
  async 'registration callees'(stage) {
    const [subject, other, procedure] = [await stage.subject(), await stage.other(), stage.uri('procedure')]
    await other.register(procedure, 'echo')
    const id = await ask(subject, 'wamp.registration.lookup', procedure)
    same(await ask(subject, 'wamp.registration.list_callees', id), [other.id])
    same(await ask(subject, 'wamp.registration.count_callees', id), 1)
  },
  async 'registration events'(stage) {
    const [subject, other, procedure] = [await stage.subject(), await stage.other(), stage.uri('procedure')]
    const topics = ['on_create', 'on_register', 'on_unregister', 'on_delete'].map((name) => `wamp.registration.${name}`)
    for (const topic of topics) await subject.subscribe(topic)
    await other.register(procedure, 'echo')
    const [, made] = await eventAbout(subject, topics[0]!, (args) => (args[1] as Dict)['uri'] === procedure)
    const id = Number((made as Dict)['id'])
    const isAbout = (args: readonly unknown[]) => Number(args[0]) === other.id && Number(args[1]) === id
    await eventAbout(subject, topics[1]!, isAbout)
    await other.unregister(procedure)
    await eventAbout(subject, topics[2]!, isAbout)
    await eventAbout(subject, topics[3]!, isAbout)
    for (const topic of topics) await subject.unsubscribe(topic)
  },
  async 'subscription lookup, match, list and get'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await other.subscribe(topic, { match: 'prefix' })
    const id = await ask(subject, 'wamp.subscription.lookup', topic, { match: 'prefix' })
    assert.ok(Number(id) > 0, String(id))
    assert.ok(ids(await ask(subject, 'wamp.subscription.match', `${topic}.more`)).includes(Number(id)))
    const list = (await ask(subject, 'wamp.subscription.list')) as Dict
    assert.ok(ids(list['prefix']).includes(Number(id)))
    const { uri, match } = (await ask(subject, 'wamp.subscription.get', id)) as Dict
    same({ uri, match }, { uri: topic, match: 'prefix' })
    await failsWith('wamp.error.no_such_subscription', ask(subject, 'wamp.subscription.get', NOBODY))
  },
  async 'subscription subscribers'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    await other.subscribe(topic)
    const id = await ask(subject, 'wamp.subscription.lookup', topic)
    same(await ask(subject, 'wamp.subscription.list_subscribers', id), [other.id])
    same(await ask(subject, 'wamp.subscription.count_subscribers', id), 1)
  },
  async 'subscription events'(stage) {
    const [subject, other, topic] = [await stage.subject(), await stage.other(), stage.uri('topic')]
    const topics = ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete'].map((name) => `wamp.subscription.${name}`)
    for (const name of topics) await subject.subscribe(name)
    await other.subscribe(topic)
    const [, made] = await eventAbout(subject, topics[0]!, (args) => (args[1] as Dict)['uri'] === topic)
    const id = Number((made as Dict)['id'])
    const isAbout = (args: readonly unknown[]) => Number(args[0]) === other.id && Number(args[1]) === id
    await eventAbout(subject, topics[1]!, isAbout)
    await other.unsubscribe(topic)
    await eventAbout(subject, topics[2]!, isAbout)
    await eventAbout(subject, topics[3]!, isAbout)
    for (const name of topics) await subject.unsubscribe(name)
  },
}

/** A meta procedure's first result. */
async function ask(actor: Actor, procedure: string, ...args: readonly unknown[]): Promise<unknown> {
  return (await actor.call(procedure, args)).args[0]
}

/** The next event that is about what the feature did; others belong to stages beside this one. */
async function eventAbout(actor: Actor, topic: string, isIt: (args: readonly unknown[]) => boolean): Promise<readonly unknown[]> {
  for (;;) {
    const { args = [] } = await actor.event(topic)
    if (isIt(args)) return args
  }
}

function ids(list: unknown): number[] {
  assert.ok(Array.isArray(list), `not a list: ${JSON.stringify(list)}`)
  return list.map(Number)
}
