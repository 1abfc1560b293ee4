// From the elements of a message, in wire order, to the message: one object literal per type, so that all messages of a type
// have one shape. Apart from the table, because a client that reads few messages a second builds them from their names.

import { type Message, MessageType, type MessageTypeCode } from './messages.ts'
import type { Payload } from './payload.ts'

type Build = (a: never, b: never, c: never, d: never, payload: Payload) => Message

const BUILDERS: readonly (Build | undefined)[] = (() => {
  const builders: (Build | undefined)[] = new Array(MessageType.YIELD + 1).fill(undefined)
  builders[MessageType.HELLO] = (realm, details) => ({ type: 1, realm, details })
  builders[MessageType.WELCOME] = (sessionId, details) => ({ type: 2, sessionId, details })
  builders[MessageType.ABORT] = (details, reason, _c, _d, payload) => ({ type: 3, details, reason, payload })
  builders[MessageType.CHALLENGE] = (authmethod, extra) => ({ type: 4, authmethod, extra })
  builders[MessageType.AUTHENTICATE] = (signature, extra) => ({ type: 5, signature, extra })
  builders[MessageType.GOODBYE] = (details, reason) => ({ type: 6, details, reason })
  builders[MessageType.ERROR] = (requestType, requestId, details, error, payload) => ({
    type: 8,
    requestType,
    requestId,
    details,
    error,
    payload,
  })
  builders[MessageType.PUBLISH] = (requestId, options, topic, _d, payload) => ({ type: 16, requestId, options, topic, payload })
  builders[MessageType.PUBLISHED] = (requestId, publicationId) => ({ type: 17, requestId, publicationId })
  builders[MessageType.SUBSCRIBE] = (requestId, options, topic) => ({ type: 32, requestId, options, topic })
  builders[MessageType.SUBSCRIBED] = (requestId, subscriptionId) => ({ type: 33, requestId, subscriptionId })
  builders[MessageType.UNSUBSCRIBE] = (requestId, subscriptionId) => ({ type: 34, requestId, subscriptionId })
  builders[MessageType.UNSUBSCRIBED] = (requestId, details) => ({ type: 35, requestId, details })
  builders[MessageType.EVENT] = (subscriptionId, publicationId, details, _d, payload) => ({
    type: 36,
    subscriptionId,
    publicationId,
    details,
    payload,
  })
  builders[MessageType.CALL] = (requestId, options, procedure, _d, payload) => ({ type: 48, requestId, options, procedure, payload })
  builders[MessageType.CANCEL] = (requestId, options) => ({ type: 49, requestId, options })
  builders[MessageType.RESULT] = (requestId, details, _c, _d, payload) => ({ type: 50, requestId, details, payload })
  builders[MessageType.REGISTER] = (requestId, options, procedure) => ({ type: 64, requestId, options, procedure })
  builders[MessageType.REGISTERED] = (requestId, registrationId) => ({ type: 65, requestId, registrationId })
  builders[MessageType.UNREGISTER] = (requestId, registrationId) => ({ type: 66, requestId, registrationId })
  builders[MessageType.UNREGISTERED] = (requestId, details) => ({ type: 67, requestId, details })
  builders[MessageType.INVOCATION] = (requestId, registrationId, details, _d, payload) => ({
    type: 68,
    requestId,
    registrationId,
    details,
    payload,
  })
  builders[MessageType.INTERRUPT] = (requestId, options) => ({ type: 69, requestId, options })
  builders[MessageType.YIELD] = (requestId, options, _c, _d, payload) => ({ type: 70, requestId, options, payload })
  return builders
})()

/** Builds a message of `type` from its elements after the type code, and its payload. */
export function buildMessage(type: MessageTypeCode, a: unknown, b: unknown, c: unknown, d: unknown, payload: Payload): Message {
  return BUILDERS[type]!(a as never, b as never, c as never, d as never, payload)
}
