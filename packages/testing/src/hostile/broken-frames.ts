// What is wrong below WAMP: WebSocket frames and RawSocket prefixes that no library would send. `mustClose`: the transport
// has to end the connection; otherwise it may also wait for the rest, or take what arrived.

import type { SeededRandom } from '../conformance/seeded-random.ts'
import { OPCODE, rawSocketFrame, webSocketFrame } from '../raw-clients.ts'
import type { KINDS } from './socket-line.ts'

export interface Broken {
  readonly name: string
  readonly bytes: Uint8Array
  readonly mustClose: boolean
}

/** The two ways to frame messages on a socket. */
type Kind = (typeof KINDS)[number]
type Make = (random: SeededRandom) => Uint8Array

const hello = Buffer.from('[1,"realm1",{"roles":{"caller":{}}}]')

/** A masked WebSocket frame whose first octet, or whose announced length, is given as it is. */
function octets(first: number, second: number, extended: readonly number[] = [], payload: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([first, second | 0x80, ...extended, 0, 0, 0, 0]), payload])
}

const pick = <Item>(random: SeededRandom, items: readonly Item[]): Item => items[random.below(items.length)]!
const noise = (random: SeededRandom, length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)))

const WEBSOCKET: { readonly [name: string]: Make } = {
  'an unmasked frame': (random) => webSocketFrame(pick(random, [1, 2, 8, 9, 10]), hello, { isMasked: false }),
  'reserved bits': (random) => octets(0x81 | (pick(random, [1, 2, 3, 4, 5, 6, 7]) << 4), 2, [], Buffer.from('[]')),
  'a reserved opcode': (random) => octets(0x80 | pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), 2, [], Buffer.from('[]')),
  'a continuation of nothing': () => webSocketFrame(OPCODE.continuation, hello),
  'a message within a fragmented message': () =>
    Buffer.concat([webSocketFrame(OPCODE.text, Buffer.from('['), { isFinal: false }), webSocketFrame(OPCODE.text, hello)]),
  'a fragmented ping': () => webSocketFrame(OPCODE.ping, Buffer.from('x'), { isFinal: false }),
  'an oversized ping': (random) => webSocketFrame(OPCODE.ping, noise(random, 126 + random.below(200))),
  'an oversized close': (random) => webSocketFrame(OPCODE.close, noise(random, 126 + random.below(200))),
  'a close frame of one octet': () => webSocketFrame(OPCODE.close, Buffer.from([3])),
  'a close frame with a bad code': (random) => {
    const code = pick(random, [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
    return webSocketFrame(OPCODE.close, Buffer.from([code >> 8, code & 255]))
  },
  'a close frame with garbage': (random) => webSocketFrame(OPCODE.close, noise(random, 2 + random.below(120))),
  'a close frame, and more behind it': (random) =>
    Buffer.concat([webSocketFrame(OPCODE.close, Buffer.from([3, 232])), webSocketFrame(OPCODE.text, hello), noise(random, 20)]),
  'a length beyond 2^63': () => octets(0x81, 127, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'a length of 2^32': () => octets(0x82, 127, [0, 0, 0, 1, 0, 0, 0, 0]),
  'fragments that are too long together': () => {
    const part = Buffer.alloc(30_000, 32)
    const frames = [webSocketFrame(OPCODE.text, part, { isFinal: false })]
    for (let count = 0; count < 140; count++) frames.push(webSocketFrame(OPCODE.continuation, part, { isFinal: false }))
    return Buffer.concat(frames)
  },
}

const RAWSOCKET: { readonly [name: string]: Make } = {
  'a reserved type': (random) => rawSocketFrame(pick(random, [3, 4, 5, 6, 7]), pick(random, [Buffer.alloc(0), hello])),
  'reserved bits': (random) => Buffer.from([pick(random, [1, 2, 3, 7, 8, 15]) << 4, 0, 0, 2, 91, 93]),
  'X with a length': (random) => Buffer.from([8 | random.below(3), 0, random.below(256), 1 + random.below(255)]),
  'X alone, 16 MB': (random) => Buffer.from([8 | random.below(3), 0, 0, 0]),
  'a length beyond the limit': (random) => Buffer.from([random.below(3), 0x40 + random.below(0xc0), 0, 1]),
}

/** A frame or prefix that is wrong in one known way. */
export function brokenFrame(random: SeededRandom, kind: Kind): Broken {
  const makers = kind === 'websocket' ? WEBSOCKET : RAWSOCKET
  const name = pick(random, Object.keys(makers))
  return { name: `${kind}: ${name}`, bytes: makers[name]!(random), mustClose: true }
}

/** A valid frame with bits changed, or its end cut off: what it becomes is not known. */
export function mutatedFraming(random: SeededRandom, kind: Kind, frame: Uint8Array): Broken {
  const framed = kind === 'websocket' ? webSocketFrame(pick(random, [OPCODE.text, OPCODE.binary]), frame) : rawSocketFrame(0, frame)
  const bytes = Buffer.from(framed)
  for (let times = 1 + random.below(3); times > 0; times--) bytes[random.below(Math.min(bytes.length, 14))]! ^= 1 << random.below(8)
  const length = random.below(4) === 0 ? random.below(bytes.length) : bytes.length
  return { name: `${kind}: changed framing`, bytes: bytes.subarray(0, length), mustClose: false }
}

/** First bytes of a connection that are neither HTTP nor a handshake that can be met. */
export function brokenHandshake(random: SeededRandom): Broken {
  const makers: { readonly [name: string]: Make } = {
    'RawSocket without a serializer': () => Buffer.from([0x7f, 0xf0, 0, 0]),
    'RawSocket with an unknown serializer': (chance) => Buffer.from([0x7f, 0xf0 | (6 + chance.below(10)), 0, 0]),
    'RawSocket with reserved octets': (chance) => Buffer.from([0x7f, 0xf1, chance.below(256), 1 + chance.below(255)]),
    'four octets before any handshake': () => Buffer.from([3, 0, 0, 0]),
    noise: (chance) => Buffer.concat([Buffer.from([chance.below(0x20)]), noise(chance, 200), Buffer.from('\r\n\r\n')]),
    'an upgrade of nonsense': () => Buffer.from('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    'an upgrade with a broken key': () =>
      Buffer.from(
        'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n',
      ),
    'a header that is too long': () => Buffer.from(`GET /ws HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`),
  }
  const name = pick(random, Object.keys(makers))
  return { name: `handshake: ${name}`, bytes: makers[name]!(random), mustClose: true }
}
