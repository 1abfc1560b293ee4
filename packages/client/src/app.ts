// App: the small face of the client for programs that offer procedures, hear events and do little else.

import { type PublicationId, type Uri, UsageError } from '@crosspoint/protocol'
import { systemClock } from '@crosspoint/protocol/system'
import type { RegisterOptions } from './callee.ts'
import type { CallOptions } from './caller.ts'
import { Client } from './client.ts'
import type { Invocation } from './invocation.ts'
import { consoleLogger, type Logger } from './logger.ts'
import type { ClientOptions } from './options.ts'
import { type Platform, type StopSignal, webPlatform } from './platform.ts'
import type { ProgressCall } from './progress-call.ts'
import type { PublishOptions } from './publisher.ts'
import type { CallResult } from './result.ts'
import type { SubscribeOptions } from './subscriber.ts'

export type AppOptions = ClientOptions

const EXIT_CODES: { readonly [signal in StopSignal]: number } = { SIGINT: 130, SIGTERM: 143 }

interface Declaration {
  readonly source: 'registration' | 'subscription'
  readonly uri: Uri
  readonly make: () => Promise<unknown>
}

export class App {
  /** The client beneath, for everything that App has no word for. */
  readonly client: Client
  /** The logger; the one in the options, or the console from `info` up. */
  readonly log: Logger
  readonly #platform: Platform
  readonly #declarations: Declaration[] = []
  readonly #startHooks: (() => unknown)[] = []
  readonly #stopHooks: (() => unknown)[] = []
  #isDeclaring = false
  #stopping: Promise<void> | undefined

  /**
   * Takes the options of `Client`; all have defaults.
   * @example
   * const app = new App({ url: 'ws://localhost:8080/ws', realm: 'realm1' })
   * app.register('com.example.add', (a: number, b: number) => a + b)
   * app.subscribe('com.example.tick', (n: number) => app.log.info(`tick ${n}`))
   * await app.run()
   */
  constructor(options: AppOptions = {}, platform: Platform = webPlatform) {
    this.log = options.logger ?? consoleLogger(options.clock ?? systemClock)
    this.client = new Client({ ...options, logger: this.log }, platform)
    this.#platform = platform
  }

  /** Offers a procedure that gets the positional arguments, from `start()` on; see `Client.register`. */
  register<Args extends unknown[]>(procedure: Uri, run: (...args: Args) => unknown, options: RegisterOptions = {}): void {
    this.registerInvocation(procedure, (invocation) => run(...(invocation.args as unknown as Args)), options)
  }

  /** Offers a procedure that gets the whole invocation; see `Client.registerInvocation`. */
  registerInvocation(procedure: Uri, run: (invocation: Invocation) => unknown, options: RegisterOptions = {}): void {
    const make = () => this.client.registerInvocation(procedure, run, { ...options, waitForSession: true })
    this.#add({ source: 'registration', uri: procedure, make })
  }

  /** Hears events with their positional arguments, from `start()` on; see `Client.subscribe`. */
  subscribe<Args extends unknown[]>(topic: Uri, handle: (...args: Args) => unknown, options: SubscribeOptions = {}): void {
    this.subscribeEvent(topic, (event) => handle(...(event.args as unknown as Args)), options)
  }

  /** Hears whole events; see `Client.subscribeEvent`. */
  subscribeEvent(topic: Uri, handle: Parameters<Client['subscribeEvent']>[1], options: SubscribeOptions = {}): void {
    const make = () => this.client.subscribeEvent(topic, handle, { ...options, waitForSession: true })
    this.#add({ source: 'subscription', uri: topic, make })
  }

  /** Runs once, when everything is registered and subscribed for the first time; in the order of these calls. */
  onStart(hook: () => unknown): void {
    this.#startHooks.push(hook)
  }

  /** Runs once, when the last handler has ended and before GOODBYE; the last one first. */
  onStop(hook: () => unknown): void {
    this.#stopHooks.unshift(hook)
  }

  /** See `Client.call`. */
  call<Value = unknown>(procedure: Uri, ...args: unknown[]): Promise<Value> {
    return this.client.call(procedure, ...args)
  }

  /** See `Client.callResult`. */
  callResult<Value = unknown>(procedure: Uri, options?: CallOptions): Promise<CallResult<Value>> {
    return this.client.callResult(procedure, options)
  }

  /** See `Client.callProgress`. */
  callProgress<Value = unknown>(procedure: Uri, options?: CallOptions): ProgressCall<Value> {
    return this.client.callProgress(procedure, options)
  }

  /** See `Client.publish`. */
  publish(topic: Uri, ...args: unknown[]): void {
    this.client.publish(topic, ...args)
  }

  /** See `Client.publishEvent`. */
  publishEvent(topic: Uri, options?: PublishOptions): Promise<PublicationId | undefined> {
    return this.client.publishEvent(topic, options)
  }

  /**
   * Connects, registers and subscribes everything, then runs the start hooks. When the router refuses a registration or
   * subscription, or a hook throws, it stops again and rejects with that error; otherwise like `Client.start`.
   */
  async start(): Promise<void> {
    try {
      await this.client.start()
      this.#isDeclaring = true
      await Promise.all(this.#declarations.map((declaration) => this.#declare(declaration)))
      for (const hook of this.#startHooks) await hook()
    } catch (error) {
      await this.#stop()
      throw error
    }
  }

  /** Stops gracefully: see `Client.stop`; the stop hooks run before GOODBYE. */
  stop(): Promise<void> {
    return this.#stop()
  }

  #stop(): Promise<void> {
    this.#isDeclaring = false
    this.#stopping ??= this.client.stop({ beforeLeave: () => this.#runStopHooks() }).finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  /**
   * Starts, and runs until `stop()` is called or, in Node, SIGINT or SIGTERM comes; resolves after the graceful stop. A
   * second signal ends the process at once with status 130 or 143. After a stop by signal the process ends even when
   * something still holds it, one second after this has resolved. Rejects like `start`, and with `ERR_REFUSED` or
   * `ERR_CONNECT_FAILED` when the router refuses later on.
   */
  async run(): Promise<void> {
    let signaled: StopSignal | undefined
    const release = this.#platform.catchSignals((signal) => {
      if (signaled !== undefined) return this.#platform.exit(EXIT_CODES[signal])
      signaled = signal
      this.log.info(`${signal}: stopping; once more to stop at once`)
      void this.stop()
    })
    try {
      await this.start()
      await this.client.stopped()
      await this.#stopping
    } catch (error) {
      if (signaled === undefined && !isStop(error)) throw error
      await this.#stopping
    } finally {
      release()
      if (signaled !== undefined) this.#platform.exitSoon()
    }
  }

  #add(declaration: Declaration): void {
    this.#declarations.push(declaration)
    if (!this.#isDeclaring) return
    this.#declare(declaration).catch((error: unknown) => {
      this.client.onError({ source: declaration.source, error, uri: declaration.uri })
    })
  }

  /** Declares on this session or, when it is lost meanwhile, on the next. */
  async #declare(declaration: Declaration): Promise<void> {
    for (;;) {
      try {
        await declaration.make()
        return
      } catch (error) {
        if (!(error instanceof UsageError) || (error.code !== 'ERR_CONNECTION_LOST' && error.code !== 'ERR_NOT_CONNECTED')) throw error
      }
    }
  }

  async #runStopHooks(): Promise<void> {
    for (const hook of this.#stopHooks) {
      try {
        await hook()
      } catch (error) {
        this.client.onError({ source: 'hook', error, uri: '' })
      }
    }
  }
}

/** Whether `stop()` ended the start. */
function isStop(error: unknown): boolean {
  return error instanceof UsageError && error.code === 'ERR_CLOSED'
}
