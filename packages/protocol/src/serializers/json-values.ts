// Values to JSON text and back, with what plain JSON loses: bytes travel as U+0000 and Base64 (SER-03, SER-04), integers
// beyond 2^53 as digits and bigint, and in exact decoding an integral float stays a Float (SER-25).
//
// The plain case goes straight to JSON.parse and JSON.stringify; a look at the text, or at the values, tells it apart.

import { fromBase64, toBase64 } from '../bytes.ts'
import { UsageError } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import { BIGINT_BYTES_MAX, bigintBytes, Float, NESTING_DEPTH_MAX, refuseValue, setKey } from '../values.ts'

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown
interface JsonWithSource {
  parse(text: string, reviver?: Reviver): unknown
  rawJSON(text: string): unknown
}
const json = JSON as unknown as JsonWithSource

// Sixteen digits in a row may be an integer beyond 2^53; a dot or exponent may be an integral float.
const LONG_DIGITS = /\d{16}/
const FLOAT = /\d[.eE]/

/** Reads JSON text; with `exact`, for transcoding, numbers keep their kind. */
export function parseJson(text: string, exact: boolean): unknown {
  const hasBinary = text.includes('\\u0000')
  if (!hasBinary && !LONG_DIGITS.test(text) && !(exact && FLOAT.test(text))) return JSON.parse(text)
  return json.parse(text, (_key, value, context) => {
    if (typeof value === 'string') return hasBinary && value.charCodeAt(0) === 0 ? binaryOf(value) : value
    if (typeof value !== 'number') return value
    const source = context?.source ?? ''
    if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : integerOf(source)
    return exact && Number.isInteger(value) && source !== '' ? new Float(value) : value
  })
}

/** An integer of many digits: 2^53 is still a number (ID-13), beyond it a bigint. */
function integerOf(source: string): number | bigint {
  const exact = BigInt(source)
  return exact === BigInt(ID_MAX) ? ID_MAX : exact
}

function binaryOf(text: string): Uint8Array | string {
  return fromBase64(text.slice(1)) ?? text
}

/** Writes a value as JSON text. Throws `ERR_UNSERIALIZABLE`. */
export function stringifyJson(value: unknown): string {
  try {
    return isPlain(value, 0) ? JSON.stringify(value) : JSON.stringify(toJson(value, 0))
  } catch (cause) {
    throw new UsageError('ERR_UNSERIALIZABLE', `Cannot write JSON: ${(cause as Error).message}`, { cause })
  }
}

/** Whether JSON.stringify does the right thing with `value` as it is. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) !== 0
    case 'number':
      return value > -ID_MAX && value <= ID_MAX ? !Object.is(value, -0) : Number.isFinite(value) && !Number.isInteger(value)
    case 'boolean':
      return true
    case 'object':
      if (value === null) return true
      if (depth >= NESTING_DEPTH_MAX || value instanceof Uint8Array || value instanceof Float) return false
      if (Array.isArray(value)) {
        for (const item of value) if (!isPlain(item, depth + 1)) return false
        return true
      }
      if ('toJSON' in value) return false
      for (const key in value) if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false
      return true
    default:
      return false
  }
}

/** The same value in the form that JSON.stringify writes rightly. */
function toJson(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      if (value.charCodeAt(0) === 0) throw new TypeError('a string that begins with U+0000 means bytes in JSON; send a Uint8Array')
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in JSON; send a string or null`)
      // Beyond 2^53 a number is a float, in JSON as in the other formats; its digits would be taken for an exact integer.
      return isPlain(value, 0) ? value : json.rawJSON(floatText(value))
    case 'bigint':
      if (bigintBytes(value) > BIGINT_BYTES_MAX) throw new TypeError(`an integer of more than ${BIGINT_BYTES_MAX} bytes is too long`)
      return json.rawJSON(String(value))
    case 'boolean':
      return value
    case 'undefined':
      return null
    case 'object':
      if (value === null) return null
      if (value instanceof Uint8Array) return `\0${toBase64(value)}`
      if (value instanceof Float) return json.rawJSON(floatText(value.value))
      if (depth >= NESTING_DEPTH_MAX) throw new TypeError(`the value nests deeper than ${NESTING_DEPTH_MAX} levels`)
      if (Array.isArray(value)) return value.map((item) => toJson(item, depth + 1))
      if ('toJSON' in value && typeof value.toJSON === 'function') return toJson(value.toJSON(), depth + 1)
      return objectToJson(value as Record<string, unknown>, depth)
    default:
      return refuseValue(value)
  }
}

function objectToJson(value: Record<string, unknown>, depth: number): unknown {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) setKey(copy, key, toJson(value[key], depth + 1))
  }
  return copy
}

/** An integral float with the dot or exponent that marks it as one. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}
