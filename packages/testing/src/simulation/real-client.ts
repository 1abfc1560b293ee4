// A Client of packages/client in the simulated world: real promises, real reconnects, on virtual time and a simulated link.
// What its messages must lead to is for the model to say; here is checked what a program sees: every promise settles, and
// with an error that the documentation names; no handler runs after it was removed.

import { ApplicationError, Client, type Invocation, type Registration, type Subscription, UsageError } from '@crosspoint/client'
import { resumable } from '@crosspoint/client/resume'
import { CANCEL_MODES, type Transport } from '@crosspoint/protocol'
import { SeededRandom } from '../conformance/seeded-random.ts'
import type { Chance } from './chance.ts'
import type { Link } from './link.ts'
import { ClientClock, type Scheduler } from './scheduler.ts'
import type { Room } from './settings.ts'
import { drawPattern, drawUri } from './uri-pool.ts'

export interface RealClientHost {
  readonly chance: Chance
  readonly scheduler: Scheduler
  readonly isCalm: boolean
  connectReal(room?: Room): Link
  drawRealm(): { readonly name: string }
  tag(): string
  /** A client was told something: promises may go on. */
  acted(): void
  /** Something is wrong; called where throwing would reach nobody. */
  report(finding: string): void
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const EXPECTED_CODES: readonly string[] = ['ERR_CONNECTION_LOST', 'ERR_NOT_CONNECTED', 'ERR_CLOSED']
const STOP_ASKED = new Error('canceled by the simulation')

export class RealClient {
  readonly index: number
  readonly clock: ClientClock
  /** What is asked and not answered, for people. */
  readonly open = new Set<string>()
  readonly #host: RealClientHost
  readonly #client: Client
  readonly #registrations: Registration[] = []
  readonly #subscriptions: Subscription[] = []
  readonly #controllers: AbortController[] = []
  /** Procedures that wait for the calm. */
  #waiting: (() => void)[] = []
  /** Its session outlives lost links, where the realm lets it. */
  readonly #isResumable: boolean
  #isStopping = false

  constructor(host: RealClientHost, index: number, seed: number) {
    this.#host = host
    this.index = index
    this.clock = new ClientClock(host.scheduler, () => host.acted())
    this.#isResumable = host.chance.is(40)
    this.#client = new Client({
      realm: host.drawRealm().name,
      transport: async () => {
        const link = host.connectReal(this.#isResumable ? 'wide' : undefined)
        return { transport: new ClientEnd(link, host), serializer: link.serializer }
      },
      resume: this.#isResumable ? resumable({ waitMs: 2000, retryDelayMs: 20 }) : undefined,
      clock: this.clock,
      random: new SeededRandom(seed),
      logger: SILENT,
      connectTimeoutMs: 3000,
      retryDelayMs: 20,
      retryDelayMaxMs: 500,
      stopTimeoutMs: 1000,
      goodbyeTimeoutMs: 500,
      onError: ({ source, error }) => {
        // What a procedure throws when nobody waits for it any more can only be told here.
        const isOwn = source === 'invocation' && error instanceof ApplicationError
        if (source !== 'registration' && source !== 'subscription' && !isOwn) this.#wrong(`onError was told of ${source}`, error)
      },
    })
    this.#track('start', this.#client.start())
    host.acted()
  }

  /** Does something; called again and again. */
  act(): void {
    const { chance } = this.#host
    if (this.#isStopping) return
    const act = chance.weighted(this.#acts, ([weight]) => weight)!
    act[1]()
    this.#host.acted()
  }

  readonly #acts: readonly (readonly [number, () => void])[] = [
    [20, () => this.#call()],
    [10, () => this.#publish()],
    [4, () => this.#subscribe()],
    [3, () => this.#unsubscribe()],
    [4, () => this.#register()],
    [2, () => this.#unregister()],
    [5, () => this.#cancel()],
    [1, () => this.#restart()],
  ]

  /** What waits goes on: the turbulence is over. */
  calm(): void {
    for (const release of this.#waiting.splice(0)) release()
    this.#host.acted()
  }

  stop(): void {
    this.#isStopping = true
    this.#track('stop', this.#client.stop())
    this.#host.acted()
  }

  #restart(): void {
    this.#isStopping = true
    const stopped = this.#client.stop().then(async () => {
      if (this.#host.isCalm) return
      this.#isStopping = false
      await this.#client.start()
    })
    this.#track('restart', stopped)
  }

  #call(): void {
    const { chance } = this.#host
    const uri = drawUri(chance)
    const tag = this.#host.tag()
    if (chance.is(40)) return this.#track(`call of ${uri}`, this.#client.call(uri, tag))
    const controller = new AbortController()
    this.#controllers.push(controller)
    if (this.#controllers.length > 20) this.#controllers.shift()
    let isSettled = false
    const settled = this.#client
      .callResult(uri, {
        args: [tag],
        timeout: chance.pick([undefined, 5, 100, 1000]),
        disclose_me: chance.is(10),
        runon: chance.pick([undefined, undefined, 'any', 'all', 'partition'] as const),
        runmode: chance.pick([undefined, 'gather', 'progressive'] as const),
        rkey: `key${chance.below(5)}`,
        onProgress: chance.is(50) ? () => isSettled && this.#wrong('progress after the end of a call', uri) : undefined,
        signal: controller.signal,
        cancel_mode: chance.pick(CANCEL_MODES),
      })
      .finally(() => {
        isSettled = true
      })
    this.#track(`call of ${uri} with options`, settled)
  }

  #cancel(): void {
    if (this.#controllers.length > 0) this.#host.chance.pick(this.#controllers).abort(STOP_ASKED)
  }

  #publish(): void {
    const { chance } = this.#host
    const options = {
      args: [this.#host.tag()],
      acknowledge: chance.is(50),
      exclude_me: chance.is(50),
      disclose_me: chance.is(10),
      retain: chance.is(20),
    }
    this.#track('publish', this.#client.publishEvent(drawUri(chance), options))
  }

  #subscribe(): void {
    const { uri, match } = drawPattern(this.#host.chance)
    let isRemoved = false
    const handle = () => isRemoved && this.#wrong('an event came to a handler that was removed', uri)
    const subscribed = this.#client.subscribe(uri, handle, { match }).then((subscription) => {
      const unsubscribe = () => {
        isRemoved = true
        return subscription.unsubscribe()
      }
      this.#subscriptions.push({ topic: uri, unsubscribe })
    })
    this.#track(`subscribe to ${match} ${uri}`, subscribed)
  }

  #unsubscribe(): void {
    const subscription = this.#subscriptions.pop()
    if (subscription !== undefined) this.#track('unsubscribe', subscription.unsubscribe())
  }

  #register(): void {
    const { chance } = this.#host
    const { uri, match } = drawPattern(chance)
    // Which of several callees the router chose would be known too late to the model if one of them is away.
    const invoke = this.#isResumable ? 'single' : chance.pick(['single', 'roundrobin', 'random', 'first', 'last'] as const)
    const registered = this.#client
      .registerInvocation(uri, (invocation) => this.#run(invocation), {
        match,
        invoke,
        forward_timeout: chance.is(30),
        concurrency: chance.pick([undefined, undefined, 1, 2]),
      })
      .then((registration) => void this.#registrations.push(registration))
    this.#track(`register ${match} ${uri}`, registered)
  }

  #unregister(): void {
    const registration = this.#registrations.shift()
    if (registration !== undefined) this.#track('unregister', registration.unregister())
  }

  /** A procedure: answers at once, or after a while, with progress or an error, or not before the calm. */
  async #run(invocation: Invocation): Promise<unknown> {
    const { chance } = this.#host
    const how = chance.below(10)
    if (how < 3) return this.#host.tag()
    if (how === 3) throw new ApplicationError('com.hot.error', [this.#host.tag()])
    if (how === 4 && !this.#host.isCalm) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else await this.#sleep(chance.below(100))
    if (how > 6) invocation.progress([this.#host.tag()])
    if (how > 7) await this.#sleep(chance.below(100))
    invocation.signal.throwIfAborted()
    return this.#host.tag()
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#host.scheduler.after(ms, () => {
        resolve()
        this.#host.acted()
      })
    })
  }

  /** Every promise settles, and a rejection is one of those that the documentation names. */
  #track(what: string, promise: Promise<unknown>): void {
    const entry = `${what} ${this.#host.tag()}`
    this.open.add(entry)
    const settled = (error?: unknown) => {
      this.open.delete(entry)
      if (error === undefined || error === STOP_ASKED || error instanceof ApplicationError) return
      if (!(error instanceof UsageError) || !EXPECTED_CODES.includes(error.code)) this.#wrong(what, error)
    }
    promise.then(() => settled(), settled)
  }

  #wrong(what: string, why: unknown): void {
    this.#host.report(`Real client ${this.index}: ${what}: ${why instanceof Error ? why.stack : why}`)
  }
}

/** The client's end of a link, as a transport. */
class ClientEnd implements Transport {
  onFrame: Transport['onFrame'] = () => {}
  onClose: (reason: string) => void = () => {}
  readonly bufferedBytes = 0
  readonly #link: Link
  readonly #host: RealClientHost
  #isClosed = false

  constructor(link: Link, host: RealClientHost) {
    this.#link = link
    this.#host = host
    link.onClientFrame = (frame) => {
      this.onFrame(frame)
      host.acted()
    }
    link.onClientClose = () => this.#close('the router closed')
  }

  send(frame: Uint8Array): void {
    if (!this.#isClosed) this.#link.sendUp(Uint8Array.from(frame))
  }
  close(reason = 'closed'): void {
    if (this.#isClosed) return
    this.#link.endUp()
    this.#host.scheduler.after(0, () => this.#close(reason))
  }
  #close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.onClose(reason)
    this.#host.acted()
  }
  pause(): void {
    this.#link.pauseDown()
  }
  resume(): void {
    this.#link.resumeDown()
  }
}
