// A node: one router, its components, its listeners. Starting goes inside out, stopping outside in.

import type { SessionId } from '@crosspoint/protocol'
import { shown } from '@crosspoint/protocol/internal'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { type LoginSummary, Router, type RouterObserver } from '@crosspoint/router'
import { createListener } from '@crosspoint/transport'
import { AuditLog, allOf } from './audit-log.ts'
import { Logins } from './authentication/logins.ts'
import { withServiceRole } from './authentication/service-role.ts'
import { Authorizers } from './authorization/authorizers.ts'
import type { RunningComponent } from './components.ts'
import type { ResolvedListener, ResolvedNode, ResolvedRealm } from './config/resolved.ts'
import { nodeCrypto } from './crypto.ts'
import type { Logger } from './log.ts'
import { SERIALIZERS } from './serializers.ts'
import { type OpenStores, openStores } from './storage/open-stores.ts'
import { TlsReloader } from './tls-reload.ts'
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
  #authorizers: Authorizers | undefined
  #audit: AuditLog | undefined
  #logins: Logins | undefined
  readonly #tls: TlsReloader
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
    this.#tls = new TlsReloader(log)
  }

  /**
   * Starts: 1. the stores of events and the router with its realms; 2. the components, one after the other, so that whoever connects
   * finds them; 3. how sessions log in, and the listeners. When one of them fails, what was started before is stopped again, and nothing listens.
   * Resolves early when the node is stopped meanwhile.
   * @throws UsageError ERR_COMPONENT when a component fails at load, ERR_LISTEN when a listener cannot be opened,
   *   ERR_CONFIG when what logins need cannot be used.
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

  /**
   * Reads keys and certificates of all listeners again, for connections that come from now on; those that are there stay. When they
   * cannot be used, a line of the log says why, and the old ones stay. Once a minute the node does so by itself for files that have changed.
   */
  reloadTls(): void {
    this.#tls.reload()
  }

  /**
   * Takes the roles of another configuration of this node, for sessions that are there and those that come: what is no longer allowed
   * is revoked, and who has a role that is gone is sent away. Everything else in it needs a restart.
   */
  changeRoles(realms: readonly ResolvedRealm[]): void {
    const names: string[] = []
    for (const each of realms) {
      const { name } = each.options
      const realm = this.#router?.realm(name)
      const roles = this.#authorizers?.changed(each)
      if (realm === undefined) this.#log.warn(`the realm ${name} is new in the configuration, which needs a restart`)
      else if (typeof roles === 'string') this.#log.warn(`the permissions of ${name} stay as they were: ${roles}`)
      else {
        realm.changeRoles(withServiceRole(roles, name, this.config.listeners))
        names.push(name)
      }
    }
    if (names.length > 0) this.#log.info(`roles and permissions of ${names.join(', ')} were read again`)
  }

  async #startRouter(): Promise<Router> {
    const { audit, realms, routerLimits, listeners } = this.config
    if (audit !== undefined) this.#audit = await AuditLog.open(audit, this.#log)
    this.#stores = await openStores(realms, this.#log)
    const events = this.#stores.byRealm
    const authorizers = await Authorizers.make(realms, this.#log)
    this.#authorizers = authorizers
    const observer = observe(this.#log, (session, reason) => this.#logins?.ended(session, reason))
    this.#router = new Router({
      clock: systemClock,
      random: systemRandom,
      realms: realms.map(({ options, streams }) => ({
        ...options,
        roles: withServiceRole(authorizers.rolesOf(options.name), options.name, listeners),
        history: streams,
        events: events.get(options.name),
      })),
      limits: routerLimits,
      observer: this.#audit === undefined ? observer : allOf(observer, this.#audit.observer()),
    })
    this.#logins = new Logins({
      crypto: nodeCrypto,
      clock: systemClock,
      random: systemRandom,
      router: this.#router,
      log: this.#log,
      stateFolder: this.config.stateFolder,
    })
    await authorizers.open(this.#router)
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
      const logins = await this.#logins!.open(config)
      const listener = createListener({
        endpoint: config.endpoint,
        serializers: config.serializers.map((name) => SERIALIZERS[name]),
        websocketPaths: config.websocketPaths,
        longPollPaths: config.longPollPaths,
        hasRawSocket: config.hasRawSocket,
        allowedHosts: config.allowedHosts,
        allowedOrigins: config.allowedOrigins,
        assumesJson: config.assumesJson,
        limits: config.limits,
        onRequest: await createRequestHandler(config),
        onUpgrade: (request) => logins.upgrade(request),
        onTransport: (transport, serializer, info) => router.attach(transport, serializer, logins.attachInfo(info, serializer)),
        onNotice: (notice) => this.#log.warn(`${config.name}: ${notice}`),
      })
      this.#listeners.push({ config, listener })
      await listener.listen()
      const { tlsFiles, endpoint } = config
      if (tlsFiles !== undefined && endpoint.tls !== undefined) this.#tls.add(config.name, tlsFiles, listener, endpoint.tls)
    }
  }

  /**
   * Stops the node, in this order; a second call waits for the first.
   * 1. The listeners stop accepting: nobody new comes in.
   * 2. Every session, those of components too, gets GOODBYE `wamp.close.system_shutdown`: nothing is routed any more.
   * 3. Each peer has `goodbyeTimeoutMs` to answer; then its transport is cut: nobody is connected any more.
   * 4. The components' own `onStop` run, in the reverse of their order of start: they may close what they opened.
   * 5. The listeners' sockets are closed: their ports are free.
   * 6. The stores are closed: what was published is in their files. So are the sources of logins.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder()
    return this.#stopped
  }

  async #stopInOrder(): Promise<void> {
    this.#isStopping = true
    this.#tls.close()
    const closing = Promise.all(this.#listeners.map(({ listener }) => listener.close())) // 1
    closing.catch(() => {}) // its failure is looked at in step 5, and must not end the process before
    const router = this.#router
    const loginsClosed = this.#logins?.close() // whose sessions must not come back after step 2
    if (router !== undefined) await new Promise<void>((resolve) => router.close(resolve)) // 2, 3
    for (const component of this.#components.reverse()) {
      try {
        await component.stop() // 4
      } catch (error) {
        this.#log.error(`component ${component.name} failed while stopping:`, error)
      }
    }
    await this.#authorizers?.close()
    await closing // 5
    await Promise.all([this.#stores?.close(), loginsClosed]) // 6
    await this.#audit?.close()
    this.#log.debug('stopped')
  }
}

/** What the router reports, as lines of the log: troubles with peers are no troubles of the node, so most are for `debug`. */
function observe(log: Logger, onEnd: (session: SessionId, reason: string) => void): RouterObserver {
  return {
    onSessionStart: (session) => log.debug(`session ${session.id} of ${session.peer} joined ${session.realm}`),
    onSessionEnd: (session, reason, message) => {
      onEnd(session.id, reason)
      log.debug(`session ${session.id} of ${session.peer} left ${session.realm}: ${reason}${message === '' ? '' : `: ${message}`}`)
    },
    onKill: (session, reason, by) => {
      const { id, peer, realm, authid } = session
      log.info(
        `session ${id} (${shown(authid)}) of ${peer} was sent away from ${realm} by session ${by.id} (${shown(by.authid)}): ${reason}`,
      )
    },
    onRefused: (peer, reason, message, login) => {
      const text = `${reason}: ${message}`
      if (login !== undefined && !reason.startsWith('wamp.close.')) log.info(`${loginText(peer, login)} was refused: ${text}`)
      else log.debug(`${peer} was refused: ${text}`)
    },
    onStoreFailing: (realm, failure) => {
      if (failure === undefined) log.info(`the store of ${realm} works again`)
      else log.error(`the store of ${realm} fails, events are lost: ${failure}`)
    },
    onEventDropped: (session, why) => log.debug(`an event for session ${session.id} of ${session.peer} was dropped: ${why}`),
  }
}

/** Who tried to log in, where and how, as far as it is known; never with what. */
function loginText(peer: string, { authid, realm, authmethod }: LoginSummary): string {
  const who = authid === undefined ? '' : ` of ${shown(authid)}`
  const where = realm === null ? '' : ` to realm ${shown(realm)}`
  return `a login${who}${where} from ${peer}${authmethod === undefined ? '' : ` by ${authmethod}`}`
}
