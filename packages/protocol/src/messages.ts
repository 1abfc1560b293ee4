// The messages of WAMP v2 as data: one interface per message, joined by `type`. Which element stands where on the wire,
// and which options are known, is in message-layout.ts.

import type { PublicationId, RegistrationId, RequestId, SessionId, SubscriptionId } from './ids.ts'
import type { Payload } from './payload.ts'
import type { Uri } from './uri.ts'

/** Message type codes (section 1 of the requirements). */
export const MessageType = {
  HELLO: 1,
  WELCOME: 2,
  ABORT: 3,
  CHALLENGE: 4,
  AUTHENTICATE: 5,
  GOODBYE: 6,
  ERROR: 8,
  PUBLISH: 16,
  PUBLISHED: 17,
  SUBSCRIBE: 32,
  SUBSCRIBED: 33,
  UNSUBSCRIBE: 34,
  UNSUBSCRIBED: 35,
  EVENT: 36,
  CALL: 48,
  CANCEL: 49,
  RESULT: 50,
  REGISTER: 64,
  REGISTERED: 65,
  UNREGISTER: 66,
  UNREGISTERED: 67,
  INVOCATION: 68,
  INTERRUPT: 69,
  YIELD: 70,
} as const
export type MessageTypeCode = (typeof MessageType)[keyof typeof MessageType]

/** A dictionary of the protocol: Options, Details, Extra, ArgumentsKw. */
export type Dict = { readonly [key: string]: unknown }

/** What stands for an absent or empty dictionary; shared, hence frozen. */
export const EMPTY_DICT: Dict = Object.freeze({})

export interface Hello {
  readonly type: typeof MessageType.HELLO
  /** `null` asks the router to choose (SES-09). */
  readonly realm: Uri | null
  readonly details: Dict
}
export interface Welcome {
  readonly type: typeof MessageType.WELCOME
  readonly sessionId: SessionId
  readonly details: Dict
}
export interface Abort {
  readonly type: typeof MessageType.ABORT
  readonly details: Dict
  readonly reason: Uri
  readonly payload: Payload
}
export interface Challenge {
  readonly type: typeof MessageType.CHALLENGE
  readonly authmethod: string
  readonly extra: Dict
}
export interface Authenticate {
  readonly type: typeof MessageType.AUTHENTICATE
  readonly signature: string
  readonly extra: Dict
}
export interface Goodbye {
  readonly type: typeof MessageType.GOODBYE
  readonly details: Dict
  readonly reason: Uri
}
export interface ErrorMessage {
  readonly type: typeof MessageType.ERROR
  /** The type code of the request that failed. */
  readonly requestType: number
  readonly requestId: RequestId
  readonly details: Dict
  readonly error: Uri
  readonly payload: Payload
}
export interface Publish {
  readonly type: typeof MessageType.PUBLISH
  readonly requestId: RequestId
  readonly options: Dict
  readonly topic: Uri
  readonly payload: Payload
}
export interface Published {
  readonly type: typeof MessageType.PUBLISHED
  readonly requestId: RequestId
  readonly publicationId: PublicationId
}
export interface Subscribe {
  readonly type: typeof MessageType.SUBSCRIBE
  readonly requestId: RequestId
  readonly options: Dict
  readonly topic: Uri
}
export interface Subscribed {
  readonly type: typeof MessageType.SUBSCRIBED
  readonly requestId: RequestId
  readonly subscriptionId: SubscriptionId
}
export interface Unsubscribe {
  readonly type: typeof MessageType.UNSUBSCRIBE
  readonly requestId: RequestId
  readonly subscriptionId: SubscriptionId
}
/** The answer to UNSUBSCRIBE, or with `requestId` 0 and `details` a revocation (PUB-66). */
export interface Unsubscribed {
  readonly type: typeof MessageType.UNSUBSCRIBED
  readonly requestId: RequestId
  readonly details: Dict | undefined
}
export interface Event {
  readonly type: typeof MessageType.EVENT
  readonly subscriptionId: SubscriptionId
  readonly publicationId: PublicationId
  readonly details: Dict
  readonly payload: Payload
}
export interface Call {
  readonly type: typeof MessageType.CALL
  readonly requestId: RequestId
  readonly options: Dict
  readonly procedure: Uri
  readonly payload: Payload
}
export interface Cancel {
  readonly type: typeof MessageType.CANCEL
  readonly requestId: RequestId
  readonly options: Dict
}
export interface Result {
  readonly type: typeof MessageType.RESULT
  readonly requestId: RequestId
  readonly details: Dict
  readonly payload: Payload
}
export interface Register {
  readonly type: typeof MessageType.REGISTER
  readonly requestId: RequestId
  readonly options: Dict
  readonly procedure: Uri
}
export interface Registered {
  readonly type: typeof MessageType.REGISTERED
  readonly requestId: RequestId
  readonly registrationId: RegistrationId
}
export interface Unregister {
  readonly type: typeof MessageType.UNREGISTER
  readonly requestId: RequestId
  readonly registrationId: RegistrationId
}
/** The answer to UNREGISTER, or with `requestId` 0 and `details` a revocation (RPC-131). */
export interface Unregistered {
  readonly type: typeof MessageType.UNREGISTERED
  readonly requestId: RequestId
  readonly details: Dict | undefined
}
export interface Invocation {
  readonly type: typeof MessageType.INVOCATION
  readonly requestId: RequestId
  readonly registrationId: RegistrationId
  readonly details: Dict
  readonly payload: Payload
}
export interface Interrupt {
  readonly type: typeof MessageType.INTERRUPT
  readonly requestId: RequestId
  readonly options: Dict
}
export interface Yield {
  readonly type: typeof MessageType.YIELD
  readonly requestId: RequestId
  readonly options: Dict
  readonly payload: Payload
}

export type Message =
  | Hello
  | Welcome
  | Abort
  | Challenge
  | Authenticate
  | Goodbye
  | ErrorMessage
  | Publish
  | Published
  | Subscribe
  | Subscribed
  | Unsubscribe
  | Unsubscribed
  | Event
  | Call
  | Cancel
  | Result
  | Register
  | Registered
  | Unregister
  | Unregistered
  | Invocation
  | Interrupt
  | Yield
