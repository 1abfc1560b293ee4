// Keys from passwords, in processes of their own: one derivation takes milliseconds to seconds, and may take 64 MiB. Few run at once,
// some wait, and of more than that nobody gets one, so that a flood of logins piles up neither work nor memory.

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'

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

const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './derivation-process.ts' : './derivation-process.js', import.meta.url)
/** After so long without a login a process ends; the next one starts within some 50 ms. */
const IDLE_MS = 30_000

const waiting: Task[] = []
/** Processes with nothing to do, and how many there are in all. */
const idle: DerivationProcess[] = []
let processes = 0

/** Derives a key; `done` is called later, with undefined when too many wait or the memory cannot be had. */
export function derive(derivation: Derivation, done: Done): void {
  const free = idle.pop()
  if (free !== undefined) free.run({ derivation, done })
  else if (processes < DERIVATIONS_AT_ONCE_MAX) new DerivationProcess().run({ derivation, done })
  else if (waiting.length < DERIVATIONS_WAITING_MAX) waiting.push({ derivation, done })
  else done(undefined)
}

class DerivationProcess {
  readonly #child = fork(PROGRAM, [], { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  #task: Task | undefined
  #idle: NodeJS.Timeout | undefined

  constructor() {
    processes++
    this.#child.on('message', ({ key }: { readonly key: Uint8Array | undefined }) => {
      this.#answer(key)
      this.#next()
    })
    // Its end with a task at hand: memory that the system took away. The next task starts another one.
    this.#child.on('error', () => this.#ended())
    this.#child.on('exit', () => this.#ended())
    this.#letGo()
  }

  run(task: Task): void {
    this.#task = task
    clearTimeout(this.#idle)
    this.#child.ref() // while there is something to do, and not longer, it keeps the node
    this.#child.channel?.ref()
    const { password, salt } = task.derivation
    // Plain copies: what comes in may be a view on a buffer that others use.
    this.#child.send({ ...task.derivation, password: new Uint8Array(password), salt: new Uint8Array(salt) }, () => {})
  }

  #answer(key: Uint8Array | undefined): void {
    const task = this.#task
    this.#task = undefined
    task?.done(key)
  }

  #next(): void {
    const next = waiting.shift()
    if (next !== undefined) return this.run(next)
    this.#letGo()
    idle.push(this)
    this.#idle = setTimeout(() => this.#leave(), IDLE_MS).unref()
  }

  #letGo(): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }

  /** Nobody has logged in for a while: its memory is given back. */
  #leave(): void {
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    this.#child.disconnect()
  }

  #hasEnded = false
  #ended(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    processes--
    clearTimeout(this.#idle)
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    this.#answer(undefined)
    const next = waiting.shift()
    if (next !== undefined) derive(next.derivation, next.done)
  }
}
