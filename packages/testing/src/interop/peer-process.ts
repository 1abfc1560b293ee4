// A foreign client as a process of its own, at the other end of the line protocol.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Dict } from '@crosspoint/client/node'
import { type Asked, type Command, fromLine, NoAnswer, type Notice, type Peer, PeerError, toLine, Unsupported } from './line-protocol.ts'

/** How long a program may take to start and to answer, in milliseconds. */
const START_MS = 20_000
const ANSWER_MS = 5_000

interface Answer {
  readonly id: number
  readonly ok?: Dict
  readonly error?: { readonly uri: string; readonly args?: readonly unknown[]; readonly kwargs?: Dict }
  readonly unsupported?: string
}

export class PeerProcess implements Peer {
  name: string
  onNotice: (notice: Notice) => void = () => {}
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer | Error) => void>()
  readonly #ended: Promise<void>
  #ready: PromiseWithResolvers<string> | undefined = Promise.withResolvers<string>()
  #lastId = 0
  #errors = ''

  constructor(name: string, [program, ...args]: readonly string[]) {
    this.name = name
    this.#child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdin!.on('error', () => {}) // the end of the process tells
    this.#child.stderr!.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-500)
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#hear(line))
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#errors += error.message
        this.#lost()
        resolve()
      })
      this.#child.on('close', () => {
        this.#lost()
        resolve()
      })
    })
  }

  /** Resolves when the program has said which version of the library it runs. */
  async started(): Promise<this> {
    const ready = this.#ready!
    const guard = setTimeout(() => this.#child.kill('SIGKILL'), START_MS)
    const version = await ready.promise.finally(() => clearTimeout(guard))
    if (!this.name.includes(version)) throw new Error(`"${this.name}" expected; the library says that it is version ${version}`)
    return this
  }

  ask(command: Command): Asked {
    const id = ++this.#lastId
    const answer = new Promise<Dict>((resolve, reject) => {
      const guard = setTimeout(
        () => settle(new NoAnswer(`no answer to ${command.do} within ${ANSWER_MS} ms ${this.#errors.slice(-200)}`)),
        ANSWER_MS,
      )
      const settle = (given: Answer | Error) => {
        clearTimeout(guard)
        this.#waiting.delete(id)
        if (given instanceof Error) reject(given)
        else if (given.ok !== undefined) resolve(given.ok)
        else if (given.error !== undefined) reject(new PeerError(given.error.uri, given.error.args, given.error.kwargs))
        else reject(new Unsupported(given.unsupported ?? 'it does not say what', this.name))
      }
      this.#waiting.set(id, settle)
      if (this.#child.exitCode !== null) return this.#lost()
      this.#child.stdin!.write(`${JSON.stringify({ id, ...(toLine(command) as Command) })}\n`)
    })
    return { id, answer }
  }

  async stop(): Promise<void> {
    this.#child.stdin!.end()
    const guard = setTimeout(() => this.#child.kill('SIGKILL'), 1000)
    await this.#ended
    clearTimeout(guard)
  }

  #hear(line: string): void {
    if (!line.startsWith('{')) return
    const said = fromLine(JSON.parse(line)) as { readonly ready?: string } & Answer & Notice
    if (said.ready !== undefined) this.#ready?.resolve(said.ready)
    else if (said.id !== undefined) this.#waiting.get(said.id)?.(said)
    else this.onNotice(said)
  }

  #lost(): void {
    const error = new Error(`the program of ${this.name} has ended: ${this.#errors}`)
    this.#ready?.promise.catch(() => {})
    this.#ready?.reject(error)
    for (const settle of [...this.#waiting.values()]) settle(error)
  }
}
