// Is this text valid UTF-8? Shared by the walkers of all serializers. Text is almost always ASCII, so that goes by in a
// tight loop, four bytes at a time inside long strings, and only what is left is looked at closely.

import { ProtocolViolation } from '../errors.ts'

// From this many bytes on four are looked at together (measured on Node 24: even from 100, ahead from 150).
export const WORDS_FROM_BYTES = 160

let wordsBuffer: ArrayBufferLike | undefined
let words: Int32Array<ArrayBufferLike> | undefined

/** The memory under `b` as whole words; `undefined` when its size is not a multiple of four. */
export function wordsOf(b: Uint8Array): Int32Array | undefined {
  if (b.buffer !== wordsBuffer) {
    wordsBuffer = b.buffer
    words = (b.buffer.byteLength & 3) === 0 ? new Int32Array(b.buffer) : undefined
  }
  return words
}

/**
 * The position behind the UTF-8 sequence that begins with the byte at `at` (RFC 3629: shortest form, no surrogates).
 * `origin` is where the frame begins: errors count bytes from there.
 */
export function skipUtf8(b: Uint8Array, at: number, end: number, origin: number): number {
  const c = b[at]!
  const length = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0
  let isValid = length > 0 && at + length <= end
  if (isValid) {
    const second = b[at + 1]!
    const low = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80
    const high = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf
    isValid = second >= low && second <= high
    for (let i = at + 2; i < at + length; i++) if ((b[i]! & 0xc0) !== 0x80) isValid = false
  }
  if (!isValid) throw new ProtocolViolation(`Text must be valid UTF-8; byte ${at - origin} (0x${c.toString(16)}) is not`)
  return at + length
}

/** Throws `ProtocolViolation` unless `b[at..end)` is valid UTF-8. */
export function checkUtf8(b: Uint8Array, at: number, end: number, origin: number): void {
  if (end - at >= WORDS_FROM_BYTES) {
    checkLong(b, at, end, origin)
    return
  }
  while (at < end) {
    if (b[at]! < 128) at++
    else at = skipUtf8(b, at, end, origin)
  }
}

function checkLong(b: Uint8Array, at: number, end: number, origin: number): void {
  const offset = b.byteOffset
  const w = wordsOf(b)
  const last = (offset + end) >> 2
  while (at < end) {
    if (b[at]! >= 128) {
      at = skipUtf8(b, at, end, origin)
      continue
    }
    if (w !== undefined && ((offset + at) & 3) === 0) {
      let word = (offset + at) >> 2
      while (word < last && (w[word]! & 0x80808080) === 0) word++
      const next = (word << 2) - offset
      if (next > at) {
        at = next
        continue
      }
    }
    at++
  }
}
