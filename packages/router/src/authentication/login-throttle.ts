// Who guesses is slowed and then refused: failed logins are counted by address, by principal, and by both together, and forgotten
// at a steady pace. An attempt counts as failed from its beginning until it succeeds, so that many at once do not slip through.
// A principal that is attacked from elsewhere is not locked out of an address where it has logged in before.

import type { Clock, Uri } from '@crosspoint/protocol'
import type { RouterLimits } from '../limits.ts'

/** One attempt, to be ended by one of the three. */
export interface Attempt {
  /** How long to wait before the check; undefined when there is none. */
  readonly delayMs: number | undefined
  succeeded(): void
  failed(): void
  /** It ended without a result: the client left, the check broke. What only looks is not counted. */
  abandoned(): void
}

interface Count {
  failures: number
  /** Up to when failures have been forgotten. */
  atMs: number
}

/** Addresses and principals that are counted, and places where principals have logged in: the oldest go first. */
const ENTRIES_MAX = 50_000
/** Waiting begins at a tenth of the maximum, and is longest just below it. */
const FREE_SHARE = 0.1
const DELAY_MS_MAX = 4_000

export class LoginThrottle {
  readonly #clock: Clock
  readonly #limits: RouterLimits
  readonly #counts = new Map<string, Count>()
  readonly #homes = new Set<string>()

  constructor(clock: Clock, limits: RouterLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Begins an attempt; what there is no address or authid of is not counted by it. */
  attempt(address: string | undefined, realm: Uri, authid: string | undefined): Attempt {
    const { loginFailuresPerAddressMax, loginFailuresPerPrincipalMax } = this.#limits
    const place = address === undefined ? undefined : networkOf(address)
    const who = authid === undefined ? undefined : `${realm}\0${authid}`
    const home = place === undefined || who === undefined ? undefined : `${place}\0${who}`
    const buckets: (readonly [key: string, max: number])[] = []
    if (place !== undefined) buckets.push([`a${place}`, loginFailuresPerAddressMax])
    // The address that a principal has logged in from before counts for itself.
    if (who !== undefined && (home === undefined || !this.#homes.has(home))) buckets.push([`p${who}`, loginFailuresPerPrincipalMax])
    else if (home !== undefined) buckets.push([`h${home}`, loginFailuresPerPrincipalMax])
    let delayMs: number | undefined = 0
    for (const [key, max] of buckets) {
      const wait = delayOf(this.#failures(key, max), max)
      delayMs = wait === undefined || delayMs === undefined ? undefined : Math.max(delayMs, wait)
    }
    let isOpen = delayMs !== undefined // one that is refused unseen adds nothing, or nobody would ever get out
    if (isOpen) for (const [key] of buckets) this.#add(key, 1)
    const end = (isCounted: boolean) => {
      if (isOpen && !isCounted) for (const [key] of buckets) this.#add(key, -1)
      isOpen = false
    }
    const succeeded = () => {
      end(false)
      if (home !== undefined) this.#remember(home)
    }
    return { delayMs, succeeded, failed: () => end(true), abandoned: () => end(false) }
  }

  /** Failures that are not forgotten yet. */
  #failures(key: string, max: number): number {
    const count = this.#counts.get(key)
    if (count === undefined) return 0
    const now = this.#clock.now()
    const forgotten = ((now - count.atMs) / this.#limits.loginFailuresForgetMs) * max
    count.failures = Math.max(0, count.failures - forgotten)
    count.atMs = now
    if (count.failures === 0) this.#counts.delete(key)
    return count.failures
  }

  /** Those that are counted last stay longest; those without failures are not kept. */
  #add(key: string, by: number): void {
    const count = this.#counts.get(key) ?? { failures: 0, atMs: this.#clock.now() }
    count.failures += by
    this.#counts.delete(key)
    if (count.failures <= 0) return
    if (this.#counts.size >= ENTRIES_MAX) this.#counts.delete(this.#counts.keys().next().value!)
    this.#counts.set(key, count)
  }

  #remember(home: string): void {
    this.#homes.delete(home)
    if (this.#homes.size >= ENTRIES_MAX) this.#homes.delete(this.#homes.keys().next().value!)
    this.#homes.add(home)
  }
}

/** How long an attempt waits after so many failures; undefined when there is no other. A maximum of 0 counts nothing. */
function delayOf(failures: number, max: number): number | undefined {
  if (max === 0) return 0
  const free = max * FREE_SHARE
  if (failures >= max) return undefined
  return failures < free ? 0 : Math.ceil((DELAY_MS_MAX * (failures - free + 1)) / (max - free + 1))
}

/** IPv4 addresses one by one, IPv6 by the 64 bits that one customer has. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7)
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const whole = tail === undefined ? groups : [...groups, ...new Array(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest]
  return whole.slice(0, 4).join(':')
}
