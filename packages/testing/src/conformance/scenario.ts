// A conformance scenario as data: who sends what, what each must then see, what nobody may see. The same scenario runs on
// the bare router core, on memory transports with each serializer and mixed, and on real WebSocket and RawSocket
// connections (runner.ts). Messages are written as they stand in the specification: lists, with placeholders for what
// cannot be known beforehand.

import type { Clock, Random } from '@crosspoint/protocol'
import type { Link, LoginOptions, RealmOptions, Router, RouterLimits } from '@crosspoint/router'
import type { TestCrypto } from '../test-crypto.ts'

/** Matches any value, once; `bind` keeps it under a name, `ref` stands for what was kept, `made` for what is made of it. */
export interface Placeholder {
  readonly placeholder: 'any' | 'bind' | 'ref' | 'where' | 'made'
  readonly name: string
  readonly accepts: (value: unknown) => boolean
  /** The value of `made`, of what was kept under names. */
  readonly make?: ((kept: Kept) => unknown) | undefined
}

/** What `bind` kept under a name. */
export type Kept = (name: string) => unknown

export const any: Placeholder = { placeholder: 'any', name: 'anything', accepts: () => true }
/** Any value, kept under `name` for `ref`. */
export const bind = (name: string): Placeholder => ({ placeholder: 'bind', name, accepts: () => true })
/** What `bind` kept under `name`; the session id of a joined session is kept under the session's own name. */
export const ref = (name: string): Placeholder => ({ placeholder: 'ref', name, accepts: () => true })
/** A value made of what was kept: a signature of a challenge. */
export const made = (name: string, make: (kept: Kept) => unknown): Placeholder => ({
  placeholder: 'made',
  name,
  accepts: () => true,
  make,
})
/** A value that `accepts` says yes to; `description` is for the failure. */
export const where = (description: string, accepts: (value: unknown) => boolean): Placeholder => ({
  placeholder: 'where',
  name: description,
  accepts,
})
/** A dictionary that has at least these entries. */
export const containing = (entries: { readonly [key: string]: unknown }): { readonly containing: typeof entries } => ({
  containing: entries,
})

export type Step =
  | { readonly kind: 'attach'; readonly who: string; readonly frameBytesMax: number | undefined; readonly link?: Partial<Link> }
  | { readonly kind: 'send'; readonly who: string; readonly message: readonly unknown[] }
  | { readonly kind: 'raw'; readonly who: string; readonly frame: string | Uint8Array }
  | { readonly kind: 'expect'; readonly who: string; readonly messages: readonly (readonly unknown[])[]; readonly inAnyOrder: boolean }
  | { readonly kind: 'silence'; readonly who: readonly string[] }
  | { readonly kind: 'closed'; readonly who: string }
  | { readonly kind: 'drop'; readonly who: string }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'check'; readonly description: string; readonly holds: (router: Router) => boolean }

/** All client features that matter to the router, announced by `join` unless it is told otherwise. */
export const ALL_ROLES = {
  caller: {
    features: {
      progressive_call_results: true,
      progressive_call_invocations: true,
      call_canceling: true,
      call_timeout: true,
      caller_identification: true,
      sharded_registration: true,
      payload_passthru_mode: true,
    },
  },
  callee: {
    features: {
      progressive_call_results: true,
      progressive_call_invocations: true,
      call_canceling: true,
      call_timeout: true,
      call_reroute: true,
      caller_identification: true,
      call_trustlevels: true,
      pattern_based_registration: true,
      shared_registration: true,
      sharded_registration: true,
      registration_revocation: true,
      payload_passthru_mode: true,
    },
  },
  publisher: {
    features: {
      publisher_identification: true,
      subscriber_blackwhite_listing: true,
      publisher_exclusion: true,
      sharded_subscription: true,
      payload_passthru_mode: true,
    },
  },
  subscriber: {
    features: {
      publisher_identification: true,
      publication_trustlevels: true,
      pattern_based_subscription: true,
      sharded_subscription: true,
      subscription_revocation: true,
      payload_passthru_mode: true,
    },
  },
}

/**
 * Opens a transport without saying HELLO. `frameBytesMax`: the longest frame this client accepts (RawSocket and memory); `link`: what
 * the router is told of the connection beside its address.
 */
export const attach = (who: string, frameBytesMax?: number, link: Partial<Link> = {}): Step => ({
  kind: 'attach',
  who,
  frameBytesMax,
  link,
})
export const send = (who: string, ...message: readonly unknown[]): Step => ({ kind: 'send', who, message })
/** Sends bytes that need not be a message; a string is sent as text. Only on the ways that have frames, and JSON. */
export const raw = (who: string, frame: string | Uint8Array): Step => ({ kind: 'raw', who, frame })
/** The next message that `who` receives. */
export const expect = (who: string, ...message: readonly unknown[]): Step => ({
  kind: 'expect',
  who,
  messages: [message],
  inAnyOrder: false,
})
/** The next messages that `who` receives, in any order. */
export const expectAll = (who: string, ...messages: readonly (readonly unknown[])[]): Step => ({
  kind: 'expect',
  who,
  messages,
  inAnyOrder: true,
})
/** Nothing is on its way to these sessions: a request and its answer go there and back, and nothing comes before it. */
export const silence = (...who: readonly string[]): Step => ({ kind: 'silence', who })
/** The transport of `who` has been closed by the router, with nothing received before. */
export const closed = (who: string): Step => ({ kind: 'closed', who })
/** Cuts the transport without a word. */
export const drop = (who: string): Step => ({ kind: 'drop', who })
/** Lets the router's clock go on; the clock is virtual on every way. */
export const advance = (ms: number): Step => ({ kind: 'advance', ms })
/** The router shuts down. */
export const shutdown: Step = { kind: 'shutdown' }
/** A fact about the router itself, such as empty tables. */
export const check = (description: string, holds: (router: Router) => boolean): Step => ({ kind: 'check', description, holds })

/** HELLO and WELCOME with all roles and features, or with `roles`; keeps the session id under `who`. */
export function join(who: string, roles: object = ALL_ROLES, realm = 'realm1'): Step[] {
  return [attach(who), send(who, 1, realm, { roles }), expect(who, 2, bind(who), any)]
}
/** The router ends the session for a violation whose message contains `text`; then the transport closes. */
export function violation(who: string, text = ''): Step[] {
  const details = where(`details whose message contains "${text}"`, (value) =>
    String((value as { message?: unknown }).message ?? '').includes(text),
  )
  return [expect(who, 3, details, 'wamp.error.protocol_violation'), closed(who)]
}

/** The options of the scenario's realm, whose name is "realm1". */
export type RealmSettings = Omit<RealmOptions, 'name'>

/** What settings are made with, anew for each run, so that nothing is left of the one before. */
export interface Parts {
  readonly crypto: TestCrypto
  readonly clock: Clock
  readonly random: Random
}

/** How the sessions of a scenario log in. */
export type LoginSettings = (parts: Parts) => LoginOptions

export interface Scenario {
  /** The requirement that this proves, for example "PUB-36"; a failing scenario turns exactly this id red. */
  readonly id: string
  readonly title: string
  readonly steps: readonly Step[]
  readonly realm: RealmSettings | ((parts: Parts) => RealmSettings)
  readonly limits: Partial<RouterLimits>
  /** Undefined where sessions are anonymous without a login. */
  readonly login: LoginSettings | undefined
  /** On which ways it can run; all by default. `json`: only where the clients speak JSON. */
  readonly ways: readonly Way[]
}
export type Way = 'core' | 'memory' | 'sockets'

/** Writes one scenario. Steps may be nested lists, so that `join` and `violation` fit in. */
export function scenario(id: string, title: string, steps: readonly (Step | readonly Step[])[], options: ScenarioOptions = {}): Scenario {
  const { realm = {}, limits = {}, login, ways = ['core', 'memory', 'sockets'] } = options
  return { id, title, steps: steps.flat() as Step[], realm, limits, login, ways }
}

export type ScenarioOptions = Partial<Pick<Scenario, 'realm' | 'limits' | 'login' | 'ways'>>
