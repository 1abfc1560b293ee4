// Keys from passwords, in threads of their own: one derivation takes milliseconds to seconds, and may take 64 MiB. Few run at once,
// some wait, and of more than that nobody gets one, so that a flood of logins piles up neither work nor memory.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** One processor is left for everything else, where there are several. */
export const DERIVATIONS_AT_ONCE_MAX = Math.max(1, Math.min(2, availableParallelism() - 1))
/** How many wait at most; the next one is answered with undefined at once, and its login fails. At 50 ms each that is a wait of 6 s. */
export const DERIVATIONS_WAITING_MAX = 128

export type Derivation = {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
  /** Bytes of the key. */
  readonly length: number
} & ({ readonly kind: 'pbkdf2' } | { readonly kind: 'argon2id'; readonly memoryKiB: number })

type Done = (key: Uint8Array | undefined) => void
interface Task {
  readonly derivation: Derivation
  readonly done: Done
}

const THREAD = new URL(import.meta.url.endsWith('.ts') ? './derivation-thread.ts' : './derivation-thread.js', import.meta.url)

const waiting: Task[] = []
/** Threads with nothing to do, and how many there are in all. */
const idle: DerivationThread[] = []
let threads = 0

/** Derives a key; `done` is called later, with undefined when too many wait or the memory cannot be had. */
export function derive(derivation: Derivation, done: Done): void {
  const thread = idle.pop()
  if (thread !== undefined) thread.run({ derivation, done })
  else if (threads < DERIVATIONS_AT_ONCE_MAX) new DerivationThread().run({ derivation, done })
  else if (waiting.length < DERIVATIONS_WAITING_MAX) waiting.push({ derivation, done })
  else done(undefined)
}

class DerivationThread {
  readonly #worker = new Worker(THREAD, { execArgv: [] })
  #task: Task | undefined

  constructor() {
    threads++
    this.#worker.on('message', (key: Uint8Array | undefined) => {
      this.#answer(key)
      this.#next()
    })
    // Its end with a task at hand: memory that the system took away. The next task starts another one.
    this.#worker.on('error', () => {})
    this.#worker.on('exit', () => this.#ended())
    this.#worker.unref()
  }

  run(task: Task): void {
    this.#task = task
    this.#worker.ref() // while there is something to do, and not longer, it keeps the process
    const { password, salt } = task.derivation
    // Plain copies: what comes in may be a view on a buffer that others use.
    this.#worker.postMessage({ ...task.derivation, password: new Uint8Array(password), salt: new Uint8Array(salt) })
  }

  #answer(key: Uint8Array | undefined): void {
    const task = this.#task
    this.#task = undefined
    task?.done(key)
  }

  #next(): void {
    const next = waiting.shift()
    if (next !== undefined) return this.run(next)
    this.#worker.unref()
    idle.push(this)
  }

  #ended(): void {
    threads--
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    this.#answer(undefined)
    const next = waiting.shift()
    if (next !== undefined) derive(next.derivation, next.done)
  }
}
