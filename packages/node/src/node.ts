// A node: one router, its components, its listeners. Starting goes inside out, stopping outside in.

import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router, type RouterObserver } from '@crosspoint/router'
import { createListener } from '@crosspoint/transport'
import type { RunningComponent } from './components.ts'
import type { ResolvedListener, ResolvedNode } from './config/resolved.ts'
import type { Logger } from './log.ts'
import { SERIALIZERS } from './serializers.ts'
import { type OpenStores, openStores } from './storage/open-stores.ts'
import { createRequestHandler } from './web/requests.ts'

type Listener = ReturnType<typeof createListener>

/** A listener that listens, and what it was told to be. */
export interface OpenListener {
  readonly config: ResolvedListener
  /** The TCP port; `undefined` for a Unix socket. */
  readonly port: number | undefined
}

export class Node {
  readonly config: ResolvedNode
  readonly #log: Logger
  #router: Router | undefined
  #stores: OpenStores | undefined
  readonly #components: RunningComponent[] = []
  readonly #listeners: { readonly config: ResolvedListener; readonly listener: Listener }[] = []
  #isStopping = false
  #stopped: Promise<void> | undefined

  /**
   * @param config what `loadConfig` gives.
   * @param log where the node writes what happens.
   */
  constructor(config: ResolvedNode, log: Logger) {
    this.config = config
    this.#log = log
  }

  /**
   * Starts: 1. the stores of events and the router with its realms; 2. the components, one after the other, so that whoever connects
   * finds them; 3. the listeners. When one of them fails, what was started before is stopped again, and nothing listens.
   * Resolves early when the node is stopped meanwhile.
   * @throws UsageError ERR_COMPONENT when a component fails at load, ERR_LISTEN when a listener cannot be opened.
   */
  async start(): Promise<void> {
    for (const warning of this.config.warnings) this.#log.warn(warning)
    try {
      const router = await this.#startRouter()
      await this.#startComponents(router)
      await this.#openListeners(router)
    } catch (error) {
      // What fails because the node is being stopped is no failure.
      if (this.#isStopping) return
      await this.stop()
      throw error
    }
  }

  /** The listeners that are open, with the ports they really have. */
  get listeners(): readonly OpenListener[] {
    return this.#listeners.map(({ config, listener }) => ({ config, port: listener.port }))
  }

  async #startRouter(): Promise<Router> {
    const { realms, routerLimits } = this.config
    this.#stores = await openStores(realms, this.#log)
    const events = this.#stores.byRealm
    this.#router = new Router({
      clock: systemClock,
      random: systemRandom,
      realms: realms.map(({ options, streams }) => ({ ...options, history: streams, events: events.get(options.name) })),
      limits: routerLimits,
      observer: observe(this.#log),
    })
    return this.#router
  }

  async #startComponents(router: Router): Promise<void> {
    if (this.config.components.length === 0) return
    const { startComponent } = await import('./components.ts')
    // When the node stops, components lose their sessions at step 2; that is no warning then.
    const warn: Logger['warn'] = (...line) => (this.#isStopping ? this.#log.debug(...line) : this.#log.warn(...line))
    const log = { ...this.#log, warn }
    for (const component of this.config.components) {
      if (this.#isStopping) return
      this.#components.push(await startComponent(component, router, log))
      this.#log.info(`component ${component.name} runs in ${component.realm}`)
    }
  }

  async #openListeners(router: Router): Promise<void> {
    for (const config of this.config.listeners) {
      if (this.#isStopping) return
      const listener = createListener({
        endpoint: config.endpoint,
        serializers: config.serializers.map((name) => SERIALIZERS[name]),
        websocketPaths: config.websocketPaths,
        longPollPaths: config.longPollPaths,
        hasRawSocket: config.hasRawSocket,
        allowedOrigins: config.allowedOrigins,
        assumesJson: config.assumesJson,
        limits: config.limits,
        onRequest: await createRequestHandler(config),
        onTransport: (transport, serializer, info) => {
          const authrole = info.type === 'rawsocket' ? config.rawSocketAuthrole : config.authroles[info.path]
          router.attach(transport, serializer, { peer: info.peer, authrole })
        },
        onNotice: (notice) => this.#log.warn(`${config.name}: ${notice}`),
      })
      this.#listeners.push({ config, listener })
      await listener.listen()
    }
  }

  /**
   * Stops the node, in this order; a second call waits for the first.
   * 1. The listeners stop accepting: nobody new comes in.
   * 2. Every session, those of components too, gets GOODBYE `wamp.close.system_shutdown`: nothing is routed any more.
   * 3. Each peer has `goodbyeTimeoutMs` to answer; then its transport is cut: nobody is connected any more.
   * 4. The components' own `onStop` run, in the reverse of their order of start: they may close what they opened.
   * 5. The listeners' sockets are closed: their ports are free.
   * 6. The stores are closed: what was published is in their files.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder()
    return this.#stopped
  }

  async #stopInOrder(): Promise<void> {
    this.#isStopping = true
    const closing = Promise.all(this.#listeners.map(({ listener }) => listener.close())) // 1
    closing.catch(() => {}) // its failure is looked at in step 5, and must not end the process before
    const router = this.#router
    if (router !== undefined) await new Promise<void>((resolve) => router.close(resolve)) // 2, 3
    for (const component of this.#components.reverse()) {
      try {
        await component.stop() // 4
      } catch (error) {
        this.#log.error(`component ${component.name} failed while stopping:`, error)
      }
    }
    await closing // 5
    await this.#stores?.close() // 6
    this.#log.debug('stopped')
  }
}

/** What the router reports, as lines of the log: troubles with peers are no troubles of the node, so most are for `debug`. */
function observe(log: Logger): RouterObserver {
  return {
    onSessionStart: (session) => log.debug(`session ${session.id} of ${session.peer} joined ${session.realm}`),
    onSessionEnd: (session, reason, message) => {
      log.debug(`session ${session.id} of ${session.peer} left ${session.realm}: ${reason}${message === '' ? '' : `: ${message}`}`)
    },
    onRefused: (peer, reason, message) => log.debug(`${peer} was refused: ${reason}: ${message}`),
    onStoreFailing: (realm, failure) => {
      if (failure === undefined) log.info(`the store of ${realm} works again`)
      else log.error(`the store of ${realm} fails, events are lost: ${failure}`)
    },
    onEventDropped: (session, why) => log.debug(`an event for session ${session.id} of ${session.peer} was dropped: ${why}`),
  }
}
