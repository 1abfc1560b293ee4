// The storage thread: takes writes and questions, in order. Writes that came while a commit went on go into the next one
// together. A file that cannot be used fails what is asked for, in words, and is tried again later.

import { parentPort, workerData } from 'node:worker_threads'
import { EventDatabase } from './event-database.ts'
import type { Append, Drop, Reply, Request, ThreadData, Write } from './messages.ts'

const RETRY_MS = 1_000
const BUSY_MS_FIRST = 1_000 // a node that was stopped just now may still be closing it
const BUSY_MS = 20
const GROUP_MAX = 10_000 // writes in one commit
const { file, realms } = workerData as ThreadData

let database: EventDatabase | undefined
let failure: string | undefined
let triedAt: number | undefined
let waiting: Write[] = []
let isScheduled = false
/** Streams of which an event was lost, by realm: positions in them cannot be continued when the file is opened again. */
const lossy: readonly Set<number>[] = realms.map(() => new Set())
/** Retained events in the file that the router has replaced or dropped meanwhile: better none than those. */
const stale = new Map<string, Drop>()

function reply(message: Reply): void {
  parentPort!.postMessage(message)
}

/** The open database. Throws why there is none. */
function use(): EventDatabase {
  if (database !== undefined) return database
  if (triedAt !== undefined && Date.now() - triedAt < RETRY_MS) throw new Error(failure)
  const isLate = triedAt !== undefined
  try {
    return (database = new EventDatabase({ file, realms, isLate, busyMs: isLate ? BUSY_MS : BUSY_MS_FIRST }))
  } catch (error) {
    failure = describe(error)
    throw new Error(failure, { cause: error })
  } finally {
    triedAt = Date.now()
  }
}

/** Does something with the database; why it could not, in words. */
function attempt(work: (open: EventDatabase) => void): string | undefined {
  let open: EventDatabase
  try {
    open = use()
  } catch (error) {
    return (error as Error).message
  }
  try {
    work(open)
    return undefined
  } catch (error) {
    failure = describe(error)
    if (open.isStuck || BROKEN.has(codeOf(error))) {
      abandon(open)
      triedAt = Date.now()
    }
    return failure
  }
}

function abandon(open: EventDatabase): void {
  database = undefined
  try {
    open.abandon()
  } catch {
    // It is of no more use either way.
  }
}

/** What went wrong, and what an operator can do about it. */
function describe(error: unknown): string {
  const { message, errcode, syscall } = error as Error & { errcode?: number; syscall?: string }
  if (errcode === undefined) return `${file}: ${message}${syscall === undefined ? '' : '; see whether its folder can be made there'}`
  return `${file}: ${message}; ${REMEDIES.get(codeOf(error)) ?? 'see whether the file and its folder can be written'}`
}
/** The primary result code of SQLite; 0 when something else failed. */
function codeOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff
}
const REMEDIES = new Map([
  [5, 'another process has it open: stop that one, or give this node a file of its own'],
  [6, 'another process has it open: stop that one, or give this node a file of its own'],
  [8, 'this user cannot write it: give the right to write the file and its folder'],
  [10, 'the disk cannot be read or written: see to it, events are lost meanwhile'],
  [11, 'the file is damaged: move it away and restart, then a new one is made; the old one may be repaired with sqlite3 ".recover"'],
  [13, 'the disk is full: make room, events are lost meanwhile'],
  [14, 'it cannot be opened: see whether the path is a file that this user can write'],
  [26, 'it is no SQLite file: move it away and restart, then a new one is made'],
])
/** After these the file is opened anew. */
const BROKEN = new Set([10, 11, 26])

function flush(): void {
  isScheduled = false
  const writes = waiting
  waiting = []
  for (let at = 0; at < writes.length; at += GROUP_MAX) commit(writes.slice(at, at + GROUP_MAX))
}

function commit(group: readonly Write[]): void {
  const why = attempt((open) => open.write([...stale.values(), ...group]))
  if (why === undefined) stale.clear()
  else for (const write of group) noteLoss(write)
  const ids = group.filter((write): write is Append => write.type === 'append').map(({ id }) => id)
  reply({ type: 'appended', ids, failure: why })
}

function noteLoss(write: Write): void {
  const { realm } = write
  if (write.type === 'append') for (const { index } of write.record.streams) lossy[realm]!.add(index)
  const topic = write.type === 'drop' ? write.topic : write.record.retention === 'replace' ? write.record.event.topic : undefined
  if (topic !== undefined) stale.set(`${realm} ${topic}`, { type: 'drop', realm, topic })
}

function close(told: readonly (readonly number[])[]): void {
  told.forEach((indexes, realm) => {
    for (const index of indexes) lossy[realm]!.add(index)
  })
  try {
    database?.close(lossy)
  } catch {
    // Then its positions do not count when it is opened again.
  }
  reply({ type: 'closed' })
  parentPort!.close()
}

parentPort!.on('message', (request: Request) => {
  if (request.type === 'write') {
    for (const write of request.writes) waiting.push(write)
    if (!isScheduled) setImmediate(flush)
    isScheduled = true
    return
  }
  flush() // a question sees what was appended before it
  if (request.type === 'close') return close(request.lossy)
  const { id, realm, query } = request
  const why = attempt((open) => reply({ type: 'page', id, page: open.query(realm, query) }))
  if (why !== undefined) reply({ type: 'failed', id, failure: why })
})

let found: Extract<Reply, { type: 'opened' }>['realms'] = []
const why = attempt((open) => {
  found = open.opened()
})
reply({ type: 'opened', realms: found, failure: why })
