// Options of a client: as given, and as resolved once at the edge (inside, nothing is optional).

import { type Clock, type Random, type Serializer, type Transport, type Uri, UsageError } from '@crosspoint/protocol'
import { type Peer, RemotePeer } from '@crosspoint/protocol/internal'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { type AuthMethod, checkMethods } from './authentication.ts'
import { compactJsonSerializer } from './compact-json.ts'
import { consoleLogger, type Logger } from './logger.ts'
import type { PayloadCodec } from './payload-codec.ts'
import { checkUrl, type Platform } from './platform.ts'
import type { Status } from './status.ts'

/** Where an error came from that no promise of the program tells about. */
export interface ErrorReport {
  /**
   * `event`: a handler of events threw. `invocation`: a procedure threw something other than `ApplicationError`, or its
   * answer could not be sent. `progress`: an `onProgress` callback threw. `registration`, `subscription`: the router
   * refused it after a reconnect, or to an App that was running. `session`: the router refused or ended the session for good.
   * `hook`: a status, start or stop callback threw.
   */
  readonly source: 'event' | 'invocation' | 'progress' | 'registration' | 'subscription' | 'session' | 'hook'
  readonly error: unknown
  /** The topic, procedure or realm that it is about; empty for hooks. */
  readonly uri: Uri
}

export interface ClientOptions {
  /**
   * `ws://` or `wss://`; in the Node entry also `rs://host:port`, `rss://host:port` (RawSocket over TCP and TLS) and
   * `unix:/path`. Default: the page's own host with `/ws` in browsers, the environment's `CROSSPOINT_URL` in Node.
   */
  readonly url?: string | undefined
  /** Instead of `url`: opens a transport of your own. Called for every attempt. */
  readonly transport?: (() => Promise<{ readonly transport: Transport; readonly serializer: Serializer }>) | undefined
  /** Instead of `url`: an in-process link, as `router.attachLocal()` returns. Called for every attempt. */
  readonly peer?: (() => Peer) | undefined
  /** Default: `realm1`. */
  readonly realm?: Uri | undefined
  /**
   * Ways to log in, in order of preference: `ticket()`, `wampcra()`, `scram()`, `cryptosign()`, `cookie()`, `tls()`, `jwt()`,
   * `anonymous()`, and `totp()` for a second step. Default: no login.
   */
  readonly auth?: readonly AuthMethod[] | undefined
  /** In order of preference. RawSocket uses the first one. Default: JSON alone. */
  readonly serializers?: readonly Serializer[] | undefined
  /**
   * How long one attempt may take from opening to WELCOME, and how long requests wait for a session, in milliseconds.
   * Default: 10000.
   */
  readonly connectTimeoutMs?: number | undefined
  /** Whether requests made while there is no session wait for one. Default: true; otherwise they fail with `ERR_NOT_CONNECTED`. */
  readonly waitForSession?: boolean | undefined
  /** How often in a row to try again before giving up. Default: without end. */
  readonly retriesMax?: number | undefined
  /** The bound of the first wait before another attempt, in milliseconds; it doubles from attempt to attempt. Default: 250. */
  readonly retryDelayMs?: number | undefined
  /** The greatest bound, in milliseconds. Default: 15000. */
  readonly retryDelayMaxMs?: number | undefined
  /** How long `stop()` lets invocations in flight finish, in milliseconds. Then their signals fire. Default: 60000. */
  readonly stopTimeoutMs?: number | undefined
  /** How long `stop()` waits for the router's GOODBYE, in milliseconds. Default: 5000. */
  readonly goodbyeTimeoutMs?: number | undefined
  /** What payloads are like between here and the far end, for example end-to-end encryption. Default: the router may read them. */
  readonly payloadCodec?: PayloadCodec | undefined
  /** Opens links that outlive their transport, for example `resumable()`. Default: a lost transport ends the session. */
  readonly resume?: ((open: Open, clock: Clock, random: Random) => Open) | undefined
  /** Where the client writes what it does. Default: the console, from `info` up. */
  readonly logger?: Logger | undefined
  /** Told about errors that no promise tells about. Default: writes them to the logger. */
  readonly onError?: ((report: ErrorReport) => void) | undefined
  /** Told about every change of status. */
  readonly onStatus?: ((status: Status) => void) | undefined
  /** Time. Default: the system's. */
  readonly clock?: Clock | undefined
  /** Chance. Default: the system's. */
  readonly random?: Random | undefined
}

const DEFAULT_NUMBERS = {
  connectTimeoutMs: 10_000,
  retriesMax: Number.POSITIVE_INFINITY,
  retryDelayMs: 250,
  retryDelayMaxMs: 15_000,
  stopTimeoutMs: 60_000,
  goodbyeTimeoutMs: 5_000,
}

export const CLIENT_DEFAULTS = Object.freeze({ realm: 'realm1', waitForSession: true, ...DEFAULT_NUMBERS })

/** Opens the link to a router; for one attempt, which `signal` ends. */
export type Open = (signal: AbortSignal) => Promise<Peer>

export interface ResolvedOptions {
  readonly open: Open
  readonly payloadCodec: PayloadCodec | undefined
  /** The router, for errors and logs. */
  readonly target: string
  readonly realm: Uri
  readonly auth: readonly AuthMethod[] | undefined
  readonly connectTimeoutMs: number
  readonly waitForSession: boolean
  readonly retriesMax: number
  readonly retryDelayMs: number
  readonly retryDelayMaxMs: number
  readonly stopTimeoutMs: number
  readonly goodbyeTimeoutMs: number
  readonly logger: Logger
  readonly clock: Clock
  readonly random: Random
}

export function resolveOptions(given: ClientOptions, platform: Platform): ResolvedOptions {
  const clock = given.clock ?? systemClock
  const numbers = { ...DEFAULT_NUMBERS }
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
    const value = (numbers[name] = given[name] ?? numbers[name])
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new UsageError('ERR_INVALID_ARGUMENT', `${name} must be a number of 0 or more, not ${value}`)
    }
  }
  const random = given.random ?? systemRandom
  const { open, target } = resolveTarget(given, platform, numbers.connectTimeoutMs, clock)
  return Object.freeze({
    open: given.resume?.(open, clock, random) ?? open,
    target,
    payloadCodec: given.payloadCodec,
    realm: given.realm ?? CLIENT_DEFAULTS.realm,
    auth: given.auth && checkMethods(given.auth),
    waitForSession: given.waitForSession ?? CLIENT_DEFAULTS.waitForSession,
    ...numbers,
    logger: given.logger ?? consoleLogger(clock),
    clock,
    random,
  })
}

function resolveTarget(
  given: ClientOptions,
  platform: Platform,
  timeoutMs: number,
  clock: Clock,
): Pick<ResolvedOptions, 'open' | 'target'> {
  const { peer, transport } = given
  if ([given.url, peer, transport].filter((way) => way !== undefined).length > 1) {
    throw new UsageError('ERR_INVALID_ARGUMENT', 'Give one of "url", "transport" and "peer", not several')
  }
  if (peer !== undefined) return { target: 'the router in this process', open: async () => peer() }
  if (transport !== undefined) {
    const open = async () => {
      const opened = await transport()
      return new RemotePeer(opened.transport, opened.serializer)
    }
    return { target: 'the router', open }
  }
  const url = given.url ?? platform.defaultUrl()
  if (url === undefined) {
    throw new UsageError('ERR_INVALID_ARGUMENT', 'Give "url" (in Node, CROSSPOINT_URL works too), for example "ws://localhost:8080/ws"')
  }
  checkUrl(url, platform)
  const serializers = given.serializers ?? [compactJsonSerializer]
  return { target: url, open: (signal) => platform.connect(url, { serializers, timeoutMs, signal, clock }) }
}
