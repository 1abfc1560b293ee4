// The storage thread: takes appends and questions, in order. Appends that came while a commit went on go into the next one
// together. A file that cannot be used fails what is asked for, in words, and is tried again later.

import { parentPort, workerData } from 'node:worker_threads'
import { EventDatabase } from './event-database.ts'
import type { FlatRecord, Reply, Request, ThreadData } from './messages.ts'

const RETRY_MS = 1_000
const GROUP_MAX = 10_000 // appends in one commit
const { file, realms } = workerData as ThreadData

let database: EventDatabase | undefined
let failure: string | undefined
let triedAt = 0
let waiting: { readonly id: number; readonly realm: number; readonly record: FlatRecord }[] = []
let isScheduled = false

function reply(message: Reply): void {
  parentPort!.postMessage(message)
}

/** The open database, or `undefined` with `failure` set. */
function use(): EventDatabase | undefined {
  if (database !== undefined || Date.now() - triedAt < RETRY_MS) return database
  const isLate = triedAt > 0
  triedAt = Date.now()
  try {
    database = new EventDatabase(file, realms, isLate)
    failure = undefined
  } catch (error) {
    failure = describe(error)
  }
  return database
}

/** What went wrong, and what an operator can do about it. */
function describe(error: unknown): string {
  const { message, errcode = 0 } = error as Error & { errcode?: number }
  const remedy = REMEDIES.get(errcode & 0xff) ?? 'see whether the file and its folder can be written'
  return `${file}: ${message}; ${remedy}`
}
/** By primary result code of SQLite. */
const REMEDIES = new Map([
  [5, 'another process has it open: stop that one, or give this node a file of its own'],
  [6, 'another process has it open: stop that one, or give this node a file of its own'],
  [10, 'the disk cannot be read or written: see to it, events are lost meanwhile'],
  [11, 'the file is damaged: move it away and restart, then a new one is made; the old one may be repaired with sqlite3 ".recover"'],
  [13, 'the disk is full: make room, events are lost meanwhile'],
  [14, 'it cannot be opened: see whether the path is a file that this user can write'],
  [26, 'it is no SQLite file: move it away and restart, then a new one is made'],
])

/** After these the connection is of no more use. */
function giveUpIfBroken(error: unknown): void {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
  if (code !== 10 && code !== 11 && code !== 26) return
  try {
    database?.abandon()
  } catch {
    // it is of no more use either way
  }
  database = undefined
}

function flush(): void {
  isScheduled = false
  while (waiting.length > 0) {
    const group = waiting.slice(0, GROUP_MAX)
    waiting = waiting.slice(GROUP_MAX)
    const ids = group.map(({ id }) => id)
    const open = use()
    if (open === undefined) {
      reply({ type: 'appended', ids, failure: failure ?? `${file} is not open` })
      continue
    }
    try {
      open.append(group)
      reply({ type: 'appended', ids, failure: undefined })
    } catch (error) {
      reply({ type: 'appended', ids, failure: describe(error) })
      giveUpIfBroken(error)
    }
  }
}

parentPort!.on('message', (request: Request) => {
  if (request.type === 'append') {
    waiting.push(request)
    if (!isScheduled) {
      isScheduled = true
      setImmediate(flush)
    }
    return
  }
  flush() // a question sees what was appended before it
  if (request.type === 'close') {
    try {
      database?.close()
    } catch {
      // then its positions do not count when it is opened again
    }
    reply({ type: 'closed' })
    parentPort!.close()
    return
  }
  try {
    const open = use()
    if (open === undefined) throw new Error('it is not open')
    if (request.type === 'drop') open.dropRetained(request.realm, request.topic)
    else reply({ type: 'page', id: request.id, page: open.query(request.realm, request.query) })
  } catch (error) {
    if (request.type === 'query') reply({ type: 'failed', id: request.id, failure: failure ?? describe(error) })
    giveUpIfBroken(error)
  }
})

const opened = use()
reply({ type: 'opened', realms: opened?.opened() ?? [], failure })
