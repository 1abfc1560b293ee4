// The options of logins by JSON Web Token, and what can be wrong with them, so that a node says so when it starts.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { shown } from '@crosspoint/protocol/internal'
import type { JWK } from 'jose'

/**
 * Where a claim is: its name, or names with dots between them, as in `realm_access.roles`. A claim of the whole name is preferred,
 * such as `https://example.com/role`. A list of names is taken as it is, for names with dots on the way.
 */
export type ClaimPath = string | readonly string[]

/**
 * Logins by JSON Web Token (RFC 7519). The keys come from exactly one place: `keys` and `secret`, or `jwksUri`, or `discovery`.
 *
 * @example
 * { issuer: 'https://login.example.com', audience: 'com.example.router', discovery: true, roles: { 'app-admin': 'admin' } }
 * @example
 * { audience: 'com.example.router', keys: ['-----BEGIN PUBLIC KEY-----…'], defaultRole: 'user' }
 */
export interface JwtOptions {
  /** The `iss` that tokens must have: one of these. Required unless the keys are given here. Default: any. */
  readonly issuer?: string | readonly string[] | undefined
  /** The `aud` that tokens must have: at least one of these. */
  readonly audience: string | readonly string[]
  /** Public keys that tokens are signed with: as JSON Web Key, or PEM (a public key or a certificate). */
  readonly keys?: readonly (JWK | string)[] | undefined
  /** Secrets that tokens are signed with (HS256 …), at least 32 bytes of UTF-8 each. Any of them is right. */
  readonly secret?: string | readonly string[] | undefined
  /** Where the issuer's keys are (a JSON Web Key Set): `https:`, or `http:` on this machine. */
  readonly jwksUri?: string | undefined
  /** Whether each issuer says where its keys are, at `<issuer>/.well-known/openid-configuration` (OpenID Connect). Default: false. */
  readonly discovery?: boolean | undefined
  /**
   * The algorithms that signatures may have. Default: those with public keys (ES, EdDSA, PS, RS); with nothing but `secret`: HS256;
   * with both: all of these. HS384 and HS512 need secrets of 48 and 64 bytes. `none` is never accepted.
   */
  readonly algorithms?: readonly string[] | undefined
  /** How far the clocks of issuer and node may differ, in seconds. Default: 30. */
  readonly clockToleranceSeconds?: number | undefined
  /** How long ago a token may have been issued (`iat`), in seconds. Default: any time, as long as it has not expired. */
  readonly maxAgeSeconds?: number | undefined
  /** Which claims say who it is. */
  readonly claims?:
    | {
        /** A string. Default: "sub". */
        readonly authid?: ClaimPath | undefined
        /** A string or a list of strings. Default: "role". */
        readonly role?: ClaimPath | undefined
        /** A string or a list of strings: the realms that the token is for. Default: any realm that the client asks for. */
        readonly realm?: ClaimPath | undefined
      }
    | undefined
  /** The authrole of each value of the role claim; the first one that the token has counts. Default: the value is the authrole. */
  readonly roles?: { readonly [value: string]: string } | undefined
  /** The authrole of tokens whose role claim gives none. Default: they are refused. */
  readonly defaultRole?: string | undefined
  /**
   * Whether a session ends when its token does, with the tolerance: GOODBYE `crosspoint.close.login_expired`, and the client comes back
   * with a new token. With false a session lasts as long as its transport. Default: true.
   */
  readonly endsSession?: boolean | undefined
  /** How long fetching keys may take, in milliseconds. Default: 5000. */
  readonly timeoutMs?: number | undefined
}

export const JWT_DEFAULTS = Object.freeze({
  clockToleranceSeconds: 30,
  endsSession: true,
  timeoutMs: 5000,
  claims: Object.freeze({ authid: 'sub', role: 'role' }),
})

const PUBLIC_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']
/** The least bytes of a secret: the length of the hash (RFC 7518, 3.2). */
const SECRET_BYTES_MIN: { readonly [algorithm: string]: number } = { HS256: 32, HS384: 48, HS512: 64 }
/** Of RSA keys (RFC 7518, 3.3). */
const MODULUS_BITS_MIN = 2048

/** One thing that is wrong: where, and what would have been right. No text holds a secret. */
export interface JwtFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * What is wrong with options, for the check of a configuration; nothing when they can be used.
 *
 * @example
 * for (const { path, message } of jwtFaults(auth.jwt)) issues.push({ path: ['jwt', ...path], value: undefined, message })
 */
export function jwtFaults(options: JwtOptions): JwtFault[] {
  return [...namesFaults(options), ...placeFaults(options), ...keyFaults(options), ...algorithmFaults(options), ...numberFaults(options)]
}

/** A string or a list of them as a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

/** The algorithms in force. */
export function algorithmsOf({ algorithms, keys, secret }: JwtOptions): readonly string[] {
  if (algorithms !== undefined) return algorithms
  if (secret === undefined) return PUBLIC_ALGORITHMS
  return keys === undefined ? ['HS256'] : [...PUBLIC_ALGORITHMS, 'HS256']
}

/** Whether keys may be fetched from there: by TLS, or from this machine. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
}

function namesFaults({ issuer, audience, keys, secret, roles, defaultRole }: JwtOptions): JwtFault[] {
  const faults: JwtFault[] = []
  const check = (key: string, value: string | readonly string[] | undefined, why: string) => {
    const names = listOf(value)
    if (names.length === 0) faults.push({ path: [key], message: `must name ${why}` })
    else if (names.some((name) => typeof name !== 'string' || name === '')) faults.push({ path: [key], message: 'must not be empty' })
  }
  check('audience', audience, 'the audience that tokens are issued for, so that tokens for others are refused')
  const areKeysHere = keys !== undefined || secret !== undefined
  if (issuer !== undefined || !areKeysHere) check('issuer', issuer, 'the issuer of the tokens, unless its keys are given by `keys`')
  if (defaultRole === '') faults.push({ path: ['defaultRole'], message: 'must not be empty' })
  for (const [value, role] of Object.entries(roles ?? {})) {
    if (role === '') faults.push({ path: ['roles', value], message: 'must be the name of a role' })
  }
  return faults
}

function placeFaults({ issuer, keys, secret, jwksUri, discovery }: JwtOptions): JwtFault[] {
  const faults: JwtFault[] = []
  const places = [keys !== undefined || secret !== undefined, jwksUri !== undefined, discovery === true].filter(Boolean).length
  if (places !== 1) {
    const found = places === 0 ? 'none of them' : `${places} of them`
    faults.push({ path: [], message: `must have one of \`keys\` (or \`secret\`), \`jwksUri\` and \`discovery\`, and has ${found}` })
  }
  const wanted = 'must be an https: address, or an http: address of this machine'
  if (jwksUri !== undefined && !isSafeUrl(jwksUri)) faults.push({ path: ['jwksUri'], message: wanted })
  if (discovery !== true) return faults
  const issuers = listOf(issuer)
  for (const [index, one] of issuers.entries()) {
    const path = typeof issuer === 'string' ? ['issuer'] : ['issuer', index]
    if (!isSafeUrl(one)) faults.push({ path, message: `${wanted}, for \`discovery\`` })
    else if (/[?#]/.test(one)) faults.push({ path, message: 'must have neither query nor fragment, for `discovery`' })
  }
  return faults
}

function keyFaults({ keys, secret }: JwtOptions): JwtFault[] {
  const faults: JwtFault[] = []
  if (keys?.length === 0) faults.push({ path: ['keys'], message: 'must have at least one key' })
  for (const [index, key] of (keys ?? []).entries()) {
    const read = readPublicKey(key)
    if (typeof read === 'string') faults.push({ path: ['keys', index], message: read })
  }
  const secrets = listOf(secret)
  if (secret !== undefined && secrets.length === 0) faults.push({ path: ['secret'], message: 'must have at least one secret' })
  for (const [index, one] of secrets.entries()) {
    const path = typeof secret === 'string' ? ['secret'] : ['secret', index]
    const bytes = Buffer.byteLength(one)
    if (/-----BEGIN/.test(one)) faults.push({ path, message: 'is a PEM text: a public key is no secret and belongs into `keys`' })
    else if (bytes < SECRET_BYTES_MIN['HS256']!) faults.push({ path, message: `must have at least 32 bytes, and has ${bytes}` })
  }
  return faults
}

function algorithmFaults({ algorithms, keys, secret, jwksUri, discovery }: JwtOptions): JwtFault[] {
  if (algorithms === undefined) return []
  if (algorithms.length === 0) return [{ path: ['algorithms'], message: 'must have at least one algorithm' }]
  const shortest = Math.min(...listOf(secret).map((one) => Buffer.byteLength(one)))
  const hasPublic = keys !== undefined || jwksUri !== undefined || discovery === true
  return algorithms.flatMap((algorithm, index) => {
    const message = faultOfAlgorithm(algorithm, secret !== undefined, shortest, hasPublic)
    return message === undefined ? [] : [{ path: ['algorithms', index], message }]
  })
}

function faultOfAlgorithm(algorithm: string, hasSecret: boolean, shortest: number, hasPublic: boolean): string | undefined {
  if (PUBLIC_ALGORITHMS.includes(algorithm)) return hasPublic ? undefined : `needs public keys, and there is only \`secret\``
  const bytes = Object.hasOwn(SECRET_BYTES_MIN, algorithm) ? SECRET_BYTES_MIN[algorithm]! : undefined
  const known = `${PUBLIC_ALGORITHMS.join(', ')}, HS256, HS384, HS512`
  if (bytes === undefined) return `${shown(algorithm)} is not among those that are accepted: ${known}`
  if (!hasSecret) return `${algorithm} needs \`secret\`: a public key is never used as one`
  return shortest < bytes ? `${algorithm} needs a secret of at least ${bytes} bytes, and the shortest has ${shortest}` : undefined
}

function numberFaults(options: JwtOptions): JwtFault[] {
  const faults: JwtFault[] = []
  const check = (key: 'clockToleranceSeconds' | 'maxAgeSeconds' | 'timeoutMs', least: number, most: number) => {
    const value = options[key]
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return
    faults.push({ path: [key], message: `must be a whole number from ${least} to ${most}` })
  }
  check('clockToleranceSeconds', 0, 3600)
  check('maxAgeSeconds', 1, 2 ** 31)
  check('timeoutMs', 1, 60_000)
  return faults
}

/** A public key that signatures can be checked with; or a text that says what is wrong, which holds nothing of the key. */
export function readPublicKey(given: JWK | string): KeyObject | string {
  if (typeof given === 'string' && /PRIVATE KEY-----/.test(given)) return PRIVATE
  if (typeof given !== 'string' && (typeof given !== 'object' || given === null)) return 'must be a JSON Web Key or a PEM text'
  if (typeof given !== 'string' && given['d'] !== undefined) return PRIVATE
  if (typeof given !== 'string' && given.kty === 'oct') return 'must be a public key; a secret belongs into `secret`'
  let key: KeyObject
  try {
    key = createPublicKey(typeof given === 'string' ? given : { key: given as Record<string, string>, format: 'jwk' })
  } catch {
    return 'must be a public key, as JSON Web Key or as PEM (-----BEGIN PUBLIC KEY-----)'
  }
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength < MODULUS_BITS_MIN ? `must have at least ${MODULUS_BITS_MIN} bits, and has ${modulusLength}` : key
    case 'ec':
      return ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve) ? key : `must be on P-256, P-384 or P-521, not ${namedCurve}`
    case 'ed25519':
      return key
    default:
      return `must be an RSA, EC or Ed25519 key, not ${key.asymmetricKeyType}`
  }
}

const PRIVATE = 'is a private key: the node needs the public one only, and the private one should be known to nobody but the issuer'
