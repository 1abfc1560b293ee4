// Generated from the layout table: what one row says must hold in every serializer.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeMessage, MessageType, Payload } from '../src/index.ts'
import { type Layout, layoutOf, MESSAGE_LAYOUTS } from '../src/internal.ts'
import { frameOf, hexOf, layoutNamed, listIn, messageOf, opened, SERIALIZERS, sampleField, sampleList, violates } from './support.ts'

/** Payloads as they may end a message of this type. */
function tails(layout: Layout): unknown[][] {
  return layout.hasPayload ? [[], [[1, 'a']], [[], { key: true }], [[null], { a: [1.5], b: {} }]] : [[]]
}

/** A wrong value for a field of every kind, and one that JSON alone could not tell. */
const WRONG: Record<string, readonly unknown[]> = {
  id: ['1', true, null, 1.5, -1, 0, 2 ** 53 + 2, [], {}],
  revocable: ['1', true, null, 1.5, -1, 2 ** 53 + 2, [], {}],
  integer: ['1', true, null, 1.5, -1, 2 ** 53 + 2, [], {}],
  uri: [1, true, null, [], {}, new Uint8Array([1])],
  string: [1, true, null, [], {}, new Uint8Array([1])],
  realm: [1, true, [], {}, new Uint8Array([1])],
  dict: [1, 'a', true, null, [], new Uint8Array([1])],
  ignored: [1, 'a', true, null, []],
}

/** For every known option a value that no option of its kind takes. */
interface Fields {
  readonly options?: object
  readonly details?: object
}
const WRONG_OPTIONS: readonly unknown[] = [{ no: 'option is a dictionary' }, [null]]

for (const serializer of SERIALIZERS) {
  describe(`message layout in ${serializer.name}`, () => {
    for (const layout of MESSAGE_LAYOUTS) {
      test(`MSG-01 MSG-02 ${layout.name} is read and written as the table has it`, () => {
        for (const tail of tails(layout)) {
          const list = sampleList(layout, ...tail)
          const frame = frameOf(serializer, list)
          const message = serializer.decode(frame)
          assert.equal(message.type, layout.type)
          layout.fields.forEach((field, index) => {
            if (!field.isOptional) assert.deepEqual((message as unknown as Record<string, unknown>)[field.name], list[index + 1])
          })
          if (layout.hasPayload) {
            const payload = (message as { payload: Payload }).payload
            assert.equal(payload.count, tail.length)
            assert.deepEqual(payload.read(), { args: tail[0] ?? [], kwargs: tail[1] ?? {} })
          }
          assert.deepEqual(listIn(serializer, encodeMessage(serializer, message)), list)
        }
      })

      test(`MSG-10 ${layout.name} of a wrong length is a violation`, () => {
        const list = sampleList(layout)
        for (let length = 1; length < list.length; length++) {
          violates(() => serializer.decode(frameOf(serializer, list.slice(0, length))), new RegExp(`^${layout.name} must have `))
        }
        const full = [layout.type, ...layout.fields.map((field) => sampleField(field.kind)), ...(layout.hasPayload ? [[], {}] : [])]
        violates(() => serializer.decode(frameOf(serializer, [...full, {}])), new RegExp(`^${layout.name} must have `))
      })

      test(`MSG-10 ID-12 ${layout.name} with an element of a wrong type is a violation that names it`, () => {
        layout.fields.forEach((field, index) => {
          for (const wrong of WRONG[field.kind]!) {
            const list = [layout.type, ...layout.fields.map((each) => sampleField(each.kind))]
            list[index + 1] = wrong
            violates(
              () => serializer.decode(frameOf(serializer, list)),
              new RegExp(`^${field.label.replace('.', '\\.')} must be `),
              `${wrong}`,
            )
          }
        })
      })

      for (const [name, kind] of layout.options) {
        test(`MSG-11 ${layout.name}: a wrong ${name} is a violation that names it`, () => {
          for (const wrong of WRONG_OPTIONS) {
            const list = withOptions(layout, { [name]: wrong })
            violates(() => serializer.decode(frameOf(serializer, list)), new RegExp(`\\.${name} must be `), kind.expected)
          }
          const { options, details } = serializer.decode(frameOf(serializer, withOptions(layout, { [name]: null }))) as never as Fields
          assert.ok(!Object.hasOwn(options ?? details!, name), 'and null is the same as absent')
        })
      }

      test(`MSG-04 ${layout.name}: unknown keys in Options and Details are no error`, () => {
        if (!layout.fields.some((field) => field.kind === 'dict')) return
        const message = serializer.decode(frameOf(serializer, withOptions(layout, { _custom_key: 1, x: [{}], unheard_of: null })))
        assert.equal(message.type, layout.type)
      })

      if (layout.hasPayload) {
        test(`MSG-08 MSG-10 ${layout.name}: Arguments is a list, ArgumentsKw a dictionary, and nothing follows`, () => {
          const list = sampleList(layout)
          for (const wrong of [{}, 'a', 1, null, true]) {
            violates(
              () => serializer.decode(frameOf(serializer, [...list, wrong])),
              new RegExp(`^${layout.name}\\.Arguments must be a list`),
            )
          }
          for (const wrong of [[], 'a', 1, null, true]) {
            const frame = frameOf(serializer, [...list, [], wrong])
            violates(() => serializer.decode(frame), new RegExp(`^${layout.name}\\.ArgumentsKw must be a dictionary`))
          }
          violates(() => serializer.decode(frameOf(serializer, [...list, [], {}, 1])), /nothing after ArgumentsKw/)
        })
      }
    }

    test('MSG-05 MSG-18 a type code that WAMP v2 does not have is a violation', () => {
      for (const type of [0, 7, 9, 15, 37, 71, 255, 256, 337, 1023, 2 ** 53]) {
        violates(() => serializer.decode(frameOf(serializer, [type, 1, {}])), new RegExp(`^${type} is not a message type`))
      }
    })

    test('MSG-10 what is no list, empty, or has no integer as its type is a violation', () => {
      for (const wrong of [{}, 'a', 1, null, true])
        violates(() => serializer.decode(frameOf(serializer, wrong)), /^A message must be a list/)
      violates(() => serializer.decode(frameOf(serializer, [])), /must have elements/)
      for (const wrong of ['16', 16.5, -16, null, true, [], {}]) {
        violates(() => serializer.decode(frameOf(serializer, [wrong, 1, {}, 'a.b'])), /^message type must be an integer/)
      }
      violates(() => serializer.decode(new Uint8Array(0)), /./)
    })

    test('MSG-06 empty Arguments and ArgumentsKw are left out by senders and mean the same as none to receivers', () => {
      const call = (payload: Payload) => messageOf(layoutNamed('CALL'), [1, {}, 'a.b'], payload)
      for (const [payload, length] of [
        [Payload.of(), 4],
        [Payload.of([], {}), 4],
        [Payload.of([1]), 5],
        [Payload.of([], { a: 1 }), 6],
      ] as const) {
        assert.equal(listIn(serializer, encodeMessage(serializer, call(payload))).length, length)
      }
      for (const tail of [[], [[]], [[], {}]]) {
        const message = serializer.decode(frameOf(serializer, [48, 1, {}, 'a.b', ...tail]))
        assert.deepEqual(opened(message)['payload'], { args: [], kwargs: {} })
      }
    })

    test('MSG-14 ABORT may have arguments', () => {
      const list = [3, { message: 'm' }, 'wamp.error.x', [1], { a: 2 }]
      for (const length of [3, 4, 5]) {
        const message = serializer.decode(frameOf(serializer, list.slice(0, length)))
        assert.deepEqual(listIn(serializer, encodeMessage(serializer, message)), list.slice(0, length))
      }
    })

    test('MSG-15 UNSUBSCRIBE and UNREGISTER may end with Options, which nobody reads', () => {
      for (const type of [MessageType.UNSUBSCRIBE, MessageType.UNREGISTER]) {
        const message = serializer.decode(frameOf(serializer, [type, 1, 2, { forward_for: [] }]))
        assert.deepEqual(listIn(serializer, encodeMessage(serializer, message)), [type, 1, 2])
      }
    })

    test('ID-01 the request id 0 stands in revocations and nowhere else', () => {
      for (const [type, key] of [
        [MessageType.UNSUBSCRIBED, 'subscription'],
        [MessageType.UNREGISTERED, 'registration'],
      ] as const) {
        const details = { [key]: 5, reason: 'wamp.close.normal' }
        const message = serializer.decode(frameOf(serializer, [type, 0, details]))
        assert.deepEqual((message as unknown as { details: unknown }).details, details)
        assert.deepEqual(listIn(serializer, encodeMessage(serializer, message)), [type, 0, details])
        violates(() => serializer.decode(frameOf(serializer, [type, 0])), /as a revocation/)
        violates(() => serializer.decode(frameOf(serializer, [type, 4, details])), /as a revocation/)
        violates(() => serializer.decode(frameOf(serializer, [type, 0, { [key]: true }])), new RegExp(`${key} must be an id`))
      }
    })

    test('ID-01 ID-13 ids of the whole range 1 … 2^53 pass', () => {
      for (const id of [1, 127, 128, 255, 256, 65535, 65536, 99999999, 100000000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53]) {
        const frame = frameOf(serializer, [17, id, id])
        const message = serializer.decode(frame)
        assert.deepEqual(opened(message), { type: 17, requestId: id, publicationId: id })
        assert.equal(hexOf(encodeMessage(serializer, message)), hexOf(frame))
      }
    })

    test('SES-09 HELLO may leave the realm to the router with null', () => {
      const message = serializer.decode(frameOf(serializer, [1, null, { roles: {} }]))
      assert.deepEqual(listIn(serializer, encodeMessage(serializer, message)), [1, null, { roles: {} }])
    })
  })
}

/** The sample of a message with `options` as its first dictionary. */
function withOptions(layout: Layout, options: object): unknown[] {
  const list: unknown[] = sampleList(layout)
  const at = layout.fields.findIndex((field) => field.kind === 'dict')
  list[at + 1] = options
  if (layout.fields[at]!.isOptional) list[1] = 0
  return list
}

test('MSG-01 the table has one row for every message type', () => {
  assert.deepEqual(
    MESSAGE_LAYOUTS.map((layout) => [layout.name, layout.type]),
    Object.entries(MessageType),
  )
  for (const layout of MESSAGE_LAYOUTS) assert.equal(layoutOf(layout.type), layout)
  assert.equal(layoutOf(0), undefined)
  assert.equal(layoutOf(100000), undefined)
})

test('MSG-03 every option of the table has a key as the specification wants them', () => {
  for (const layout of MESSAGE_LAYOUTS) for (const name of layout.options.keys()) assert.match(name, /^[a-z][a-z0-9_]{2,}$/)
})

test('MSG-10 the lengths of the table are those of the specification', () => {
  const lengths = Object.fromEntries(MESSAGE_LAYOUTS.map((layout) => [layout.name, `${layout.lengthMin}-${layout.lengthMax}`]))
  assert.deepEqual(lengths, {
    HELLO: '3-3',
    WELCOME: '3-3',
    ABORT: '3-5',
    CHALLENGE: '3-3',
    AUTHENTICATE: '3-3',
    GOODBYE: '3-3',
    ERROR: '5-7',
    PUBLISH: '4-6',
    PUBLISHED: '3-3',
    SUBSCRIBE: '4-4',
    SUBSCRIBED: '3-3',
    UNSUBSCRIBE: '3-4',
    UNSUBSCRIBED: '2-3',
    EVENT: '4-6',
    CALL: '4-6',
    CANCEL: '3-3',
    RESULT: '3-5',
    REGISTER: '4-4',
    REGISTERED: '3-3',
    UNREGISTER: '3-4',
    UNREGISTERED: '2-3',
    INVOCATION: '4-6',
    INTERRUPT: '3-3',
    YIELD: '3-5',
  })
})
