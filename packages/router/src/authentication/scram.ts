// WAMP-SCRAM (AUTH-35 … AUTH-48): the client proves that it knows the password, the router that it has what was made of it, and
// neither says it. One that does not exist is challenged with a salt that is always the same, and its proof is checked, too.
//
// Crossbar.io's method "scram" is an older draft (AUTH-53): it is another method, and not known here.

import {
  type Crypto,
  checkScramProof,
  mockScramCredentials,
  readScramCost,
  readScramCredentials,
  readScramHello,
  SCRAM_COST,
  type ScramChannel,
  type ScramCost,
  type ScramCredentials,
  type ScramHello,
  saslprep,
  scramChallenge,
} from '@crosspoint/protocol/internal'
import type { Authenticator, Identity, LoginRequest, Next, Step } from './authenticator.ts'
import { identityOf } from './identity.ts'
import { isLookupFailure, lookUp, type Principal, type PrincipalSource } from './principals.ts'
import { denied, failed, lookupFailed, malformed } from './refusals.ts'

const METHOD = 'wamp-scram'

export interface ScramOptions {
  /** 32 random bytes that outlive a restart, from which the salts of principals that do not exist are made (AUTH-46). */
  readonly mockSecret: Uint8Array
}

/**
 * SCRAM of the principals of a source, which have `kdf`, `iterations`, `memory`, `salt`, `stored-key` and `server-key` (see
 * `makeScramCredentials`). The authid is looked up as SASLprep prepares it (AUTH-42). ABORT has `scram` with the error of RFC 5802
 * (AUTH-44); a principal that does not exist has that of a wrong password.
 *
 * @param crypto the cryptography of the platform
 * @param source where principals are looked up, at HELLO, by the authid
 * @example
 * scram(nodeCrypto, staticPrincipals({ joe: { kdf: 'pbkdf2', iterations: 600_000, salt, 'stored-key': …, 'server-key': …, role: 'user' } }), { mockSecret })
 */
export function scram(crypto: Crypto, source: PrincipalSource, { mockSecret }: ScramOptions): Authenticator {
  return {
    method: METHOD,
    begin(request, next) {
      const hello = readScramHello(request.details)
      if ('fault' in hello) return next(malformed(hello.fault))
      const channel = channelOf(request, hello)
      if (channel === 'none') return next(unsupportedBinding(hello))
      const authid = saslprep(hello.authid, 'query', 'authid') // which `readScramHello` has tried
      lookUp(source, { authmethod: METHOD, authid, request }, (found) => {
        if (isLookupFailure(found)) return next(lookupFailed(found))
        const credentials = credentialsOf(crypto, mockSecret, source, authid, found)
        if ('fault' in credentials) return next(failed(`scram of "${authid}": ${credentials.fault}`))
        const identity = found && identityOf(found, request, source, METHOD, authid)
        if (typeof identity === 'string') return next(failed(`scram of "${authid}": ${identity}`))
        next(challenge(crypto, credentials, hello, channel, (result, decided) => conclude(result, authid, found, identity, decided)))
      })
    },
  }
}

/** The channel to bind to: undefined when HELLO asks for none, 'none' when the connection has none of that type. */
function channelOf({ link }: LoginRequest, { channelBinding }: ScramHello): ScramChannel | 'none' | undefined {
  if (channelBinding === undefined) return undefined
  const data = link.channelId(channelBinding)
  return data === undefined ? 'none' : { type: channelBinding, data }
}

/** Who asks for a binding must not get less (AUTH-45). */
function unsupportedBinding({ channelBinding }: ScramHello): Step {
  const step = malformed(`This connection has no channel binding "${channelBinding}"`)
  return withError(step, 'unsupported-channel-binding-type')
}

function withError(step: Step, error: string): Step {
  return step.type === 'refuse' ? { type: 'refuse', refusal: { ...step.refusal, details: { scram: error } } } : step
}

function credentialsOf(
  crypto: Crypto,
  mockSecret: Uint8Array,
  { example }: PrincipalSource,
  authid: string,
  found: Principal | undefined,
): ReturnType<typeof readScramCredentials> {
  const cost = example === undefined ? SCRAM_COST : readScramCost(example)
  const known: ScramCost = 'fault' in cost ? SCRAM_COST : cost
  // Made for everybody, so that it takes no longer for those who do not exist.
  const nobody = mockScramCredentials(crypto, mockSecret, authid, known)
  return found === undefined ? nobody : readScramCredentials(found)
}

type Result = ReturnType<typeof checkScramProof>

function challenge(
  crypto: Crypto,
  credentials: ScramCredentials,
  hello: ScramHello,
  channel: ScramChannel | undefined,
  checked: (result: Result, next: Next) => void,
): Step {
  const extra = scramChallenge(crypto, credentials, hello.clientNonce)
  return {
    type: 'challenge',
    extra: { ...extra },
    answered: (signature, sent, next) =>
      checked(checkScramProof(crypto, credentials, { ...hello, ...extra, channel }, signature, sent), next),
  }
}

function conclude(result: Result, authid: string, principal: Principal | undefined, identity: Identity | undefined, next: Next): void {
  if ('error' in result) {
    const cause = principal === undefined ? `no principal "${authid}"` : `wrong proof of "${authid}" (${result.error})`
    return next(withError(denied(cause), result.error))
  }
  if (identity === undefined) return next(denied(`no principal "${authid}"`))
  const authextra = { ...identity.authextra, verifier: result.verifier } // AUTH-38
  next({ type: 'accept', identity: { ...identity, authextra }, principal })
}
