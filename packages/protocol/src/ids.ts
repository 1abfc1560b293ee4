// Identifiers (requirements ID-01 … ID-14). Ids are plain numbers with a brand, so that a session id cannot be passed
// where a subscription id is meant.

declare const brand: unique symbol
type Id<Name extends string> = number & { readonly [brand]: Name }

/** Global scope: drawn at random over the whole range (ID-02). */
export type SessionId = Id<'session'>
/** Global scope: drawn at random over the whole range (ID-02). */
export type PublicationId = Id<'publication'>
/** Router scope: chosen by the router (ID-03). */
export type SubscriptionId = Id<'subscription'>
/** Router scope: chosen by the router (ID-03). */
export type RegistrationId = Id<'registration'>
/** Session scope: counts 1, 2, 3 … per session and direction (ID-04). */
export type RequestId = Id<'request'>

/** The largest id, 2^53 (ID-01). */
export const ID_MAX = 2 ** 53

/** Whether `value` is an integer in 1 … 2^53 (ID-01, ID-12). */
export function isId(value: unknown): value is number {
  return typeof value === 'number' && value >= 1 && value <= ID_MAX && Number.isInteger(value)
}

/** The id that follows in session scope; after 2^53 comes 1 (ID-04). */
export function nextRequestId(id: number): RequestId {
  return (id >= ID_MAX ? 1 : id + 1) as RequestId
}
