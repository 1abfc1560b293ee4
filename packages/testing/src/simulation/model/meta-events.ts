// Meta events (sections 7.1 to 7.4 of the requirements): what the router publishes itself, on `wamp.…`, to whoever listens.

import { isId, MessageType, type Payload, type Uri } from '@crosspoint/protocol'
import { Finding } from '../finding.ts'
import { isSameDict, type ModelRealm, type ModelSession } from './state.ts'
import type { MessageOf, Turn } from './turn.ts'
import { isReserved, matches } from './uris.ts'

/** An argument of a meta event: a value, or the id of something, which may be learned only later in the turn. */
type Argument = string | { id: number } | { readonly described: (dict: { readonly [name: string]: unknown }) => boolean }

interface TellOptions {
  readonly about?: readonly object[]
  readonly after?: object | undefined
  readonly isFree?: boolean
}

/** Every subscriber of `topic` must get one EVENT with these arguments, also who caused it (META-07). */
function tell(turn: Turn, realm: ModelRealm, topic: Uri, args: readonly Argument[], options: TellOptions = {}): void {
  for (const subscription of realm.subscriptions.values()) {
    if (!matches(subscription.uri, subscription.match, topic)) continue
    const details = subscription.match === 'exact' ? {} : { topic } // META-03
    for (const subscriber of subscription.subscribers) {
      const check = (event: MessageOf<36>) =>
        isId(event.publicationId) &&
        (subscription.id === 0 || event.subscriptionId === subscription.id) &&
        isSameDict(event.details, details) &&
        isMeant(event.payload, args)
      const learn = (event: MessageOf<36>) =>
        turn.later(() => {
          if (event.subscriptionId === subscription.id && isMeant(event.payload, args)) return
          throw new Finding(`After ${turn.describeInput()}, a meta event on ${topic} names an id that the answer does not`)
        })
      const who = `session ${subscriber.id}`
      turn.expect(subscriber, MessageType.EVENT, `EVENT ${topic} to ${who} on subscription ${subscription.id}`, check, {
        ...options,
        learn,
      })
    }
  }
}

function isMeant(payload: Payload, args: readonly Argument[]): boolean {
  const given = payload.read()
  if (given.args.length !== args.length || Object.keys(given.kwargs).length > 0) return false // META-08
  return args.every((argument, at) => {
    const value = given.args[at]
    if (typeof argument === 'string') return value === argument
    if ('described' in argument) return typeof value === 'object' && value !== null && argument.described(value as never)
    return argument.id === 0 ? isId(value) : value === argument.id
  })
}

/** A subscription or registration that came into being, and each that joins or leaves it (META-40, META-60). */
export function tellMembership(
  turn: Turn,
  session: ModelSession,
  kind: 'subscription' | 'registration',
  of: { id: number; readonly uri: Uri; readonly match: string; readonly invoke?: string },
  what: { readonly isAdded: boolean; readonly isFirstOrLast: boolean; readonly isFree?: boolean },
  leaving?: object,
): void {
  if (isReserved(of.uri)) return // META-05
  const { realm } = session
  const about = leaving === undefined ? [] : [leaving]
  const first = {}
  const { isFree = false } = what
  const both = { about: [...about, first], isFree }
  if (!what.isAdded) {
    const last = kind === 'subscription' ? 'on_unsubscribe' : 'on_unregister'
    tell(turn, realm, `wamp.${kind}.${last}`, [session, of], both)
    if (what.isFirstOrLast) tell(turn, realm, `wamp.${kind}.on_delete`, [session, of], { about, after: first, isFree })
    return
  }
  const described = (dict: { readonly [name: string]: unknown }) =>
    (of.id === 0 ? isId(dict['id']) : dict['id'] === of.id) &&
    dict['created'] === new Date(turn.now).toISOString() &&
    dict['uri'] === of.uri &&
    dict['match'] === of.match &&
    dict['invoke'] === of.invoke
  if (what.isFirstOrLast) tell(turn, realm, `wamp.${kind}.on_create`, [session, { described }], both)
  const next = kind === 'subscription' ? 'on_subscribe' : 'on_register'
  tell(turn, realm, `wamp.${kind}.${next}`, [session, of], { after: first })
}

/** META-10. */
export function tellJoined(turn: Turn, session: ModelSession): void {
  const described = (dict: { readonly [name: string]: unknown }) =>
    (session.id === 0 ? isId(dict['session']) : dict['session'] === session.id && dict['authid'] === session.authid) &&
    dict['authrole'] === 'anonymous'
  tell(turn, session.realm, 'wamp.session.on_join', [{ described }])
}

/** META-11, META-25. */
export function tellLeft(turn: Turn, session: ModelSession, leaving: object): void {
  tell(turn, session.realm, 'wamp.session.on_leave', [session, session.authid, 'anonymous'], { after: leaving })
}
