// WAMP-CRA (AUTH-20 … AUTH-28): the client signs a text of the router with a shared key. The principal is looked up at HELLO, because
// the challenge has its role and its salt. One that does not exist is challenged all the same, and its answer is checked all the same.

import type { Clock } from '@crosspoint/protocol'
import {
  type Crypto,
  isWampcraSignature,
  mockBytes,
  mockWampcraSalting,
  readBase64,
  readWampcraSalting,
  toHex,
  WAMPCRA_ITERATIONS,
  type WampcraSalting,
  wampcraChallenge,
  wampcraKey,
} from '@crosspoint/protocol/internal'
import type { Authenticator, Identity, LoginRequest, Step } from './authenticator.ts'
import { identityOf } from './identity.ts'
import { isLookupFailure, lookUp, type Principal, type PrincipalSource } from './principals.ts'
import { denied, failed, lookupFailed, malformed } from './refusals.ts'

export interface WampcraOptions {
  /** 32 random bytes that outlive a restart, from which the salts of principals that do not exist are made (AUTH-26). */
  readonly mockSecret: Uint8Array
  /** For the time in the challenge. */
  readonly clock: Clock
}

/** Who is challenged, and what the answer is checked with. */
interface Candidate {
  /** Undefined for one that does not exist. */
  readonly principal: Principal | undefined
  readonly identity: Identity
  /** What signs, as stored; or the password that it is to be made of. */
  readonly secret: string
  readonly isPassword: boolean
  readonly salting: WampcraSalting | undefined
}

/**
 * WAMP-CRA of the principals of a source, which have `secret`; with `salt`, `iterations` and `keylen` it is the Base64 text of the
 * derived key (see `makeWampcraCredentials`). What does not look like one is the password, as Crossbar.io has it in newer versions,
 * and the key is derived at each login. Principals of one source should all have a salt or all have none: one that does not
 * exist is made to look like the source's example, by default like a new one.
 *
 * @param crypto the cryptography of the platform
 * @param source where principals are looked up, at HELLO, by the authid
 * @example
 * wampcra(nodeCrypto, staticPrincipals({ joe: { secret: 's3cret', role: 'user' } }), { mockSecret, clock: systemClock })
 */
export function wampcra(crypto: Crypto, source: PrincipalSource, { mockSecret, clock }: WampcraOptions): Authenticator {
  return {
    method: 'wampcra',
    begin(request, next) {
      const { authid } = request
      if (authid === undefined || authid === '') return next(malformed('HELLO.Details.authid must be a string for wampcra')) // AUTH-20
      lookUp(source, { authmethod: 'wampcra', authid, request }, (found) => {
        if (isLookupFailure(found)) return next(lookupFailed(found))
        // Made for everybody, so that it takes no longer for those who do not exist.
        const nobody = mock(crypto, mockSecret, source, request, authid)
        const candidate = found === undefined ? nobody : read(source, request, authid, found)
        next(typeof candidate === 'string' ? failed(`wampcra of "${authid}": ${candidate}`) : challenge(crypto, clock, request, candidate))
      })
    },
  }
}

/** What is known of a principal; or a text that says why it cannot be used. */
function read(source: PrincipalSource, request: LoginRequest, authid: string, principal: Principal): Candidate | string {
  const { secret, salt } = principal
  if (typeof secret !== 'string' || secret === '') return 'the secret of the principal must be a string that is not empty'
  const salting = salt === undefined || salt === null ? undefined : readWampcraSalting(principal)
  if (salting !== undefined && 'fault' in salting) return salting.fault
  const identity = identityOf(principal, request, source, 'wampcra', authid)
  return typeof identity === 'string' ? identity : { principal, identity, secret, isPassword: isPassword(secret, salting), salting }
}

/** Whether the key is still to be derived: a derived one is canonical Base64 of its length, which nobody chooses as a password. */
function isPassword(secret: string, salting: WampcraSalting | undefined): boolean {
  return salting !== undefined && readBase64(secret, salting.keylen, salting.keylen) === undefined
}

function mock(crypto: Crypto, mockSecret: Uint8Array, source: PrincipalSource, request: LoginRequest, authid: string): Candidate {
  const { provider, example } = source
  const role = typeof example?.role === 'string' ? example.role : 'anonymous'
  const identity = { realm: request.realm ?? '', authid, authrole: role, authmethod: 'wampcra', authprovider: provider }
  const secret = toHex(mockBytes(crypto, mockSecret, 'wampcra key', authid))
  const salting = mockSalting(crypto, mockSecret, example, authid)
  // Deriving takes time, so it is done for those who do not exist where it is done for the others.
  const isDerivedNow = typeof example?.['secret'] === 'string' && isPassword(example['secret'], salting)
  return { principal: undefined, identity, secret, isPassword: isDerivedNow, salting }
}

function mockSalting(crypto: Crypto, mockSecret: Uint8Array, example: Principal | undefined, authid: string): WampcraSalting | undefined {
  if (example === undefined) return mockWampcraSalting(crypto, mockSecret, authid, WAMPCRA_ITERATIONS)
  const salting = readWampcraSalting(example)
  if ('fault' in salting) return undefined // without a salt, so unknown ones have none either
  const mocked = mockWampcraSalting(crypto, mockSecret, authid, salting.iterations)
  // As long as the example's, which may have been made by hand.
  return { ...mocked, salt: mocked.salt.slice(0, salting.salt.length), keylen: salting.keylen }
}

function challenge(crypto: Crypto, clock: Clock, request: LoginRequest, candidate: Candidate): Step {
  const { principal, identity, secret, isPassword: isToDerive, salting } = candidate
  const { authid, authrole, authprovider } = identity
  const text = wampcraChallenge(crypto, { authid, authrole, authprovider, session: request.session, nowMs: clock.now() })
  return {
    type: 'challenge',
    extra: { challenge: text, ...salting },
    answered: (signature, _extra, next) => {
      const check = (key: Uint8Array | undefined) => {
        if (key === undefined) return next(failed('too many keys are being derived'))
        const isRight = isWampcraSignature(crypto, key, text, signature)
        if (principal === undefined) next(denied(`no principal "${authid}"`))
        else if (!isRight) next(denied(`wrong signature of "${authid}"`))
        else next({ type: 'accept', identity, principal })
      }
      wampcraKey(crypto, secret, isToDerive ? salting : undefined, check)
    },
  }
}
