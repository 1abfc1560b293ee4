// Keeps a session alive: connects, waits, connects again. Decides, when a session ends or cannot begin, whether trying
// again makes sense.
//
//   start ──► connecting ──WELCOME──► joined ──lost, GOODBYE──► waiting ──► connecting …
//                 ├── transport or time fails ──► waiting
//                 └── refused for good ──► stopped

import { type Timer, type Uri, UsageError } from '@crosspoint/protocol'
import type { Peer } from '@crosspoint/protocol/internal'
import { asError, beginLogin } from './authentication.ts'
import { Backoff } from './backoff.ts'
import type { ResolvedOptions } from './options.ts'
import { describeEnd, Session, type SessionEnd, type SessionListener } from './session.ts'
import type { StatusName } from './status.ts'
import {
  AUTHENTICATION_DENIED,
  AUTHENTICATION_FAILED,
  CANNOT_AUTHENTICATE,
  CLOSE_NORMAL,
  NO_MATCHING_AUTH_METHOD,
  NO_SUCH_REALM,
  NOT_AUTHORIZED,
  PROTOCOL_VIOLATION,
} from './uris.ts'

export interface KeeperEvents extends Omit<SessionListener, 'ended'> {
  /** A session that had joined is over. `why` is what a request would have failed with. */
  left(why: UsageError): void
  status(status: StatusName, attempt?: number, reason?: string, delayMs?: number): void
  /** Nothing more will be tried; `error` is `undefined` when that was asked for. */
  stopped(error: UsageError | undefined): void
}

interface Attempt {
  readonly controller: AbortController
  timer: Timer | undefined
  /** Whether the peer is there; from then on its session ends it. */
  isOpen: boolean
}

/**
 * ABORT reasons that the same HELLO would meet again: a wrong realm, a refused login, a breach of the protocol. Both
 * spellings of what peers disagree on are here.
 */
const FINAL_REASONS: ReadonlySet<string> = new Set([
  NO_SUCH_REALM,
  NOT_AUTHORIZED,
  NO_MATCHING_AUTH_METHOD,
  PROTOCOL_VIOLATION,
  CANNOT_AUTHENTICATE,
  AUTHENTICATION_DENIED,
  'wamp.error.authentication_required',
  'wamp.error.no_auth_method',
  'wamp.error.no_such_role',
  'wamp.error.no_such_principal',
])
/** A router that breaks the protocol this often in a row is not tried again. */
const VIOLATIONS_MAX = 3

export class SessionKeeper {
  session: Session | undefined = undefined
  readonly #options: ResolvedOptions
  readonly #events: KeeperEvents
  readonly #backoff: Backoff
  #isRunning = false
  /** Counts starts and stops, so that a step notices when a callback did either. */
  #run = 0
  #attempt: Attempt | undefined
  #waiting: Timer | undefined
  #goodbye: Timer | undefined
  #failures = 0
  #violations = 0
  #joinedAt: number | undefined

  constructor(options: ResolvedOptions, events: KeeperEvents) {
    this.#options = options
    this.#events = events
    this.#backoff = new Backoff(options.random, options.retryDelayMs, options.retryDelayMaxMs)
  }

  get isJoined(): boolean {
    return this.session?.isJoined === true
  }

  start(): void {
    this.#isRunning = true
    this.#run++
    this.#failures = 0
    this.#violations = 0
    this.#joinedAt = undefined
    this.#backoff.reset()
    this.#connect()
  }

  /** From now on nothing is tried again; without a session this is the end. */
  prepareStop(): void {
    this.#isRunning = false
    if (this.isJoined) return
    const session = this.session
    this.session = undefined
    this.#endAttempt(new UsageError('ERR_CLOSED', 'The client was stopped'))
    session?.drop(CLOSE_NORMAL)
    this.#waiting?.cancel()
    this.#waiting = undefined
    this.#stopped(undefined, 'stop() was called')
  }

  /** GOODBYE, a bounded wait for the answer, the end. After `prepareStop`. */
  leave(reason?: Uri): void {
    const session = this.session
    if (session === undefined) return
    const { clock, goodbyeTimeoutMs } = this.#options
    this.#goodbye = clock.setTimer(goodbyeTimeoutMs, () => session.drop(`No GOODBYE from the router within ${goodbyeTimeoutMs} ms`))
    session.leave(reason)
  }

  #connect(): void {
    const { open, connectTimeoutMs, clock, target } = this.#options
    const attempt: Attempt = { controller: new AbortController(), timer: undefined, isOpen: false }
    this.#attempt = attempt
    this.#events.status('connecting', this.#failures + 1)
    if (this.#attempt !== attempt) return // stopped by whoever heard of the status
    attempt.timer = clock.setTimer(connectTimeoutMs, () => {
      this.#failed(attempt, new UsageError('ERR_TIMEOUT', `${target} did not establish a session within ${connectTimeoutMs} ms`))
    })
    open(attempt.controller.signal).then(
      (peer) => this.#opened(attempt, peer),
      (error: unknown) => this.#failed(attempt, error as Error),
    )
  }

  #opened(attempt: Attempt, peer: Peer): void {
    if (this.#attempt !== attempt) return peer.close() // it came too late
    attempt.isOpen = true
    const events = {
      ...this.#events,
      joined: (session: Session) => this.#joined(session),
      ended: (session: Session, end: SessionEnd) => this.#ended(session, end),
    }
    const session = new Session(peer, events, this.#options.payloadCodec)
    this.session = session
    const { auth, realm } = this.#options
    if (auth === undefined) return session.open(realm)
    beginLogin(auth, { realm, channelId: (type) => peer.channelId?.(type) }).then(
      (login) => {
        if (this.session === session) session.open(realm, login)
      },
      (error: unknown) => this.#failed(attempt, asError(error), error instanceof UsageError),
    )
  }

  /** `isFinal`: the login cannot even begin, and never will. */
  #failed(attempt: Attempt, error: Error, isFinal = false): void {
    if (this.#attempt !== attempt) return
    const session = this.session
    this.session = undefined // its end is of no interest any more
    this.#endAttempt(error)
    session?.drop(error.message)
    this.#failures++
    if (isFinal && this.#isRunning) this.#stopped(error as UsageError, error.message)
    else this.#retry(error.message)
  }

  #endAttempt(reason: Error): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    attempt?.timer?.cancel()
    if (attempt?.isOpen === false) attempt.controller.abort(reason)
  }

  #joined(session: Session): void {
    this.#attempt?.timer?.cancel()
    this.#attempt = undefined
    this.#failures = 0
    this.#joinedAt = this.#options.clock.now()
    this.#events.status('joined')
    if (session.isJoined) this.#events.joined(session)
  }

  #ended(session: Session, end: SessionEnd): void {
    if (session !== this.session) return
    this.session = undefined
    this.#goodbye?.cancel()
    this.#goodbye = undefined
    const run = this.#run
    const reason = describeEnd(end)
    if (session.info === undefined) {
      this.#endAttempt(new UsageError('ERR_REFUSED', reason))
      this.#failures++
    } else {
      const livedMs = this.#options.clock.now() - this.#joinedAt!
      // A session that dies young must not make the next attempt come at once, again and again.
      if (livedMs >= this.#options.retryDelayMaxMs) {
        this.#backoff.reset()
        this.#violations = 0
      }
      this.#events.left(new UsageError(this.#isRunning ? 'ERR_CONNECTION_LOST' : 'ERR_CLOSED', `The session ended: ${reason}`))
      if (this.#isRunning) this.#events.status('lost', 0, reason)
      if (this.#run !== run) return
    }
    if (end.how === 'violation') this.#violations++
    const refusal = this.#refusalOf(end, reason)
    if (!this.#isRunning) this.#stopped(undefined, reason)
    else if (refusal !== undefined) this.#stopped(refusal, reason)
    else this.#retry(reason)
  }

  /** The error to stop with, when trying again makes no sense. */
  #refusalOf(end: SessionEnd, reason: string): UsageError | undefined {
    const { target, realm } = this.#options
    // A failure to check is final at first, when it is told to whom started us, and passes when a login has worked before.
    const isFailure = end.reason === AUTHENTICATION_FAILED && this.#joinedAt === undefined
    const isRefused = end.how === 'aborted' && (FINAL_REASONS.has(end.reason) || isFailure)
    if (isRefused || (end.how === 'violation' && end.reason === CANNOT_AUTHENTICATE)) {
      return new UsageError('ERR_REFUSED', `${target}, realm "${realm}", refused the session: ${reason}`)
    }
    if (this.#violations >= VIOLATIONS_MAX) {
      return new UsageError('ERR_REFUSED', `${target} broke the protocol ${VIOLATIONS_MAX} times in a row: ${reason}`)
    }
    return undefined
  }

  #retry(reason: string): void {
    if (!this.#isRunning) return
    const { retriesMax, clock, target } = this.#options
    if (this.#failures > retriesMax) {
      return this.#stopped(new UsageError('ERR_CONNECT_FAILED', `Gave up on ${target} after ${this.#failures} attempts: ${reason}`), reason)
    }
    const delayMs = this.#backoff.next()
    this.#waiting = clock.setTimer(delayMs, () => {
      this.#waiting = undefined
      this.#connect()
    })
    this.#events.status('waiting', this.#failures + 1, reason, delayMs)
  }

  #stopped(error: UsageError | undefined, reason: string): void {
    this.#isRunning = false
    this.#run++
    this.#events.stopped(error)
    this.#events.status('stopped', 0, reason)
  }
}
