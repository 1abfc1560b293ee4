// Cryptosign (AUTH-60 … AUTH-68): the client signs 32 random bytes with a key that the router knows. What it signs may be bound to
// the TLS channel, so that nobody in between can pass it on. A key that is not known is challenged like any other.
//
// Certificates of trustroots (AUTH-70 … AUTH-73) are not read: a client that sends some is known by its key, or not at all.

import {
  CRYPTOSIGN_BYTES,
  type Crypto,
  type CryptosignBinding,
  type CryptosignRequest,
  type CryptosignVerdict,
  checkCryptosign,
  cryptosignChallengeExtra,
  drawCryptosignChallenge,
  type RouterProof,
  readCryptosignHello,
  signCryptosign,
  toHex,
} from '@crosspoint/protocol/internal'
import type { Authenticator, Link, LoginRequest, Next, Step } from './authenticator.ts'
import { identityOf } from './identity.ts'
import { isLookupFailure, keysOf, lookUp, type Principal, type PrincipalSource } from './principals.ts'
import { denied, failed, lookupFailed, malformed } from './refusals.ts'

export interface CryptosignOptions {
  /**
   * The seed of the router's own key, 32 bytes, with which it proves itself to clients that ask for it (AUTH-67). It must be no
   * client's key, here or elsewhere. Default: the router does not prove itself.
   */
  readonly routerKey?: Uint8Array | undefined
  /**
   * Whose Finished message "tls-unique" means: the client's as in RFC 5929 (`rfc`), or the router's as Autobahn|Python and
   * Crossbar.io have it (`router`). Default: `rfc`.
   */
  readonly tlsUnique?: 'rfc' | 'router' | undefined
  /** `required`: logins that are not bound to their TLS channel are refused. Default: `optional`. */
  readonly channelBinding?: 'optional' | 'required' | undefined
}

/** The channel that a login is bound to. */
interface Bound {
  readonly type: CryptosignBinding
  /** 32 bytes. */
  readonly id: Uint8Array
}

/** One login, from HELLO on. */
interface Attempt {
  readonly crypto: Crypto
  readonly source: PrincipalSource
  readonly request: LoginRequest
  readonly hello: CryptosignRequest
  /** The client's key, 64 lower-case hexadecimal digits. */
  readonly key: string
  readonly bound: Bound | undefined
  /** Undefined when nobody is known by this key and this authid; `cause` says why. */
  readonly principal: Principal | undefined
  readonly cause: string
}

/**
 * Cryptosign of the principals of a source, which have `authorized_keys`, a list of public keys in hexadecimal digits. Without an
 * authid the key says who it is, if it is the key of one principal only. A principal with `channel-binding: required` cannot log in
 * without one.
 *
 * @param crypto the cryptography of the platform
 * @param source where principals are looked up, at HELLO, by authid and key
 * @example
 * cryptosign(nodeCrypto, staticPrincipals({ joe: { authorized_keys: ['545efb0a…'], role: 'user' } }), { routerKey: readCryptosignSeed(text) })
 */
export function cryptosign(crypto: Crypto, source: PrincipalSource, options: CryptosignOptions = {}): Authenticator {
  const { routerKey, tlsUnique = 'rfc', channelBinding = 'optional' } = options
  const ownKey = routerKey === undefined ? undefined : publicKeyOf(crypto, routerKey)
  return {
    method: 'cryptosign',
    begin(request, next) {
      const hello = readCryptosignHello(request.authextra)
      if ('fault' in hello) return next(malformed(hello.fault)) // AUTH-68
      const bound = boundTo(crypto, request.link, hello.channelBinding, tlsUnique)
      if (bound === 'broken') return next(failed(`cryptosign: the connection's ${hello.channelBinding} has not ${CRYPTOSIGN_BYTES} bytes`))
      if (bound === undefined && channelBinding === 'required') return next(malformed(unbound(hello)))
      const { authid } = request
      const key = toHex(hello.publicKey)
      lookUp(source, { authmethod: 'cryptosign', authid, pubkey: key, request }, (found) => {
        if (isLookupFailure(found)) return next(lookupFailed(found))
        const begin = (own: Uint8Array | undefined) => {
          // The router signs what it is asked to, so its own signature proves nothing.
          const isOwn = own !== undefined && crypto.isEqual(own, hello.publicKey)
          const principal = found !== undefined && !isOwn && keysOf(found).includes(key) ? found : undefined
          const cause = isOwn ? 'the key is the router’s own' : nobody(authid, key, found)
          const attempt = { crypto, source, request, hello, key, bound, principal, cause }
          if (own === undefined || routerKey === undefined) return next(challenge(attempt, undefined))
          prove(attempt, routerKey, own, (proof) => next(challenge(attempt, proof)))
        }
        if (ownKey === undefined) begin(undefined)
        else ownKey(begin)
      })
    },
  }
}

/** Computes the public key when it is asked for, once. */
function publicKeyOf(crypto: Crypto, seed: Uint8Array): (done: (publicKey: Uint8Array) => void) => void {
  let known: Uint8Array | undefined
  return (done) => {
    if (known !== undefined) return done(known)
    crypto.ed25519PublicKey(seed, (publicKey) => {
      known = publicKey
      done(publicKey)
    })
  }
}

/** The channel id (AUTH-66); undefined where nothing is asked for, or the connection has none of that type. */
function boundTo(
  crypto: Crypto,
  link: Link,
  type: CryptosignBinding | undefined,
  tlsUnique: 'rfc' | 'router',
): Bound | 'broken' | undefined {
  if (type === undefined) return undefined
  const data = link.channelId(type === 'tls-unique' && tlsUnique === 'router' ? 'tls-unique-router' : type)
  if (data === undefined) return undefined
  const id = type === 'tls-unique' ? crypto.sha256(data) : data
  return id.length === CRYPTOSIGN_BYTES ? { type, id } : 'broken'
}

function unbound({ channelBinding }: CryptosignRequest): string {
  return channelBinding === undefined
    ? 'HELLO.Details.authextra.channel_binding must be "tls-exporter" or "tls-unique": this router requires one'
    : `This router requires channel binding, and this connection has no "${channelBinding}"`
}

function nobody(authid: string | undefined, key: string, found: Principal | undefined): string {
  if (found !== undefined) return `the key ${key} is none of "${authid ?? found.authid}"`
  if (authid !== undefined) return `no principal "${authid}"`
  return `the key ${key} is not that of exactly one principal`
}

/** The router's proof, if HELLO asks for it (AUTH-67). */
function prove(
  { crypto, hello, bound }: Attempt,
  seed: Uint8Array,
  publicKey: Uint8Array,
  done: (proof: RouterProof | undefined) => void,
): void {
  if (hello.challenge === undefined) done(undefined)
  else signCryptosign(crypto, seed, hello.challenge, bound?.id, (signature) => done({ publicKey, signature }))
}

function challenge(attempt: Attempt, proof: RouterProof | undefined): Step {
  const { crypto, hello, bound } = attempt
  const bytes = drawCryptosignChallenge(crypto)
  return {
    type: 'challenge',
    extra: cryptosignChallengeExtra(bytes, bound?.type, proof),
    answered: (signature, _extra, next) =>
      checkCryptosign(crypto, hello.publicKey, bytes, bound?.id, signature, (verdict) => conclude(attempt, verdict, next)),
  }
}

function conclude({ source, request, key, bound, principal, cause }: Attempt, verdict: CryptosignVerdict, next: Next): void {
  const { authid } = request
  if (verdict === 'malformed') return next(malformed('AUTHENTICATE.Signature must be 192 hexadecimal digits for cryptosign')) // AUTH-68
  if (principal === undefined) return next(denied(cause))
  const name = authid ?? principal.authid ?? key // AUTH-60
  if (verdict !== 'valid') return next(denied(`wrong answer of "${name}" (${verdict})`))
  if (bound === undefined && principal['channel-binding'] === 'required') {
    return next(denied(`"${name}" requires channel binding, and there is none`))
  }
  const identity = identityOf(principal, request, source, 'cryptosign', authid ?? key)
  if (typeof identity === 'string') next(failed(`cryptosign of "${name}": ${identity}`))
  else next({ type: 'accept', identity, principal })
}
