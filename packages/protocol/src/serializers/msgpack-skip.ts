// Walks MessagePack without building anything: where does this value end, and is it well formed? Text must be valid UTF-8
// (SER-11), nesting ends at NESTING_DEPTH_MAX, and an announced length must fit in the bytes that are left (SER-26).
//
// One plain function with its stack in an array, as json-skip.ts: it runs over every payload.

import { ProtocolViolation } from '../errors.ts'
import { NESTING_DEPTH_MAX } from '../values.ts'
import { readUint } from './binary-numbers.ts'
import { DictKeys } from './dict-keys.ts'
import { checkUtf8 } from './utf8.ts'

let origin = 0 // where the frame begins, so that errors count bytes from there
export function setMsgpackOrigin(start: number): void {
  origin = start
}

// What the head bytes 0xc0 … 0xdf are. For FIXED, SIZES has the bytes that follow; for the others the bytes of the length.
const FIXED = 0
const RAW = 1
const EXTENSION = 2
const TEXT = 3
const LIST = 4
const MAP = 5
const NEVER = 6
const KINDS = new Uint8Array([
  FIXED,
  NEVER,
  FIXED,
  FIXED,
  RAW,
  RAW,
  RAW,
  EXTENSION,
  EXTENSION,
  EXTENSION,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  FIXED,
  TEXT,
  TEXT,
  TEXT,
  LIST,
  LIST,
  MAP,
  MAP,
])
const SIZES = new Uint8Array([0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4])

const stack = new Int32Array(NESTING_DEPTH_MAX) // elements that are left in the containers around the innermost one

/** The position behind the value at `at`. `base` says how many containers it already stands in. Throws `ProtocolViolation`. */
export function skipMsgpackValue(b: Uint8Array, at: number, end: number, base = 0): number {
  let depth = base
  let left = 1
  for (;;) {
    while (left === 0) {
      if (depth === base) return at
      left = stack[--depth]!
    }
    left--
    if (at >= end) throw cutMsgpack(end)
    const c = b[at++]!
    if (c < 0x80 || c >= 0xe0) continue
    let kind = 0
    let length = 0
    if (c < 0xc0) {
      kind = c < 0x90 ? MAP : c < 0xa0 ? LIST : TEXT
      length = kind === TEXT ? c & 31 : c & 15
    } else {
      kind = KINDS[c & 31]!
      const size = SIZES[c & 31]!
      if (size > end - at) throw cutMsgpack(end)
      if (kind === NEVER) throw new ProtocolViolation(`MessagePack has 0xc1 at byte ${at - 1 - origin}, which never stands for anything`)
      if (kind !== FIXED) length = readUint(b, at, size)
      at += size
      if (kind === FIXED) continue
    }
    if (kind === MAP) length *= 2
    else if (kind === EXTENSION) length++
    if (length > end - at) throw tooLong(kind, length, end - at)
    if (kind === TEXT) {
      const stop = at + length
      checkUtf8(b, at, stop, origin)
      at = stop
    } else if (kind === RAW || kind === EXTENSION) {
      at += length
    } else {
      if (depth === NESTING_DEPTH_MAX) throw new ProtocolViolation(`MessagePack nests deeper than ${NESTING_DEPTH_MAX} levels`)
      stack[depth++] = left
      left = length
    }
  }
}

const keys = new DictKeys()

/**
 * The position behind the dictionary at `at`, whose own keys must be strings and different (SER-10). `label` names it in
 * errors.
 */
export function skipMsgpackDict(b: Uint8Array, at: number, end: number, label: string): number {
  let count = readMsgpackLength(b, at, end, 0x80, 16, 0xde)
  if (count < 0) throw new ProtocolViolation(`${label} must be a dictionary`)
  at = bodyAt
  if (count * 2 > end - at) throw tooLong(MAP, count * 2, end - at)
  keys.open(b, label)
  for (; count > 0; count--) {
    const start = at
    at = skipMsgpackValue(b, at, end, 1)
    if (readMsgpackLength(b, start, end, 0xa0, 32, 0xd9) < 0) {
      throw new ProtocolViolation(`${label} must have strings as keys; the one at byte ${start - origin} is not`)
    }
    keys.add(bodyAt, at)
    at = skipMsgpackValue(b, at, end, 1)
  }
  return at
}

/** Where the body begins behind the head that `readMsgpackLength` read last. */
export let bodyAt = 0

/**
 * The length in the head of a value of one kind, or -1 for a value of another. The kind is told by the short form's first
 * byte and how many of them there are, and by its first long form: string 0xa0, 32, 0xd9; list 0x90, 16, 0xdc; map 0x80, 16,
 * 0xde.
 */
export function readMsgpackLength(b: Uint8Array, at: number, end: number, short: number, shorts: number, long: number): number {
  if (at >= end) throw cutMsgpack(end)
  const c = b[at]!
  if (c >= short && c < short + shorts) {
    bodyAt = at + 1
    return c - short
  }
  if (c < long || c >= long + (shorts === 32 ? 3 : 2)) return -1
  const size = SIZES[c & 31]!
  if (size > end - at - 1) throw cutMsgpack(end)
  bodyAt = at + 1 + size
  return readUint(b, at + 1, size)
}

export function cutMsgpack(end: number): ProtocolViolation {
  return new ProtocolViolation(`MessagePack ends in the middle, at byte ${end - origin}`)
}

function tooLong(kind: number, length: number, left: number): ProtocolViolation {
  const what = kind === MAP ? `${length / 2} keys with values` : kind === LIST ? `${length} elements` : `${length} bytes`
  return new ProtocolViolation(`MessagePack announces ${what}, but only ${left} bytes are left`)
}
