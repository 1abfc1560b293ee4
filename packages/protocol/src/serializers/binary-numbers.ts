// Numbers in network byte order, as MessagePack and CBOR both have them. The caller has checked that the bytes are there.

import { ID_MAX } from '../ids.ts'

const scratch = new Uint8Array(8)
const view = new DataView(scratch.buffer)

/** An unsigned integer of 1, 2 or 4 bytes; of 8 bytes rounded to a float, which is good enough for a length. */
export function readUint(b: Uint8Array, at: number, size: number): number {
  if (size === 1) return b[at]!
  if (size === 2) return (b[at]! << 8) | b[at + 1]!
  const high = readUint32(b, at)
  return size === 4 ? high : high * 0x100000000 + readUint32(b, at + 4)
}

export function readUint32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
}

/** Whether the unsigned 64 bit integer at `at` is at most 2^53, so that a number holds it (ID-13). */
export function isNumber64(b: Uint8Array, at: number): boolean {
  const high = readUint32(b, at)
  return high < 0x200000 || (high === 0x200000 && readUint32(b, at + 4) === 0)
}

function load(b: Uint8Array, at: number, size: number): void {
  for (let i = 0; i < size; i++) scratch[i] = b[at + i]!
}

export function readBigUint64(b: Uint8Array, at: number): bigint {
  load(b, at, 8)
  return view.getBigUint64(0)
}

export function readBigInt64(b: Uint8Array, at: number): bigint {
  load(b, at, 8)
  return view.getBigInt64(0)
}

export function readFloat64(b: Uint8Array, at: number): number {
  load(b, at, 8)
  return view.getFloat64(0)
}

export function readFloat32(b: Uint8Array, at: number): number {
  load(b, at, 4)
  return view.getFloat32(0)
}

/** A float of 16 bit (IEEE 754 binary16). */
export function readFloat16(b: Uint8Array, at: number): number {
  const bits = (b[at]! << 8) | b[at + 1]!
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  let value: number
  if (exponent === 31) value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  else if (exponent === 0) value = fraction * 2 ** -24
  else value = (1 + fraction / 1024) * 2 ** (exponent - 15)
  return (bits & 0x8000) === 0 ? value : -value
}

export function writeUint16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >> 8
  b[at + 1] = value
}

export function writeUint32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24
  b[at + 1] = value >>> 16
  b[at + 2] = value >>> 8
  b[at + 3] = value
}

/** Writes an integer number as 64 bit, negative ones in two's complement. */
export function writeInt64(b: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x100000000)
  writeUint32(b, at, high)
  writeUint32(b, at + 4, value - high * 0x100000000)
}

/** Writes a bigint as 64 bit; the caller has checked its range. */
export function writeBigint64(b: Uint8Array, at: number, value: bigint): void {
  view.setBigUint64(0, BigInt.asUintN(64, value))
  for (let i = 0; i < 8; i++) b[at + i] = scratch[i]!
}

export function writeFloat64(b: Uint8Array, at: number, value: number): void {
  view.setFloat64(0, value)
  for (let i = 0; i < 8; i++) b[at + i] = scratch[i]!
}

/** A bigint as a number where that is exact and safe (up to 2^53, ID-13), else as it is. */
export function narrowed(value: bigint): number | bigint {
  return value >= -BigInt(Number.MAX_SAFE_INTEGER) && value <= BigInt(ID_MAX) ? Number(value) : value
}
