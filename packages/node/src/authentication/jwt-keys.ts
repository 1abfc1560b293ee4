// The keys that tokens are checked with: given in the configuration, or fetched from the issuer and kept. How fetching works: keys
// are fetched for the first login, again when they are ten minutes old, and when a token names a key that is not among them, but then
// at most every 30 s, so that nobody can make the node ask all the time. When the issuer cannot be reached, the keys that are there
// go on working for a day; who has none yet is refused as "could not be checked".

import type { KeyObject } from 'node:crypto'
import { shown } from '@crosspoint/protocol/internal'
import type { CryptoKey, JSONWebKeySet, JWK, JWSHeaderParameters, LocalJWKSet } from 'jose'
import { fetchJson } from './jwt-fetch.ts'
import { isSafeUrl, type JwtOptions, listOf, readPublicKey } from './jwt-options.ts'

export type Jose = typeof import('jose')
export type TokenKey = CryptoKey | KeyObject | Uint8Array

/** Keys are fetched again when they are older. */
const FRESH_MS = 600_000
/** Keys that could not be fetched again work for so long: an issuer may be away for a night, but a stolen key not forever. */
const USABLE_MS = 86_400_000
/** How soon after the last time keys are fetched for a name that is not among them. */
const COOLDOWN_MS = 30_000
/** How soon after a failure they are fetched again. */
const RETRY_MS = 5_000
/** Keys that are tried for one token, when it does not name one. */
const CANDIDATES_MAX = 8

/** The keys could not be had: nothing is known about the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/** Finds the keys that may have signed a token. */
export interface TokenKeys {
  /** Rejects with KeysUnavailable when they cannot be had now. */
  find(header: JWSHeaderParameters): Promise<readonly TokenKey[]>
}

export interface KeyServices {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told when keys could not be fetched and old ones are used. */
  readonly warn: (text: string) => void
}

/** The keys of a configuration, which has been checked. */
export function givenKeys(jose: Jose, { keys = [], secret }: JwtOptions): TokenKeys {
  const secrets = listOf(secret).map((one) => new TextEncoder().encode(one))
  const named: JWK[] = []
  const nameless: JWK[] = []
  for (const key of keys) {
    // Rewritten, so that a PEM text and a JWK are the same from here on.
    const jwk = (readPublicKey(key) as KeyObject).export({ format: 'jwk' }) as JWK
    const { kid, alg } = typeof key === 'string' ? ({} as JWK) : key
    const entry: JWK = { ...jwk, ...(alg !== undefined && { alg }), ...(kid !== undefined && { kid }) }
    if (kid === undefined) nameless.push(entry)
    else named.push(entry)
  }
  const withNames = jose.createLocalJWKSet({ keys: named })
  const withoutNames = jose.createLocalJWKSet({ keys: nameless })
  return {
    async find(header) {
      if (header.alg?.startsWith('HS')) return secrets // never a public key (algorithm confusion)
      // A key without a name may be the one that the token names.
      return [...(await matching(withNames, header)), ...(await matching(withoutNames, { alg: header.alg }))]
    },
  }
}

/** The keys of an issuer. */
export class FetchedKeys implements TokenKeys {
  readonly #jose: Jose
  readonly #locate: (signal: AbortSignal) => Promise<string>
  readonly #timeoutMs: number
  readonly #services: KeyServices
  #local: LocalJWKSet | undefined
  #fetchedAtMs = 0
  #triedAtMs = Number.NEGATIVE_INFINITY
  #failure: string | undefined
  #pending: Promise<void> | undefined

  /** @param locate where the key set is; it may have to be asked for */
  constructor(jose: Jose, locate: (signal: AbortSignal) => Promise<string>, timeoutMs: number, services: KeyServices) {
    this.#jose = jose
    this.#locate = locate
    this.#timeoutMs = timeoutMs
    this.#services = services
  }

  async find(header: JWSHeaderParameters): Promise<readonly TokenKey[]> {
    if (this.#local === undefined || this.#ageMs() > FRESH_MS) await this.#refresh(RETRY_MS)
    const keys = await matching(this.#usable(), header)
    if (keys.length > 0 || !(await this.#refresh(this.#failure === undefined ? COOLDOWN_MS : RETRY_MS))) return keys
    return matching(this.#usable(), header)
  }

  #ageMs(): number {
    return this.#services.now() - this.#fetchedAtMs
  }

  #usable(): LocalJWKSet {
    if (this.#local === undefined) throw new KeysUnavailable(this.#failure ?? 'no keys have been fetched')
    if (this.#ageMs() > USABLE_MS) throw new KeysUnavailable(`the keys are older than a day, and ${this.#failure}`)
    return this.#local
  }

  /** Fetches, unless that was tried less than `pauseMs` ago; all who wait for it share one fetch. True when it was tried. */
  async #refresh(pauseMs: number): Promise<boolean> {
    if (this.#pending === undefined) {
      if (this.#services.now() - this.#triedAtMs < pauseMs) return false
      this.#triedAtMs = this.#services.now()
      this.#pending = this.#fetch().finally(() => {
        this.#pending = undefined
      })
    }
    await this.#pending
    return true
  }

  /** Never rejects. */
  async #fetch(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs)
      const url = await this.#locate(signal)
      const set = await fetchJson(url, signal)
      this.#local = this.#jose.createLocalJWKSet(keySetOf(set, url))
      this.#fetchedAtMs = this.#services.now()
      this.#failure = undefined
    } catch (error) {
      this.#failure = (error as Error).message
      if (this.#local !== undefined) this.#services.warn(`${this.#failure}; the keys of before go on working`)
    }
  }
}

/**
 * Where an issuer says that its keys are (OpenID Connect Discovery 1.0).
 *
 * @param issuer without trailing path of the document
 */
export async function discover(issuer: string, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = (await fetchJson(url, signal)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null
  // A document of somebody else must not bring keys for this issuer (OpenID Connect Discovery 1.0, 4.3).
  if (found?.issuer !== issuer) throw new Error(`${url} is about the issuer ${shown(found?.issuer)}, not ${shown(issuer)}`)
  const { jwks_uri: place } = found
  if (typeof place !== 'string' || !isSafeUrl(place)) {
    throw new Error(`${url} has as jwks_uri ${shown(place)}, which must be an https: address, or an http: address of this machine`)
  }
  return place
}

function keySetOf(value: unknown, url: string): JSONWebKeySet {
  const keys = (value as { readonly keys?: unknown } | null)?.keys
  const isSet = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null && !Array.isArray(key))
  if (!isSet) throw new Error(`${url} is no JSON Web Key Set: it must have \`keys\`, a list of JSON Web Keys`)
  return { keys: keys as JWK[] }
}

/** The keys of a set that fit a token; none when there are none. */
async function matching(set: LocalJWKSet, header: JWSHeaderParameters): Promise<CryptoKey[]> {
  try {
    return [await set(header)]
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === 'ERR_JWKS_NO_MATCHING_KEY') return []
    if (code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error
    const keys: CryptoKey[] = []
    for await (const key of error as unknown as AsyncIterable<CryptoKey>) {
      keys.push(key)
      if (keys.length === CANDIDATES_MAX) break
    }
    return keys
  }
}
