// How commands talk to a node that runs.

import { Client, ticket } from '@crosspoint/client/node'
import { ApplicationError, UsageError } from '@crosspoint/protocol'

const CONNECT_TIMEOUT_MS = 10_000
const CALL_TIMEOUT_MS = 30_000
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export type Environment = { readonly [name: string]: string | undefined }

/** Calls a procedure and gives the first value of its result. */
export type Ask = (procedure: string, args: readonly unknown[], kwargs?: { readonly [name: string]: unknown }) => Promise<unknown>

/**
 * Joins a realm of a node, and leaves when `use` is done. The session is anonymous; with `CROSSPOINT_AUTHID` and `CROSSPOINT_TICKET`
 * in the environment it logs in by ticket.
 *
 * @throws UsageError ERR_CONNECT_FAILED or ERR_REFUSED; ERR_REFUSED also for what the session may not do
 * @example
 * await withNode('ws://127.0.0.1:8080/ws', 'realm1', process.env, (ask) => ask('wamp.session.count', []))
 */
export async function withNode<Value>(
  url: string,
  realm: string,
  environment: Environment,
  use: (ask: Ask) => Promise<Value>,
): Promise<Value> {
  const { CROSSPOINT_AUTHID: authid, CROSSPOINT_TICKET: secret } = environment
  const auth = authid && secret ? [ticket({ authid, ticket: secret })] : undefined
  const client = new Client({ url, realm, auth, retriesMax: 0, connectTimeoutMs: CONNECT_TIMEOUT_MS, logger: SILENT })
  try {
    await client.start().catch((error: unknown) => {
      throw withRemedy(error, authid, secret)
    })
    return await use(async (procedure, args, kwargs) => {
      try {
        return (await client.callResult(procedure, { args, kwargs, timeout: CALL_TIMEOUT_MS })).value
      } catch (error) {
        if (!(error instanceof ApplicationError)) throw error
        const role = client.session?.authrole
        const remedy =
          error.error === 'wamp.error.not_authorized' ? `; give the role "${role}" leave to call it, or log in as another (see --help)` : ''
        throw new UsageError('ERR_REFUSED', `${url} refused to answer ${procedure}: ${error.error}: ${error.message}${remedy}`, {
          cause: error,
        })
      }
    })
  } finally {
    await client.stop()
  }
}

/** Refusals that another login may change. */
const LOGIN_REFUSED =
  /wamp\.error\.(?:no_matching_auth_method|no_auth_method|no_such_principal|authentication_denied|authentication_required)/

/** Says what the user can do about a login that was refused. */
function withRemedy(error: unknown, authid: string | undefined, secret: string | undefined): unknown {
  if (!(error instanceof UsageError) || !LOGIN_REFUSED.test(error.message)) return error
  const remedy =
    authid && secret
      ? `the login was by ticket, as CROSSPOINT_AUTHID ("${authid}") with CROSSPOINT_TICKET: look at both, and whether it takes tickets there`
      : 'set CROSSPOINT_AUTHID and CROSSPOINT_TICKET in the environment, both, to log in by ticket'
  return new UsageError(error.code, `${error.message}; ${remedy}`, { cause: error })
}
