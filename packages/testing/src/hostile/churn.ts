// Subscriptions that come and go, and sessions that leave without a word: the memory reaches a plateau, the tables are empty.

import { jsonSerializer, type MatchPolicy, MessageType } from '@crosspoint/protocol'
import { Router } from '@crosspoint/router'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { VirtualClock } from '../conformance/virtual-clock.ts'
import { atMost, type Check, exactly, type Finding, until } from './check.ts'
import { ALL_ROLES, decodeList, encodeList } from './good-talk.ts'
import type { LongPollLine } from './longpoll-line.ts'
import { MemoryLine } from './memory-fuzz.ts'
import { MEGABYTE, type RouterProcess, withRouter } from './router-process.ts'
import { ALL_KINDS, type Kind, ListSession, openPeerLine, type SocketLine } from './socket-line.ts'

// Each subscription over long-poll is a request of its own, which costs this process as much as ten others.
const SUBSCRIPTIONS: { readonly [kind in Kind]: number } = {
  websocket: 12_000,
  rawsocket: 12_000,
  batched: 12_000,
  longpoll: 1_000,
  'longpoll-batched': 1_000,
}
const TOTAL = Object.values(SUBSCRIPTIONS).reduce((sum, count) => sum + count, 0)
const LEAVERS = 5_000
const LEAVERS_AT_ONCE = 50
const ROUNDS_MIN = 3
// What is kept is kept in every round; what one round leaves resident for other reasons is not left by all.
const ROUNDS_MAX = 6
const PLATEAU_BYTES_MAX = 4 * MEGABYTE
const MATCHES: readonly MatchPolicy[] = ['exact', 'prefix', 'wildcard']

/** The options and URI of the n-th subscription of a session. */
function subscription(session: number, n: number): [{ match: MatchPolicy }, string] {
  const match = MATCHES[n % 3]!
  return [{ match }, match === 'wildcard' ? `com.s${session}..n${n}` : `com.s${session}.n${n}`]
}

/** Subscribes to everything, then unsubscribes from everything, many requests under way at a time. */
async function comeAndGo(port: number, kind: Kind, index: number): Promise<void> {
  const session = await ListSession.on(await openPeerLine(port, kind))
  const count = SUBSCRIPTIONS[kind]
  const ids: number[] = []
  let unsubscribed = 0
  session.onMessage = (message) => {
    if (message[0] === MessageType.SUBSCRIBED) ids.push(message[2] as number)
    else if (message[0] === MessageType.UNSUBSCRIBED) unsubscribed++
    else throw new Error(`Subscribing was answered with ${JSON.stringify(message)}`)
  }
  for (let n = 0; n < count; n++) session.send([MessageType.SUBSCRIBE, n + 1, ...subscription(index, n)])
  await until('the subscriptions', () => ids.length === count, 30_000)
  for (const [n, id] of ids.entries()) session.send([MessageType.UNSUBSCRIBE, count + n + 1, id])
  await until('the subscriptions to end', () => unsubscribed === count, 30_000)
  session.close()
}

async function leaveAbruptly(port: number, index: number): Promise<void> {
  const kind = ALL_KINDS[index % ALL_KINDS.length]!
  const session = await ListSession.on(await openPeerLine(port, kind))
  await session.ask([MessageType.SUBSCRIBE, 1, ...subscription(9, index)])
  await session.ask([MessageType.REGISTER, 2, {}, `com.leaver.n${index}`])
  const { line } = session
  if ('socket' in line) (line as SocketLine).socket.resetAndDestroy()
  else await (line as LongPollLine).client.close() // a client that just stays away keeps its transport for longPollIdleTimeoutMs
}

async function round(port: number): Promise<void> {
  await Promise.all(ALL_KINDS.map((kind, index) => comeAndGo(port, kind, index)))
  for (let from = 0; from < LEAVERS; from += LEAVERS_AT_ONCE) {
    await Promise.all(Array.from({ length: LEAVERS_AT_ONCE }, (_, index) => leaveAbruptly(port, from + index)))
  }
}

async function attack(router: RouterProcess): Promise<Finding[]> {
  const kept: number[] = []
  const added = (): number => kept.at(-1)! - kept.at(-2)!
  while (kept.length < ROUNDS_MIN || (added() > PLATEAU_BYTES_MAX && kept.length < ROUNDS_MAX)) {
    await round(router.port)
    kept.push(await router.settledBytes())
  }
  const shown = kept.map((bytes) => (bytes / MEGABYTE).toFixed(1)).join(', ')
  const what = `${TOTAL} subscribe/unsubscribe and ${LEAVERS} abrupt leaves, ${kept.length} rounds, resident ${shown} MB: the last added`
  return [atMost(what, added() / MEGABYTE, PLATEAU_BYTES_MAX / MEGABYTE, 'MB', 1)]
}

/** What is left in the tables of a router after sessions that subscribed, registered, called and left in any order. */
export function leftInTables(sessions: number, seed: number): { tables: number; timers: number } {
  const clock = new VirtualClock()
  const random = new SeededRandom(seed)
  const router = new Router({ clock, random, realms: [{ name: 'realm1' }] })
  let open: MemoryLine[] = []
  for (let index = 0; index < sessions; index++) {
    const line = new MemoryLine(router, jsonSerializer, `leaver ${index}`)
    const send = (list: readonly unknown[]): void => line.send(encodeList(jsonSerializer, list))
    const ids: number[] = []
    line.onFrame = (frame) => {
      const message = decodeList(jsonSerializer, frame)
      if (message[0] === MessageType.SUBSCRIBED) ids.push(message[2] as number)
    }
    send([MessageType.HELLO, 'realm1', { roles: ALL_ROLES }])
    let request = 0
    for (let n = 0; n < 9; n++) send([MessageType.SUBSCRIBE, ++request, ...subscription(random.below(5), random.below(50))])
    for (const id of ids.slice(random.below(9))) send([MessageType.UNSUBSCRIBE, ++request, id])
    send([MessageType.REGISTER, ++request, { invoke: 'roundrobin' }, `com.p${random.below(9)}`])
    for (let n = 0; n < 3; n++) send([MessageType.CALL, ++request, { timeout: 1000 }, `com.p${random.below(9)}`])
    open.push(line)
    const leaving = open.filter(() => random.below(8) === 0)
    for (const one of leaving) one.close()
    open = open.filter((one) => !leaving.includes(one))
  }
  for (const line of open) line.close()
  const realm = router.realm('realm1')!
  return { tables: realm.broker.size + realm.dealer.size + realm.sessions.size + router.peerCount, timers: clock.timerCount }
}

export const churn: Check = {
  name: 'churn',
  async run({ seed }) {
    const findings = await withRouter(attack)
    const { tables, timers } = leftInTables(LEAVERS, seed)
    const what = `entries left in the tables after ${LEAVERS} sessions came, subscribed, registered, called and left, seed ${seed}`
    return [...findings, exactly(what, tables, 0, 'entries'), exactly('timers left', timers, 0, 'timers')]
  },
}
