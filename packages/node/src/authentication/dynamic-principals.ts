// Principals that a procedure looks up (`type: dynamic`), with Crossbar.io's arguments and answers (AUTH-12). The node calls it over
// sessions of its own within this process, one for each realm and role, which are opened by the first login that needs them.

import type { CallOptions, Client } from '@crosspoint/client'
import { ApplicationError, ErrorUri, type Uri, UsageError } from '@crosspoint/protocol'
import type { Crypto } from '@crosspoint/protocol/internal'
import type { LoginPrincipal, LookupFailure, PrincipalSource, Router } from '@crosspoint/router'
import { type Logger, namedLogger } from '../log.ts'
import { checkTicket, detailsOf, readAnswer, withinTime } from './answers.ts'

/** Opens the node's own sessions. */
export class LocalSessions {
  readonly #router: Router
  readonly #log: Logger
  readonly #clients = new Map<string, Client>()
  #isClosed = false

  constructor(router: Router, log: Logger) {
    this.#router = router
    const named = namedLogger(log, 'authentication')
    this.#log = { ...named, info: named.debug }
  }

  /** Calls a procedure; rejects like `Client.call`. */
  async call(realm: Uri, authrole: string, procedure: Uri, options: CallOptions): Promise<unknown> {
    const client = await this.#clientOf(realm, authrole)
    const { value } = await client.callResult(procedure, options)
    return value
  }

  async #clientOf(realm: Uri, authrole: string): Promise<Client> {
    const { Client } = await import('@crosspoint/client') // for nodes without such logins to start faster
    if (this.#isClosed) throw new UsageError('ERR_CLOSED', 'the node is stopping')
    const key = JSON.stringify([realm, authrole])
    const known = this.#clients.get(key)
    if (known !== undefined) return known
    const client = new Client({ peer: () => this.#router.attachLocal({ authrole }), realm, logger: this.#log })
    this.#clients.set(key, client)
    // One that ends by itself was refused, such as by a realm without the role: the next login tries again.
    const forget = () => {
      if (this.#clients.get(key) === client) this.#clients.delete(key)
    }
    client.start().catch(forget)
    client.stopped().then(forget, forget)
    return client
  }

  /** Ends all of them; calls under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#clients.values()].map((client) => client.stop()))
  }
}

export interface DynamicOptions {
  /** The procedure. */
  readonly authenticator: Uri
  /** Where it is registered. Undefined: the realm that the client asks for. */
  readonly realm: Uri | undefined
  /** The authrole of the session that calls it. */
  readonly role: string
  readonly timeoutMs: number
}

/**
 * The principals that a procedure knows. It is called with realm, authid and details (`session`, `transport`, `authmethod`,
 * `authextra`, and by method `ticket`, `pubkey` and `channel_binding`, `certificate`) and answers with a role, or with a dictionary
 * of `role`, `realm`, `authid`, `extra` and the credentials that the method checks; null is nobody. Its errors
 * `wamp.error.authentication_…`, `wamp.error.not_authorized` and those of its own go to the client with their first argument; all
 * others are failures, of which the client is told nothing.
 *
 * @example
 * const source = dynamicPrincipals(nodeCrypto, sessions, { authenticator: 'com.example.authenticate', realm: 'users', role: 'trusted', timeoutMs: 5000 })
 */
export function dynamicPrincipals(crypto: Crypto, sessions: LocalSessions, options: DynamicOptions): PrincipalSource {
  const { authenticator, realm, role, timeoutMs } = options
  const who = `the procedure ${authenticator}`
  return {
    provider: 'dynamic',
    checksTickets: true,
    checksCertificates: true,
    find(query, done) {
      const { request, authid, ticket } = query
      const where = realm ?? request.realm
      if (where === null) return done({ failure: `the client names no realm, and so there is none where ${who} could be called` })
      const give = withinTime<LoginPrincipal | undefined>(timeoutMs, who, done)
      const args = [request.realm, authid ?? null, detailsOf(query)]
      sessions.call(where, role, authenticator, { args, timeout: timeoutMs }).then(
        (answer) => checkTicket(crypto, readAnswer(answer, who), ticket, who, give), // which is data, so that reading it cannot throw
        (error: unknown) => give(failureOf(authenticator, error)),
      )
    },
  }
}

/** What the procedure says itself goes to the client; what the router or the node says of the call does not. */
function failureOf(authenticator: Uri, error: unknown): LookupFailure {
  const text = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  const failure = `the procedure ${authenticator} failed: ${text}`
  if (!(error instanceof ApplicationError) || !isItsOwn(authenticator, error)) return { failure }
  const [message] = error.args
  return { failure, reason: error.error, message: typeof message === 'string' ? message : undefined }
}

function isItsOwn(authenticator: Uri, { error, args: [message] }: ApplicationError): boolean {
  if (error.startsWith('wamp.error.authentication_')) return true
  if (!error.startsWith('wamp.')) return !error.startsWith('crosspoint.') // which is the router's
  // The router says this, too, where the caller's role may not call; then it names the procedure.
  return error === ErrorUri.notAuthorized && !String(message).startsWith(`Cannot call "${authenticator}"`)
}
