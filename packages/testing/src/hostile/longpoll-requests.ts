// HTTP requests that no long-poll client would send: methods, paths, transports, bodies and headers that are wrong. Each has to
// be answered with one of its statuses, or 0 where the connection may just end.

import { connect } from 'node:net'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import { pick } from './draw.ts'

export interface BrokenRequest {
  readonly name: string
  readonly bytes: Buffer
  readonly statuses: readonly number[]
}

const OPERATIONS = ['receive', 'send', 'close']
const STRANGER_BYTES_MAX = 64 * 1024
const SESSION_BYTES_MAX = 4 * 2 ** 20

type Make = (random: SeededRandom, id: string) => Buffer

/** A request as text; `head` has its lines after the first, `Host` aside. */
function text(method: string, path: string, body: string | Uint8Array = '', head: readonly string[] = []): Buffer {
  const hasLength = head.some((line) => /^(content-length|transfer-encoding)/i.test(line))
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    ...head,
    ...(hasLength ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body)])
}

const anywhere = (random: SeededRandom, id: string): string =>
  random.below(4) === 0 ? '/lp/open' : `/lp/${id}/${pick(random, OPERATIONS)}`
const open = (body: string | Uint8Array, head?: readonly string[]): Buffer => text('POST', '/lp/open', body, head)

const STRANGE_IDS = ['AAAAAAAAAAAAAAAAAAAAAAAA', '__proto__', 'constructor', 'toString', '%2e%2e', '..', '.', '%00', '*', 'x'.repeat(3000)]
const STRANGE_PATHS = [
  '/lp',
  '/lp/',
  '/lp//',
  '/lp/open/',
  '/lp/open/open',
  '/lp/close',
  '/lp/receive',
  '//lp/open',
  '/lp/OPEN',
  '/lpx/open',
  '/../lp/open',
  '/lp/%6fpen',
  '*',
  'http://localhost/lp/open',
]
const NO_OFFERS = [
  '',
  ' ',
  '{',
  '[]',
  'null',
  '"open"',
  '1',
  '{}',
  '{"protocols":null}',
  '{"protocols":"wamp.2.json"}',
  '{"protocols":[]}',
  '{"protocols":[null,1,[],{}]}',
  '{"protocols":["wamp.3.json","wamp.2.flatbuffers.batched","__proto__","constructor"]}',
  '{"__proto__":{"protocols":["wamp.2.json"]}}',
  '['.repeat(30_000),
  '{"protocols":["wamp.2.json"]}}',
  '\u0000',
]

const REQUESTS: { readonly [name: string]: { readonly make: Make; readonly statuses: readonly number[] } } = {
  'a wrong method': {
    make: (r, id) => text(pick(r, ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE', 'PROPFIND']), anywhere(r, id)),
    statuses: [405],
  },
  'a method that is none': {
    make: (r, id) => text(pick(r, ['FETCH', 'post', '\u0001', 'POSTPOSTPOSTPOST']), anywhere(r, id)),
    statuses: [400],
  },
  CONNECT: { make: () => text('CONNECT', 'localhost:1'), statuses: [0, 400, 404, 405] },
  'a wrong path': { make: (r) => text('POST', pick(r, STRANGE_PATHS)), statuses: [400, 404] },
  'a path below a transport': {
    make: (r, id) => text('POST', `/lp/${id}${pick(r, ['', '/', '/open', '/send/', '/send/more', '/Send', '/%73end'])}`),
    statuses: [404],
  },
  'an unknown transport': { make: (r) => text('POST', `/lp/${pick(r, STRANGE_IDS)}/${pick(r, OPERATIONS)}`), statuses: [404] },
  'almost the transport': { make: (r, id) => text('POST', `/lp/${id.slice(1)}${id[0]}/${pick(r, OPERATIONS)}`), statuses: [404] },
  'a path that is too long': { make: (_r, id) => text('POST', `/lp/${id}/${'send'.repeat(8000)}`), statuses: [400, 431] },
  'an offer that is none': { make: (r) => open(pick(r, NO_OFFERS)), statuses: [400] },
  'an offer that is no UTF-8': { make: () => open(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), statuses: [400] },
  'an offer that is too long': { make: () => open('x'.repeat(STRANGER_BYTES_MAX + 1)), statuses: [413] },
  'an offer in chunks that is too long': { make: () => chunked('/lp/open', STRANGER_BYTES_MAX + 1), statuses: [413] },
  'a body that is announced too long': {
    make: (_r, id) => text('POST', `/lp/${id}/send`, '', [`Content-Length: ${SESSION_BYTES_MAX + 1}`]),
    statuses: [413],
  },
  'a body without end': { make: (_r, id) => chunked(`/lp/${id}/send`, SESSION_BYTES_MAX + 1), statuses: [413] },
  'a body where none belongs': {
    make: (r, id) => text('POST', `/lp/${id}/${pick(r, ['receive', 'close'])}`, 'x'.repeat(1025)),
    statuses: [413],
  },
  'two lengths': { make: (_r, id) => text('POST', `/lp/${id}/send`, '[]', ['Content-Length: 2', 'Content-Length: 3']), statuses: [400] },
  'a length and chunks': {
    make: (_r, id) => text('POST', `/lp/${id}/send`, '0\r\n\r\n', ['Content-Length: 5', 'Transfer-Encoding: chunked']),
    statuses: [400],
  },
  'a length that is none': {
    make: (r, id) =>
      text('POST', `/lp/${id}/send`, '', [`Content-Length: ${pick(r, ['-1', 'x', '1e3', '0x10', '99999999999999999999', '+5', '1 2'])}`]),
    statuses: [400],
  },
  'a chunk that is none': {
    make: (r, id) =>
      text('POST', `/lp/${id}/send`, pick(r, ['x\r\n', '-1\r\n', 'ffffffffffffffff0\r\n', '1\r\nab\r\n']), ['Transfer-Encoding: chunked']),
    statuses: [400],
  },
  'an unknown coding': { make: (_r, id) => text('POST', `/lp/${id}/send`, '[]', ['Transfer-Encoding: gzip']), statuses: [400, 411] },
  'an expectation': { make: (_r, id) => text('POST', `/lp/${id}/none`, '', ['Expect: miracles']), statuses: [404, 417] },
  'no host': { make: () => Buffer.from('POST /lp/open HTTP/1.1\r\nContent-Length: 0\r\n\r\n'), statuses: [400] },
  'HTTP/2': { make: () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), statuses: [0, 400, 404, 405, 505] },
  'HTTP/0.9': { make: () => Buffer.from('POST /lp/open\r\n\r\n'), statuses: [400] },
  'a header that is too long': { make: () => open('', [`X: ${'x'.repeat(40_000)}`]), statuses: [400, 431] },
  'a header with a line break': { make: () => open('', ['X: a\rb']), statuses: [400] },
  'headers without end': {
    make: () =>
      open(
        '',
        Array.from({ length: 3000 }, (_, n) => `X${n}: 1`),
      ),
    statuses: [400, 431],
  },
  'an upgrade': {
    make: (r, id) =>
      text('GET', anywhere(r, id), '', [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol: wamp.2.json',
      ]),
    statuses: [404],
  },
}

/** A body of `length` bytes in chunks of 60 000. */
function chunked(path: string, length: number): Buffer {
  const part = Buffer.from(`ea60\r\n${' '.repeat(60_000)}\r\n`)
  const parts = Array.from({ length: Math.ceil(length / 60_000) }, () => part)
  return Buffer.concat([text('POST', path, '', ['Transfer-Encoding: chunked']), ...parts, Buffer.from('0\r\n\r\n')])
}

/** A request that is wrong in one known way; `id` is that of an open transport. */
export function brokenRequest(random: SeededRandom, id: string): BrokenRequest {
  const name = pick(random, Object.keys(REQUESTS))
  const { make, statuses } = REQUESTS[name]!
  return { name, bytes: make(random, id), statuses }
}

/** Sends bytes on a connection of their own; gives the status of the first answer, 0 when the connection ended without. */
export function statusFor(port: number, bytes: Uint8Array, timeoutMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const done = (status: number | undefined): void => {
      clearTimeout(guard)
      socket.destroy()
      resolve(status)
    }
    const guard = setTimeout(() => done(undefined), timeoutMs)
    let heard = ''
    socket.on('error', () => {})
    socket.on('data', (part: Buffer) => {
      heard += part.toString('latin1')
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(heard)?.[1]
      if (status !== undefined) done(Number(status))
    })
    socket.on('close', () => done(0))
  })
}
