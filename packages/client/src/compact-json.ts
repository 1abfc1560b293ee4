// "wamp.2.json" for browsers: the engine's own JSON and a walk over the layout table. The serializer of the protocol package
// scans bytes, so that routers need not read payloads; a client reads every payload anyway, and a page wants little code.
// Both accept and write the same messages; test/compact-json.test.ts holds them side by side.

import { type Dict, EMPTY_DICT, type Message, Payload, ProtocolViolation, type Serializer, UsageError } from '@crosspoint/protocol'
import {
  type ByteSink,
  cloneValue,
  copyBytes,
  EMPTY_PAYLOAD,
  isDict,
  isOpaque,
  type Layout,
  layoutOf,
  shown,
  utf8Encode,
  utf8Slice,
} from '@crosspoint/protocol/internal'

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown
const json = JSON as unknown as {
  parse(text: string, reviver?: Reviver): unknown
  rawJSON(text: string): unknown
}
declare const btoa: (binary: string) => string
declare const atob: (base64: string) => string

const ID_MAX = 2 ** 53
const CLOSE = new Uint8Array([93])

export const compactJsonSerializer: Serializer = {
  name: 'json',
  subprotocol: 'wamp.2.json',
  rawSocketId: 1,
  isBinary: false,
  tail: CLOSE,

  decode(bytes: Uint8Array, start = 0, end = bytes.length): Message {
    let list: unknown
    try {
      list = cloneValue(parse(utf8Slice(bytes, start, end))) // throws for what nests too deep
    } catch (error) {
      throw new ProtocolViolation(`A message must be JSON: ${(error as Error).message}`)
    }
    return messageOf(list)
  },

  encodeHead(message: Message, head: ByteSink) {
    const { payload = EMPTY_PAYLOAD } = message as { readonly payload?: Payload }
    const text = write(headOf(message)).slice(0, -1) // the bracket is the tail
    const bytes = utf8Encode(payload.count === 0 ? text : `${text},`)
    head.need(bytes.length)
    copyBytes(bytes, 0, bytes.length, head.bytes, head.length)
    head.length += bytes.length
    return payload.bytesIn(compactJsonSerializer)
  },

  decodePayload: (bytes, start, end) => parse(`[${utf8Slice(bytes, start, end)}]`) as unknown[],
  encodePayload: (items) => utf8Encode(write(items).slice(1, -1)),
}

function messageOf(list: unknown): Message {
  const items = Array.isArray(list) ? list : []
  const layout = typeof items[0] === 'number' ? layoutOf(items[0]) : undefined
  if (layout === undefined) throw wrong('A message', 'a list that begins with a message type of WAMP v2', list)
  const { fields, name, lengthMin, lengthMax } = layout
  const length = items.length
  if (length < lengthMin || length > lengthMax) throw wrong(`${name}'s length`, `${lengthMin} to ${lengthMax}`, length)
  fields.forEach(({ kind, label }, index) => {
    if (index + 1 < length) check(label, kind, items[index + 1])
  })
  const [args = [], kwargs = EMPTY_DICT] = items.slice(fields.length + 1)
  const isList = Array.isArray(args)
  const hasOpaque = (isText(args) || args instanceof Uint8Array) && length === fields.length + 2 && items.some(isOpaque) // PPT-16
  if (!isList && !hasOpaque) throw wrong(`${name}.Arguments`, 'a list', args)
  check(`${name}.ArgumentsKw`, 'dict', kwargs)
  const message: Record<string, unknown> = { type: layout.type }
  fields.forEach((field, index) => {
    if (field.name !== '') message[field.name] = items[index + 1]
  })
  if (layout.hasPayload) message['payload'] = isList ? Payload.of(args, kwargs as Dict) : Payload.opaque(args as never)
  const mistake = wrongOption(layout, message)
  if (mistake !== undefined) throw new ProtocolViolation(mistake)
  return message as unknown as Message
}

type Kind = Layout['fields'][number]['kind']

function check(label: string, kind: Kind, value: unknown): void {
  if (!ACCEPTS[kind](value)) throw wrong(label, `of type ${kind}`, value)
}

function wrong(label: string, expected: string, value: unknown): ProtocolViolation {
  return new ProtocolViolation(`${label} must be ${expected}, not ${shown(value)}`)
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= ID_MAX
const ACCEPTS: { readonly [kind in Kind]: (value: unknown) => boolean } = {
  id: (value) => isCount(value) && value !== 0,
  revocable: isCount,
  integer: isCount,
  uri: isText,
  string: isText,
  realm: (value) => value === null || isText(value),
  dict: isDict,
  ignored: isDict,
}

/** What is wrong with a known option of a message, in words; `undefined` when nothing is (MSG-11). */
export function wrongOption(layout: Layout, message: object): string | undefined {
  const { options, details } = message as { readonly options?: Dict; readonly details?: Dict }
  const given = options ?? details ?? EMPTY_DICT
  for (const name in given) {
    const known = layout.options.get(name)
    if (known !== undefined && !known.accepts(given[name]))
      return `${layout.name}: ${name} must be ${known.expected}, not ${shown(given[name])}`
  }
  return undefined
}

/** Everything before the payload. */
function headOf(message: Message): unknown[] {
  const values = message as unknown as { readonly [name: string]: unknown }
  const list: unknown[] = [message.type]
  for (const { name, isOptional } of layoutOf(message.type)!.fields) {
    if (!isOptional || values[name] !== undefined) list.push(values[name])
  }
  return list
}

/** JSON text to values: U+0000 and Base64 to bytes (SER-04), integers beyond 2^53 to bigint. */
function parse(text: string): unknown {
  if (!text.includes('\\u0000') && !/\d{16}/.test(text)) return JSON.parse(text)
  return json.parse(text, (_key, value, { source = '' }) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value) && value !== ID_MAX && /^-?\d+$/.test(source)) return BigInt(source)
    if (source === '9007199254740993') return BigInt(source) // reads as 2^53
    return typeof value === 'string' && value.startsWith('\0') ? bytesOf(value) : value
  })
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text.slice(1)), (character) => character.charCodeAt(0))
}

/** Values to JSON text; throws for what JSON would lose or change in silence. */
function write(value: unknown): string {
  try {
    return JSON.stringify(cloneValue(value), replace)
  } catch (cause) {
    throw new UsageError('ERR_UNSERIALIZABLE', `Cannot write JSON: ${(cause as Error).message}`, { cause })
  }
}

function replace(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return json.rawJSON(`${value}`)
  if (Object.is(value, -0)) return json.rawJSON('-0.0')
  if (value instanceof Uint8Array) return `\0${btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(''))}`
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no form in JSON`)
  if (typeof value === 'string' && value.startsWith('\0')) throw new TypeError('Text after U+0000 means bytes; send a Uint8Array')
  return value
}
