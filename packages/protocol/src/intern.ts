// Short ASCII strings out of frames without making them anew each time: a client calls the same few URIs again and again.
// A slot holds the last string with its hash; a miss costs one slice. The table is bounded and holds nothing but text.

import { asciiSlice } from './bytes.ts'

const SLOTS = 4096
const INTERN_BYTES_MAX = 128
const table: string[] = new Array(SLOTS).fill('')

/** The text of `bytes[start..end)`, which the caller has found to be plain ASCII with the given hash. */
export function internAscii(bytes: Uint8Array, start: number, end: number, hash: number): string {
  const length = end - start
  if (length > INTERN_BYTES_MAX) return asciiSlice(bytes, start, end)
  const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1)
  const known = table[slot]!
  if (known.length === length) {
    let i = 0
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++
    if (i === length) return known
  }
  const text = asciiSlice(bytes, start, end)
  table[slot] = text
  return text
}

/** One step of the hash that `internAscii` wants; start with 0. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}
