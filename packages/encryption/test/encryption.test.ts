import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApplicationError, Client, type Invocation, type PayloadCodec } from '@crosspoint/client'
import { cborSerializer, type Event, MessageType, Payload, type Publish, UsageError } from '@crosspoint/protocol'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import fc from 'fast-check'
import { open, seal, sharedKey } from '../src/box.ts'
import { cryptobox, dataKey, generateKeyPair, KeyRing, passthru } from '../src/index.ts'
import vectors from './vectors/autobahn.json' with { type: 'json' }

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))
const secretOf = () => generateKeyPair().privateKey

/** A router, clients that join it, and what the router carries. */
async function world(...codecs: (PayloadCodec | undefined)[]) {
  const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
  const clients = codecs.map((payloadCodec) => new Client({ peer: () => router.attachLocal(), payloadCodec, logger: SILENT }))
  for (const client of clients) await client.start()
  return { clients, end: () => Promise.all(clients.map((client) => client.stop())) }
}

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ApplicationError, String(error))
  return error.error
}

describe('boxes', () => {
  test('the shared key is that of NaCl', () => {
    const { originatorPrivate, originatorPublic, responderPrivate, responderPublic } = vectors
    assert.deepEqual(sharedKey(bytes(originatorPrivate), bytes(responderPublic)), hex(vectors.sharedKey))
    assert.deepEqual(sharedKey(bytes(responderPrivate), bytes(originatorPublic)), hex(vectors.sharedKey))
  })

  test('what is sealed opens with the same key alone, and not when a byte was changed', () => {
    const key = sharedKey(bytes(vectors.originatorPrivate), bytes(vectors.responderPublic))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (plain, at) => {
        const box = seal(key, plain)
        assert.deepEqual(open(key, box), plain)
        box[at % box.length]! ^= 1
        assert.equal(open(key, box), undefined)
      }),
    )
    assert.equal(open(key, new Uint8Array(39)), undefined)
  })
})

describe('cryptobox, as Autobahn|Python has it', () => {
  const originator = new KeyRing({
    'com.example.secret': { originatorPrivate: vectors.originatorPrivate, responderPublic: vectors.responderPublic },
  })
  const responder = new KeyRing({
    'com.example.secret': { responderPrivate: vectors.responderPrivate, originatorPublic: vectors.originatorPublic },
  })

  for (const { isOriginator, uri, args, kwargs, box, enc_algo, enc_serializer } of vectors.boxes) {
    test(`PPT-16 what Autobahn sealed for ${uri} is read`, () => {
      const event = { type: MessageType.EVENT, subscriptionId: 1, publicationId: 1, details: { enc_algo, enc_serializer } }
      const result = { type: MessageType.RESULT, requestId: 1, details: { enc_algo, enc_serializer } }
      const message = { ...(isOriginator ? event : result), payload: Payload.opaque(hex(box)) } as unknown as Event
      const opened = cryptobox(isOriginator ? responder : originator).open(message, uri)
      const expected = (kwargs as { n?: number } | null)?.n === undefined ? (kwargs ?? {}) : { n: 9007199254740993n }
      assert.deepEqual(opened?.payload.read(), { args: args ?? [], kwargs: expected })
      assert.equal(cryptobox(isOriginator ? responder : originator).open(message, 'com.example.secret.other'), undefined, 'of another URI')
    })
  }

  test('the longest prefix decides; what has no key travels in the clear', () => {
    const [one, two] = [secretOf(), secretOf()]
    const ring = new KeyRing({ 'com.': one, 'com.example.': two })
    assert.deepEqual(ring.secretFor('com.example.x', true), new KeyRing({ '': two }).secretFor('x', true))
    assert.deepEqual(ring.secretFor('com.other', true), new KeyRing({ '': one }).secretFor('x', true))
    assert.equal(ring.secretFor('org.example', true), undefined)
    ring.set('com.example.', undefined)
    assert.deepEqual(ring.secretFor('com.example.x', true), new KeyRing({ '': one }).secretFor('x', true))
    const publish: Publish = {
      type: MessageType.PUBLISH,
      requestId: 1 as never,
      options: {},
      topic: 'org.example',
      payload: Payload.of([1]),
    }
    assert.equal(cryptobox(ring).seal(publish, 'org.example'), publish)
  })

  test('a key that is none, and keys that make no side, are refused; the message does not show them', () => {
    const refused = (keys: ConstructorParameters<typeof KeyRing>[0]) =>
      assert.throws(
        () => new KeyRing(keys),
        (error: unknown) => {
          assert.ok(error instanceof UsageError)
          assert.equal(error.code, 'ERR_INVALID_ARGUMENT')
          assert.ok(!error.message.includes('c2VjcmV0'))
          return true
        },
      )
    refused({ 'com.': 'c2VjcmV0' })
    refused({ 'com.': 'no Base64 c2VjcmV0' })
    refused({ 'com.': {} })
    refused({ 'com.': { originatorPublic: generateKeyPair().publicKey } })
    refused({ 'com.': { originatorPrivate: secretOf(), responderPublic: Buffer.alloc(32).toString('base64') } })
  })
})

for (const [name, make] of [
  ['cryptobox', (secret: string) => cryptobox(new KeyRing({ 'com.secret.': secret }))],
  ['passthru wamp, xsalsa20poly1305', (secret: string) => codecFor(secret, 'xsalsa20poly1305')],
  ['passthru wamp, aes256gcm', (secret: string) => codecFor(secret, 'aes256gcm')],
] as const) {
  describe(name, () => {
    const secret = secretOf()

    test('PPT-08 calls, progress, errors and events arrive as they were sent', async () => {
      const { clients, end } = await world(make(secret), make(secret))
      const [one, two] = clients as [Client, Client]
      await one.registerInvocation('com.secret.add', async ({ args, kwargs, progress, input }) => {
        if (kwargs['fails'] === true) throw new ApplicationError('com.secret.error.failed', ['why'], { code: 7 })
        if (kwargs['counts'] === true) {
          const seen: unknown[] = []
          for await (const chunk of input) seen.push(chunk.args[0])
          return seen
        }
        progress(['half'])
        return (args as number[]).reduce((sum, n) => sum + n, 0)
      })
      const progress: unknown[] = []
      const call = two.callProgress('com.secret.add', { args: [2, 3] })
      for await (const { value } of call) progress.push(value)
      assert.deepEqual([progress, (await call.result).value], [['half'], 5])
      const failed = two.callResult('com.secret.add', { kwargs: { fails: true } }).catch((error: ApplicationError) => error)
      const { error, args, kwargs } = (await failed) as ApplicationError
      assert.deepEqual([error, args, kwargs], ['com.secret.error.failed', ['why'], { code: 7 }])
      const input = (async function* () {
        yield { args: [1] }
        return { args: [2] }
      })()
      assert.deepEqual((await two.callResult('com.secret.add', { args: [0], kwargs: { counts: true }, input })).value, [0, 1, 2])
      const heard = new Promise((resolve) => void one.subscribe('com.secret.topic', (...values) => resolve(values)))
      await two.call('wamp.session.count') // so that the subscription is there
      two.publish('com.secret.topic', 'hello', { deep: [new Uint8Array([1, 2])] })
      const [first, second] = (await heard) as [string, { deep: [Uint8Array] }]
      assert.equal(first, 'hello')
      assert.deepEqual([...second.deep[0]], [1, 2])
      await end()
    })

    test('PPT-08 of patterns: what is sealed names the URI that was called or published to', async () => {
      const { clients, end } = await world(make(secret), make(secret))
      const [one, two] = clients as [Client, Client]
      const run = async ({ args, progress }: Invocation) => {
        progress(['half'])
        return args[0]
      }
      await one.registerInvocation('com.secret.any', run, { match: 'prefix' })
      const progress: unknown[] = []
      const call = two.callProgress('com.secret.any.one', { args: ['whole'] })
      for await (const { value } of call) progress.push(value)
      assert.deepEqual([progress, (await call.result).value], [['half'], 'whole'])
      const heard = new Promise((resolve) => void one.subscribe('com.secret', resolve, { match: 'prefix' }))
      await two.call('wamp.session.count') // so that the subscription is there
      two.publish('com.secret.topic', 'hello')
      assert.equal(await heard, 'hello')
      await end()
    })

    test('PPT-14 who lacks the key: an event is dropped, a call answered with invalid_argument', async () => {
      const { clients, end } = await world(make(secret), make(secretOf()))
      const [one, stranger] = clients as [Client, Client]
      const heard: unknown[] = []
      await stranger.subscribe('com.secret.topic', (...values) => heard.push(values))
      await one.publishEvent('com.secret.topic', { args: ['hidden'], acknowledge: true })
      await stranger.register('com.secret.add', () => 1)
      assert.equal(await refusal(one.call('com.secret.add', 1)), 'wamp.error.invalid_argument')
      assert.deepEqual(heard, [])
      await end()
    })

    test('PPT-09 the router carries nothing that can be read', async () => {
      const { clients, end } = await world(make(secret), undefined)
      const [one, plain] = clients as [Client, Client]
      const carried: unknown[] = []
      await one.subscribeEvent('com.secret.topic', (event) => carried.push(event.args))
      await plain.subscribeEvent('com.secret.topic', (event) => carried.push(event.args))
      await one.publishEvent('com.secret.topic', { args: ['visible?'], acknowledge: true, exclude_me: false })
      await one.call('wamp.session.count')
      assert.deepEqual(carried, [['visible?']], 'a client without a codec gets nothing')
      await end()
    })
  })
}

function codecFor(secret: string, cipher: 'xsalsa20poly1305' | 'aes256gcm'): PayloadCodec {
  const key = dataKey(secret)
  const isSecret = (uri: string) => uri.startsWith('com.secret.')
  return passthru({
    scheme: 'wamp',
    cipher,
    keyFor: (uri) => (isSecret(uri) ? key : undefined),
    keyById: (id) => (id === key.id ? key : undefined),
  })
}

describe('passthru', () => {
  const publish = (args: unknown[], kwargs = {}): Publish => ({
    type: MessageType.PUBLISH,
    requestId: 1 as never,
    options: {},
    topic: 'com.example',
    payload: Payload.of(args, kwargs),
  })
  const eventOf = ({ options, payload }: Publish): Event => ({
    type: MessageType.EVENT,
    subscriptionId: 1 as never,
    publicationId: 1 as never,
    details: options,
    payload,
  })

  test('PPT-07 PPT-08 PPT-17 one binary argument that holds args and kwargs', () => {
    const sealed = passthru({ scheme: 'x_plain', serializer: 'cbor' }).seal(publish([1], { two: 2 }), 'com.example')
    assert.deepEqual(sealed.options, { ppt_scheme: 'x_plain', ppt_serializer: 'cbor' })
    const { args, kwargs } = sealed.payload.read()
    assert.equal(args.length, 1)
    assert.deepEqual(kwargs, {})
    const content = args[0] as Uint8Array
    assert.deepEqual(cborSerializer.decodePayload(content, 0, content.length, 1, false)[0], { args: [1], kwargs: { two: 2 } })
  })

  for (const serializer of ['json', 'msgpack', 'cbor', 'native']) {
    test(`PPT-10 scheme mqtt with ${serializer}`, () => {
      const codec = passthru({ scheme: 'mqtt', serializer })
      const opened = codec.open(eventOf(codec.seal(publish([1, 'a'], { b: null }), 'com.example')), 'com.example')
      assert.deepEqual(opened?.payload.read(), { args: [1, 'a'], kwargs: { b: null } })
    })
  }

  test('PPT-10 what the specification does not allow is refused', () => {
    const refused = (options: object) =>
      assert.throws(
        () => passthru(options as never),
        (error: unknown) => (error as UsageError).code === 'ERR_INVALID_ARGUMENT',
      )
    refused({ scheme: 'other' })
    refused({ scheme: 'wamp', serializer: 'json', keyFor: () => undefined })
    refused({ scheme: 'wamp' })
    refused({ scheme: 'wamp', cipher: 'rot13', keyFor: () => undefined })
    refused({ scheme: 'mqtt', cipher: 'aes256gcm', keyFor: () => undefined })
    refused({ scheme: 'x_own', serializer: 'native', cipher: 'aes256gcm', keyFor: () => undefined })
    refused({ scheme: 'x_own', serializer: 'yaml' })
  })

  test('PPT-12 the id of a key: 0x and 40 hex digits with the checksum of EIP-55', () => {
    const { id } = dataKey(vectors.originatorPrivate)
    assert.match(id, /^0x[0-9a-fA-F]{40}$/)
    assert.notEqual(id, id.toLowerCase())
    assert.equal(dataKey(vectors.originatorPrivate).id, id)
    assert.notEqual(dataKey(vectors.responderPrivate).id.toLowerCase(), id.toLowerCase())
  })

  test('PPT-14 what is not of the shape is not delivered, whatever it is', () => {
    const codec = passthru({ scheme: 'x_plain', serializer: 'cbor' })
    const event = (payload: Payload, details = {}): Event => ({
      ...eventOf(publish([])),
      details: { ppt_scheme: 'x_plain', ppt_serializer: 'cbor', ...details },
      payload,
    })
    const content = (value: unknown) => Payload.of([cborSerializer.encodePayload([value])])
    for (const payload of [
      Payload.of([]),
      Payload.of(['text']),
      Payload.of([new Uint8Array(0)]),
      Payload.of([new Uint8Array([0xff, 1])]),
      Payload.of([new Uint8Array([1]), 2]),
      content(1),
      content(null),
      content({ args: 1 }),
      content({ args: [], kwargs: [] }),
    ]) {
      assert.equal(codec.open(event(payload), 'com.example'), undefined)
    }
    assert.equal(codec.open(event(content({ args: [1] }), { ppt_serializer: 'yaml' }), 'com.example'), undefined)
    assert.equal(codec.open(event(content({ args: [1] }), { ppt_cipher: 'rot13', ppt_keyid: '0x1' }), 'com.example'), undefined)
    assert.deepEqual(codec.open(event(content({ args: [1] })), 'com.example')?.payload.read().args, [1])
  })
})
