// The payload of a FlatBuffers message as bytes: the vectors of args and kwargs, each with its length in front, and in them
// CBOR (SER-14). These bytes are the end of every frame that is written, as they are, so that a payload goes from one
// session to the next without being decoded, and an event is encoded once for many.
//
// With args alone the region is their vector. With both it is the vector of kwargs, zeros up to a multiple of four, and the
// vector of args: the order in which autobahn-python lays them out, so that its frames are passed on in place. Of args that
// a sender left out the vector is empty.

import { allocate, copyBytes } from '../bytes.ts'
import { ProtocolViolation } from '../errors.ts'
import { EMPTY_PAYLOAD, Payload, type PayloadBytes } from '../payload.ts'
import type { Serializer } from '../serializer.ts'
import { cborSerializer } from './cbor.ts'
import { setCborOrigin, skipCborDict, skipCborItem } from './cbor-skip.ts'

const LIST = 4
const MAP = 5

/** Where the second vector of a region begins, after the first of `length` bytes with its own length in front. */
function secondVector(length: number): number {
  return 4 + ((length + 3) & ~3)
}

function readLength(b: Uint8Array, at: number): number {
  return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0
}

export function writeLength(b: Uint8Array, at: number, value: number): void {
  b[at] = value
  b[at + 1] = value >>> 8
  b[at + 2] = value >>> 16
  b[at + 3] = value >>> 24
}

/** A vector of bytes in a frame; `end` is 0 when there is none. */
export interface Vector {
  at: number
  end: number
}

/** The payload in the vectors of args and kwargs. Throws `ProtocolViolation` unless they hold a list and a dictionary. */
export function payloadIn(b: Uint8Array, origin: number, args: Vector, kwargs: Vector, name: string, serializer: Serializer): Payload {
  setCborOrigin(origin)
  const hasArgs = args.end > args.at
  const hasKwargs = kwargs.end > kwargs.at
  if (hasArgs) {
    if (b[args.at]! >> 5 !== LIST) throw new ProtocolViolation(`${name}.args must hold a list in CBOR`)
    checkWhole(skipCborItem(b, args.at, args.end), args.end, `${name}.args`)
  }
  if (!hasKwargs) return hasArgs ? new Payload(1, serializer, b, args.at - 4, args.end) : EMPTY_PAYLOAD
  if (b[kwargs.at]! >> 5 !== MAP) throw new ProtocolViolation(`${name}.kwargs must hold a dictionary in CBOR`)
  checkWhole(skipCborDict(b, kwargs.at, kwargs.end, `${name}.kwargs`), kwargs.end, `${name}.kwargs`)
  const start = kwargs.at - 4
  if (hasArgs && args.at - 4 === start + secondVector(kwargs.end - kwargs.at)) return new Payload(2, serializer, b, start, args.end)
  const region = joined(b, kwargs.at, kwargs.end, b, args.at, hasArgs ? args.end : args.at)
  return new Payload(2, serializer, region, 0, region.length)
}

function checkWhole(found: number, end: number, label: string): void {
  if (found !== end) throw new ProtocolViolation(`${label} must hold one value; ${end - found} bytes follow it`)
}

/** The region of kwargs and args. */
function joined(k: Uint8Array, kStart: number, kEnd: number, a: Uint8Array, aStart: number, aEnd: number): Uint8Array {
  const second = secondVector(kEnd - kStart)
  const region = allocate(second + 4 + aEnd - aStart)
  writeLength(region, 0, kEnd - kStart)
  copyBytes(k, kStart, kEnd, region, 4)
  region.fill(0, 4 + kEnd - kStart, second)
  writeLength(region, second, aEnd - aStart)
  copyBytes(a, aStart, aEnd, region, second + 4)
  return region
}

/** One vector of bytes with its length in front. */
export function vectorOf(bytes: Uint8Array): Uint8Array {
  const vector = allocate(4 + bytes.length)
  writeLength(vector, 0, bytes.length)
  copyBytes(bytes, 0, bytes.length, vector, 4)
  return vector
}

/** The region for args, or for args and kwargs. */
export function encodeRegion(items: readonly unknown[]): Uint8Array {
  const args = cborSerializer.encodePayload([items[0]])
  if (items.length < 2) return vectorOf(args)
  const kwargs = cborSerializer.encodePayload([items[1]])
  return joined(kwargs, 0, kwargs.length, args, 0, args.length)
}

/** Args, or args and kwargs, from a region. */
export function decodeRegion(b: Uint8Array, start: number, end: number, count: number, exact: boolean): unknown[] {
  const args = count === 1 ? start : start + secondVector(readLength(b, start))
  const items = args + 4 < end ? cborSerializer.decodePayload(b, args + 4, end, 1, exact) : [[]]
  if (count > 1) items.push(cborSerializer.decodePayload(b, start + 4, args, 1, exact)[0])
  return items
}

/** Where args and kwargs are in a region, from its start; -1 for what is not there. */
export function vectorsIn(payload: PayloadBytes, count: number): { readonly args: number; readonly kwargs: number } {
  if (count === 1) return { args: 0, kwargs: -1 }
  const args = secondVector(readLength(payload.bytes, payload.start))
  return { args: payload.end - payload.start > args + 4 ? args : -1, kwargs: 0 }
}
