// The common case of JSON, as a separate, plain path: messages with empty Options or Details, which is what almost every
// call and event looks like. Whatever is not exactly of that form is left to the general reader and writer in json.ts,
// which decide what it is and what is wrong with it. In a router this halves the time spent on heads (measured, Node 24).

import { hashStep, internAscii } from '../intern.ts'
import { EMPTY_DICT, type Message, MessageType } from '../messages.ts'
import { EMPTY_PAYLOAD, Payload } from '../payload.ts'
import type { ByteSink, Serializer } from '../serializer.ts'
import { setJsonOrigin, skipJsonValue } from './json-skip.ts'

const DIGITS_MAX = 9 // stays within 31 bit; longer ids take the general path

/** Reads `[48,ID,{},"URI"…]`, `[16,ID,{},"URI"…]` or `[70,ID,{}…]`; `undefined` for any other form. */
export function readHot(b: Uint8Array, start: number, end: number, serializer: Serializer): Message | undefined {
  if (end - start < 9 || b[start] !== 91 || b[start + 3] !== 44) return undefined
  const tens = b[start + 1]! - 48
  const ones = b[start + 2]! - 48
  if (tens > 9 || ones < 0 || ones > 9) return undefined
  const type = tens * 10 + ones
  if (type !== MessageType.YIELD && type !== MessageType.CALL && type !== MessageType.PUBLISH) return undefined
  let at = start + 4
  const digitsEnd = at + DIGITS_MAX < end ? at + DIGITS_MAX : end
  let c = b[at]!
  if (c < 49 || c > 57) return undefined
  let id = 0
  while (at < digitsEnd && (c = b[at]!) >= 48 && c <= 57) {
    id = id * 10 + c - 48
    at++
  }
  if (at + 3 >= end || b[at] !== 44 || b[at + 1] !== 123 || b[at + 2] !== 125) return undefined
  at += 3
  if (type === MessageType.YIELD) {
    const payload = readPayload(b, at, start, end, serializer)
    return payload && { type, requestId: id as never, options: EMPTY_DICT, payload }
  }
  if (b[at] !== 44 || b[at + 1] !== 34) return undefined
  const uriStart = (at += 2)
  let hash = 0
  while (at < end && (c = b[at]!) !== 34 && c >= 32 && c < 128 && c !== 92) {
    hash = hashStep(hash, c)
    at++
  }
  if (at + 1 >= end || c !== 34) return undefined
  const payload = readPayload(b, at + 1, start, end, serializer)
  if (payload === undefined) return undefined
  const uri = internAscii(b, uriStart, at, hash)
  if (type === MessageType.CALL) return { type, requestId: id as never, options: EMPTY_DICT, procedure: uri, payload }
  return { type, requestId: id as never, options: EMPTY_DICT, topic: uri, payload }
}

/** What follows the head: nothing, args, or args and kwargs, then the closing bracket as the very last byte. */
function readPayload(b: Uint8Array, at: number, origin: number, end: number, serializer: Serializer): Payload | undefined {
  if (b[end - 1] !== 93) return undefined
  if (at === end - 1) return EMPTY_PAYLOAD
  if (b[at] !== 44 || b[at + 1] !== 91) return undefined
  setJsonOrigin(origin)
  const start = at + 1
  at = skipJsonValue(b, start, end)
  if (at === end - 1) return new Payload(1, serializer, b, start, at)
  if (b[at] !== 44 || b[at + 1] !== 123) return undefined
  at = skipJsonValue(b, at + 1, end)
  return at === end - 1 ? new Payload(2, serializer, b, start, at) : undefined
}

/** Writes the head of a RESULT, INVOCATION or EVENT without Details; false for any other message. */
export function writeHot(message: Message, head: ByteSink): boolean {
  let code: number
  let first: number
  let second = 0
  switch (message.type) {
    case MessageType.RESULT:
      if (message.details !== EMPTY_DICT) return false
      code = 0x3530 // "50"
      first = message.requestId
      break
    case MessageType.INVOCATION:
      if (message.details !== EMPTY_DICT) return false
      code = 0x3638 // "68"
      first = message.requestId
      second = message.registrationId
      break
    case MessageType.EVENT:
      if (message.details !== EMPTY_DICT) return false
      code = 0x3336 // "36"
      first = message.subscriptionId
      second = message.publicationId
      break
    default:
      return false
  }
  head.need(48)
  const b = head.bytes
  let at = head.length
  b[at++] = 91
  b[at++] = code >> 8
  b[at++] = code & 255
  b[at++] = 44
  at = writeDigits(b, at, first)
  if (second !== 0) {
    b[at++] = 44
    at = writeDigits(b, at, second)
  }
  b[at++] = 44
  b[at++] = 123
  b[at++] = 125
  head.length = at
  return true
}

/** Writes a non-negative integer in decimal, in two halves so that each stays within 32 bit; returns where it ends. */
export function writeDigits(b: Uint8Array, at: number, value: number): number {
  if (value < 100000000) return writeShort(b, at, value)
  const high = Math.floor(value / 100000000)
  let low = (value - high * 100000000) | 0
  at = writeShort(b, at, high)
  for (let i = at + 7; i >= at; i--) {
    const quotient = (low / 10) | 0
    b[i] = 48 + low - quotient * 10
    low = quotient
  }
  return at + 8
}

function writeShort(b: Uint8Array, at: number, value: number): number {
  value |= 0
  let end = at + 1
  for (let limit = 10; value >= limit && end < at + 9; limit *= 10) end++
  for (let i = end - 1; i >= at; i--) {
    const quotient = (value / 10) | 0
    b[i] = 48 + value - quotient * 10
    value = quotient
  }
  return end
}
