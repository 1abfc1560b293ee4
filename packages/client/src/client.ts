// The client: the public edge, where callbacks become promises. What happens on a session is in session.ts and the roles
// (caller.ts, callee.ts, publisher.ts, subscriber.ts); what keeps one alive is in session-keeper.ts.

import { EMPTY_DICT, MessageType, type PublicationId, type Timer, type Uri, UsageError } from '@crosspoint/protocol'
import { Callee, type DeclaredProcedure, type RegisterOptions } from './callee.ts'
import { type CallOptions, OutgoingCall } from './caller.ts'
import type { Invocation } from './invocation.ts'
import { type ClientOptions, type ErrorReport, type ResolvedOptions, resolveOptions } from './options.ts'
import { type Platform, webPlatform } from './platform.ts'
import { ProgressCall } from './progress-call.ts'
import { type PublishOptions, publish, publishEvent } from './publisher.ts'
import { type CallResult, payloadOf } from './result.ts'
import type { Session, SessionInfo } from './session.ts'
import { SessionKeeper } from './session-keeper.ts'
import { type Status, StatusFeed } from './status.ts'
import { type Declared, type EventHandler, type Handler, type Settle, type SubscribeOptions, Subscriber } from './subscriber.ts'

/** A procedure that is registered, on this session and those after it. */
export interface Registration {
  readonly procedure: Uri
  /** Ends the registration; resolves when the router has confirmed, or at once without a session. */
  unregister(): Promise<void>
}

/** A handler that is subscribed, on this session and those after it. */
export interface Subscription {
  readonly topic: Uri
  /** Removes the handler; resolves when the router has confirmed, or at once without a session. */
  unsubscribe(): Promise<void>
}

export interface StopOptions {
  /** Runs when the last handler has ended and the session still stands, for example to close what the handlers used. */
  readonly beforeLeave?: (() => unknown) | undefined
  /** The reason of the GOODBYE. `wamp.close.logout` ends the login that a cookie stands for, too. Default: `wamp.close.close_realm`. */
  readonly reason?: Uri | undefined
}

/** What waits for a session, in the order in which it came. */
interface Waiter {
  run(session: Session): void
  fail(error: unknown): void
  timer?: Timer
}

export class Client {
  /** Told about every change of status. */
  onStatus: (status: Status) => void
  /** Told about errors that no promise tells about. Default: writes them to the logger. */
  onError: (report: ErrorReport) => void
  readonly #options: ResolvedOptions
  readonly #keeper: SessionKeeper
  readonly #feed = new StatusFeed()
  readonly #declared = new Set<Declared>()
  readonly #callee: Callee
  readonly #subscriber: Subscriber
  readonly #waiters = new Set<Waiter>()
  #starting: PromiseWithResolvers<void> | undefined
  #ending: PromiseWithResolvers<void> | undefined
  #stopping: Promise<void> | undefined
  #onStopped: (() => void) | undefined
  /** Whether the promise of `start()` has told its news, so that later ones go to `onError`. */
  #hasJoined = false
  /** Why nothing waits for a session any more; `undefined` before the first start and while started. */
  #stopError: UsageError | undefined

  /**
   * Takes options and connects nothing yet.
   * @throws `ERR_INVALID_ARGUMENT` for a wrong option or when no router is named.
   * @example
   * const client = new Client({ url: 'ws://localhost:8080/ws', realm: 'realm1' })
   * await client.start()
   * console.log(await client.call('com.example.add', 2, 3))
   */
  constructor(options: ClientOptions = {}, platform: Platform = webPlatform) {
    this.#options = resolveOptions(options, platform)
    const logger = this.#options.logger
    this.onStatus = options.onStatus ?? (() => {})
    this.onError = options.onError ?? (({ source, error, uri }) => logger.error(`${source}${uri ? ` ${uri}` : ''}:`, error))
    const context = { declared: this.#declared, report: this.#report.bind(this) }
    this.#callee = new Callee(context, this.#options.clock)
    this.#subscriber = new Subscriber(context)
    this.#keeper = new SessionKeeper(this.#options, {
      joined: (session) => this.#joined(session),
      left: (why) => this.#left(why),
      event: (session, message) => this.#subscriber.event(session, message),
      invocation: (session, message) => this.#callee.invocation(session, message),
      interrupt: (message) => this.#callee.interrupt(message),
      revoked: (message) => (message.type === MessageType.UNSUBSCRIBED ? this.#subscriber : this.#callee).revoked(message.details!),
      status: (...status) => this.#status(this.#feed.set(...status)),
      stopped: (error) => this.#stopped(error),
    })
  }

  /** Who we are to the router; `undefined` while there is no session. */
  get session(): SessionInfo | undefined {
    return this.#keeper.isJoined ? this.#keeper.session!.info : undefined
  }

  /**
   * Every change of status from now on, the current one first; ends when the client stops.
   * @example for await (const { status, reason } of client.status()) console.log(status, reason)
   */
  status(): AsyncGenerator<Status, void, void> {
    return this.#feed.read()
  }

  /**
   * Connects, and keeps connecting when the session is lost. Resolves when the first session is established.
   * Rejects with `ERR_REFUSED` when the router refuses (reason and message in the text), with `ERR_CONNECT_FAILED` after
   * `retriesMax` attempts, with `ERR_CLOSED` when `stop()` came first. Called again while started, it gives the same promise.
   */
  start(): Promise<void> {
    if (this.#starting !== undefined) return this.#starting.promise
    if (this.#stopping !== undefined) return Promise.reject(new UsageError('ERR_CLOSED', 'The client is stopping; await stop() first'))
    const starting = Promise.withResolvers<void>()
    const ending = Promise.withResolvers<void>()
    // They tell whoever awaits them. With nobody there, status and onError tell.
    starting.promise.catch(() => {})
    ending.promise.catch(() => {})
    this.#starting = starting
    this.#ending = ending
    this.#hasJoined = false
    this.#stopError = undefined
    this.#keeper.start()
    return starting.promise
  }

  /**
   * Resolves when the client has been stopped by `stop()`, or at once when it was not started. Rejects with what ended it
   * otherwise: `ERR_REFUSED`, `ERR_CONNECT_FAILED`.
   */
  stopped(): Promise<void> {
    return this.#ending?.promise ?? Promise.resolve()
  }

  /**
   * Stops, in this order: 1. no registration or subscription is begun, nothing is reconnected; 2. the router is told to send
   * no invocations and events any more; 3. invocations in flight finish, for up to `stopTimeoutMs`, then their signals fire;
   * 4. `beforeLeave` runs; 5. GOODBYE, and the requests still in flight fail with `ERR_CLOSED`; 6. the transport closes when
   * the router has answered, or after `goodbyeTimeoutMs`. What was registered and subscribed comes back with `start()`.
   */
  stop(options: StopOptions = {}): Promise<void> {
    if (this.#stopping === undefined) {
      this.#stopping = this.#stop(options).finally(() => {
        this.#stopping = undefined
      })
      this.#keeper.prepareStop()
    }
    return this.#stopping
  }

  async #stop(options: StopOptions): Promise<void> {
    await Promise.resolve() // `stop` says first that nothing is reconnected
    await this.#drain()
    try {
      await options.beforeLeave?.()
    } catch (error) {
      this.#report('hook', error, '')
    }
    if (this.#keeper.session === undefined) return
    await new Promise<void>((resolve) => {
      this.#onStopped = resolve
      this.#keeper.leave(options.reason)
    })
  }

  /** Steps 2 and 3 of `stop`. */
  #drain(): Promise<void> {
    const session = this.#keeper.session
    if (session === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(this.#options.stopTimeoutMs, () => {
        this.#callee.abortAll(new UsageError('ERR_CLOSED', `The client stopped; it waited ${this.#options.stopTimeoutMs} ms`))
        resolve()
      })
      let open = 1
      const done = () => {
        if (--open > 0) return
        // All answers are there, so no invocation is on its way any more.
        this.#callee.whenIdle(() => {
          timer.cancel()
          resolve()
        })
      }
      open += this.#callee.unregisterAll(session, done) + this.#subscriber.unsubscribeAll(session, done)
      done()
    })
  }

  /**
   * Calls a procedure with positional arguments and gives its first positional result.
   * Rejects with `ApplicationError` for an error of the callee or router; with `ERR_CONNECTION_LOST`, `ERR_NOT_CONNECTED`,
   * `ERR_CLOSED`, `ERR_UNSERIALIZABLE` or `ERR_PAYLOAD_TOO_LARGE` as `UsageError`.
   * @example const sum = await client.call<number>('com.example.add', 2, 3)
   */
  call<Value = unknown>(procedure: Uri, ...args: unknown[]): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#begin(
        new OutgoingCall(this.#options.clock, procedure, { args }, undefined, {
          resolve: (result) => resolve(result.value as Value),
          reject,
        }),
      )
    })
  }

  /**
   * Calls a procedure with options and gives the whole answer. Rejects like `call`, and with the reason of `signal`.
   * @example const { args, kwargs } = await client.callResult('com.example.find', { kwargs: { name: 'Ada' }, timeout: 5000 })
   */
  callResult<Value = unknown>(procedure: Uri, options: CallOptions = {}): Promise<CallResult<Value>> {
    return new Promise((resolve, reject) => {
      const { onProgress } = options
      const guarded = onProgress && ((progress: CallResult) => this.#guard('progress', procedure, () => onProgress(progress)))
      const settle = { resolve: (result: CallResult) => resolve(result as CallResult<Value>), reject }
      this.#begin(new OutgoingCall(this.#options.clock, procedure, options, guarded, settle))
    })
  }

  /**
   * Calls a procedure and gives its progress as an async iterator, and the final answer as `result`.
   * @example for await (const progress of client.callProgress('com.example.long', { args: [10] })) console.log(progress.value)
   */
  callProgress<Value = unknown>(procedure: Uri, options: CallOptions = {}): ProgressCall<Value> {
    return new ProgressCall(
      (onProgress, settle) => new OutgoingCall(this.#options.clock, procedure, options, onProgress, settle),
      (call) => this.#begin(call),
    )
  }

  #begin(call: OutgoingCall): void {
    if (call.isSettled) return
    const forget = this.#whenJoined(call, call.options.waitForSession)
    if (!call.isSettled) call.forget = forget
  }

  /**
   * Registers a procedure that gets the positional arguments. It may return a value, a promise, nothing, or a `Result`.
   * What it throws goes to the caller: an `ApplicationError` with its URI and payload, anything else as
   * `wamp.error.runtime_error` and to `onError`. Rejects with the router's `ApplicationError` or a `UsageError`.
   * @example const registration = await client.register('com.example.add', (a: number, b: number) => a + b)
   */
  register<Args extends unknown[]>(procedure: Uri, run: (...args: Args) => unknown, options: RegisterOptions = {}): Promise<Registration> {
    return this.registerInvocation(procedure, (invocation) => run(...(invocation.args as unknown as Args)), options)
  }

  /**
   * Registers a procedure that gets the whole invocation: args, kwargs, caller, `signal`, `progress()`.
   * @example await client.registerInvocation('com.example.greet', ({ kwargs, caller }) => `${kwargs.name}, session ${caller}`, { disclose_caller: true })
   */
  registerInvocation(procedure: Uri, run: (invocation: Invocation) => unknown, options: RegisterOptions = {}): Promise<Registration> {
    const send = (session: Session, settle: Settle<DeclaredProcedure>) => this.#callee.register(session, procedure, options, run, settle)
    return this.#declare(`Cannot register "${procedure}"`, send, options.waitForSession).then((declared) => ({
      procedure,
      unregister: () => new Promise<void>((resolve, reject) => this.#callee.unregister(this.#joinedSession, declared, { resolve, reject })),
    }))
  }

  /**
   * Subscribes a handler that gets the positional arguments. Handlers of one topic and match policy share one subscription.
   * What a handler throws goes to `onError`. Rejects with the router's `ApplicationError` or a `UsageError`.
   * @example const subscription = await client.subscribe('com.example.tick', (n: number) => console.log(n))
   */
  subscribe<Args extends unknown[]>(topic: Uri, handle: (...args: Args) => unknown, options: SubscribeOptions = {}): Promise<Subscription> {
    return this.subscribeEvent(topic, (event) => handle(...(event.args as unknown as Args)), options)
  }

  /**
   * Subscribes a handler that gets the whole event: args, kwargs, topic, publication, publisher.
   * @example await client.subscribeEvent('com.example.', (event) => console.log(event.topic, event.args), { match: 'prefix' })
   */
  subscribeEvent(topic: Uri, handle: EventHandler, options: SubscribeOptions = {}): Promise<Subscription> {
    const send = (session: Session, settle: Settle<Handler>) => this.#subscriber.subscribe(session, topic, options, handle, settle)
    return this.#declare(`Cannot subscribe to "${topic}"`, send, options.waitForSession).then((handler) => ({
      topic,
      unsubscribe: () =>
        new Promise<void>((resolve, reject) =>
          this.#subscriber.unsubscribe(this.#joinedSession, topic, options, handler, { resolve, reject }),
        ),
    }))
  }

  /**
   * Publishes positional arguments, without waiting for anything.
   * @throws `ERR_NOT_CONNECTED` without a session; `ERR_UNSERIALIZABLE`, `ERR_PAYLOAD_TOO_LARGE`
   * @example client.publish('com.example.tick', 1)
   */
  publish(topic: Uri, ...args: unknown[]): void {
    const session = this.#joinedSession
    if (session === undefined) throw notConnected(`Cannot publish to "${topic}"`)
    publish(session, topic, EMPTY_DICT, payloadOf(args, undefined))
  }

  /**
   * Publishes with options. Resolves when it is sent, or with `acknowledge: true` to the publication's id when the router
   * has confirmed. Rejects with the router's `ApplicationError` or a `UsageError`.
   * @example const publication = await client.publishEvent('com.example.tick', { args: [1], acknowledge: true, exclude_me: false })
   */
  async publishEvent(topic: Uri, options: PublishOptions = {}): Promise<PublicationId | undefined> {
    const payload = payloadOf(options.args, options.kwargs)
    return this.#request((session, settle) => publishEvent(session, topic, options, payload, settle), options.waitForSession)
  }

  get #joinedSession(): Session | undefined {
    return this.#keeper.isJoined ? this.#keeper.session : undefined
  }

  /** What outlives the session is not begun while the client stops. */
  #declare<Value>(what: string, send: (session: Session, settle: Settle<Value>) => void, waitForSession?: boolean): Promise<Value> {
    if (this.#stopping !== undefined) return Promise.reject(new UsageError('ERR_CLOSED', `${what}: the client is stopping`))
    return this.#request(send, waitForSession)
  }

  /** A request as a promise: sent at once when there is a session, else in its turn. */
  #request<Value>(send: (session: Session, settle: Settle<Value>) => void, waitForSession?: boolean): Promise<Value> {
    return new Promise((resolve, reject) => {
      const run = (session: Session) => {
        try {
          send(session, { resolve, reject })
        } catch (error) {
          reject(error as Error)
        }
      }
      this.#whenJoined({ run, fail: reject }, waitForSession)
    })
  }

  /** Runs `waiter` with the session, now or when there is one. Returns how to leave the queue. */
  #whenJoined(waiter: Waiter, waitForSession = this.#options.waitForSession): () => void {
    const forget = () => {
      this.#waiters.delete(waiter)
      waiter.timer?.cancel()
    }
    const session = this.#joinedSession
    if (session !== undefined) waiter.run(session)
    else if (this.#stopError !== undefined) waiter.fail(this.#stopError)
    else if (!waitForSession) waiter.fail(notConnected('There is no session'))
    else {
      const { clock, connectTimeoutMs, target } = this.#options
      this.#waiters.add(waiter)
      waiter.timer = clock.setTimer(connectTimeoutMs, () => {
        this.#waiters.delete(waiter)
        waiter.fail(notConnected(`No session with ${target} within ${connectTimeoutMs} ms`))
      })
    }
    return forget
  }

  /** A session is established: what was there before comes first, in its order, then what waits, in its order. */
  #joined(session: Session): void {
    for (const declared of [...this.#declared]) {
      if (!session.isJoined) return
      declared.attach(session)
    }
    for (const waiter of [...this.#waiters]) {
      if (!session.isJoined) return
      this.#waiters.delete(waiter)
      waiter.timer?.cancel()
      waiter.run(session)
    }
    this.#hasJoined = true
    this.#starting?.resolve()
  }

  #left(why: UsageError): void {
    this.#callee.detach(why)
    this.#subscriber.detach()
  }

  #stopped(error: UsageError | undefined): void {
    this.#stopError = error ?? new UsageError('ERR_CLOSED', 'The client is stopped; start() begins again')
    const starting = this.#starting
    this.#starting = undefined
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) {
      waiter.timer?.cancel()
      waiter.fail(this.#stopError)
    }
    starting?.reject(this.#stopError)
    if (error === undefined) this.#ending?.resolve()
    else {
      this.#ending?.reject(error)
      if (this.#hasJoined) this.#report('session', error, this.#options.realm)
    }
    this.#onStopped?.()
    this.#onStopped = undefined
  }

  #status(status: Status): void {
    const { logger, target, realm } = this.#options
    const { reason, delayMs } = status
    if (status.status === 'joined') logger.info(`joined realm "${realm}" of ${target} as session ${this.session?.id}`)
    else if (status.status === 'waiting') logger.warn(`no session with ${target}: ${reason}; next attempt in ${delayMs} ms`)
    else if (status.status === 'stopped') logger.info(`stopped: ${reason}`)
    this.#guard('hook', '', () => this.onStatus(status))
  }

  #guard(source: ErrorReport['source'], uri: Uri, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#report(source, error, uri)
    }
  }

  #report(source: ErrorReport['source'], error: unknown, uri: Uri): void {
    try {
      this.onError({ source, error, uri })
    } catch (broken) {
      this.#options.logger.error('onError threw:', broken)
    }
  }
}

function notConnected(what: string): UsageError {
  return new UsageError('ERR_NOT_CONNECTED', `${what}: the client is not connected`)
}
