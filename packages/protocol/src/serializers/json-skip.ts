// Walks JSON (RFC 8259) in UTF-8 without building anything: where does this value end, and is it well formed?
// What it accepts is exactly what JSON.parse accepts, with three more rules: valid UTF-8, at most NESTING_DEPTH_MAX levels,
// and a string value that begins with U+0000 holds Base64, WAMP's form of bytes (SER-03, SER-05).
//
// It is one plain function with its stack in an array, since it runs over every payload: calls and closures per value
// would cost more than the walk. Inside long strings it looks at four bytes at a time.

import { fromBase64, utf8Slice } from '../bytes.ts'
import { ProtocolViolation } from '../errors.ts'
import { NESTING_DEPTH_MAX } from '../values.ts'
import { skipUtf8, WORDS_FROM_BYTES, wordsOf } from './utf8.ts'

let origin = 0 // where the frame begins, so that errors count bytes from there
export function setJsonOrigin(start: number): void {
  origin = start
}

const stack = new Uint8Array(NESTING_DEPTH_MAX) // 1: in an object, 0: in an array
const LITERALS: readonly (readonly [string, number])[] = [
  ['true', 4],
  ['false', 5],
  ['null', 4],
]

/** The position behind the value that begins at `at` (after white space). Throws `ProtocolViolation`. */
export function skipJsonValue(b: Uint8Array, at: number, end: number): number {
  let depth = 0
  let c = 0
  value: for (;;) {
    while (at < end && ((c = b[at]!) === 32 || c === 10 || c === 13 || c === 9)) at++
    if (at >= end) throw cut(at)
    c = b[at]!
    if (c === 34) {
      at = skipJsonString(b, at + 1, end, true)
    } else if (c === 123 || c === 91) {
      if (depth === NESTING_DEPTH_MAX) throw new ProtocolViolation(`JSON nests deeper than ${NESTING_DEPTH_MAX} levels`)
      stack[depth++] = c === 123 ? 1 : 0
      at++
      while (at < end && ((c = b[at]!) === 32 || c === 10 || c === 13 || c === 9)) at++
      if (at >= end) throw cut(at)
      c = b[at]!
      if (stack[depth - 1] === 1) {
        if (c !== 125) {
          at = skipKey(b, at, end)
          continue
        }
      } else if (c !== 93) continue
      at++ // an empty object or array is a value that ends here
      depth--
    } else if (c === 45 || (c >= 48 && c <= 57)) {
      at = skipNumber(b, at, end)
    } else {
      at = skipLiteral(b, at, end)
    }
    for (;;) {
      if (depth === 0) return at
      while (at < end && ((c = b[at]!) === 32 || c === 10 || c === 13 || c === 9)) at++
      if (at >= end) throw cut(at)
      c = b[at]!
      if (c === 44) {
        at++
        if (stack[depth - 1] === 1) {
          while (at < end && ((c = b[at]!) === 32 || c === 10 || c === 13 || c === 9)) at++
          at = skipKey(b, at, end)
        }
        continue value
      }
      if (c !== (stack[depth - 1] === 1 ? 125 : 93)) throw unexpected(b, at)
      at++
      depth--
    }
  }
}

/** From the quote of a key to behind the colon. */
function skipKey(b: Uint8Array, at: number, end: number): number {
  if (at >= end) throw cut(at)
  if (b[at] !== 34) throw unexpected(b, at)
  at = skipJsonString(b, at + 1, end, false)
  let c = 0
  while (at < end && ((c = b[at]!) === 32 || c === 10 || c === 13 || c === 9)) at++
  if (at >= end) throw cut(at)
  if (b[at] !== 58) throw unexpected(b, at)
  return at + 1
}

/** The position behind the closing quote of the string whose text begins at `at`. */
export function skipJsonString(b: Uint8Array, at: number, end: number, isValue: boolean): number {
  const start = at
  const wordsFrom = at + WORDS_FROM_BYTES
  let c = 0
  for (;;) {
    if (at > wordsFrom) {
      at = skipPlainWords(b, at, end)
    }
    // Plain ASCII goes by in this inner loop; everything else is decided below it.
    const stop = Math.min(end, at > wordsFrom ? at + 8 - ((b.byteOffset + at) & 3) : wordsFrom + 1)
    while (at < stop && (c = b[at]!) >= 32 && c < 128 && c !== 34 && c !== 92) at++
    if (at >= end) throw cut(at)
    if (at >= stop) continue
    if (c === 34) break
    if (c === 92) at = skipEscape(b, at, end)
    else if (c < 32) throw new ProtocolViolation(`JSON string holds the control character ${c} at byte ${at - origin}; it must be escaped`)
    else at = skipUtf8(b, at, end, origin)
  }
  if (isValue && b[start] === 92 && b[start + 1] === 117) checkBinary(b, start, at)
  return at + 1
}

/** Moves over whole words of plain ASCII without quote and backslash; stops at the first word that has anything else. */
function skipPlainWords(b: Uint8Array, at: number, end: number): number {
  const offset = b.byteOffset
  if (((offset + at) & 3) !== 0) return at
  const words = wordsOf(b)
  if (words === undefined) return at
  let word = (offset + at) >> 2
  const last = (offset + end) >> 2
  while (word < last) {
    const w = words[word]!
    const quote = w ^ 0x22222222
    const slash = w ^ 0x5c5c5c5c
    // The high bit of a byte is set by: the byte itself (not ASCII), byte < 32, byte = quote, byte = backslash.
    const hit = w | ((w - 0x20202020) & ~w) | ((quote - 0x01010101) & ~quote) | ((slash - 0x01010101) & ~slash)
    if ((hit & 0x80808080) !== 0) break
    word++
  }
  return (word << 2) - offset
}

function skipEscape(b: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) throw cut(at)
  const c = b[at + 1]!
  if (c === 117) {
    if (at + 6 > end) throw cut(at)
    for (let i = at + 2; i < at + 6; i++) {
      const h = b[i]!
      if (!((h >= 48 && h <= 57) || ((h | 32) >= 97 && (h | 32) <= 102))) throw unexpected(b, i)
    }
    return at + 6
  }
  // " \ / b f n r t
  if (c === 34 || c === 92 || c === 47 || c === 98 || c === 102 || c === 110 || c === 114 || c === 116) return at + 2
  throw unexpected(b, at + 1)
}

function skipNumber(b: Uint8Array, at: number, end: number): number {
  const start = at
  let c = b[at]!
  if (c === 45) c = ++at < end ? b[at]! : 0
  if (c === 48) c = ++at < end ? b[at]! : 0
  else if (c >= 49 && c <= 57) while ((c = ++at < end ? b[at]! : 0) >= 48 && c <= 57);
  else throw at >= end ? cut(at) : unexpected(b, at)
  if (c === 46) {
    c = ++at < end ? b[at]! : 0
    if (c < 48 || c > 57) throw at >= end ? cut(at) : unexpected(b, at)
    while ((c = ++at < end ? b[at]! : 0) >= 48 && c <= 57);
  }
  if (c === 101 || c === 69) {
    c = ++at < end ? b[at]! : 0
    if (c === 43 || c === 45) c = ++at < end ? b[at]! : 0
    if (c < 48 || c > 57) throw at >= end ? cut(at) : unexpected(b, at)
    while ((c = ++at < end ? b[at]! : 0) >= 48 && c <= 57);
    checkRange(b, start, at)
  } else if (at - start > 300) checkRange(b, start, at)
  return at
}

/** A number that overflows would decode to Infinity, which JSON does not have (SER-24). */
function checkRange(b: Uint8Array, start: number, end: number): void {
  if (!Number.isFinite(Number(utf8Slice(b, start, end)))) {
    throw new ProtocolViolation(`JSON number at byte ${start - origin} is beyond any float`)
  }
}

function skipLiteral(b: Uint8Array, at: number, end: number): number {
  for (const [text, length] of LITERALS) {
    if (b[at] !== text.charCodeAt(0)) continue
    for (let i = 1; i < length; i++) {
      if (at + i >= end) throw cut(at + i)
      if (b[at + i] !== text.charCodeAt(i)) throw unexpected(b, at + i)
    }
    return at + length
  }
  throw unexpected(b, at)
}

/** A string that begins with an escaped U+0000 is bytes, and must be Base64 behind it (SER-05). */
function checkBinary(b: Uint8Array, start: number, end: number): void {
  const text = JSON.parse(`"${utf8Slice(b, start, end)}"`) as string
  if (text.charCodeAt(0) === 0 && fromBase64(text.slice(1)) === undefined) {
    throw new ProtocolViolation(`JSON string at byte ${start - origin} begins with U+0000 but is not Base64 behind it`)
  }
}

export function cut(at: number): ProtocolViolation {
  return new ProtocolViolation(`JSON ends in the middle, at byte ${at - origin}`)
}

export function unexpected(b: Uint8Array, at: number): ProtocolViolation {
  const c = b[at]!
  const shown = c > 32 && c < 127 ? `"${String.fromCharCode(c)}"` : `0x${c?.toString(16)}`
  return new ProtocolViolation(`JSON has ${shown} at byte ${at - origin}, where it cannot stand`)
}
