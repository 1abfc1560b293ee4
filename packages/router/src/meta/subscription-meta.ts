// The subscription meta API (section 7.4 of the requirements): who listens to what. Subscriptions to the router's own topics
// are not told (META-05).

import { ErrorUri, isReservedUri, type Uri } from '@crosspoint/protocol'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { Session } from '../session.ts'
import { describeSubscription, type Subscription } from '../subscription.ts'
import type { Subscriptions } from '../subscriptions.ts'
import { isDict, isId, isText, matchOf, optional, reasonOf } from './checks.ts'

/** The subscription that the first argument names. */
export function findSubscription(call: OwnCall, subscriptions: Subscriptions, argumentsMax = 1): Subscription {
  call.atMost(argumentsMax)
  const id = call.argument(0, 'subscription', isId, 'a subscription id')
  const subscription = subscriptions.byId.get(id)
  if (subscription === undefined || isReservedUri(subscription.uri)) {
    throw new CallFailure(ErrorUri.noSuchSubscription, `There is no subscription ${id} in this realm`)
  }
  return subscription
}

export function subscriptionMeta(subscriptions: Subscriptions, sessions: ReadonlyMap<number, Session>): Record<Uri, OwnProcedure> {
  const find = (call: OwnCall, argumentsMax?: number) => findSubscription(call, subscriptions, argumentsMax)
  const isTold = (subscription: Subscription | undefined): subscription is Subscription =>
    subscription !== undefined && !isReservedUri(subscription.uri)
  return {
    'wamp.subscription.list': (call) => {
      call.atMost(0)
      const ids: Record<string, number[]> = { exact: [], prefix: [], wildcard: [] }
      for (const subscription of subscriptions.byId.values()) if (isTold(subscription)) ids[subscription.match]!.push(subscription.id)
      call.answer([ids])
    },
    'wamp.subscription.lookup': (call) => {
      call.atMost(2)
      const uri = call.argument(0, 'topic', isText, 'a URI')
      const match = matchOf(call, call.argument(1, 'options', optional(isDict), 'a dictionary') ?? {})
      const subscription = subscriptions.index.get(uri, match)
      call.answer([isTold(subscription) ? subscription.id : null])
    },
    'wamp.subscription.match': (call) => {
      call.atMost(1)
      const uri = call.argument(0, 'topic', isText, 'a URI')
      const ids = subscriptions.index.matchAll(uri).filter(isTold)
      call.answer([ids.length === 0 ? null : ids.map(({ id }) => id)]) // META-61
    },
    'wamp.subscription.get': (call) => call.answer([describeSubscription(find(call))]),
    'wamp.subscription.list_subscribers': (call) => call.answer([[...find(call).subscribers].map((session) => session.id)]),
    'wamp.subscription.count_subscribers': (call) => call.answer([find(call).subscribers.size]),
    'wamp.subscription.remove_subscriber': (call) => {
      const subscription = find(call, 3)
      const id = call.argument(1, 'subscriber', isId, 'a session id')
      const reason = reasonOf(call, 'wamp.error.unsubscribed', call.args[2] ?? call.kwargs['reason'])
      const session = sessions.get(id)
      if (session === undefined || !subscription.subscribers.has(session)) {
        throw new CallFailure(ErrorUri.noSuchSession, `Session ${id} is no subscriber of subscription ${subscription.id}`)
      }
      subscriptions.revoke(subscription, session, reason) // META-63
      call.answer()
    },
  }
}
