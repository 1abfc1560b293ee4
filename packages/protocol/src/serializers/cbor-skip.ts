// Walks CBOR (RFC 8949) without building anything: where does this item end, and is it well formed? Definite and indefinite
// lengths both count (SER-09). Text must be valid UTF-8, also in every chunk of an indefinite string (SER-11), nesting ends at
// NESTING_DEPTH_MAX, tags included, and an announced length must fit in the bytes that are left (SER-26).
//
// One plain function with its stack in an array, as json-skip.ts: it runs over every payload.

import { ProtocolViolation } from '../errors.ts'
import { NESTING_DEPTH_MAX } from '../values.ts'
import { readUint } from './binary-numbers.ts'
import { readCborText } from './cbor-values.ts'
import { DictKeys } from './dict-keys.ts'
import { checkUtf8 } from './utf8.ts'

let origin = 0 // where the frame begins, so that errors count bytes from there
export function setCborOrigin(start: number): void {
  origin = start
}

/** The argument of a head with an indefinite length. */
export const INDEFINITE = -1

// What may come next in a container of indefinite length; a container of definite length counts down to 0 instead.
const ELEMENT = -1
const KEY = -2
const VALUE = -3

const stack = new Int32Array(NESTING_DEPTH_MAX) // the same counts for the containers around the innermost one

/** Where the body begins behind the head that `readCborHead` read last. */
export let bodyAt = 0

/** The argument in the head at `at`: a length or number, `INDEFINITE`, or for 64 bit numbers a rounded one. */
export function readCborHead(b: Uint8Array, at: number, end: number): number {
  if (at >= end) throw cutCbor(end)
  const c = b[at]!
  const info = c & 31
  if (info < 24) {
    bodyAt = at + 1
    return info
  }
  if (info < 28) {
    const size = 1 << (info - 24)
    if (size > end - at - 1) throw cutCbor(end)
    bodyAt = at + 1 + size
    return readUint(b, at + 1, size)
  }
  const major = c >> 5
  if (info !== 31 || major < 2 || major > 5) throw malformed(c, at)
  bodyAt = at + 1
  return INDEFINITE
}

/** The position behind the item at `at`. `base` says how many containers it already stands in. Throws `ProtocolViolation`. */
export function skipCborItem(b: Uint8Array, at: number, end: number, base = 0): number {
  let depth = base
  let left = 1
  for (;;) {
    while (left === 0) {
      if (depth === base) return at
      left = stack[--depth]!
    }
    if (at >= end) throw cutCbor(end)
    const c = b[at]!
    if (left > 0) left--
    else if (c === 0xff && left !== VALUE) {
      at++
      left = 0
      continue
    } else if (left !== ELEMENT) left = left === KEY ? VALUE : KEY
    const major = c >> 5
    let argument = c & 31
    if (argument < 24) at++
    else {
      argument = readCborHead(b, at, end)
      at = bodyAt
    }
    if (major < 2) continue
    if (major < 4) {
      if (argument === INDEFINITE) {
        at = skipChunks(b, at, end, major)
        continue
      }
      if (argument > end - at) throw tooLong(argument, 'bytes', end - at)
      if (major === 3) checkUtf8(b, at, at + argument, origin)
      at += argument
      continue
    }
    if (major === 7) {
      // A simple value below 32 has its short form only (RFC 8949 section 3.3).
      if (c === 0xf8 && argument < 32) throw malformed(c, at - 2)
      continue
    }
    if (depth === NESTING_DEPTH_MAX) throw new ProtocolViolation(`CBOR nests deeper than ${NESTING_DEPTH_MAX} levels`)
    stack[depth++] = left
    if (major === 6) left = 1
    else if (argument === INDEFINITE) left = major === 4 ? ELEMENT : KEY
    else {
      left = major === 4 ? argument : argument * 2
      if (left > end - at) throw tooLong(argument, major === 4 ? 'elements' : 'keys with values', end - at)
    }
  }
}

/** The chunks of an indefinite string: definite strings of its own kind, up to the break. */
function skipChunks(b: Uint8Array, at: number, end: number, major: number): number {
  for (;;) {
    if (at >= end) throw cutCbor(end)
    const c = b[at]!
    if (c === 0xff) return at + 1
    if (c >> 5 !== major || (c & 31) === 31) throw malformed(c, at)
    const length = readCborHead(b, at, end)
    at = bodyAt
    if (length > end - at) throw tooLong(length, 'bytes', end - at)
    if (major === 3) checkUtf8(b, at, at + length, origin)
    at += length
  }
}

const keys = new DictKeys()

/**
 * The position behind the dictionary at `at`, whose own keys must be strings and different (SER-10). `label` names it in
 * errors.
 */
export function skipCborDict(b: Uint8Array, at: number, end: number, label: string): number {
  let left = readCborHead(b, at, end)
  at = bodyAt
  if (left * 2 > end - at) throw tooLong(left, 'keys with values', end - at)
  keys.open(b, label)
  while (left !== 0) {
    if (left > 0) left--
    else if (at < end && b[at] === 0xff) return at + 1
    const start = at
    at = skipCborItem(b, at, end, 1)
    if (b[start]! >> 5 !== 3) throw new ProtocolViolation(`${label} must have strings as keys; the one at byte ${start - origin} is not`)
    if (readCborHead(b, start, end) === INDEFINITE) keys.addText(readCborText(b, start))
    else keys.add(bodyAt, at)
    at = skipCborItem(b, at, end, 1)
  }
  return at
}

export function cutCbor(end: number): ProtocolViolation {
  return new ProtocolViolation(`CBOR ends in the middle, at byte ${end - origin}`)
}

function malformed(c: number, at: number): ProtocolViolation {
  return new ProtocolViolation(`CBOR has 0x${c.toString(16)} at byte ${at - origin}, where it cannot stand`)
}

function tooLong(length: number, what: string, left: number): ProtocolViolation {
  return new ProtocolViolation(`CBOR announces ${length} ${what}, but only ${left} bytes are left`)
}
