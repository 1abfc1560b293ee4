// The way from the node to its storage thread and back: what waits for an answer, by id. Writes of one turn go together.

import { Worker } from 'node:worker_threads'
import type { HistoryQuery, StoreFailure } from '@crosspoint/router'
import type { Drop, FlatPage, FlatRecord, Reply, Request, ThreadData, Write } from './messages.ts'

type Opened = Extract<Reply, { type: 'opened' }>

const EVENT_BYTES = 200 // what an event takes beside its payload and dictionaries, roughly
const IS_SOURCE = import.meta.url.endsWith('.ts')
const THREAD = new URL(IS_SOURCE ? './event-thread.ts' : './event-thread.js', import.meta.url)
// The hooks by which bin/crosspoint.js finds the sources in a checkout reach its own thread only.
const CONDITIONS = IS_SOURCE ? { execArgv: ['--conditions=@crosspoint/source'] } : {}

interface PendingAppend {
  readonly bytes: number
  readonly done: (failure: StoreFailure | undefined) => void
}

export class ThreadLink {
  readonly opened: Promise<Opened>
  readonly #worker: Worker
  readonly #file: string
  readonly #pendingBytesMax: number
  readonly #appends = new Map<number, PendingAppend>()
  readonly #queries = new Map<number, (answer: FlatPage | StoreFailure) => void>()
  readonly #onEnd: (() => void)[] = []
  #writes: Write[] = []
  readonly #drops = new Map<string, Drop>()
  #isScheduled = false
  #lastId = 0
  #pendingBytes = 0
  #dead: string | undefined

  constructor(data: ThreadData, pendingBytesMax: number) {
    const { file } = data
    this.#file = file
    this.#pendingBytesMax = pendingBytesMax
    const worker = new Worker(THREAD, { workerData: data, ...CONDITIONS })
    this.#worker = worker
    this.opened = new Promise((resolve) => {
      this.#onEnd.push(() => resolve({ type: 'opened', realms: [], failure: this.#dead }))
      worker.on('message', (reply: Reply) => (reply.type === 'opened' ? resolve(reply) : this.#answered(reply)))
    })
    worker.on('error', (error) => this.#ended(`the storage thread of ${file} failed: ${(error as Error).message}; restart the node`))
    worker.on('exit', () => this.#ended(`the storage thread of ${file} has ended; restart the node`))
  }

  #ended(why: string): void {
    this.#dead ??= why
    const failure = { failure: this.#dead }
    const waiting = [...this.#appends.values(), ...[...this.#queries.values()].map((done) => ({ done }))]
    this.#appends.clear()
    this.#queries.clear()
    for (const { done } of waiting) done(failure)
    for (const end of this.#onEnd.splice(0)) end()
  }

  #answered(reply: Reply): void {
    if (reply.type === 'appended') {
      const failure = reply.failure === undefined ? undefined : { failure: reply.failure }
      for (const id of reply.ids) {
        const append = this.#appends.get(id)!
        this.#appends.delete(id)
        this.#pendingBytes -= append.bytes
        append.done(failure)
      }
    } else if (reply.type === 'page' || reply.type === 'failed') {
      const done = this.#queries.get(reply.id)!
      this.#queries.delete(reply.id)
      done(reply.type === 'page' ? reply.page : { failure: reply.failure })
    }
  }

  /** Why the record is not even taken; `undefined` when it is, and `done` will be called. */
  append(realm: number, record: FlatRecord, done: PendingAppend['done']): StoreFailure | undefined {
    if (this.#dead !== undefined) return { failure: this.#dead }
    const { event } = record
    const bytes = event.bytes.length + 2 * (event.details.length + event.lists.length) + EVENT_BYTES
    if (this.#pendingBytes + bytes > this.#pendingBytesMax) {
      const most = `${this.#pendingBytes} of at most ${this.#pendingBytesMax} bytes`
      return { failure: `${this.#file}: ${most} wait to be written, which is the limit; the disk is too slow for what is published` }
    }
    this.#pendingBytes += bytes
    const id = ++this.#lastId
    this.#appends.set(id, { bytes, done })
    this.#takeDrops()
    this.#writes.push({ type: 'append', id, realm, record })
    this.#schedule()
    return undefined
  }

  /** Goes at once, or with the next write when the thread is behind: each topic once, so that they do not pile up. */
  drop(realm: number, topic: string): void {
    this.#drops.set(`${realm} ${topic}`, { type: 'drop', realm, topic })
    if (this.#pendingBytes < this.#pendingBytesMax / 2) this.#schedule()
  }

  query(realm: number, query: HistoryQuery, done: (answer: FlatPage | StoreFailure) => void): void {
    if (this.#dead !== undefined) return done({ failure: this.#dead })
    const id = ++this.#lastId
    this.#queries.set(id, done)
    this.#flush() // a question sees what was appended before it
    this.#send({ type: 'query', id, realm, query })
  }

  /** Resolves when the thread has ended. */
  close(lossy: readonly (readonly number[])[]): Promise<void> {
    return new Promise((resolve) => {
      if (this.#dead !== undefined) return resolve()
      this.#onEnd.push(resolve)
      this.#flush()
      this.#send({ type: 'close', lossy })
    })
  }

  #schedule(): void {
    if (!this.#isScheduled) setImmediate(() => this.#flush())
    this.#isScheduled = true
  }

  #flush(): void {
    this.#isScheduled = false
    this.#takeDrops()
    if (this.#writes.length === 0) return
    const writes = this.#writes
    this.#writes = []
    this.#send({ type: 'write', writes })
  }

  /** Before an append, since that may retain an event of the same topic. */
  #takeDrops(): void {
    for (const drop of this.#drops.values()) this.#writes.push(drop)
    this.#drops.clear()
  }

  #send(request: Request): void {
    this.#worker.postMessage(request)
  }
}
