// Logins by JSON Web Token: the client's answer to the CHALLENGE is a token that an issuer signed. Whoever has it is who it says,
// until it expires, and then its session ends. The library `jose` checks signatures and times; it is loaded when a token comes for the first time.
//
// A token is accepted when its algorithm is one of the configured ones, its issuer is known, one of that issuer's keys has signed it,
// and its times and audience are right; then its claims say authid, role and realm.

import { UsageError } from '@crosspoint/protocol'
import { shown } from '@crosspoint/protocol/internal'
import { type Authenticator, denied, failed, type Identity, type LoginRequest, malformed, type Step } from '@crosspoint/router'
import type { JWTPayload } from 'jose'
import { discover, FetchedKeys, givenKeys, type Jose, type KeyServices, KeysUnavailable, type TokenKeys } from './jwt-keys.ts'
import { algorithmsOf, type ClaimPath, JWT_DEFAULTS, type JwtOptions, jwtFaults, listOf } from './jwt-options.ts'

/** Longer tokens are refused unseen. */
const TOKEN_CHARS_MAX = 16_384

/** What a node gives to its authenticator beside the configuration. */
export interface JwtServices extends Partial<KeyServices> {
  /** Other methods under which tokens are taken: "ticket", where no other authenticator has that name. Default: none. */
  readonly aliases?: readonly string[] | undefined
}

/** The token is not right; the message is for the log. */
class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
}

/** The issuer has signed the token, but it does not let anybody in here and now. */
class ClaimsRefused extends Error {
  override readonly name = 'ClaimsRefused'
}
/** The errors of jose that say the same; it looks at the claims when the signature is right. */
const CLAIMS_CODES: readonly unknown[] = ['ERR_JWT_EXPIRED', 'ERR_JWT_CLAIM_VALIDATION_FAILED']

/**
 * The method "jwt": CHALLENGE has the extra `{}`, the signature of AUTHENTICATE is the token in its compact form. HELLO needs no
 * authid; one that it has must be that of the token.
 *
 * A token that is not right is refused with `wamp.error.authentication_denied`; where the keys cannot be fetched, with
 * `wamp.error.authentication_failed`. The token is never logged.
 *
 * @throws UsageError ERR_CONFIG when the options cannot be used; `jwtFaults` lists why
 * @example
 * jwt({ issuer: 'https://login.example.com', audience: 'com.example.router', discovery: true, defaultRole: 'user' })
 */
export function jwt(options: JwtOptions, { aliases = [], now = Date.now, warn = () => {} }: JwtServices = {}): Authenticator {
  const faults = jwtFaults(options)
  if (faults.length > 0) {
    const lines = faults.map(({ path, message }) => `${['jwt', ...path].join('.')} ${message}`)
    throw new UsageError('ERR_CONFIG', lines.join('\n'))
  }
  const names = ['jwt', ...aliases]
  let checker: Promise<TokenChecker> | undefined
  return {
    method: 'jwt',
    aliases,
    begin(request, next) {
      if (request.realm === null && options.claims?.realm === undefined) return next(malformed('HELLO.Realm must be a URI for jwt'))
      const authmethod = nameInUse(request, names)
      next({
        type: 'challenge',
        authmethod,
        extra: {},
        answered: (token, _extra, decided) => {
          if (token.length > TOKEN_CHARS_MAX) return decided(denied(`the token has more than ${TOKEN_CHARS_MAX} characters`))
          checker ??= import('jose').then((jose) => new TokenChecker(jose, options, { now, warn }))
          void checker
            .then((ready) => ready.check(token))
            .then((claims): Step => ({ type: 'accept', identity: identityIn(claims, request, authmethod, options) }))
            .catch(refusalOf)
            .then(decided)
        },
      })
    },
  }
}

/** The name under which the client offered this method first: a client that sends tickets must be asked for one. */
function nameInUse({ details }: LoginRequest, names: readonly string[]): string {
  const { authmethods } = details
  const offered = Array.isArray(authmethods) ? (authmethods as readonly unknown[]) : []
  return (offered.find((name) => typeof name === 'string' && names.includes(name)) as string | undefined) ?? 'jwt'
}

function refusalOf(error: unknown): Step {
  const { message, code } = error as Error & { readonly code?: unknown }
  if (error instanceof KeysUnavailable) return failed(`jwt: ${message}`)
  if (error instanceof ClaimsRefused || CLAIMS_CODES.includes(code)) return outdated(`jwt: ${message}`)
  // Errors of jose have such codes and tell of the token; others tell of us.
  const isOfToken = error instanceof TokenRefused || (typeof code === 'string' && /^ERR_J(OSE|W)/.test(code))
  return isOfToken ? denied(`jwt: ${message}`) : failed(`jwt: the token could not be checked: ${message}`)
}

/** Denied, but nobody is guessing: who comes back with a token of yesterday must not make all others of the same address wait. */
function outdated(cause: string): Step {
  const step = denied(cause)
  return step.type === 'refuse' ? { type: 'refuse', refusal: { ...step.refusal, isGuess: false } } : step
}

class TokenChecker {
  readonly #jose: Jose
  readonly #options: JwtOptions
  readonly #algorithms: readonly string[]
  readonly #issuers: readonly string[]
  readonly #now: () => number
  /** By issuer, so that the keys of one are no good for tokens of another. */
  readonly #keysOf: (issuer: string) => TokenKeys

  constructor(jose: Jose, options: JwtOptions, services: KeyServices) {
    this.#jose = jose
    this.#options = options
    this.#algorithms = algorithmsOf(options)
    this.#issuers = listOf(options.issuer)
    this.#now = services.now
    this.#keysOf = keysByIssuer(jose, options, services)
  }

  /** The claims of a token that is right. */
  async check(token: string): Promise<JWTPayload> {
    const header = this.#headerOf(token)
    const { alg, kid } = header
    if (alg === undefined || !this.#algorithms.includes(alg)) {
      throw new TokenRefused(`the token's algorithm ${shown(alg)} is not among ${this.#algorithms.join(', ')}`)
    }
    const { iss = '' } = this.#jose.decodeJwt(token)
    if (this.#issuers.length > 0 && !this.#issuers.includes(iss)) {
      throw new TokenRefused(`the token's issuer ${shown(iss)} is not ${this.#issuers.map((one) => shown(one)).join(' or ')}`)
    }
    const keys = await this.#keysOf(iss).find(header)
    if (keys.length === 0) throw new TokenRefused(`there is no key ${shown(kid)} for ${alg}`)
    let wrong: unknown
    for (const key of keys) {
      try {
        const { payload } = await this.#jose.jwtVerify(token, key, this.#expectations())
        return this.#timely(payload)
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw error
        wrong = error
      }
    }
    throw wrong
  }

  #headerOf(token: string) {
    if (!isCompact(token)) throw new TokenRefused('this is no token: it must be three parts in Base64url that is canonical')
    try {
      return this.#jose.decodeProtectedHeader(token)
    } catch {
      throw new TokenRefused('this is no token')
    }
  }

  #expectations() {
    const { audience, clockToleranceSeconds = JWT_DEFAULTS.clockToleranceSeconds, maxAgeSeconds } = this.#options
    return {
      algorithms: [...this.#algorithms],
      audience: [...listOf(audience)],
      requiredClaims: ['exp'],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(this.#now()),
      ...(this.#issuers.length > 0 && { issuer: [...this.#issuers] }),
      ...(maxAgeSeconds !== undefined && { maxTokenAge: maxAgeSeconds }),
    }
  }

  /** A token from the future is refused also where its age does not matter, which jose would let pass. */
  #timely(payload: JWTPayload): JWTPayload {
    const { clockToleranceSeconds = JWT_DEFAULTS.clockToleranceSeconds } = this.#options
    const { iat } = payload
    if (iat !== undefined && !(iat <= this.#now() / 1000 + clockToleranceSeconds)) {
      throw new ClaimsRefused('"iat" claim timestamp check failed (it should be in the past)')
    }
    return payload
  }
}

/** Whether a text is the one that a token has: jose would pass over whitespace, padding and bits that mean nothing. */
function isCompact(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}

function keysByIssuer(jose: Jose, options: JwtOptions, services: KeyServices): (issuer: string) => TokenKeys {
  const { jwksUri, discovery, timeoutMs = JWT_DEFAULTS.timeoutMs } = options
  if (discovery === true) {
    const fetched = listOf(options.issuer).map((issuer) => {
      const locate = (signal: AbortSignal) => discover(issuer, signal)
      return [issuer, new FetchedKeys(jose, locate, timeoutMs, services)] as const
    })
    const byIssuer = new Map(fetched)
    return (issuer) => byIssuer.get(issuer)!
  }
  const keys = jwksUri === undefined ? givenKeys(jose, options) : new FetchedKeys(jose, async () => jwksUri, timeoutMs, services)
  return () => keys
}

/** Who the claims say it is; throws ClaimsRefused when they do not. */
function identityIn(claims: JWTPayload, request: LoginRequest, authmethod: string, options: JwtOptions): Identity {
  const { authid: authidPath = JWT_DEFAULTS.claims.authid, realm: realmPath } = options.claims ?? {}
  const authid = claimAt(claims, authidPath)
  if (typeof authid !== 'string' || authid === '') {
    throw new ClaimsRefused(`the claim ${shown(authidPath)} must be a string that is not empty`)
  }
  if (request.authid !== undefined && request.authid !== authid) {
    throw new ClaimsRefused(`HELLO.Details.authid is ${shown(request.authid)}, and the token is of ${shown(authid)}`)
  }
  const realm = realmPath === undefined ? request.realm! : realmIn(stringsAt(claims, realmPath), request, authid)
  const { endsSession = JWT_DEFAULTS.endsSession, clockToleranceSeconds = JWT_DEFAULTS.clockToleranceSeconds } = options
  const expiresAtMs = endsSession ? (claims.exp! + clockToleranceSeconds) * 1000 : undefined
  return { realm, authid, authrole: roleIn(claims, authid, options), authmethod, authprovider: 'jwt', expiresAtMs }
}

function realmIn(realms: readonly string[], request: LoginRequest, authid: string): string {
  const wanted = request.realm ?? (realms.length === 1 ? realms[0]! : undefined)
  if (wanted !== undefined && realms.includes(wanted)) return wanted
  throw new ClaimsRefused(`the token of ${shown(authid)} is for the realms ${shown(realms.join(', '))}, not for ${shown(request.realm)}`)
}

function roleIn(claims: JWTPayload, authid: string, { claims: paths, roles, defaultRole }: JwtOptions): string {
  const path = paths?.role ?? JWT_DEFAULTS.claims.role
  const values = stringsAt(claims, path)
  if (roles !== undefined) {
    const value = Object.keys(roles).find((one) => values.includes(one))
    if (value !== undefined) return roles[value]!
  } else if (values.length === 1) return values[0]!
  if (defaultRole !== undefined && (roles !== undefined || values.length === 0)) return defaultRole
  const why =
    roles === undefined ? 'one of them must be it, or `roles` must map them' : '`roles` has none of them, and there is no `defaultRole`'
  throw new ClaimsRefused(`the token of ${shown(authid)} has as ${shown(path)} ${shown(values.join(', '))}: ${why}`)
}

/** A claim that is a string, or a list of them. */
function stringsAt(claims: JWTPayload, path: ClaimPath): readonly string[] {
  const value = claimAt(claims, path)
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((one) => typeof one === 'string' && one !== '') as string[]
}

function claimAt(claims: JWTPayload, path: ClaimPath): unknown {
  if (typeof path === 'string' && Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of typeof path === 'string' ? path.split('.') : path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as { readonly [name: string]: unknown })[name]
  }
  return value
}
