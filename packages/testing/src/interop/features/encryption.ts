// End-to-end encryption with cryptobox: what goes between two sides that have each other's keys, and that nobody else can read it.

import assert from 'node:assert/strict'
import { generateKeyPair, type KeyPair } from '@crosspoint/encryption'
import type { RingKey } from '../line-protocol.ts'
import type { Actor, SideName, Stage } from '../stage.ts'
import { errorOf, same } from './assert.ts'

const ARGS = [1, 'zwölf ✓', null, true, [1.5, -7, []], { a: { b: [] } }]
const KWARGS = { list: [1, 2], none: null }
/** What a callee, or a program for it, may say of a call that it cannot read. */
const CANNOT_READ = ['wamp.error.invalid_argument', 'wamp.error.encryption.decrypt_error', 'wamp.error.no_payload_codec']

export const ENCRYPTION: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  'encrypted call': (stage) => call(stage, 'subject'),
  'encrypted call received': (stage) => call(stage, 'other'),
  'encrypted call of a pattern': (stage) => callOfPattern(stage, 'subject'),
  'encrypted call of a pattern received': (stage) => callOfPattern(stage, 'other'),
  'encrypted error received': (stage) => error(stage, 'subject'),
  'encrypted error sent': (stage) => error(stage, 'other'),
  'encrypted progress received': (stage) => progress(stage, 'subject'),
  'encrypted progress sent': (stage) => progress(stage, 'other'),
  'encrypted event received': (stage) => event(stage, 'other'),
  'encrypted event sent': (stage) => event(stage, 'subject'),
  'encrypted event of a pattern received': (stage) => eventOfPattern(stage, 'other'),
  'encrypted event of a pattern sent': (stage) => eventOfPattern(stage, 'subject'),
  'encrypted bytes': (stage) => bytes(stage),
  'call to a callee without the key': (stage) => callWithoutKey(stage, 'subject'),
  'callee without the key': (stage) => callWithoutKey(stage, 'other'),
  'event to subscribers without the key': (stage) => eventWithoutKey(stage, 'subject'),
  'subscribers without the key': (stage) => eventWithoutKey(stage, 'other'),
  'in the clear beside encrypted': (stage) => clear(stage),
}

/** Two sessions with keys for what one calls and publishes, and the other answers and hears. */
interface Secret {
  readonly originator: Actor
  readonly responder: Actor
  /** URIs that begin so are encrypted. */
  readonly prefix: string
  /** Those that begin only so have keys, too, but each side another: the longest prefix counts. */
  readonly wider: string
  /** A text that nothing else has in it. */
  readonly hidden: string
  /** A session like the responder, with other keys, or with none. */
  stranger(keys: 'other' | 'none'): Promise<Actor>
}

async function secretFrom(stage: Stage, side: SideName): Promise<Secret> {
  const [wider, hidden, otherSide] = [stage.uri('root'), stage.uri('hidden'), side === 'subject' ? 'other' : 'subject'] as const
  const prefix = `${wider}.secret.`
  const [mine, theirs, stray] = [generateKeyPair(), generateKeyPair(), generateKeyPair()]
  const asResponder = (pair: KeyPair): RingKey[] =>
    [prefix, 'com.example.failed'].map((at) => ({ prefix: at, originator_public: mine.publicKey, responder_private: pair.privateKey }))
  const asOriginator = [prefix, 'com.example.failed'].map((at) => ({
    prefix: at,
    originator_private: mine.privateKey,
    responder_public: theirs.publicKey,
  }))
  return {
    originator: await stage.withKeys(side, [...asOriginator, ofEverybody(wider, mine)]),
    responder: await stage.withKeys(otherSide, [...asResponder(theirs), ofEverybody(wider, theirs)]),
    prefix,
    wider,
    hidden,
    stranger: (keys) => stage.withKeys(otherSide, keys === 'other' ? asResponder(stray) : []),
  }
}

/** One key for both parts. */
function ofEverybody(prefix: string, { privateKey }: KeyPair): RingKey {
  return { prefix, originator_private: privateKey, responder_private: privateKey }
}

/** The hidden text has not crossed the wire; the URI has, so we did listen. */
function assertHidden(stage: Stage, { hidden }: Secret, uri: string): void {
  assert.ok(!stage.crossed(hidden), 'the payload crossed the wire in the clear')
  assert.ok(stage.crossed(uri), `nothing about ${uri} crossed the wire`)
}

async function call(stage: Stage, side: SideName): Promise<void> {
  const secret = await secretFrom(stage, side)
  const echo = `${secret.prefix}echo`
  await secret.responder.register(echo, 'echo')
  await callsEcho(stage, secret, echo)
}

async function callOfPattern(stage: Stage, side: SideName): Promise<void> {
  const secret = await secretFrom(stage, side)
  await secret.responder.register(`${secret.prefix}any`, 'echo', { options: { match: 'prefix' } })
  await callsEcho(stage, secret, `${secret.prefix}any.one`)
}

async function callsEcho(stage: Stage, secret: Secret, echo: string): Promise<void> {
  const [sentArgs, sentKwargs] = [[secret.hidden, ...ARGS], { ...KWARGS, text: secret.hidden }]
  const { args, kwargs } = await secret.originator.call(echo, sentArgs, { kwargs: sentKwargs })
  same({ args, kwargs }, { args: sentArgs, kwargs: sentKwargs })
  assertHidden(stage, secret, echo)
}

async function error(stage: Stage, side: SideName): Promise<void> {
  const { originator, responder, prefix } = await secretFrom(stage, side)
  await responder.register(`${prefix}fail`, 'fail')
  const { uri, args, kwargs } = await errorOf(originator.call(`${prefix}fail`))
  same({ uri, args, code: kwargs['code'] }, { uri: 'com.example.failed', args: ['no', 7], code: 3 })
  // Whoever calls without the key for that error, does not get what it says.
  const stranger = await stage.withKeys(side, [])
  const blind = await errorOf(stranger.call(`${prefix}fail`))
  assert.ok(!blind.args.includes('no') && blind.kwargs['code'] === undefined, `the error was in the clear: ${blind.message}`)
}

async function progress(stage: Stage, side: SideName): Promise<void> {
  const { originator, responder, prefix } = await secretFrom(stage, side)
  await responder.register(`${prefix}count`, 'count')
  const { args, progress } = await originator.call(`${prefix}count`, [3], { progress: true })
  same({ args, progress }, { args: ['done'], progress: [[1], [2], [3]] })
}

async function event(stage: Stage, side: SideName): Promise<void> {
  const secret = await secretFrom(stage, side)
  const topic = `${secret.prefix}topic`
  await secret.responder.subscribe(topic)
  await publishes(stage, secret, topic, topic)
}

async function eventOfPattern(stage: Stage, side: SideName): Promise<void> {
  const secret = await secretFrom(stage, side)
  await secret.responder.subscribe(secret.prefix.slice(0, -1), { match: 'prefix' })
  await publishes(stage, secret, `${secret.prefix}topic`, secret.prefix.slice(0, -1))
}

async function publishes(stage: Stage, secret: Secret, topic: string, subscribed: string): Promise<void> {
  await secret.originator.publish(topic, [secret.hidden, ...ARGS], {}, { ...KWARGS, text: secret.hidden })
  const { args, kwargs } = await secret.responder.event(subscribed)
  same({ args, kwargs }, { args: [secret.hidden, ...ARGS], kwargs: { ...KWARGS, text: secret.hidden } })
  assertHidden(stage, secret, topic)
}

/** There and back; inside is JSON, whatever the serializer. */
async function bytes(stage: Stage): Promise<void> {
  for (const side of ['subject', 'other'] as const) {
    const secret = await secretFrom(stage, side)
    const [echo, sent] = [`${secret.prefix}echo`, [secret.hidden, new Uint8Array([0, 1, 250, 255])]]
    await secret.responder.register(echo, 'echo')
    same((await secret.originator.call(echo, sent)).args, sent)
    assertHidden(stage, secret, echo)
  }
}

async function callWithoutKey(stage: Stage, side: SideName): Promise<void> {
  const secret = await secretFrom(stage, side)
  for (const keys of ['other', 'none'] as const) {
    const echo = `${secret.prefix}${keys}`
    const callee = await secret.stranger(keys)
    await callee.register(echo, 'echo')
    const failed = await errorOf(secret.originator.call(echo, [secret.hidden]))
    assert.ok(CANNOT_READ.includes(failed.uri), `with ${keys} keys: ${failed.message}`)
    assertHidden(stage, secret, echo)
  }
}

async function eventWithoutKey(stage: Stage, side: SideName): Promise<void> {
  const secret = await secretFrom(stage, side)
  const [topic, last] = [`${secret.prefix}topic`, stage.uri('last')]
  const strangers = [await secret.stranger('other'), await secret.stranger('none')]
  for (const subscriber of [secret.responder, ...strangers]) {
    await subscriber.subscribe(topic)
    await subscriber.subscribe(last)
  }
  await secret.originator.publish(topic, [secret.hidden])
  await secret.originator.publish(last, ['last'])
  same((await secret.responder.event(topic)).args, [secret.hidden])
  for (const stranger of strangers) {
    same((await stranger.event(last)).args, ['last']) // it is still there, and events are in order
    assert.ok(!stranger.hasEvent(topic), 'an event that it has no key for was delivered')
  }
  assertHidden(stage, secret, topic)
}

/** URIs without a key, between sessions with keys. */
async function clear(stage: Stage): Promise<void> {
  for (const side of ['subject', 'other'] as const) {
    const { originator, responder, hidden } = await secretFrom(stage, side)
    const echo = stage.uri('open')
    await responder.register(echo, 'echo')
    same((await originator.call(echo, [hidden])).args, [hidden])
    assert.ok(stage.crossed(hidden), 'what is not encrypted crossed the wire unseen')
  }
}
