// A file that lines are appended to, for its owner alone. When it is full it is renamed to FILE.1, what was FILE.1 to FILE.2, and so on;
// the oldest goes.

import { type FileHandle, open, rename, rm } from 'node:fs/promises'

export interface RotatingFileOptions {
  /** Absolute path. */
  readonly path: string
  /** Bytes of one file; a longer piece has a file of its own. */
  readonly maxBytes: number
  /** How many full files are kept. */
  readonly keep: number
}

const OWNER_ALONE = 0o600
const OTHERS = 0o007

export class RotatingFile {
  readonly #options: RotatingFileOptions
  #handle: FileHandle | undefined
  #bytes = 0
  /** After a failure: a part of a line may be in the file. */
  #isTorn = false

  constructor(options: RotatingFileOptions) {
    this.#options = options
  }

  /**
   * Opens the file, or makes it. What others could read of it before they cannot any more.
   *
   * @throws what the file system says
   */
  async open(): Promise<void> {
    const handle = await open(this.#options.path, 'a', OWNER_ALONE)
    try {
      const { mode, size } = await handle.stat()
      if ((mode & OTHERS) !== 0) await handle.chmod(mode & 0o777 & ~OTHERS)
      this.#bytes = size
    } catch (error) {
      await handle.close()
      throw error
    }
    this.#handle = handle
  }

  /** Appends whole lines. Not to be called again before it has ended. What fails may be in the file in part. */
  async append(lines: string): Promise<void> {
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines)
    if (this.#handle === undefined) await this.open()
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.maxBytes) await this.#rotate()
    try {
      await this.#handle!.appendFile(bytes)
    } catch (error) {
      this.#isTorn = true
      throw error
    }
    this.#isTorn = false
    this.#bytes += bytes.length
  }

  async #rotate(): Promise<void> {
    const { keep, path } = this.#options
    await this.close()
    if (keep === 0) await rm(path, { force: true })
    for (let number = keep; number > 0; number--) {
      await rename(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    await this.open()
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }
}
