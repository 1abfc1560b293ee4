// One publication to receivers of every serializer: equal values, and each form made once.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  cborSerializer,
  jsonSerializer,
  type Message,
  MessageType,
  msgpackSerializer,
  type Serializer,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import fc from 'fast-check'
import { type TestClient, World } from './support.ts'

const SERIALIZERS = [jsonSerializer, msgpackSerializer, cborSerializer, ubjsonSerializer]

interface Group {
  readonly name: string
  readonly clients: readonly TestClient[]
}

/** Three subscribers of every kind: in process, and with each serializer over a plain transport and over a queue. */
function subscribers(world: World): Group[] {
  const kinds = SERIALIZERS.flatMap((serializer) => [
    { name: serializer.name, link: { serializer } },
    { name: `${serializer.name}, queued`, link: { serializer, isQueued: true } },
  ])
  return [{ name: 'in process', link: {} }, ...kinds].map(({ name, link }) => {
    const clients = [1, 2, 3].map(() => world.join(link))
    for (const client of clients) client.ask(32, {}, 'a.topic')
    return { name, clients }
  })
}

/** Counts how often each serializer writes an EVENT's head and a payload. */
function count(t: TestContext): { heads: (serializer: Serializer) => number; payloads: (serializer: Serializer) => number } {
  const spies = new Map(
    SERIALIZERS.map((serializer) => [
      serializer as Serializer,
      { heads: t.mock.method(serializer, 'encodeHead'), payloads: t.mock.method(serializer, 'encodePayload') },
    ]),
  )
  return {
    heads: (serializer) =>
      spies.get(serializer)!.heads.mock.calls.filter((call) => (call.arguments[0] as Message).type === MessageType.EVENT).length,
    payloads: (serializer) => spies.get(serializer)!.payloads.mock.callCount(),
  }
}

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.string().filter((text) => !text.startsWith('\0')),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

/** Byte strings may come as any kind of Uint8Array, and -0 as 0 from a format that has no -0 integer. */
function plain(item: unknown): unknown {
  if (item instanceof Uint8Array) return { bytes: [...item] }
  if (Array.isArray(item)) return item.map(plain)
  if (typeof item === 'object' && item !== null) return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, plain(each)]))
  return Object.is(item, -0) ? 0 : item
}

describe('SER-25 equal values reach subscribers of every serializer', () => {
  for (const publisherSerializer of [undefined, ...SERIALIZERS]) {
    test(`SER-25 published ${publisherSerializer === undefined ? 'in process' : `as ${publisherSerializer.name}`}`, () => {
      const world = new World()
      const groups = subscribers(world)
      const publisher = world.join(publisherSerializer === undefined ? {} : { serializer: publisherSerializer })
      const kwargs = fc.dictionary(fc.string({ maxLength: 5 }), value, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
      fc.assert(
        fc.property(fc.array(value, { maxLength: 4 }), kwargs, (args, named) => {
          publisher.request(16, {}, 'a.topic', args, named)
          for (const { name, clients } of groups) {
            for (const client of clients) {
              const [event, ...rest] = client.take()
              assert.equal(rest.length, 0)
              assert.deepEqual(plain(event!.slice(4)), plain([args, named]), name)
            }
          }
        }),
        { numRuns: 100 },
      )
    })
  }
})

describe('one publication is encoded once per serializer in use', () => {
  const queued = (world: World, perSerializer: number): TestClient[] =>
    SERIALIZERS.flatMap((serializer) => Array.from({ length: perSerializer }, () => world.join({ serializer, isQueued: true })))

  test('to all subscribers, and to those that a filter leaves', (t) => {
    for (const options of [{}, { exclude: [1] }]) {
      const world = new World()
      const clients = queued(world, 10)
      const publisher = world.join({ serializer: jsonSerializer })
      for (const client of clients) client.ask(32, {}, 'a.topic')
      const counted = count(t)
      const frame = [16, 1, options, 'a.topic', ['x', 1]]
      publisher.send(...frame)
      // The publisher's own client encodes its frame with `encodePayload` too.
      const own = new Map<Serializer, number>([[jsonSerializer, 1]])
      for (const serializer of SERIALIZERS) {
        assert.equal(counted.heads(serializer), 1, `${serializer.name} heads`)
        const transcoded = serializer === jsonSerializer ? 0 : 1 // what is in the right form already is passed on as it is
        assert.equal(counted.payloads(serializer) - (own.get(serializer) ?? 0), transcoded, `${serializer.name} payloads`)
      }
      t.mock.restoreAll()
      for (const client of clients) assert.deepEqual(client.take()[0]!.slice(4), [['x', 1]])
    }
  })

  test('a serializer that nobody uses is not used', (t) => {
    const world = new World()
    const clients = Array.from({ length: 5 }, () => world.join({ serializer: jsonSerializer, isQueued: true }))
    const publisher = world.join({ serializer: cborSerializer })
    for (const client of clients) client.ask(32, {}, 'a.topic')
    const counted = count(t)
    publisher.request(16, {}, 'a.topic', [1])
    assert.deepEqual(SERIALIZERS.map(counted.heads), [1, 0, 0, 0])
    assert.deepEqual(SERIALIZERS.map(counted.payloads), [1, 0, 1, 0], 'that of CBOR is the frame of the publisher itself')
  })

  test('over transports without a queue the payload is transcoded once all the same', (t) => {
    const world = new World()
    for (const serializer of SERIALIZERS) for (let i = 0; i < 5; i++) world.join({ serializer }).ask(32, {}, 'a.topic')
    const publisher = world.join({ serializer: jsonSerializer })
    const counted = count(t)
    publisher.request(16, {}, 'a.topic', [1])
    assert.deepEqual(SERIALIZERS.map(counted.payloads), [1, 1, 1, 1])
  })
})

test('TRN-48 what a subscriber in this process changes, no other sees', () => {
  const world = new World()
  const [one, two, publisher] = [world.join(), world.join(), world.join()]
  for (const client of [one, two]) client.ask(32, {}, 'a.topic')
  publisher.request(16, {}, 'a.topic', [{ list: [1] }])
  const mine = one.take()[0]![4] as { list: number[] }[]
  mine[0]!.list.push(2)
  assert.deepEqual(two.take()[0]![4], [{ list: [1] }])
})
