// The audit log: who came in, who was refused and why, who was sent away and by whom, who left. One line of JSON each, in a file of its
// own, never a secret. Lines are written behind the router's back, so a slow disk holds up nobody; what a full disk does not take is
// kept up to a bound, then counted.

import { UsageError } from '@crosspoint/protocol'
import type { RouterObserver, SessionSummary } from '@crosspoint/router'
import type { Logger } from './log.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts'

/** Where lines go. */
export interface AuditSink {
  append(lines: string): Promise<void>
  close(): Promise<void>
}

export interface AuditEntry {
  readonly event: 'login' | 'refused' | 'killed' | 'left' | 'permissions' | 'forgotten'
  readonly [member: string]: unknown
}

/** What waits to be written at most, in characters. */
const WAITING_MAX = 1_048_576
/** Longest text of a member: what a peer invents must not fill the file. */
const TEXT_MAX = 300
/** After a failure. */
const RETRY_MS = 1_000

export class AuditLog {
  readonly #sink: AuditSink
  readonly #log: Logger
  readonly #name: string
  readonly #now: () => number
  readonly #retryMs: number
  #waiting: string[] = []
  #size = 0
  /** Entries that there was no room for. */
  #lost = 0
  #isFailing = false
  #writing: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false

  /**
   * @param name of the file, for the log
   * @param now milliseconds since 1970. Default: the system's clock
   * @param retryMs how long to wait after a failure, in milliseconds. Default: 1000
   */
  constructor(sink: AuditSink, name: string, log: Logger, now: () => number = Date.now, retryMs = RETRY_MS) {
    this.#sink = sink
    this.#name = name
    this.#log = log
    this.#now = now
    this.#retryMs = retryMs
  }

  /**
   * Opens the file.
   *
   * @throws UsageError ERR_CONFIG when it cannot be written
   * @example
   * const audit = await AuditLog.open({ path: '/var/log/crosspoint/audit.jsonl', maxBytes: 10_485_760, keep: 5 }, log)
   */
  static async open(options: RotatingFileOptions, log: Logger): Promise<AuditLog> {
    const file = new RotatingFile(options)
    try {
      await file.open()
    } catch (error) {
      throw new UsageError('ERR_CONFIG', `Cannot write the audit log ${options.path}: ${(error as Error).message}`, { cause: error })
    }
    return new AuditLog(file, options.path, log)
  }

  /** Takes an entry; it is written soon. */
  write(entry: AuditEntry): void {
    if (this.#isClosed) return
    const line = `${JSON.stringify({ time: new Date(this.#now()).toISOString(), ...entry }, shortened)}\n`
    if (this.#size + line.length > WAITING_MAX) {
      this.#lost++
      return
    }
    this.#waiting.push(line)
    this.#size += line.length
    if (this.#retry === undefined) this.#begin()
  }

  #begin(): void {
    this.#writing ??= this.#flush().finally(() => {
      this.#writing = undefined
      if (this.#waiting.length > 0 && this.#retry === undefined && !this.#isClosed) this.#begin()
    })
  }

  /** Writes what waits, once. What comes meanwhile is written with the next piece. */
  async #flush(): Promise<void> {
    const lines = this.#waiting
    const size = this.#size
    const lost = this.#lost
    this.#waiting = []
    const tail = lost === 0 ? '' : `${JSON.stringify({ time: new Date(this.#now()).toISOString(), event: 'lost', count: lost })}\n`
    try {
      await this.#sink.append(lines.join('') + tail)
    } catch (error) {
      this.#waiting = [...lines, ...this.#waiting]
      return this.#failed(error)
    }
    this.#size -= size
    this.#lost -= lost
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#log.info(`the audit log ${this.#name} can be written again${lost === 0 ? '' : `; entries that are lost: ${lost}`}`)
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) {
      this.#isFailing = true
      this.#log.error(`the audit log ${this.#name} cannot be written: ${(error as Error).message}; entries wait, and then are only counted`)
    }
    if (this.#isClosed) return
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#begin()
    }, this.#retryMs)
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    await this.#writing
    if (this.#waiting.length > 0) await this.#flush()
    const lost = this.#waiting.length + this.#lost
    if (lost > 0) this.#log.error(`the audit log ${this.#name} ends without its last entries: ${lost}`)
    await this.#sink.close().catch((error: unknown) => this.#log.error(`the audit log ${this.#name} could not be closed:`, error))
  }

  /** What the router reports, as entries. */
  observer(): RouterObserver {
    return {
      onSessionStart: (session) => this.write({ event: 'login', ...sessionEntry(session) }),
      onRefused: (peer, reason, cause, login) => {
        const { realm = null, authid = null, authmethod = null } = login ?? {}
        this.write({ event: 'refused', peer, realm, authid, authmethod, reason, cause })
      },
      onRolesChange: (realm) => this.write({ event: 'permissions', realm }),
      onDecisionsForgotten: (by, count) => this.write({ event: 'forgotten', count, by: sessionEntry(by) }),
      onKill: (session, reason, by) => this.write({ event: 'killed', ...sessionEntry(session), reason, by: sessionEntry(by) }),
      onSessionEnd: (session, reason, message) => this.write({ event: 'left', ...sessionEntry(session), reason, message }),
    }
  }
}

function sessionEntry({ id, realm, authid, authrole, authmethod, authprovider, peer }: SessionSummary) {
  return { session: id, realm, authid, authrole, authmethod, authprovider, peer }
}

function shortened(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX - 1)}…` : value
}

/** One observer that tells several. */
export function allOf(...observers: readonly RouterObserver[]): RouterObserver {
  const each = <Name extends keyof RouterObserver>(name: Name) => {
    const told = observers.filter((observer) => observer[name] !== undefined)
    return (...args: Parameters<NonNullable<RouterObserver[Name]>>) => {
      for (const observer of told) (observer[name] as (...args: unknown[]) => void)(...args)
    }
  }
  return {
    onSessionStart: each('onSessionStart'),
    onSessionEnd: each('onSessionEnd'),
    onRolesChange: each('onRolesChange'),
    onDecisionsForgotten: each('onDecisionsForgotten'),
    onKill: each('onKill'),
    onRefused: each('onRefused'),
    onEventDropped: each('onEventDropped'),
    onStoreFailing: each('onStoreFailing'),
  }
}
