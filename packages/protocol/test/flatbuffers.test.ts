import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cborSerializer, encodeMessage, jsonSerializer, type Message, Payload, UsageError } from '../src/index.ts'
import { ByteSink, EMPTY_PAYLOAD, layoutOf } from '../src/internal.ts'
import { flatbuffersSerializer } from '../src/serializers/flatbuffers.ts'
import { bytesOf, type Fields, frameOf, hexOf, messageOf, opened, textOf, violates } from './support.ts'
import vectors from './vectors/flatbuffers.json' with { type: 'json' }
import suite from './vectors/wamp-testsuite.json' with { type: 'json' }

interface Vector {
  readonly file?: string
  readonly description: string
  readonly message: readonly unknown[]
  readonly differs?: string
  readonly isUnknownType?: boolean
  readonly flatbuffers: string
}
const samples = vectors.samples as unknown as readonly Vector[]
const theirs = vectors.theirs as unknown as readonly Vector[]
const ours = vectors.ours as unknown as readonly Vector[]

/** The message that a raw list describes; `{ hex }` in the place of Arguments is an opaque payload. */
function built(list: readonly unknown[]): Message {
  const layout = layoutOf(list[0] as number)!
  const [args, kwargs] = list.slice(layout.fields.length + 1) as [unknown[] | { hex: string }, Fields?]
  const payload = args === undefined || Array.isArray(args) ? Payload.of(args, kwargs) : Payload.opaque(bytesOf(args.hex))
  return messageOf(layout, list.slice(1), payload)
}
const decode = (hex: string): Message => flatbuffersSerializer.decode(bytesOf(hex))
const encode = (list: readonly unknown[]): Uint8Array => encodeMessage(flatbuffersSerializer, built(list))
const payloadOf = (message: Message): Payload => (message as { payload: Payload }).payload

/** The message after a way through FlatBuffers. */
function carried(list: readonly unknown[]): Fields {
  return opened(flatbuffersSerializer.decode(encode(list)))
}

/** A frame that reads as `list`, with the bytes at `at` (from the end when negative) replaced. */
function damaged(list: readonly unknown[], at: number, ...bytes: number[]): Uint8Array {
  const frame = encode(list)
  frame.set(bytes, at < 0 ? frame.length + at : at)
  return frame
}

/** Where in a frame of ours the slot of the message is stored: the list of slots is at byte 22, the table 4 after a multiple of 8. */
function placeOf(frame: Uint8Array, slot: number): number {
  const view = new DataView(frame.buffer, frame.byteOffset)
  const table = 16 + view.getUint32(16, true)
  return table + view.getUint16(table - view.getInt32(table, true) + 4 + 2 * slot, true)
}

test('SER-13 the name, the subprotocol, the number and the form of FlatBuffers', () => {
  const { name, subprotocol, rawSocketId, isBinary, tail } = flatbuffersSerializer
  assert.deepEqual([name, subprotocol, rawSocketId, isBinary, tail.length], ['flatbuffers', 'wamp.2.flatbuffers', 5, true, 0])
})

describe('the vectors of the specification', () => {
  test('VEC-05 34 of the 35 samples have a frame, and read as the others do, but for what the schema makes of them', () => {
    assert.equal(samples.length, 34)
    const known = suite.samples.filter((each) => each.file !== 'advanced/publish_with_publisher_exclusion_disabled')
    for (const [index, sample] of samples.entries()) {
      assert.equal(sample.file, known[index]!.file)
      if (sample.differs === undefined) assert.deepEqual(sample.message, known[index]!.message, sample.description)
    }
  })

  for (const { description, message, flatbuffers } of samples.filter((each) => !each.isUnknownType)) {
    test(`VEC-06 SER-13 ${description}`, () => {
      const received = decode(flatbuffers)
      assert.deepEqual(opened(received), opened(built(message)))
      assert.deepEqual(carried(message), opened(received))
      assert.equal(hexOf(encodeMessage(flatbuffersSerializer, received)), hexOf(encode(message)), 'passed on as it would be made')
    })
  }

  for (const { description, flatbuffers } of samples.filter((each) => each.isUnknownType)) {
    test(`MSG-18 MSG-05 ${description}`, () => violates(() => decode(flatbuffers), /^37 is not a message type/))
  }

  test('VEC-09 HELLO and WELCOME without roles are read as those of a peer with all roles and no features', () => {
    const [hello, welcome] = samples.slice(0, 2).map(({ flatbuffers }) => (decode(flatbuffers) as unknown as { details: Fields }).details)
    assert.deepEqual(hello, { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} } })
    assert.deepEqual(welcome, { roles: { broker: {}, dealer: {} } })
  })
})

describe('frames that autobahn-python 26.10.2 wrote', () => {
  for (const { description, message, flatbuffers } of theirs) {
    test(`SER-14 SER-15 SER-16 ${description}`, () => assert.deepEqual(opened(decode(flatbuffers)), opened(built(message))))
  }
})

describe('frames of ours that autobahn-python 26.10.2 reads', () => {
  for (const { description, message, flatbuffers } of ours) {
    test(`VEC-06 SER-16 ${description}`, () => {
      assert.equal(hexOf(encode(message)), flatbuffers)
      assert.deepEqual(opened(decode(flatbuffers)), opened(built(message)))
    })
  }
})

describe('slots', () => {
  test('SER-15 an absent slot is an absent key, but for the modes, whose defaults the schema has for itself', () => {
    assert.deepEqual(carried([16, 1, {}, 'com.a'])['options'], {})
    assert.deepEqual(carried([32, 1, {}, 'com.a'])['options'], {})
    for (const [type, byDefault] of [
      [49, 'skip'],
      [69, 'kill'],
    ] as const) {
      const stored = encode([type, 1, { mode: 'killnowait' }])
      const table = placeOf(stored, 0) // without a value for `session` this is the table itself
      const slots = table - new DataView(stored.buffer, stored.byteOffset).getInt32(table, true)
      stored.fill(0, slots + 8, slots + 10)
      assert.deepEqual((flatbuffersSerializer.decode(stored) as unknown as { options: Fields }).options, { mode: byDefault })
      assert.deepEqual(carried([type, 1, {}])['options'], { mode: 'killnowait' }, 'RPC-70 a missing mode is said')
    }
  })

  test('SER-15 a default that is stored is a key, and 0 for an id is none', () => {
    const options = { acknowledge: false, exclude_me: true, retain: false }
    assert.deepEqual(carried([16, 1, options, 'com.a'])['options'], options)
    const frame = encode([36, 1, 2, { publisher: 3 }])
    frame[placeOf(frame, 10)] = 0
    assert.deepEqual((flatbuffersSerializer.decode(frame) as unknown as { details: Fields }).details, {})
  })

  test('SER-16 every name of an enumeration has its number', () => {
    const stored = (list: readonly unknown[], slot: number): number => {
      const frame = encode(list)
      return frame[placeOf(frame, slot)]!
    }
    const numbers = (names: readonly string[], list: (name: string) => readonly unknown[], slot: number): void => {
      for (const [number, name] of names.entries()) {
        if (name === '') continue
        assert.equal(stored(list(name), slot), number, name)
        assert.deepEqual(carried(list(name)), opened(built(list(name))))
      }
    }
    numbers(['exact', 'prefix', 'wildcard'], (match) => [32, 1, { match }, 'a'], 3)
    numbers(['single', 'first', 'last', 'roundrobin', 'random'], (invoke) => [64, 1, { invoke }, 'a'], 4)
    numbers(['skip', 'kill', 'killnowait'], (mode) => [49, 1, { mode }], 2)
    numbers(['anonymous', 'ticket', 'wampcra', 'wamp-scram', 'cryptosign'], (method) => [4, method, {}], 1)
    numbers(['', 'cryptobox', 'mqtt', 'xbr', 'opaque'], (ppt_scheme) => [50, 1, { ppt_scheme }], 5)
    const serializers = ['native', 'json', 'msgpack', 'cbor', 'ubjson', 'opaque', 'flatbuffers', 'flexbuffers']
    numbers(serializers, (ppt_serializer) => [50, 1, { ppt_serializer }], 6)
    numbers(['', 'xsalsa20poly1305', 'aes256gcm'], (ppt_cipher) => [50, 1, { ppt_cipher }], 7)
  })

  test('SER-17 what has no slot is left out', () => {
    assert.deepEqual(carried([16, 1, { disclose_me: true, x_own: 1, rkey: undefined }, 'a'])['options'], {})
    assert.deepEqual(carried([36, 1, 2, { trustlevel: 3, topic: 'a' }])['details'], { topic: 'a' })
    assert.deepEqual(carried([64, 1, { disclose_caller: true, forward_timeout: true }, 'a'])['options'], {})
    assert.deepEqual(carried([8, 48, 1, { why: 'so' }, 'a'])['details'], {})
    assert.deepEqual(carried([3, { message: 'm', why: 'so' }, 'a', [1], { b: 2 }]), opened(built([3, { message: 'm' }, 'a'])))
    const features = { call_canceling: true, call_trustlevels: true, progressive_call_invocations: true }
    assert.deepEqual(carried([1, 'r', { agent: 'us', roles: { callee: { features }, spectator: {} } }])['details'], {
      roles: { callee: { features: { call_canceling: true } } },
    })
    assert.deepEqual(carried([2, 1, { roles: {}, authmethod: 'cookie', authextra: { a: 1, b: 2 } }])['details'], { roles: {} })
    assert.deepEqual(carried([1, 'r', { roles: {}, authmethods: ['cookie', 'ticket'] }])['details'], {
      roles: {},
      authmethods: ['ticket'],
    })
  })

  const impossible: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ['progress of a CALL', [48, 1, { progress: true }, 'a'], /CALL\.progress/],
    ['progress of an INVOCATION', [68, 1, 2, { progress: true }], /INVOCATION\.progress/],
    ['rkey', [16, 1, { rkey: 'k' }, 'a'], /PUBLISH\.rkey/],
    ['nkey', [32, 1, { nkey: 'k' }, 'a'], /SUBSCRIBE\.nkey/],
    ['runmode', [48, 1, { runmode: 'partition' }, 'a'], /CALL\.runmode/],
    ['a scheme without a number', [16, 1, { ppt_scheme: 'wamp' }, 'a', [Uint8Array.of(1)]], /PUBLISH\.ppt_scheme must be one of cryptobox/],
    ['a timeout beyond 32 bit', [48, 1, { timeout: 2 ** 32 }, 'a'], /CALL\.timeout must be an integer of 0 … 4294967295/],
    ['a concurrency beyond 16 bit', [64, 1, { concurrency: 65536 }, 'a'], /REGISTER\.concurrency/],
    ['more than one key', [4, 'wampcra', { challenge: 'c', salt: 's' }], /CHALLENGE\.extra must be a dictionary of one key/],
    ['a key with something else than a string', [1, 'r', { authextra: { a: 1 } }], /HELLO\.authextra\.value must be a string, not 1/],
    ['a method without a number', [4, 'mine', {}], /CHALLENGE\.authmethod must be one of anonymous, ticket/],
    ['text for a list', [16, 1, { exclude_authid: 'joe' }, 'a'], /PUBLISH\.exclude_authid must be a list, not "joe"/],
    ['text for a boolean', [16, 1, { acknowledge: 'yes' }, 'a'], /PUBLISH\.acknowledge must be true or false, not "yes"/],
    ['half a surrogate pair', [16, 1, {}, 'com.\ud800'], /PUBLISH\.topic must be text without half of a surrogate pair/],
    ['a list for roles', [1, 'r', { roles: [] }], /HELLO\.roles must be a dictionary, not \[\]/],
  ]
  for (const [what, list, expected] of impossible) {
    test(`SER-17 SER-24 ${what} is unserializable`, () => {
      assert.throws(
        () => encode(list),
        (error) => error instanceof UsageError && error.code === 'ERR_UNSERIALIZABLE' && expected.test(error.message),
      )
    })
  }
})

describe('payload', () => {
  test('SER-14 args and kwargs are CBOR in vectors of their own, and the end of the frame', () => {
    const frame = encode([50, 1, {}, [1, 'a'], { b: 2 }])
    assert.ok(hexOf(frame).endsWith('04000000a1616202' + '0400000082016161'))
    const head = new ByteSink(16)
    head.length = 3 // whatever stands before is none of the frame's
    const payload = flatbuffersSerializer.encodeHead(built([50, 1, {}, [1, 'a']]), head)
    assert.equal(head.length - 3 + payload.end - payload.start, encode([50, 1, {}, [1, 'a']]).length)
    assert.equal((head.length - 3) % 4, 0)
  })

  test('SER-14 MSG-12 from one session to the next nothing is decoded or copied', () => {
    for (const list of [
      [16, 7, {}, 'com.example.topic', ['Hello', { a: 1 }]],
      [16, 7, {}, 'com.example.topic', ['Hello'], { a: 'b' }],
    ]) {
      const frame = encode(list)
      const payload = payloadOf(flatbuffersSerializer.decode(frame))
      assert.equal(payload.bytes, frame)
      const event = { type: 36, subscriptionId: 1, publicationId: 2, details: {}, payload } as unknown as Message
      const region = flatbuffersSerializer.encodeHead(event, new ByteSink(64))
      assert.equal(region.bytes, frame)
      assert.deepEqual(payloadOf(flatbuffersSerializer.decode(encodeMessage(flatbuffersSerializer, event))).read(), payload.read())
    }
  })

  test('SER-14 the frames of autobahn-python with both are passed on in place, and those with kwargs alone without args', () => {
    for (const { flatbuffers } of samples.filter((each) => each.description.includes('keyword'))) {
      const frame = bytesOf(flatbuffers)
      assert.equal(payloadOf(flatbuffersSerializer.decode(frame)).bytes, frame)
    }
    const alone = theirs.find((each) => each.description.includes('without arguments'))!
    const received = decode(alone.flatbuffers)
    assert.equal(payloadOf(received).count, 2)
    const again = encodeMessage(flatbuffersSerializer, received)
    assert.equal(placeOf(again, 3), placeOf(again, 0), 'no slot for args')
    assert.deepEqual(opened(flatbuffersSerializer.decode(again)), opened(received))
  })

  test('SER-14 args and kwargs in any order and place are read, and brought into ours', () => {
    const frame = encode([50, 1, {}, [1, 2, 3], { a: 1 }])
    const [kwargs, args] = [frame.slice(-12, -8), frame.slice(-4)].map((each) => Uint8Array.from(each)) as [Uint8Array, Uint8Array]
    const swapped = Uint8Array.from(frame)
    swapped.set(args, frame.length - 12)
    swapped.set(kwargs, frame.length - 4)
    const table = placeOf(frame, 0)
    const entries = table - new DataView(frame.buffer, frame.byteOffset).getInt32(table, true) + 4 + 2 * 2
    swapped.set([...swapped.subarray(entries + 2, entries + 4), ...swapped.subarray(entries, entries + 2)], entries)
    const received = flatbuffersSerializer.decode(swapped)
    assert.deepEqual(opened(received), opened(built([50, 1, {}, [1, 2, 3], { a: 1 }])))
    assert.equal(hexOf(encodeMessage(flatbuffersSerializer, received)), hexOf(frame))
  })

  test('SER-13 numbers and lengths are aligned to their size, whatever stands before them', () => {
    for (let length = 0; length < 9; length++) {
      const frame = encode([
        16,
        1,
        { exclude: [1], exclude_authid: ['x'.repeat(length)], eligible: [2] },
        'x'.repeat(length),
        [1],
        { a: 2 },
      ])
      const view = new DataView(frame.buffer, frame.byteOffset)
      assert.equal(placeOf(frame, 1) % 8, 0)
      for (const slot of [12, 15]) assert.equal((placeOf(frame, slot) + view.getUint32(placeOf(frame, slot), true) + 4) % 8, 0)
      for (const slot of [2, 3, 4, 13]) {
        assert.equal(placeOf(frame, slot) % 4, 0)
        assert.equal((placeOf(frame, slot) + view.getUint32(placeOf(frame, slot), true)) % 4, 0)
      }
    }
  })

  test('SER-25 transcoding goes through CBOR and keeps floats', () => {
    const json = jsonSerializer.decode(frameOf(jsonSerializer, [50, 1, {}, [1.5, 2 ** 53], { a: null }]))
    const frame = encodeMessage(flatbuffersSerializer, json)
    const back = payloadOf(flatbuffersSerializer.decode(frame))
    assert.deepEqual(back.read(), payloadOf(json).read())
    const cbor = back.bytesIn(cborSerializer)
    assert.equal(
      hexOf(cbor.bytes.subarray(cbor.start, cbor.end)),
      '82f93e001b0020000000000000a16161f6'.replace('f93e00', 'fb3ff8000000000000'),
    )
  })

  test('PPT-16 bytes in the place of Arguments go into the slot for them, also from other serializers', () => {
    const list = [16, 1, { enc_algo: 'mqtt', enc_serializer: 'json', enc_key: 'k' }, 'a', { hex: '0001' }]
    for (const other of [jsonSerializer, cborSerializer]) {
      const there = other.decode(encodeMessage(other, built(list)))
      const frame = encodeMessage(flatbuffersSerializer, there)
      assert.ok(hexOf(frame).endsWith('020000000001'))
      const received = flatbuffersSerializer.decode(frame)
      assert.deepEqual(payloadOf(received).readOpaque(), Uint8Array.of(0, 1))
      assert.deepEqual(opened(other.decode(encodeMessage(other, received))), opened(there))
    }
    const text = { ...built(list), payload: Payload.opaque('00ff' as never) } as Message
    assert.deepEqual(payloadOf(flatbuffersSerializer.decode(encodeMessage(flatbuffersSerializer, text))).readOpaque(), textOf('00ff'))
  })

  test('PPT-01 passthru of the specification has its keys next to args', () => {
    const list = [48, 1, { ppt_scheme: 'mqtt', ppt_serializer: 'cbor', ppt_keyid: 'k' }, 'a', [Uint8Array.of(1, 2)]]
    assert.deepEqual(carried(list), opened(built(list)))
  })

  test('SER-14 copies and stored payloads stay readable', () => {
    const payload = payloadOf(flatbuffersSerializer.decode(encode([50, 1, {}, ['x'], { y: 1 }])))
    assert.deepEqual(payload.copy().read(), { args: ['x'], kwargs: { y: 1 } })
    assert.equal(payloadOf(flatbuffersSerializer.decode(encode([50, 1, {}]))), EMPTY_PAYLOAD)
  })
})

describe('violations', () => {
  const call = [48, 1, {}, 'com.example.procedure', ['Hello'], { a: 1 }]
  const event = [36, 1, 2, { topic: 'com.a' }, ['Hello']]

  test('SER-11 a frame that ends anywhere but at its end is refused, wherever it begins in memory', () => {
    const frame = encode(call)
    const shifted = Uint8Array.from([1, 2, 3, ...frame, 4, 5])
    assert.deepEqual(opened(flatbuffersSerializer.decode(shifted, 3, 3 + frame.length)), opened(built(call)))
    for (let end = 0; end < frame.length; end++) {
      violates(() => flatbuffersSerializer.decode(frame.slice(0, end)), /./, `${end}`)
      violates(() => flatbuffersSerializer.decode(shifted, 3, 3 + end), /./, `${end}`)
    }
  })

  const violations: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
    ['nothing', () => new Uint8Array(0), /must begin with an offset of 4 bytes, not end after 0/],
    ['a root outside', () => damaged(call, 0, 255, 255, 255, 255), /^message must be inside the message/],
    ['no list of slots', () => damaged(call, 12, 0, 0, 0, 128), /^message's list of slots must be inside/],
    [
      'a list of slots before the frame',
      () => damaged(call, 12, 255, 0, 0, 0),
      /^message's list of slots must be inside .* not at byte -243/,
    ],
    ['a list of slots at the very end', () => damaged(call, 12, ...below(call, 12, 2)), /^message's list of slots must be inside/],
    ['a list of slots that is too long', () => damaged(call, 4, 254), /must have a list of slots inside the message, not one of 254 bytes/],
    ['a list of slots of odd length', () => damaged(call, 4, 7), /must have a list of slots inside the message, not one of 7 bytes/],
    ['a table that is too long', () => damaged(call, 6, 255, 255), /must be a table inside the message, not one of 65535 bytes/],
    ['a value outside its table', () => damaged(call, 8, 9), /^message type must be inside its table of 9 bytes, not at byte 9/],
    [
      'a value at the beginning of its table',
      () => moved(call, 2, 2),
      /^CALL\.procedure must be inside its table of \d+ bytes, not at byte 2/,
    ],
    [
      'a string at the very end',
      () => damaged(call, placeOf(encode(call), 2), ...to(call, placeOf(encode(call), 2), 2)),
      /^CALL\.procedure must be inside/,
    ],
    ['a list of ids beyond the frame', () => longer([16, 1, { exclude: [1, 2] }, 'a'], 12, 3), /^PUBLISH\.exclude announces 3 elements/],
    ['the type 0', () => damaged(call, 20, 0), /^0 is not a message type/],
    ['the ordinal of the schema', () => damaged(call, 20, 15), /^15 is not a message type/],
    ['no table for the message', () => damaged(call, 10, 0, 0), /^CALL must have a table with its elements/],
    ['a table for the message outside', () => damaged(call, 16, 255, 255), /^CALL must be inside the message/],
    ['no id', () => zeroed([17, 1, 2], 2, 8), /^PUBLISHED\.publicationId must be an id of 1 … 2\^53, not 0/],
    ['an id that is too large', () => raised([17, 1, 2], 2), /^PUBLISHED\.publicationId must be an integer of 0 … 2\^53/],
    ['no string', () => moved(call, 2, 0), /^CALL\.procedure must be a string, not nothing/],
    ['a string outside', () => damaged(call, placeOf(encode(call), 2), 255, 255), /^CALL\.procedure must be inside the message/],
    [
      'a match without a name',
      () => damaged([32, 1, { match: 'exact' }, 'a'], placeOf(encode([32, 1, { match: 'exact' }, 'a']), 3), 3),
      /^SUBSCRIBE\.match must be a number of 0 … 2, not 3/,
    ],
    ['an opaque scheme', () => encode([16, 1, { enc_algo: 'opaque' }, 'a', { hex: '00' }]), /^PUBLISH\.Options\.enc_algo must be/],
    ['args that are no list', () => damaged(event, -7, 0x66), /^EVENT\.args must hold a list in CBOR/],
    ['args with bytes behind the list', () => damaged(event, -7, 0x80), /^EVENT\.args must hold one value; 6 bytes follow it/],
    ['args cut short', () => damaged(event, -6, 0x66), /only 5 bytes are left/],
    ['kwargs that are no dictionary', () => damaged(call, -15, 0x82), /^CALL\.kwargs must hold a dictionary in CBOR/],
    ['kwargs with a key that is no string', () => damaged(call, -14, 0x41), /^CALL\.kwargs must have strings as keys/],
    ['a vector beyond the frame', () => damaged(event, -11, 255), /^EVENT\.args announces 255 elements, but only 7 bytes are left/],
    ['text that is no UTF-8', () => damaged([32, 1, {}, 'abc'], -2, 0xff), /valid UTF-8; byte \d+ \(0xff\)/],
    ['a revocation of a request', () => encode([35, 7, { subscription: 1 }]), /^UNSUBSCRIBED must be \[35, Request\]/],
  ]
  for (const [what, frame, expected] of violations) {
    test(`SER-11 MSG-10 ${what} is a violation`, () => violates(() => flatbuffersSerializer.decode(frame()), expected))
  }

  test('SER-14 payload next to args, or without a word on what it is, is a violation', () => {
    const frame = encode([16, 1, { enc_algo: 'mqtt' }, 'a', { hex: '80' }])
    const table = placeOf(frame, 0)
    const slots = table - new DataView(frame.buffer, frame.byteOffset).getInt32(table, true)
    const both = Uint8Array.from(frame)
    both.set(both.subarray(slots + 4 + 10, slots + 4 + 12), slots + 4 + 6) // args where payload is
    violates(() => flatbuffersSerializer.decode(both), /^PUBLISH must have either args and kwargs or payload, not both/)
    const nameless = Uint8Array.from(frame)
    nameless.fill(0, slots + 4 + 12, slots + 4 + 14)
    violates(() => flatbuffersSerializer.decode(nameless), /^PUBLISH\.ppt_scheme must say what payload is, not be nothing/)
  })

  test('SER-26 offsets to the same bytes again and again are refused before they take time', () => {
    const count = 50_000
    const frame = encode([16, 1, { exclude_authid: new Array(count).fill(''), transaction_hash: 'x'.repeat(400_000) }, 'a'])
    const list = placeOf(frame, 13)
    const view = new DataView(frame.buffer, frame.byteOffset)
    const first = list + view.getUint32(list, true) + 4
    const hash = placeOf(frame, 19)
    const target = hash + view.getUint32(hash, true)
    for (let i = 0; i < count; i++) view.setUint32(first + 4 * i, target - first - 4 * i, true)
    const start = process.cpuUsage()
    violates(() => flatbuffersSerializer.decode(frame), /^PUBLISH\.exclude_authid refers to the same bytes of the message again and again/)
    const { user, system } = process.cpuUsage(start)
    assert.ok(user + system < 2_000_000, `${user + system} µs; twenty thousand million bytes would take longer`)
  })

  test('SER-26 a string that a builder kept once may be referred to by all who have it', () => {
    const authids = new Array(8).fill('somebody')
    const frame = encode([16, 1, { exclude_authid: authids }, 'com.example'])
    const list = placeOf(frame, 13)
    const view = new DataView(frame.buffer, frame.byteOffset)
    const first = list + view.getUint32(list, true) + 4
    const target = first + view.getUint32(first, true)
    for (let i = 0; i < authids.length; i++) view.setUint32(first + 4 * i, target - first - 4 * i, true)
    assert.deepEqual((flatbuffersSerializer.decode(frame) as unknown as { options: Fields }).options, { exclude_authid: authids })
  })
})

/** The frame of `list` with zeros for the `size` bytes of a slot. */
function zeroed(list: readonly unknown[], slot: number, size: number): Uint8Array {
  const frame = encode(list)
  frame.fill(0, placeOf(frame, slot), placeOf(frame, slot) + size)
  return frame
}

/** What leads from `at` back, as a table to its list of slots, to `left` bytes before the end. */
function below(list: readonly unknown[], at: number, left: number): number[] {
  return [...new Uint8Array(Int32Array.of(at - (encode(list).length - left)).buffer)]
}

/** What leads from `at` to `left` bytes before the end. */
function to(list: readonly unknown[], at: number, left: number): number[] {
  return [...new Uint8Array(Int32Array.of(encode(list).length - left - at).buffer)]
}

/** The frame of `list` with another length for the vector of a slot. */
function longer(list: readonly unknown[], slot: number, length: number): Uint8Array {
  const frame = encode(list)
  const view = new DataView(frame.buffer, frame.byteOffset)
  const place = placeOf(frame, slot)
  view.setUint32(place + view.getUint32(place, true), length, true)
  return frame
}

/** The frame of `list` with 2^53 + 1 in a slot. */
function raised(list: readonly unknown[], slot: number): Uint8Array {
  const frame = encode(list)
  frame.set([1, 0, 0, 0, 0, 0, 0x20, 0], placeOf(frame, slot))
  return frame
}

/** The frame of `list` with another place in the table for a slot; 0 takes it away. */
function moved(list: readonly unknown[], slot: number, to: number): Uint8Array {
  const frame = encode(list)
  const view = new DataView(frame.buffer, frame.byteOffset)
  const table = placeOf(frame, 0)
  view.setUint16(table - view.getInt32(table, true) + 4 + 2 * slot, to, true)
  return frame
}
