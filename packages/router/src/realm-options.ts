// The options of a realm, as given. What each means for messages is told where it is used; how much, in limits.ts.

import type { MatchPolicy, Uri, UriRule } from '@crosspoint/protocol'
import type { Authorizer } from './authorizer.ts'
import type { EventStore } from './event-store.ts'
import type { RoleOptions } from './policies.ts'

export interface RealmOptions {
  /** The realm's URI, for example "realm1". */
  readonly name: Uri
  /** `strict` allows only lower-case letters, digits and "_" in URIs (URI-03). Default: `loose`. */
  readonly uriRule?: UriRule | undefined
  /** `lenient` accepts request ids that are not 1, 2, 3 …, which some older clients send (ID-09). Default: `strict`. */
  readonly requestIds?: 'strict' | 'lenient' | undefined
  /** Whether clients may disclose who publishes and calls (PUB-40, RPC-105). Default: true. */
  readonly allowDisclose?: boolean | undefined
  /** What holds for certain topics; the most specific that matches decides alone. Default: none. */
  readonly topics?: readonly TopicOptions[] | undefined
  /** What holds for certain procedures; the most specific that matches decides alone. Default: none. */
  readonly procedures?: readonly ProcedureOptions[] | undefined
  /** The trust level of publishers and callers by authrole, 0 the lowest (PUB-46, RPC-111). Default: none, no trust level is told. */
  readonly trustlevels?: { readonly [authrole: string]: number } | undefined
  /** Subscriptions whose events are kept (HIS-13). Default: none. */
  readonly history?: readonly HistoryOptions[] | undefined
  /** Whether the realm keeps events that are published with `retain` (PUB-51). Default: true. */
  readonly allowRetain?: boolean | undefined
  /** Where history and retained events are kept, opened with this realm's streams. Default: in memory. */
  readonly events?: EventStore | undefined
  /** Sessions that outlive their transport for a while (RES-01). Default: off. */
  readonly resume?: ResumeOptions | undefined
  /**
   * What each role may do (AUTHZ-01); sessions with another role are refused. A role without permissions and without an authorizer
   * may do nothing. Default: every role may do everything.
   */
  readonly roles?: { readonly [authrole: string]: RoleOptions } | undefined
  /** Asked for every CALL, REGISTER, PUBLISH and SUBSCRIBE that the roles allow. Default: that is allowed. */
  readonly authorizer?: Authorizer | undefined
}

export interface TopicOptions {
  readonly uri: Uri
  /** Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** The trust level of every event here, in place of its publisher's (PUB-46). */
  readonly trustlevel?: number | undefined
  /** Discloses every publisher here, asked or not (PUB-42). Default: false. */
  readonly disclose?: boolean | undefined
  /**
   * What happens to events for a subscriber that does not keep up, once `slowBytesMax` bytes wait for it: `close` leaves it to
   * the limit of its transport, which ends the session; `drop` leaves out what comes meanwhile; `newest` keeps the newest
   * event only and delivers it when there is room. What was left out is counted, and told with the next event as
   * `Details._dropped`. Default: `close`.
   */
  readonly slow?: 'close' | 'drop' | 'newest' | undefined
  /** Bytes that may wait for one subscriber before `slow` acts. Default: 1 MiB. */
  readonly slowBytesMax?: number | undefined
}

export interface ProcedureOptions {
  readonly uri: Uri
  /** Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** The trust level of every invocation here, in place of its caller's (RPC-111). */
  readonly trustlevel?: number | undefined
  /** Discloses every caller here, asked or not (RPC-108). Default: false. */
  readonly disclose?: boolean | undefined
}

export interface HistoryOptions {
  readonly uri: Uri
  /** Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** At most so many events; the oldest go first. Default: 1000. */
  readonly eventsMax?: number | undefined
  /** Events older than this many milliseconds are gone; 0 for no limit. Default: 0. */
  readonly ageMsMax?: number | undefined
  /** At most so many bytes of payload; the oldest go first; 0 for no limit. Default: 16 MiB. */
  readonly bytesMax?: number | undefined
}

export interface ResumeOptions {
  /** How long a session waits for its client, in milliseconds. Then it ends. Default: 30 000. */
  readonly waitMs?: number | undefined
  /** How many messages wait for the client. One more ends the session. Default: 1000. */
  readonly messagesMax?: number | undefined
  /** How many bytes of payload wait for the client. More end the session. Default: 4 MiB. */
  readonly bytesMax?: number | undefined
}
