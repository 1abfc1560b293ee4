// Connections that never become sessions, some of them dripping bytes: all are gone when the deadline of the handshake has
// passed, and meanwhile others get in as fast as ever.

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { MessageType } from '@crosspoint/protocol'
import { atMost, type Check, exactly, type Finding, pause } from './check.ts'
import { type RouterProcess, withRouter } from './router-process.ts'
import { KINDS, ListSession } from './socket-line.ts'

const CONNECTIONS = 5000
// About 2500 connections a second: what is measured is what open connections cost others, not the rate of accepting.
const AT_ONCE = 40
const BETWEEN_MS = 15
const HANDSHAKE_TIMEOUT_MS = 10_000 // the router's default
const GRACE_MS = 1000
const FRESH_EVERY_MS = 500
const FRESH_MS_MAX = 100
const DRIP_EVERY_MS = 1000

const UPGRADE = [
  'GET /ws HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: wamp.2.json',
  '',
  '',
].join('\r\n')

function post(path: string, length: number, body = ''): Buffer {
  return Buffer.from(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n${body}`)
}
const OFFER = '{"protocols":["wamp.2.json"]}'
const OPEN = post('/lp/open', OFFER.length, OFFER)

interface Half {
  readonly name: string
  /** What is sent at once. */
  readonly first: Uint8Array
  /** What follows, one piece per second. */
  readonly drip: (second: number) => Uint8Array | undefined
  /** What follows the first answer, for the long-poll transport that it named. It is over when the answer is 404 or 408. */
  readonly poll?: (transport: string) => Uint8Array
}

const HALVES: readonly Half[] = [
  { name: 'TCP only', first: Buffer.alloc(0), drip: () => undefined },
  {
    name: 'half a RawSocket handshake',
    first: Buffer.from([0x7f, 0xf1]),
    drip: (second) => (second === 3 ? Buffer.from([0]) : undefined),
  },
  { name: 'a RawSocket without HELLO, pinging', first: Buffer.from([0x7f, 0xf1, 0, 0]), drip: () => Buffer.from([1, 0, 0, 0]) },
  {
    name: 'half a HELLO, dripping',
    first: Buffer.concat([Buffer.from([0x7f, 0xf1, 0, 0, 0, 0, 1, 0]), Buffer.from('[1,"realm1",')]),
    drip: () => Buffer.from(' '),
  },
  { name: 'half an HTTP header, dripping', first: Buffer.from(UPGRADE.slice(0, 80)), drip: (second) => Buffer.from(`X-${second}`) },
  { name: 'a WebSocket without HELLO, pinging', first: Buffer.from(UPGRADE), drip: () => Buffer.from([0x89, 0x80, 0, 0, 0, 0]) },
  {
    name: 'half an offer to long-poll, dripping',
    first: post('/lp/open', 1000, '{"protocols":'),
    drip: () => Buffer.from(' '),
    poll: () => new Uint8Array(0),
  },
  {
    name: 'a long-poll without HELLO',
    first: OPEN,
    drip: () => undefined,
    poll: () => new Uint8Array(0),
  },
  { name: 'a receive without HELLO', first: OPEN, drip: () => undefined, poll: (id) => post(`/lp/${id}/receive`, 0) },
  {
    name: 'half a HELLO to long-poll, dripping',
    first: OPEN,
    drip: (second) => (second > 1 ? Buffer.from(' ') : undefined),
    poll: (id) => post(`/lp/${id}/send`, 60_000, '[1,"realm1",'),
  },
]

class HalfOpen {
  readonly socket: Socket
  readonly kind: Half
  openedAt = 0
  closedAt = 0

  constructor(port: number, kind: Half) {
    this.kind = kind
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('error', () => {})
    this.socket.on('data', (answer: Buffer) => this.#answered(answer.toString('latin1')))
    this.socket.on('close', () => (this.closedAt ||= performance.now()))
  }

  #answered(answer: string): void {
    if (this.kind.poll === undefined) return
    if (answer.startsWith('HTTP/1.1 40')) this.closedAt ||= performance.now()
    const id = /"transport":"([\w-]+)"/.exec(answer)?.[1]
    if (id !== undefined) this.socket.write(this.kind.poll(id))
  }

  async ready(): Promise<void> {
    await new Promise((resolve) => {
      this.socket.once('connect', resolve)
      this.socket.once('close', resolve)
    })
    this.openedAt = performance.now()
    if (this.kind.first.length > 0) this.socket.write(this.kind.first)
  }

  drip(second: number): void {
    const bytes = this.kind.drip(second)
    if (bytes !== undefined && this.closedAt === 0 && this.socket.writable) this.socket.write(bytes)
  }
}

/** Fresh clients, one every half second, each timed from connecting to WELCOME. */
class FreshClients {
  readonly times: number[] = []
  #isOver = false
  readonly #running: Promise<void>

  constructor(port: number) {
    this.#running = this.#run(port)
  }

  async #run(port: number): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const started = performance.now()
      const session = await ListSession.open(port, KINDS[count % 2]!)
      this.times.push(performance.now() - started)
      await session.ask([MessageType.GOODBYE, {}, 'wamp.close.close_realm'])
      session.close()
      await pause(Math.max(0, FRESH_EVERY_MS - (performance.now() - started)))
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }
}

async function attack(router: RouterProcess, count: number): Promise<Finding[]> {
  for (const kind of KINDS) (await ListSession.open(router.port, kind)).close() // the router's code is warm
  const fresh = new FreshClients(router.port)
  const all: HalfOpen[] = []
  while (all.length < count) {
    const batch = Array.from(
      { length: Math.min(AT_ONCE, count - all.length) },
      (_, i) => new HalfOpen(router.port, HALVES[(all.length + i) % HALVES.length]!),
    )
    all.push(...batch)
    await Promise.all(batch.map((one) => one.ready()))
    await pause(BETWEEN_MS)
  }
  const openedMs = all.at(-1)!.openedAt - all[0]!.openedAt
  const until = all.at(-1)!.openedAt + HANDSHAKE_TIMEOUT_MS + GRACE_MS
  for (let second = 1; performance.now() < until; second++) {
    // A tenth at a time, so that this process does not keep its own fresh clients waiting.
    for (let part = 0; part < 10; part++) {
      for (let at = part; at < all.length; at += 10) all[at]!.drip(second)
      await pause(DRIP_EVERY_MS / 10)
    }
  }
  await fresh.stop()
  const left = all.filter((one) => one.closedAt === 0)
  const longest = Math.max(...all.map((one) => (one.closedAt || performance.now()) - one.openedAt))
  for (const one of all) one.socket.destroy()
  const scaled = count < CONNECTIONS ? ` (scaled from ${CONNECTIONS}: the limit of open files)` : ''
  return [
    {
      ...exactly(
        `of ${count} half-open connections${scaled}, opened in ${(openedMs / 1000).toFixed(1)} s, still there after the deadline`,
        left.length,
        0,
        'connections',
      ),
      details: left.length === 0 ? undefined : [...new Set(left.map((one) => one.kind.name))],
    },
    atMost('the longest life of one of them', longest, HANDSHAKE_TIMEOUT_MS + GRACE_MS, 'ms'),
    atMost(`a fresh client meanwhile, to WELCOME, the slowest of ${fresh.times.length}`, Math.max(...fresh.times), FRESH_MS_MAX, 'ms', 1),
  ]
}

/** Open files that a process may have here, less what it needs itself. */
export function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? 1024) - 200
}

export const halfOpen: Check = {
  name: 'half-open',
  run: () => withRouter((router) => attack(router, Math.min(CONNECTIONS, openFilesMax()))),
}
