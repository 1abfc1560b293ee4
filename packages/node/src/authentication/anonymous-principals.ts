// Sessions without a login about which a function or a procedure decides: by their address, their headers, the time of day.

import type { Random } from '@crosspoint/protocol'
import { type Authenticator, denied, failed, identityOf, isLookupFailure, lookupFailed, type PrincipalSource } from '@crosspoint/router'

/**
 * The method "anonymous" with a source that says who may come in, and as what.
 *
 * @example
 * anonymousOf(await functionPrincipals(nodeCrypto, { module: '/srv/who.ts', name: './who.ts', timeoutMs: 5000 }), systemRandom)
 */
export function anonymousOf(source: PrincipalSource, random: Random): Authenticator {
  return {
    method: 'anonymous',
    begin(request, next) {
      source.find({ authmethod: 'anonymous', authid: request.authid, request }, (found) => {
        if (isLookupFailure(found)) return next(lookupFailed(found))
        if (found === undefined) return next(denied('anonymous: nobody may come in like this'))
        // The authid that the client names is its own invention.
        const identity = identityOf(found, request, source, 'anonymous', random.id().toString(36))
        if (typeof identity === 'string') next(failed(`anonymous: ${identity}`))
        else next({ type: 'accept', identity, principal: found })
      })
    },
  }
}
