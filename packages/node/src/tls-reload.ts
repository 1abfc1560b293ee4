// Certificates expire, and others take their place in the same files. The node takes them up without dropping anybody: once a minute
// it looks whether a file has changed, and at once when it is told to. What cannot be used is said, and the old ones stay.

import { isDeepStrictEqual } from 'node:util'
import type { TlsOptions } from '@crosspoint/transport'
import { readTls, type TlsFiles } from './config/tls-files.ts'
import type { Logger } from './log.ts'

const LOOK_EVERY_MS = 60_000

interface Watched {
  /** For logs. */
  readonly name: string
  readonly files: TlsFiles
  readonly listener: { setTls(options: TlsOptions): void }
  /** What the files held when they were read last, good or not; or why they could not be read. */
  found: TlsOptions | string
}

export class TlsReloader {
  readonly #log: Logger
  readonly #watched: Watched[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** Looks after the files of a listener from now on; `used` is what it has from them. */
  add(name: string, files: TlsFiles, listener: Watched['listener'], used: TlsOptions): void {
    this.#watched.push({ name, files, listener, found: used })
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  /** Takes up the files that have changed. */
  look(): void {
    for (const one of this.#watched) {
      const found = read(one.files)
      if (!isDeepStrictEqual(found, one.found)) this.#take(one, found)
    }
  }

  /** Takes up all files. */
  reload(): void {
    for (const one of this.#watched) this.#take(one, read(one.files))
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #take(one: Watched, found: TlsOptions | string): void {
    one.found = found // what is bad is said once, not every minute
    try {
      if (typeof found === 'string') throw new Error(found)
      one.listener.setTls(found)
      this.#log.info(`${one.name}: keys and certificates were read again, new connections use them`)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#log.error(`${one.name}: keys and certificates cannot be taken from their files, those from before stay: ${why}`)
    }
  }
}

function read(files: TlsFiles): TlsOptions | string {
  try {
    return readTls(files)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
