// From a principal that was found to the identity of its session.

import { encodeMessage, jsonSerializer, MessageType, msgpackSerializer, type Uri } from '@crosspoint/protocol'
import type { Identity, LoginRequest } from './authenticator.ts'
import type { Principal, PrincipalSource } from './principals.ts'

/**
 * Who the session of a principal is; or a text that says why it is nobody.
 *
 * @param authid the name that the principal was found by, when it has none of its own
 * @example
 * const identity = identityOf(principal, request, source, 'ticket', 'joe')
 * if (typeof identity === 'string') return next(failed(identity))
 */
export function identityOf(
  principal: Principal,
  request: LoginRequest,
  source: PrincipalSource,
  authmethod: string,
  authid: string | undefined,
): Identity | string {
  const { role = 'anonymous', extra } = principal
  const realm: Uri | null = principal.realm ?? request.realm
  const name = principal.authid ?? authid
  if (realm === null) return 'neither the client nor the principal names a realm'
  if (typeof realm !== 'string') return `the realm of the principal must be a string, not ${typeof realm}`
  if (typeof name !== 'string' || name === '') return 'the authid of the principal must be a string that is not empty'
  if (typeof role !== 'string' || role === '') return `the role of the principal must be a string that is not empty`
  if (extra !== undefined && (typeof extra !== 'object' || extra === null || Array.isArray(extra))) {
    return 'the extra of the principal must be a dictionary'
  }
  const unwritable = unwritableIn(request, name, extra)
  if (unwritable !== undefined) return `WELCOME could not tell the principal who it is: ${unwritable}`
  return { realm, authid: name, authrole: role, authmethod, authprovider: source.provider, authextra: extra }
}

/** What neither of these two refuses to write, none of the others refuses. */
const STRICTEST = [jsonSerializer, msgpackSerializer]
const FAULT_CHARS_MAX = 300

/** Why some clients could not be told this authid and this extra, such as a function or half a surrogate pair in it; undefined when all can. */
function unwritableIn({ session }: LoginRequest, authid: string, authextra: Principal['extra']): string | undefined {
  const details = authextra === undefined ? { authid } : { authid, authextra }
  try {
    for (const serializer of STRICTEST) encodeMessage(serializer, { type: MessageType.WELCOME, sessionId: session, details })
  } catch (error) {
    return (error as Error).message.slice(0, FAULT_CHARS_MAX)
  }
  return undefined
}
