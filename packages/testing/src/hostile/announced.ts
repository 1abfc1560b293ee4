// Messages of 16 MB are announced on many connections and then dripped. An oversized one is refused at its header, before
// memory is taken for it: strangers have 64 kB, sessions 4 MB.

import { randomBytes } from 'node:crypto'
import { atMost, type Check, exactly, type Finding, pause } from './check.ts'
import { MEGABYTE, type RouterProcess, withRouter } from './router-process.ts'
import { KINDS, ListSession, openLine, type SocketLine } from './socket-line.ts'

const CONNECTIONS = 200
const GROWTH_BYTES_MAX = 8 * MEGABYTE
const DRIPS = 50
const DRIP_EVERY_MS = 20
const STRANGER_BYTES_MAX = 64 * 1024

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

/** Opens the connections, as strangers or as sessions. */
async function open(port: number, isSession: boolean): Promise<SocketLine[]> {
  const lines: SocketLine[] = []
  for (let count = 0; count < CONNECTIONS; count++) {
    const kind = KINDS[count % 2]!
    lines.push(isSession ? (await ListSession.open(port, kind)).line : await openLine(port, kind))
  }
  return lines
}

/** Announces `length` bytes on each and drips a few; gives the growth of memory and how many were refused. */
async function announce(router: RouterProcess, isSession: boolean, length: number): Promise<{ growth: number; refused: number }> {
  const lines = await open(router.port, isSession)
  const before = await router.settledBytes()
  const memory = router.watchMemory()
  for (const line of lines) line.sendBytes(header(line, length))
  for (let drip = 0; drip < DRIPS; drip++) {
    for (const line of lines) if (line.socket.writable) line.sendBytes(Buffer.from('x'))
    await pause(DRIP_EVERY_MS)
  }
  const growth = memory.stop() - before
  const refused = lines.filter((line) => line.isClosed || line.socket.destroyed || line.socket.readableEnded).length
  for (const line of lines) line.close()
  return { growth, refused }
}

async function atTheLimit(router: RouterProcess): Promise<Finding> {
  // Exactly the limit is no fault: it must wait for the rest, and must not have taken the memory yet.
  const { growth, refused } = await announce(router, false, STRANGER_BYTES_MAX)
  const finding = atMost(
    `memory for ${CONNECTIONS} strangers that announced just 64 kB`,
    growth / MEGABYTE,
    GROWTH_BYTES_MAX / MEGABYTE,
    'MB',
    1,
  )
  return { ...finding, isOk: finding.isOk && refused === 0, figure: `${finding.figure}, ${refused} refused` }
}

async function attack(router: RouterProcess): Promise<Finding[]> {
  // Once for the code and the pools: what a first round costs is not what an announcement costs.
  for (const line of [...(await open(router.port, false)), ...(await open(router.port, true))]) line.close()
  const findings: Finding[] = []
  for (const [who, isSession, length] of [
    ['strangers, 16 MB', false, 2 ** 24],
    ['strangers, 64 kB and one byte', false, STRANGER_BYTES_MAX + 1],
    ['sessions, 16 MB', true, 2 ** 24],
  ] as const) {
    const { growth, refused } = await announce(router, isSession, length)
    findings.push(exactly(`${CONNECTIONS} announcements of ${who}: refused at the header`, refused, CONNECTIONS, 'connections'))
    findings.push(atMost(`${CONNECTIONS} announcements of ${who}: memory`, growth / MEGABYTE, GROWTH_BYTES_MAX / MEGABYTE, 'MB', 1))
  }
  findings.push(await atTheLimit(router))
  return findings
}

export const announced: Check = { name: 'announced', run: () => withRouter(attack) }
