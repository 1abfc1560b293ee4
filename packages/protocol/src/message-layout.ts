// The table: which elements every message has, in which order, of which kind, who sends it, and which options are known.
// Decoders, encoders, validation, docs and the test generators all read this one table.
//
// How it works: a serializer gives a HeadReader; `readMessage` walks the row of the message's type and builds the message
// from what it read. `writeHead` does the same in the other direction with a HeadWriter.

import { ProtocolViolation } from './errors.ts'
import { ID_MAX, isId } from './ids.ts'
import { buildMessage } from './message-build.ts'
import type { Dict, Message, MessageTypeCode } from './messages.ts'
import { EMPTY_DICT, MessageType } from './messages.ts'
import { EMPTY_PAYLOAD, type Payload } from './payload.ts'
import { shown } from './roles.ts'
import { MATCH_POLICIES } from './uri.ts'

/**
 * Kinds of elements. `id`: 1 … 2^53. `revocable`: an id, or 0 in a revocation. `integer`: 0 or more. `uri` and `string`:
 * text (whether a URI is valid is for the role to decide). `realm`: text or null. `dict`: string keys. `ignored`: a
 * dictionary that some peers append and nobody reads (MSG-15).
 */
export type FieldKind = 'id' | 'revocable' | 'integer' | 'uri' | 'string' | 'realm' | 'dict' | 'ignored'

export interface Field {
  /** The property of the message; empty for `ignored`. */
  readonly name: string
  readonly kind: FieldKind
  /** Whether the element may be left out; only ever the last one. */
  readonly isOptional: boolean
  /** For errors: "CALL.Request". */
  readonly label: string
}

/** Checks one known option (MSG-11); the text says what would have been right. */
export interface OptionKind {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

export interface Layout {
  readonly type: MessageTypeCode
  readonly name: string
  /** Who sends it: a client, a router, or both. */
  readonly from: 'client' | 'router' | 'both'
  readonly fields: readonly Field[]
  readonly hasPayload: boolean
  /** The least and the greatest number of elements, the type code included. */
  readonly lengthMin: number
  readonly lengthMax: number
  readonly options: ReadonlyMap<string, OptionKind>
}

const kind = (expected: string, accepts: (value: unknown) => boolean): OptionKind => ({ expected, accepts })
const bool = kind('true or false', (value) => typeof value === 'boolean')
const text = kind('a string', (value) => typeof value === 'string')
const id = kind('an id (1 … 2^53)', isId)
const count = kind(
  'an integer of 0 or more',
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= ID_MAX,
)
const positive = kind(
  'an integer of 1 or more',
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= ID_MAX,
)
const ids = kind('a list of ids', (value) => Array.isArray(value) && value.every(isId))
const texts = kind('a list of strings', (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'))
const oneOf = (...values: readonly string[]) =>
  kind(values.map((value) => `"${value}"`).join(' or '), (value) => values.includes(value as string))

export const INVOCATION_POLICIES = ['single', 'first', 'last', 'roundrobin', 'random'] as const
export type InvocationPolicy = (typeof INVOCATION_POLICIES)[number]
export const CANCEL_MODES = ['skip', 'kill', 'killnowait'] as const
export type CancelMode = (typeof CANCEL_MODES)[number]

const ENC_ALGO = /^(cryptobox|mqtt|xbr|x_.*)$/
/** Payload passthru mode (PPT-01), and its older form that Autobahn speaks (PPT-16). */
const passthru = {
  ppt_scheme: text,
  ppt_serializer: text,
  ppt_cipher: text,
  ppt_keyid: text,
  enc_algo: kind(
    '"cryptobox", "mqtt", "xbr" or a name that begins with "x_"',
    (value) => typeof value === 'string' && ENC_ALGO.test(value),
  ),
  enc_serializer: text,
  enc_key: text,
}

function row(
  name: keyof typeof MessageType,
  from: Layout['from'],
  elements: string,
  rest: 'payload' | 'no payload',
  options: { readonly [name: string]: OptionKind } = {},
): Layout {
  const fields = elements
    .split(' ')
    .filter((element) => element !== '')
    .map((element): Field => {
      const [field = '', given = ''] = element.split(':')
      const isOptional = given.endsWith('?')
      return { name: field, kind: given.replace('?', '') as FieldKind, isOptional, label: `${name}.${field || 'Options'}` }
    })
  const hasPayload = rest === 'payload'
  const lengthMin = 1 + fields.filter((field) => !field.isOptional).length
  const lengthMax = 1 + fields.length + (hasPayload ? 2 : 0)
  const known = new Map(Object.entries(options))
  return { type: MessageType[name], name, from, fields, hasPayload, lengthMin, lengthMax, options: known }
}

/** All messages of WAMP v2, in the order of their codes (section 1 of the requirements). */
export const MESSAGE_LAYOUTS: readonly Layout[] = [
  row('HELLO', 'client', 'realm:realm details:dict', 'no payload'),
  row('WELCOME', 'router', 'sessionId:id details:dict', 'no payload'),
  row('ABORT', 'both', 'details:dict reason:uri', 'payload', {
    message: text,
  }),
  row('CHALLENGE', 'router', 'authmethod:string extra:dict', 'no payload'),
  row('AUTHENTICATE', 'client', 'signature:string extra:dict', 'no payload'),
  row('GOODBYE', 'both', 'details:dict reason:uri', 'no payload', { message: text }),
  row('ERROR', 'both', 'requestType:integer requestId:id details:dict error:uri', 'payload', passthru),
  row('PUBLISH', 'client', 'requestId:id options:dict topic:uri', 'payload', {
    acknowledge: bool,
    exclude_me: bool,
    exclude: ids,
    exclude_authid: texts,
    exclude_authrole: texts,
    eligible: ids,
    eligible_authid: texts,
    eligible_authrole: texts,
    disclose_me: bool,
    retain: bool,
    rkey: text,
    ...passthru,
  }),
  row('PUBLISHED', 'router', 'requestId:id publicationId:id', 'no payload'),
  row('SUBSCRIBE', 'client', 'requestId:id options:dict topic:uri', 'no payload', {
    match: oneOf(...MATCH_POLICIES),
    get_retained: bool,
    nkey: text,
  }),
  row('SUBSCRIBED', 'router', 'requestId:id subscriptionId:id', 'no payload'),
  row('UNSUBSCRIBE', 'client', 'requestId:id subscriptionId:id :ignored?', 'no payload'),
  row('UNSUBSCRIBED', 'router', 'requestId:revocable details:dict?', 'no payload', {
    subscription: id,
    reason: text,
  }),
  row('EVENT', 'router', 'subscriptionId:id publicationId:id details:dict', 'payload', {
    topic: text,
    publisher: id,
    publisher_authid: text,
    publisher_authrole: text,
    trustlevel: count,
    retained: bool,
    ...passthru,
  }),
  row('CALL', 'client', 'requestId:id options:dict procedure:uri', 'payload', {
    timeout: count,
    receive_progress: bool,
    progress: bool,
    disclose_me: bool,
    rkey: text,
    runmode: text,
    runon: text,
    ...passthru,
  }),
  row('CANCEL', 'client', 'requestId:id options:dict', 'no payload', {
    mode: oneOf(...CANCEL_MODES),
  }),
  row('RESULT', 'router', 'requestId:id details:dict', 'payload', { progress: bool, ...passthru }),
  row('REGISTER', 'client', 'requestId:id options:dict procedure:uri', 'no payload', {
    match: oneOf(...MATCH_POLICIES),
    invoke: oneOf(...INVOCATION_POLICIES),
    disclose_caller: bool,
    forward_timeout: bool,
    concurrency: positive,
    force_reregister: bool,
  }),
  row('REGISTERED', 'router', 'requestId:id registrationId:id', 'no payload'),
  row('UNREGISTER', 'client', 'requestId:id registrationId:id :ignored?', 'no payload'),
  row('UNREGISTERED', 'router', 'requestId:revocable details:dict?', 'no payload', {
    registration: id,
    reason: text,
  }),
  row('INVOCATION', 'router', 'requestId:id registrationId:id details:dict', 'payload', {
    procedure: text,
    receive_progress: bool,
    progress: bool,
    timeout: count,
    caller: id,
    caller_authid: text,
    caller_authrole: text,
    trustlevel: count,
    ...passthru,
  }),
  row('INTERRUPT', 'router', 'requestId:id options:dict', 'no payload', {
    mode: oneOf(...CANCEL_MODES),
    reason: text,
  }),
  row('YIELD', 'client', 'requestId:id options:dict', 'payload', { progress: bool, ...passthru }),
]

const BY_TYPE: (Layout | undefined)[] = new Array(256).fill(undefined)
for (const layout of MESSAGE_LAYOUTS) BY_TYPE[layout.type] = layout

/** The row of a type code, `undefined` for a code that WAMP v2 does not have. */
export function layoutOf(type: number): Layout | undefined {
  return type < BY_TYPE.length ? BY_TYPE[type] : undefined
}

/** How a serializer reads the elements of a message, one after the other. All methods throw `ProtocolViolation`. */
export interface HeadReader {
  /** Moves to the next element; false at the end of the list. */
  next(): boolean
  /** An integer of 0 … 2^53; `label` names the element in errors. */
  integer(label: string): number
  /** A string. */
  string(label: string): string
  /** A string, or null. */
  stringOrNull(label: string): string | null
  /** A dictionary with string keys. */
  dict(label: string): Dict
  /**
   * The current element and the rest, as a payload: args, then perhaps kwargs, then the end. `name` is the message's.
   * `mayBeOpaque`: bytes or a string may stand in place of all of it (PPT-16).
   */
  payload(name: string, mayBeOpaque: boolean): Payload
}

/** Reads one message; the reader stands before the first element. */
export function readMessage(reader: HeadReader): Message {
  if (!reader.next()) throw new ProtocolViolation('A message must have elements, not none')
  const type = reader.integer('message type')
  const layout = layoutOf(type)
  if (layout === undefined) throw new ProtocolViolation(`${type} is not a message type of WAMP v2`)
  const fields = layout.fields
  let a: unknown, b: unknown, c: unknown, d: unknown
  let at = 0
  for (; at < fields.length; at++) {
    const field = fields[at]!
    if (!reader.next()) {
      if (field.isOptional) break
      throw wrongLength(layout, at + 1)
    }
    const value = readField(reader, field)
    if (at === 0) a = value
    else if (at === 1) b = value
    else if (at === 2) c = value
    else d = value
  }
  let payload = EMPTY_PAYLOAD
  if (at === fields.length && reader.next()) {
    if (!layout.hasPayload) throw wrongLength(layout, layout.lengthMax + 1)
    payload = reader.payload(layout.name, isOpaque(b) || isOpaque(c))
  }
  const message = buildMessage(layout.type, a, b, c, d, payload)
  if (layout.options.size > 0) checkOptions(layout, message)
  if (layout.type === MessageType.UNSUBSCRIBED || layout.type === MessageType.UNREGISTERED) checkRevocation(layout, a as number, b)
  return message
}

function readField(reader: HeadReader, field: Field): unknown {
  switch (field.kind) {
    case 'id': {
      const value = reader.integer(field.label)
      if (value === 0) throw new ProtocolViolation(`${field.label} must be an id of 1 … 2^53, not 0`)
      return value
    }
    case 'dict':
    case 'ignored':
      return reader.dict(field.label)
    case 'uri':
    case 'string':
      return reader.string(field.label)
    case 'integer':
    case 'revocable':
      return reader.integer(field.label)
    case 'realm':
      return reader.stringOrNull(field.label)
  }
}

/** Whether an element is a dictionary that announces a payload of the older form (PPT-16). */
export function isOpaque(element: unknown): boolean {
  return typeof element === 'object' && element !== EMPTY_DICT && (element as Dict | null)?.['enc_algo'] !== undefined
}

function wrongLength(layout: Layout, found: number): ProtocolViolation {
  const range = layout.lengthMin === layout.lengthMax ? `${layout.lengthMin}` : `${layout.lengthMin} to ${layout.lengthMax}`
  const amount = found > layout.lengthMax ? `more than ${layout.lengthMax}` : `${found}`
  return new ProtocolViolation(`${layout.name} must have ${range} elements, not ${amount}`)
}

/** Length 3 with request id 0 is a revocation; anything between is not a message (AMB-08). */
export function checkRevocation(layout: Layout, requestId: number, details: unknown): void {
  if ((requestId === 0) === (details !== undefined)) return
  throw new ProtocolViolation(`${layout.name} must be [${layout.type}, Request] or, as a revocation, [${layout.type}, 0, Details]`)
}

/**
 * Checks the known options of a message for type and value (MSG-11); unknown ones are ignored (MSG-04). A known one that is null
 * is taken out: wampy.js sends what it was not given as CBOR's and MessagePack's nothing.
 */
export function checkOptions(layout: Layout, message: Message): void {
  const holder = message as { readonly options?: Dict; readonly details?: Dict }
  const options = holder.options ?? holder.details
  if (options === undefined || options === EMPTY_DICT) return
  for (const name in options) {
    const known = layout.options.get(name)
    if (known === undefined || known.accepts(options[name])) continue
    if (options[name] === null) delete (options as Record<string, unknown>)[name]
    else {
      const part = holder.options ? 'Options' : 'Details'
      throw new ProtocolViolation(`${layout.name}.${part}.${name} must be ${known.expected}, not ${shown(options[name])}`)
    }
  }
}

/** How a serializer writes the elements of a message. */
export interface HeadWriter {
  /** Opens a list of `length` elements. */
  open(length: number): void
  integer(value: number): void
  string(value: string): void
  nothing(): void
  dict(value: Dict): void
}

/** Writes everything before the payload. */
export function writeHead(writer: HeadWriter, message: Message): void {
  const layout = BY_TYPE[message.type]!
  const fields = layout.fields
  const values = message as unknown as { readonly [name: string]: unknown }
  const payload = layout.hasPayload ? (message as { payload: Payload }).payload.count : 0
  let length = fields.length
  while (length > 0 && fields[length - 1]!.isOptional && values[fields[length - 1]!.name] === undefined) length--
  writer.open(1 + length + payload)
  writer.integer(message.type)
  for (let at = 0; at < length; at++) {
    const field = fields[at]!
    const value = values[field.name]
    switch (field.kind) {
      case 'id':
      case 'integer':
      case 'revocable':
        writer.integer(value as number)
        break
      case 'uri':
      case 'string':
        writer.string(value as string)
        break
      case 'dict':
      case 'ignored':
        writer.dict(value as Dict)
        break
      case 'realm':
        if (value === null) writer.nothing()
        else writer.string(value as string)
        break
    }
  }
}
