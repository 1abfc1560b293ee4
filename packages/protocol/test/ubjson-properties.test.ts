// UBJSON and BJData in every form that a peer may choose, against a plain reader written from the two specifications (UBJSON
// draft 12, BJData draft 3): what that one reads, ours reads alike, and what it refuses, ours refuses before a payload is
// handed on. A failure prints its seed and the smallest example.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Payload, ProtocolViolation, plainUbjsonSerializer, type Serializer, UsageError, ubjsonSerializer } from '../src/index.ts'
import { hexOf } from './support.ts'

class Refused extends Error {}

interface Integer {
  readonly bits: number
  readonly isSigned: boolean
}
type Integers = { readonly [code: string]: Integer }
const UBJSON_INTEGERS: Integers = {
  i: { bits: 8, isSigned: true },
  U: { bits: 8, isSigned: false },
  I: { bits: 16, isSigned: true },
  l: { bits: 32, isSigned: true },
  L: { bits: 64, isSigned: true },
}
const BJDATA_INTEGERS: Integers = {
  ...UBJSON_INTEGERS,
  B: { bits: 8, isSigned: false },
  u: { bits: 16, isSigned: false },
  m: { bits: 32, isSigned: false },
  M: { bits: 64, isSigned: false },
}

/** Reads one value the plain way: every step throws for what is not there. */
class PlainReader {
  readonly #bytes: Uint8Array
  readonly #isBjdata: boolean
  readonly #integers: Integers
  at = 0
  #weightless = 0
  /** Whether there was a number in decimal with a fraction or exponent, which has no plain form. */
  hasDecimal = false
  /** Dictionaries in which a key stands twice. */
  readonly repeated = new WeakSet<object>()

  constructor(bytes: Uint8Array, isBjdata: boolean) {
    this.#bytes = bytes
    this.#isBjdata = isBjdata
    this.#integers = isBjdata ? BJDATA_INTEGERS : UBJSON_INTEGERS
  }

  #take(count: number): Uint8Array {
    if (this.at + count > this.#bytes.length) throw new Refused('cut')
    this.at += count
    return this.#bytes.subarray(this.at - count, this.at)
  }
  #peek(): string {
    return String.fromCharCode(this.#bytes[this.at] ?? 0)
  }
  #code(): string {
    let code = 'N'
    while (code === 'N') code = String.fromCharCode(this.#take(1)[0]!)
    return code
  }

  #integer({ bits, isSigned }: Integer): bigint {
    const bytes = Array.from(this.#take(bits / 8))
    if (this.#isBjdata) bytes.reverse()
    const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
    return isSigned ? BigInt.asIntN(bits, value) : value
  }

  #length(): number {
    const type = this.#integers[String.fromCharCode(this.#take(1)[0]!)]
    const length = type === undefined ? -1 : Number(this.#integer(type))
    if (length < 0) throw new Refused('length')
    return length
  }

  #text(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(this.#length()))
    } catch {
      throw new Refused('text')
    }
  }

  value(depth = 0): unknown {
    return this.body(this.#code(), depth)
  }

  body(code: string, depth: number): unknown {
    const integer = this.#integers[code]
    if (integer) return numberOf(this.#integer(integer))
    const view = (size: number) => {
      const bytes = this.#take(size).slice()
      return new DataView(bytes.buffer)
    }
    switch (code) {
      case 'Z':
        return null
      case 'T':
        return true
      case 'F':
        return false
      case 'D':
        return view(8).getFloat64(0, this.#isBjdata)
      case 'd':
        return view(4).getFloat32(0, this.#isBjdata)
      case 'h':
        if (!this.#isBjdata) break
        return halfOf(view(2).getUint16(0, true))
      case 'C': {
        const char = this.#take(1)[0]!
        if (char > 127) throw new Refused('char')
        return String.fromCharCode(char)
      }
      case 'S':
        return this.#text()
      case 'H': {
        const text = this.#text()
        if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new Refused('number')
        if (/^-?\d+$/.test(text)) return numberOf(BigInt(text))
        this.hasDecimal = true
        return Number.NaN
      }
      case '[':
      case '{':
        if (depth >= 128) throw new Refused('depth')
        return this.#container(code === '{', depth + 1)
    }
    throw new Refused(`code ${code}`)
  }

  #container(isDict: boolean, depth: number): unknown {
    let type = ''
    let count = -1
    if (this.#peek() === '$' && this.#take(1)) {
      type = String.fromCharCode(this.#take(1)[0]!)
      if (!'ZTFiUIlLdDCSH[{'.includes(type) && !(this.#isBjdata && 'uMmhB'.includes(type))) throw new Refused('type')
      if (this.#peek() !== '#') throw new Refused('type without count')
    }
    if (this.#peek() === '#' && this.#take(1)) {
      const isArray = this.#isBjdata && type !== '' && !isDict && this.#peek() === '['
      if (isArray) this.#take(1)
      count = this.#length()
      if (isArray && String.fromCharCode(this.#take(1)[0]!) !== ']') throw new Refused('dimensions')
      if (!isDict && 'ZTF'.includes(type) && type !== '') this.#weightless += count
      else if (count > this.#bytes.length - this.at) throw new Refused('count')
      if (this.#weightless > 4096) throw new Refused('weightless')
    }
    if (count >= 0 && !isDict && type === (this.#isBjdata ? 'B' : 'U')) return this.#take(count).slice()
    const items: unknown[] = []
    const keys = new Set<string>()
    const entries: [string, unknown][] = []
    const isEnd = () => {
      if (count >= 0) return count-- === 0
      if (this.#code() === (isDict ? '}' : ']')) return true
      this.at--
      return false
    }
    while (!isEnd()) {
      let key = ''
      if (isDict) {
        this.#code()
        this.at--
        key = this.#text()
      }
      const item = type === '' ? this.value(depth) : this.body(type, depth)
      if (isDict) entries.push([key, item])
      else items.push(item)
    }
    if (!isDict) return items
    const dict = Object.fromEntries(entries)
    for (const [key] of entries) keys.add(key)
    if (keys.size !== entries.length) this.repeated.add(dict)
    return dict
  }
}

function numberOf(value: bigint): number | bigint {
  return value >= -(2n ** 53n) + 1n && value <= 2n ** 53n ? Number(value) : value
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = (bits & 0x3ff) / 0x400
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15)
}

/** The arguments in the frame of an EVENT with a plain payload, or why there are none. */
function plainly(
  frame: Uint8Array,
  isBjdata: boolean,
): { readonly args: unknown; readonly kwargs: unknown; readonly hasDecimal: boolean } | string {
  try {
    const reader = new PlainReader(frame, isBjdata)
    const list = reader.value()
    if (!Array.isArray(list) || reader.at !== frame.length) return 'no list, or more than one'
    const [type, subscription, publication, details, args, kwargs = {}, ...more] = list
    if (type !== 36 || subscription !== 1 || publication !== 1 || more.length > 0) return 'another message'
    if (!isDict(details) || Object.keys(details).length > 0 || !Array.isArray(args) || !isDict(kwargs)) return 'no arguments'
    return reader.repeated.has(kwargs) ? 'a key twice' : { args, kwargs, hasDecimal: reader.hasDecimal }
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

function isDict(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** A value in one of its forms: the marker, and what follows it. */
interface Form {
  readonly code: string
  readonly body: readonly number[]
}
const ascii = (text: string, ...more: readonly number[]) => [...Array.from(text, (char) => char.charCodeAt(0)), ...more]
const whole = ({ code, body }: Form) => ascii(code, ...body)

/** The forms of values in a dialect, in every width and every kind of container. */
function formsOf(isBjdata: boolean): fc.Arbitrary<Form> {
  const integers = isBjdata ? BJDATA_INTEGERS : UBJSON_INTEGERS
  const bytesOf = (value: bigint, bits: number) => {
    const bytes = Array.from({ length: bits / 8 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n))
    return isBjdata ? bytes : bytes.reverse()
  }
  const lengths = Object.entries(integers).map(([code, { bits, isSigned }]) => ({
    code,
    bits,
    most: 2 ** (isSigned ? bits - 1 : bits) - 1,
  }))
  const lengthOf = (length: number, choice: number) => {
    const fitting = lengths.filter(({ most }) => length <= most)
    const { code, bits } = fitting[choice % fitting.length]!
    return ascii(code, ...bytesOf(BigInt(length), bits))
  }
  const choice = fc.nat(8)
  const text = fc
    .string({ unit: 'grapheme', maxLength: 12 })
    .map((each) => new TextEncoder().encode(each.toWellFormed()))
    .chain((bytes) => choice.map((which) => [...lengthOf(bytes.length, which), ...bytes]))
  const digits = fc.tuple(fc.oneof(fc.bigInt().map(String), fc.constantFrom('0', '-0', '1.5', '1e9', '-3.25E-2')), choice)

  const bodies: { [code: string]: fc.Arbitrary<readonly number[]> } = {
    Z: fc.constant([]),
    T: fc.constant([]),
    F: fc.constant([]),
    d: fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
    D: fc.array(fc.nat(255), { minLength: 8, maxLength: 8 }),
    C: fc.nat(127).map((char) => [char]),
    S: text,
    H: digits.map(([each, which]) => [...lengthOf(each.length, which), ...ascii(each)]),
  }
  for (const [code, { bits }] of Object.entries(integers))
    bodies[code] = fc.array(fc.nat(255), { minLength: bits / 8, maxLength: bits / 8 })
  if (isBjdata) bodies['h'] = fc.array(fc.nat(255), { minLength: 2, maxLength: 2 })
  const scalar = fc.constantFrom(...Object.keys(bodies)).chain((code) => bodies[code]!.map((body): Form => ({ code, body })))
  const noops = fc.constantFrom('', '', '', 'N', 'NN')

  const { form } = fc.letrec<{ form: Form; container: Form }>((tie) => {
    const elements = fc.array(fc.tuple(noops, text, tie('form')), { maxLength: 4 })
    const untyped = fc.tuple(fc.boolean(), fc.option(choice), elements, noops).map(([isDictionary, counted, each, last]): Form => {
      const items = each.flatMap(([before, key, item]) => ascii(before, ...(isDictionary ? key : []), ...whole(item)))
      const code = isDictionary ? '{' : '['
      if (counted !== null) return { code, body: ascii('#', ...lengthOf(each.length, counted), ...items) }
      return { code, body: [...items, ...ascii(last), ...ascii(isDictionary ? '}' : ']')] }
    })
    const typed = fc
      .tuple(
        fc.boolean(),
        fc.boolean(),
        choice,
        fc.oneof(fc.array(scalar, { maxLength: 4 }), fc.array(tie('container'), { maxLength: 3 })),
        text,
      )
      .map(([isDictionary, isArray, which, each, key]): Form => {
        const type = each[0]?.code ?? 'i'
        const same = each.filter(({ code }) => code === type)
        const items = same.flatMap(({ body }) => [...(isDictionary ? key : []), ...body])
        const count = lengthOf(same.length, which)
        const announced = isArray && isBjdata && !isDictionary ? ascii('[', ...count, ...ascii(']')) : count
        return { code: isDictionary ? '{' : '[', body: [...ascii(`$${type}#`), ...announced, ...items] }
      })
    return {
      form: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalar, untyped, typed),
      container: fc.oneof({ maxDepth: 3 }, untyped, typed),
    }
  })
  return form
}

const around = (item: readonly number[]) =>
  Uint8Array.from([...ascii('[U', 36), ...ascii('U', 1), ...ascii('U', 1), ...ascii('{}['), ...item, ...ascii(']]')])

for (const [name, serializer] of [
  ['bjdata', ubjsonSerializer],
  ['ubjson', plainUbjsonSerializer],
] as readonly (readonly [string, Serializer])[]) {
  const isBjdata = name === 'bjdata'

  /** Decodes the frame, lying between other bytes, and compares with what the plain reader says; whether it was accepted. */
  function agrees(frame: Uint8Array): boolean {
    const wanted = plainly(frame, isBjdata)
    const room = Uint8Array.from([...ascii('[[S'), ...frame, ...ascii(']}]SU\x02')])
    let payload: Payload
    try {
      const message = serializer.decode(room, 3, 3 + frame.length)
      // A changed byte can make it another message, or one with other ids; then there is nothing to compare.
      if (wanted === 'another message' || wanted === 'no arguments') return false
      payload = (message as unknown as { payload: Payload }).payload
    } catch (error) {
      assert.ok(error instanceof ProtocolViolation, `${hexOf(frame)}: ${(error as Error).stack}`)
      assert.equal(typeof wanted, 'string', `${hexOf(frame)} is refused: ${error.message}`)
      return false
    }
    assert.ok(typeof wanted !== 'string', `${hexOf(frame)} is accepted, but has: ${wanted}`)
    const { hasDecimal, ...values } = wanted
    if (hasDecimal) {
      assert.throws(
        () => payload.read(),
        (error: unknown) => error instanceof UsageError && error.code === 'ERR_UNSERIALIZABLE',
      )
    } else assert.deepEqual(payload.read(), values, hexOf(frame))
    return true
  }

  describe(name, () => {
    test('SER-09 SER-12 every form of every value is read as the plain reader reads it', () => {
      fc.assert(
        fc.property(formsOf(isBjdata), (form) => assert.ok(agrees(around(whole(form))))),
        { numRuns: 3000 },
      )
    })

    test('SER-11 SER-26 with bytes changed, the walk accepts exactly what the plain reader accepts', () => {
      const change = fc.tuple(
        fc.nat(),
        fc.constantFrom('flip', 'set', 'drop', 'add'),
        fc.oneof(fc.nat(255), fc.constantFrom(...ascii('[]{}$#NZTSHCUiL'))),
      )
      fc.assert(
        fc.property(formsOf(isBjdata), fc.array(change, { minLength: 1, maxLength: 3 }), (form, changes) => {
          const item = whole(form)
          for (const [place, what, by] of changes) {
            const at = place % (item.length + 1)
            if (what === 'flip') item[at] = (item[at] ?? 0) ^ (1 << (by & 7))
            else if (what === 'set') item[at] = by
            else if (what === 'drop') item.splice(at, 1)
            else item.splice(at, 0, by)
          }
          agrees(around(item))
        }),
        { numRuns: 6000 },
      )
    })

    test('SER-25 in whatever form it came, a value that was read and written again reads alike', () => {
      fc.assert(
        fc.property(formsOf(isBjdata), (form) => {
          const { payload } = serializer.decode(around(whole(form))) as { payload: Payload }
          let again: Uint8Array
          try {
            again = serializer.encodePayload(serializer.decodePayload(payload.bytes, payload.start, payload.end, 1, true))
          } catch (error) {
            // Numbers that are not finite, and decimals.
            assert.equal((error as UsageError).code, 'ERR_UNSERIALIZABLE')
            return
          }
          assert.deepEqual(serializer.decodePayload(again, 0, again.length, 1, false)[0], payload.read().args)
        }),
        { numRuns: 2000 },
      )
    })
  })
}
