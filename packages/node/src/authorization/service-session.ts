// The session by which the node asks an authorizer that is a procedure, and by which it learns that one was registered anew.

import { Client } from '@crosspoint/client/node'
import type { Uri } from '@crosspoint/protocol'
import type { Router } from '@crosspoint/router'
import { type Logger, namedLogger } from '../log.ts'
import { SERVICE_ROLE } from './service-role.ts'

/** It comes back at once when somebody kills it: nothing is decided without it. */
const RETRY_DELAY_MS = 20
const RETRY_DELAY_MAX_MS = 1_000

export class ServiceSession {
  readonly #client: Client
  readonly #log: Logger
  readonly #procedure: Uri
  readonly #onChange: () => void
  /** Registrations that calls of the procedure go to, or went to. */
  readonly #ids = new Set<number>()
  #isOpen = false

  /** @param onChange called when the callees of the procedure change */
  constructor(router: Router, realm: Uri, procedure: Uri, log: Logger, onChange: () => void) {
    const named = namedLogger(log, `authorization in ${realm}`)
    this.#log = { ...named, info: named.debug } // that it joins is no news
    this.#procedure = procedure
    this.#onChange = onChange
    this.#client = new Client({
      peer: () => router.attachLocal({ authrole: SERVICE_ROLE }),
      realm,
      logger: this.#log,
      retryDelayMs: RETRY_DELAY_MS,
      retryDelayMaxMs: RETRY_DELAY_MAX_MS,
      onStatus: ({ status }) => {
        if (status === 'joined' && this.#isOpen) this.#lookAgain()
      },
    })
  }

  /** Joins the realm. Nobody has registered anything there yet. */
  async open(): Promise<void> {
    await this.#client.start()
    await this.#client.subscribeEvent('wamp.registration.', ({ args, topic }) => this.#registered(topic, args), { match: 'prefix' })
    this.#isOpen = true
  }

  /** Calls the procedure. Rejects like `Client.call`; when `signal` fires the call is cancelled. */
  async call(args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const { value } = await this.#client.callResult(this.#procedure, { args, signal })
    return value
  }

  /** Has the lasting decisions of the sessions with a role forgotten. */
  forget(authrole: string): void {
    this.#client.callResult('crosspoint.authorization.forget', { kwargs: { authrole } }).catch((error: unknown) => {
      if (this.#client.session !== undefined) this.#log.warn('lasting decisions could not be forgotten:', error)
    })
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await this.#client.stop()
  }

  /** A meta event about a registration (META-40): the second argument is the registration, or its id. */
  #registered(topic: Uri, [, about]: readonly unknown[]): void {
    const id = typeof about === 'number' ? about : (about as { readonly id?: unknown } | undefined)?.id
    if (typeof id !== 'number') return
    if (topic === 'wamp.registration.on_create' && reaches(about, this.#procedure)) this.#ids.add(id)
    if (!this.#ids.has(id)) return
    if (topic === 'wamp.registration.on_delete') this.#ids.delete(id)
    this.#onChange()
  }

  /** It was away for a while: what changed meanwhile, and until it hears of changes again, is not known. */
  #lookAgain(): void {
    this.#onChange()
    this.#client.callResult('wamp.registration.match', { args: [this.#procedure] }).then(
      ({ value }) => {
        if (typeof value === 'number') this.#ids.add(value)
        this.#onChange()
      },
      (error: unknown) => this.#log.debug(`${this.#procedure} could not be looked up:`, error),
    )
  }
}

/** Whether a registration with this URI and match policy can get calls of a procedure. */
function reaches(registration: unknown, procedure: Uri): boolean {
  const { uri, match } = registration as { readonly uri: Uri; readonly match: string }
  if (match === 'exact') return uri === procedure
  if (match === 'prefix') return procedure.startsWith(uri)
  const [pattern, components] = [uri.split('.'), procedure.split('.')]
  return pattern.length === components.length && pattern.every((part, at) => part === '' || part === components[at])
}
