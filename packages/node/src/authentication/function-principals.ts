// Principals that a function of the user's looks up (`type: function`): the default export of a module, which is loaded once at the
// start. What it throws fails one login only. It runs in the router's process: what it computes without awaiting, all wait for.

import { pathToFileURL } from 'node:url'
import { type Dict, type Uri, UsageError } from '@crosspoint/protocol'
import type { Crypto } from '@crosspoint/protocol/internal'
import type { LoginPrincipal, LookupFailure, PrincipalSource } from '@crosspoint/router'
import { checkTicket, detailsOf, readAnswer, withinTime } from './answers.ts'

type Answer = LoginPrincipal | string | undefined | null

/**
 * What the module exports by default.
 *
 * @param realm the realm that the client asks for, null when it leaves the choice to the router
 * @param authid as in HELLO; undefined when the client gave none
 * @param details `session`, `transport`, `authmethod`, `authextra`; by method `ticket`, `pubkey` and `channel_binding`, `certificate`
 * @returns the principal with the credentials that the method checks; or its role, which for `ticket`, `tls` and `anonymous` means
 * that it may come in; undefined or null for nobody. A ticket counts as right unless the principal has `ticket` or `ticket-hash`.
 * @example
 * export default async (realm, authid, { ticket }) => (await tokens.isValid(authid, ticket)) ? 'user' : undefined
 */
export type PrincipalFunction = (realm: Uri | null, authid: string | undefined, details: Dict) => Answer | Promise<Answer>

export interface FunctionOptions {
  /** Absolute path of the module. */
  readonly module: string
  /** As written in the configuration, for errors. */
  readonly name: string
  readonly timeoutMs: number
}

/**
 * Loads the module and makes a source of its function.
 *
 * @throws UsageError ERR_CONFIG, naming the file, when it cannot be loaded or its default export is no function
 * @example
 * const source = await functionPrincipals(nodeCrypto, { module: '/srv/node/who.ts', name: './who.ts', timeoutMs: 5000 })
 */
export async function functionPrincipals(crypto: Crypto, { module, name, timeoutMs }: FunctionOptions): Promise<PrincipalSource> {
  const find = await load(module, name)
  const who = `the function of ${name}`
  return {
    provider: 'function',
    checksTickets: true,
    checksCertificates: true,
    find(query, done) {
      const give = withinTime<LoginPrincipal | undefined>(timeoutMs, who, done)
      const { request, authid, ticket } = query
      // A promise of its own, so that what is thrown at once is a rejection like any other.
      const asked = new Promise<Answer>((resolve) => resolve(find(request.realm, authid, detailsOf(query))))
      const read = asked.then((answer) => readAnswer(answer, who)) // it may throw: an answer can be anything
      read.then(
        (found) => checkTicket(crypto, found, ticket, who, give),
        (error) => give(failure(who, error)),
      )
    },
  }
}

async function load(path: string, name: string): Promise<PrincipalFunction> {
  let loaded: { default?: unknown }
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown }
  } catch (error) {
    throw new UsageError('ERR_CONFIG', `Cannot load ${name} for logins: ${failure('it', error).failure}`, { cause: error })
  }
  if (typeof loaded.default === 'function') return loaded.default as PrincipalFunction
  const found = loaded.default === undefined ? 'it has no default export' : `its default export is of type ${typeof loaded.default}`
  throw new UsageError('ERR_CONFIG', `Cannot load ${name} for logins: ${found}; write export default (realm, authid, details) => …`)
}

function failure(who: string, error: unknown): LookupFailure {
  return { failure: `${who} threw ${error instanceof Error ? `${error.name}: ${error.message.split('\n', 1)[0]}` : String(error)}` }
}
