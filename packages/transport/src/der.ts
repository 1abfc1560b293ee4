// As much of DER (X.690) as it takes to find one element in a certificate or in a TLS session. These come out of OpenSSL, which
// has read them already; what is no DER is empty all the same.

/** One element: its tag octet, and where its content lies in the bytes. */
export interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** The elements one after the other in `[start..end)`, up to the first that does not fit. */
export function elementsOf(bytes: Uint8Array, { start, end }: Omit<Element, 'tag'> = { start: 0, end: bytes.length }): readonly Element[] {
  const elements: Element[] = []
  let at = start
  while (at + 2 <= end) {
    const tag = bytes[at]!
    let length = bytes[at + 1]!
    at += 2
    if (length >= 0x80) {
      // The long form: so many octets of length.
      const octets = length & 0x7f
      length = 0
      for (let octet = 0; octet < octets; octet++) length = length * 256 + (bytes[at++] ?? 0)
    }
    if (at + length > end) break
    elements.push({ tag, start: at, end: at + length })
    at += length
  }
  return elements
}

/** Goes down: the element number `path[0]` of the bytes, of its content number `path[1]`, and so on. Undefined when there is none. */
export function elementAt(bytes: Uint8Array, path: readonly number[]): Element | undefined {
  let within: Omit<Element, 'tag'> = { start: 0, end: bytes.length }
  let found: Element | undefined
  for (const index of path) {
    found = elementsOf(bytes, within)[index]
    if (found === undefined) return undefined
    within = found
  }
  return found
}
