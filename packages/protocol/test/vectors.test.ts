// The specification's own vectors and ours, byte for byte. vectors/*.json say where they come from and what each shows.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeMessage, type Message, Payload, type Serializer } from '../src/index.ts'
import { layoutOf } from '../src/internal.ts'
import { ALL_SERIALIZERS, bytesOf, type Fields, frameOf, hexOf, messageOf, opened, SERIALIZERS, textOf, violates } from './support.ts'
import edges from './vectors/edges.json' with { type: 'json' }
import suite from './vectors/wamp-testsuite.json' with { type: 'json' }

interface Sample {
  readonly description: string
  readonly message: readonly unknown[]
  readonly isTransparent?: boolean
  readonly isUnknownType?: boolean
  readonly [serializer: string]: unknown
}
interface Validation {
  readonly message: readonly unknown[]
  readonly names?: string
  readonly isExtension?: boolean
  readonly isTransparent?: boolean
}

const samples = suite.samples as unknown as readonly Sample[]
const validations = suite.validations as unknown as readonly Validation[]

/** The variants of a sample in one serializer: JSON as text, the others as hexadecimal. */
function variants(sample: Sample, serializer: Serializer): Uint8Array[] {
  return (sample[serializer.name] as string[]).map((text) => (serializer.isBinary ? bytesOf(text) : textOf(text)))
}

/** What the raw list of a message must read as. */
function expected(list: readonly unknown[]): Fields {
  const layout = layoutOf(list[0] as number)!
  const fields: Fields = { type: layout.type }
  layout.fields.forEach((field, index) => {
    if (field.name !== '') fields[field.name] = list[index + 1]
  })
  const rest = list.slice(layout.fields.length + 1)
  if (layout.hasPayload) fields['payload'] = { args: rest[0] ?? [], kwargs: rest[1] ?? {} }
  return fields
}

/** The message that the raw list describes, as a sender would make it. */
function built(list: readonly unknown[]): Message {
  const layout = layoutOf(list[0] as number)!
  const [args, kwargs] = list.slice(layout.fields.length + 1) as [unknown[]?, Record<string, unknown>?]
  return messageOf(layout, list.slice(1), Payload.of(args, kwargs))
}

describe('the vectors of the specification', () => {
  test('VEC-05 the file has as many samples as the specification', () => {
    const count = (name: string) => samples.reduce((sum, sample) => sum + (sample[name] as string[]).length, 0)
    assert.deepEqual([samples.length, count('json'), count('msgpack'), count('cbor')], [35, 59, 35, 35])
    assert.deepEqual([validations.length, validations.filter((each) => each.names).length], [67, 28])
  })

  for (const sample of samples.filter((each) => !each.isTransparent && !each.isUnknownType)) {
    for (const serializer of SERIALIZERS) {
      test(`VEC-06 ${serializer.name}: ${sample.description}`, () => {
        const frames = variants(sample, serializer)
        for (const frame of frames) assert.deepEqual(opened(serializer.decode(frame)), expected(sample.message))
        const ours = hexOf(encodeMessage(serializer, built(sample.message)))
        assert.ok(
          frames.some((frame) => hexOf(frame) === ours),
          `${ours} is none of the variants`,
        )
        const again = hexOf(encodeMessage(serializer, serializer.decode(frames.at(-1)!)))
        assert.equal(again, ours, 'passing it on gives the same bytes')
      })
    }
  }

  for (const sample of samples.filter((each) => each.isTransparent)) {
    for (const serializer of SERIALIZERS) {
      test(`VEC-07 PPT-16 ${serializer.name}: ${sample.description}`, () => {
        const { hex } = sample.message[sample.message.length - 1] as { hex: string }
        for (const frame of variants(sample, serializer)) {
          const message = serializer.decode(frame) as Message & { payload: Payload }
          assert.equal(hexOf(message.payload.readOpaque() as Uint8Array), hex)
          assert.deepEqual(opened({ ...message, payload: Payload.of() } as Message), expected(sample.message.slice(0, -1)))
          const again = hexOf(encodeMessage(serializer, message))
          assert.equal(again, hexOf(frame), 'passing it on gives the same bytes')
          const made = { ...message, payload: Payload.opaque(bytesOf(hex)) } as Message
          assert.equal(hexOf(encodeMessage(serializer, made)), again, 'and so does making it')
        }
      })
    }
  }

  for (const sample of samples.filter((each) => each.isUnknownType)) {
    for (const serializer of SERIALIZERS) {
      test(`MSG-18 MSG-05 ${serializer.name}: ${sample.description}`, () => {
        for (const frame of variants(sample, serializer)) violates(() => serializer.decode(frame), /^337 is not a message type/)
      })
    }
  }

  for (const { message, names, isExtension, isTransparent } of validations) {
    const title = JSON.stringify(message)
    if (isTransparent && names === undefined) {
      test(`VEC-07 PPT-16 text in the place of Arguments: ${title}`, () => {
        for (const serializer of ALL_SERIALIZERS) {
          const { payload } = serializer.decode(frameOf(serializer, message)) as { payload: Payload }
          assert.equal(payload.readOpaque(), message[message.length - 1])
          assert.deepEqual(payload.read(), { args: [message[message.length - 1]], kwargs: {} })
        }
      })
    } else if (isExtension && !isTransparent) {
      test(`VEC-07 MSG-04 a key of one implementation is not looked at: ${title}`, () => {
        for (const serializer of ALL_SERIALIZERS)
          assert.deepEqual(opened(serializer.decode(frameOf(serializer, message))), expected(message))
      })
    } else if (names === undefined) {
      test(`VEC-04 valid: ${title}`, () => {
        for (const serializer of ALL_SERIALIZERS)
          assert.deepEqual(opened(serializer.decode(frameOf(serializer, message))), expected(message))
      })
    } else {
      test(`VEC-04 MSG-11 the violation names ${names}: ${title}`, () => {
        for (const serializer of ALL_SERIALIZERS)
          violates(() => serializer.decode(frameOf(serializer, message)), new RegExp(`\\.${names} must be`))
      })
    }
  }

  test('VEC-09 only what is present is compared: HELLO and WELCOME need no key but roles here', () => {
    for (const sample of samples.filter((each) => each.message[0] === 1 || each.message[0] === 2)) {
      for (const serializer of SERIALIZERS) {
        const message = serializer.decode(variants(sample, serializer)[0]!) as unknown as { details: Fields }
        assert.deepEqual(Object.keys(message.details), ['roles'])
      }
    }
  })
})

interface Edge {
  readonly serializer: string
  readonly says: string
  readonly frame: string
  readonly reads?: unknown
  readonly refuses?: string
}

describe('vectors of our own', () => {
  for (const edge of edges.vectors as readonly Edge[]) {
    const serializer = SERIALIZERS.find((each) => each.name === edge.serializer)!
    const frame = serializer.isBinary ? bytesOf(edge.frame) : textOf(edge.frame)
    test(`${edge.serializer}: ${edge.says}`, () => {
      if (edge.refuses !== undefined) violates(() => serializer.decode(frame), new RegExp(edge.refuses))
      else {
        const { type, payload, ...rest } = opened(serializer.decode(frame)) as {
          type: number
          payload?: { args: unknown[]; kwargs: object }
        }
        const list = [type, ...Object.values(rest), ...(payload ? [payload.args, payload.kwargs] : [])]
        assert.deepEqual(JSON.parse(JSON.stringify(list, plain)), edge.reads)
      }
    })
  }
})

/** Bytes and big integers in a form that a JSON file can hold. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { integer: String(value) }
  return value instanceof Uint8Array ? { hex: hexOf(value) } : value
}
