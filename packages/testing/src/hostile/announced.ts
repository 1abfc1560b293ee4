// Messages of 16 MB are announced on many connections and then dripped. An oversized one is refused at its header, before
// memory is taken for it: strangers have 64 kB, sessions 4 MB.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { jsonSerializer } from '@crosspoint/protocol'
import { atMost, type Check, exactly, type Finding, pause } from './check.ts'
import { LongPollLine } from './longpoll-line.ts'
import { MEGABYTE, type RouterProcess, withRouter } from './router-process.ts'
import { ListSession, openLine, SOCKET_KINDS, type SocketLine } from './socket-line.ts'

const KINDS = [...SOCKET_KINDS, 'longpoll'] as const
const CONNECTIONS = 200
const GROWTH_BYTES_MAX = 8 * MEGABYTE
const DRIPS = 50
const DRIP_EVERY_MS = 20
const STRANGER_BYTES_MAX = 64 * 1024
const SESSION_BYTES_MAX = 4 * MEGABYTE

/** A peer that announces a message and sends little of it. */
interface Announcer {
  announce(length: number): void
  drip(): void
  readonly isRefused: boolean
  close(): void
}

/** The header of a frame of `length` bytes, and nothing behind it. */
function header(line: SocketLine, length: number): Uint8Array {
  if (line.kind === 'rawsocket')
    return Buffer.from(length === 2 ** 24 ? [8, 0, 0, 0] : [0, length >> 16, (length >> 8) & 255, length & 255])
  const head = Buffer.alloc(14)
  head[0] = 0x81
  head[1] = 0xff
  head.writeBigUInt64BE(BigInt(length), 2)
  randomBytes(4).copy(head, 10)
  return head
}

function onSocket(line: SocketLine): Announcer {
  return {
    announce: (length) => line.sendBytes(header(line, length)),
    drip: () => void (line.socket.writable && line.sendBytes(Buffer.from('x'))),
    get isRefused() {
      return line.isClosed || line.socket.destroyed || line.socket.readableEnded
    },
    close: () => line.close(),
  }
}

/** Over long-poll a stranger announces an offer, a session the body of a `send`; 413 refuses it. */
async function onLongPoll(port: number, isSession: boolean): Promise<Announcer> {
  const session = isSession ? await ListSession.on(await LongPollLine.open(port, 'longpoll', jsonSerializer)) : undefined
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const path = session === undefined ? '/lp/open' : `/lp/${session.line.client.transport}/send`
  let isRefused = false
  socket.on('error', () => {})
  socket.on('data', (answer: Buffer) => (isRefused ||= answer.toString('latin1').startsWith('HTTP/1.1 413')))
  return {
    announce: (length) => void socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`),
    drip: () => void (socket.writable && socket.write('x')),
    get isRefused() {
      return isRefused
    },
    close: () => {
      socket.destroy()
      session?.close()
    },
  }
}

/** Opens the connections, as strangers or as sessions. */
async function open(port: number, isSession: boolean): Promise<Announcer[]> {
  const all: Announcer[] = []
  for (let count = 0; count < CONNECTIONS; count++) {
    const kind = KINDS[count % KINDS.length]!
    if (kind === 'longpoll') all.push(await onLongPoll(port, isSession))
    else all.push(onSocket(isSession ? (await ListSession.open(port, kind)).line : await openLine(port, kind)))
  }
  return all
}

/** Announces `length` bytes on each and drips a few; gives the growth of memory and how many were refused. */
async function announce(router: RouterProcess, isSession: boolean, length: number): Promise<{ growth: number; refused: number }> {
  const all = await open(router.port, isSession)
  const before = await router.settledBytes()
  const memory = router.watchMemory()
  for (const one of all) one.announce(length)
  for (let drip = 0; drip < DRIPS; drip++) {
    for (const one of all) one.drip()
    await pause(DRIP_EVERY_MS)
  }
  const growth = memory.stop() - before
  const refused = all.filter((one) => one.isRefused).length
  for (const one of all) one.close()
  return { growth, refused }
}

/** Exactly the limit is no fault: it must wait for the rest, and must not have taken the memory yet. */
async function atTheLimit(router: RouterProcess, who: string, isSession: boolean, length: number): Promise<Finding> {
  const { growth, refused } = await announce(router, isSession, length)
  const what = `memory for ${CONNECTIONS} ${who}, just the limit`
  const finding = atMost(what, growth / MEGABYTE, GROWTH_BYTES_MAX / MEGABYTE, 'MB', 1)
  return { ...finding, isOk: finding.isOk && refused === 0, figure: `${finding.figure}, ${refused} refused` }
}

async function attack(router: RouterProcess): Promise<Finding[]> {
  // Once for the code and the pools: what a first round costs is not what an announcement costs.
  for (const one of [...(await open(router.port, false)), ...(await open(router.port, true))]) one.close()
  const findings: Finding[] = []
  for (const [who, isSession, length] of [
    ['strangers, 16 MB', false, 2 ** 24],
    ['strangers, 64 kB and one byte', false, STRANGER_BYTES_MAX + 1],
    ['sessions, 16 MB', true, 2 ** 24],
    ['sessions, 4 MB and one byte', true, SESSION_BYTES_MAX + 1],
  ] as const) {
    const { growth, refused } = await announce(router, isSession, length)
    findings.push(exactly(`${CONNECTIONS} announcements of ${who}: refused at the header`, refused, CONNECTIONS, 'connections'))
    findings.push(atMost(`${CONNECTIONS} announcements of ${who}: memory`, growth / MEGABYTE, GROWTH_BYTES_MAX / MEGABYTE, 'MB', 1))
  }
  findings.push(await atTheLimit(router, 'strangers that announced 64 kB', false, STRANGER_BYTES_MAX))
  findings.push(await atTheLimit(router, 'sessions that announced 4 MB', true, SESSION_BYTES_MAX))
  return findings
}

export const announced: Check = { name: 'announced', run: () => withRouter(attack) }
