// Who is on the way in, by address, so that one of them cannot take all places while it shakes hands.

import { isIPv6 } from 'node:net'

export class Strangers {
  readonly #max: number
  readonly #onFull: (address: string) => void
  readonly #counts = new Map<string, number>()
  /** Those that were reported, and have not become fewer since. */
  readonly #full = new Set<string>()

  /** At most `max` from one address, 0 for any number. `onFull` is told once when one more comes, and again when places were free since. */
  constructor(max: number, onFull: (address: string) => void) {
    this.#max = max
    this.#onFull = onFull
  }

  /** Takes a place for an address; false when it has all that it may have. */
  enter(address: string | undefined): boolean {
    if (this.#max === 0) return true
    const network = networkOf(address)
    const count = this.#counts.get(network) ?? 0
    if (count >= this.#max) {
      if (!this.#full.has(network)) this.#onFull(network)
      this.#full.add(network)
      return false
    }
    this.#counts.set(network, count + 1)
    return true
  }

  /** Gives a place back, once for every `enter` that was true. */
  leave(address: string | undefined): void {
    if (this.#max === 0) return
    const network = networkOf(address)
    const count = this.#counts.get(network)! - 1
    if (count === 0) this.#counts.delete(network)
    else this.#counts.set(network, count)
    if (count <= this.#max / 2) this.#full.delete(network)
  }
}

/** What one customer of a network provider has: an IPv4 address, or 64 bits of IPv6. */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unix'
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  const [left = '', right] = address.split('%')[0]!.split('::')
  const head = left === '' ? [] : left.split(':')
  // "::" stands for the zeros that are missing.
  if (right !== undefined) while (head.length < 8 - right.split(':').length) head.push('0')
  return `${head.slice(0, 4).join(':')}::/64`
}
