// A copy of the packages' sources, to be broken: packages/*/src with their package.json, and a node_modules whose
// @crosspoint packages are the copies and whose other packages are links to the real ones.

import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../../../..')
const RUN_MS = 60_000 // a run takes about a second; a mutant that never ends is broken in more than its rule
const OUTPUT_BYTES_MAX = 64 * 2 ** 20

/** One scenario's outcome, as `npm run conformance -- --json` prints it. */
export interface Outcome {
  readonly id: string
  readonly title: string
  /** The label of the way it ran on. */
  readonly way: string
  readonly ok: boolean
  readonly error?: string
}

export class SourceCopy {
  readonly #folder: string

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'crosspoint-mutant-'))
    const siblings = new Map<string, string>()
    for (const name of readdirSync(join(ROOT, 'packages'))) {
      const from = join(ROOT, 'packages', name)
      if (!existsSync(join(from, 'src'))) continue
      const to = join(this.#folder, 'packages', name)
      cpSync(join(from, 'src'), join(to, 'src'), { recursive: true })
      cpSync(join(from, 'package.json'), join(to, 'package.json'))
      siblings.set(name, to)
    }
    this.#linkPackages(siblings)
  }

  #linkPackages(siblings: ReadonlyMap<string, string>): void {
    const real = join(ROOT, 'node_modules')
    const linked = join(this.#folder, 'node_modules')
    mkdirSync(linked)
    for (const name of readdirSync(real)) {
      if (!name.startsWith('.') && name !== '@crosspoint') symlinkSync(join(real, name), join(linked, name), 'junction')
    }
    mkdirSync(join(linked, '@crosspoint'))
    for (const [name, to] of siblings) symlinkSync(to, join(linked, '@crosspoint', name), 'junction')
  }

  /** Applies the patch at `path`. Throws when it does not apply to the sources as they are now. */
  async apply(path: string): Promise<void> {
    const options = ['-p1', '--batch', '--forward', '--fuzz=0', '--no-backup-if-mismatch', `--input=${path}`]
    try {
      await promisify(execFile)('patch', options, { cwd: this.#folder })
    } catch (error) {
      const { code, stdout } = error as { code?: unknown; stdout?: string }
      if (code === 'ENOENT') throw new Error('Cannot apply patches: the program "patch" is missing; install it', { cause: error })
      throw new Error(`The patch no longer applies to the sources; write it anew:\n${stdout ?? (error as Error).message}`, { cause: error })
    }
  }

  /** Runs all scenarios on the bare core, and those that cannot run there in memory. */
  async run(): Promise<Outcome[]> {
    const main = join(this.#folder, 'packages/testing/src/conformance/main.ts')
    const args = ['--conditions=@crosspoint/source', main, '--json', '--scenarios-only', '--way', 'core']
    const options = { cwd: this.#folder, timeout: RUN_MS, maxBuffer: OUTPUT_BYTES_MAX }
    const output = await promisify(execFile)(process.execPath, args, options).catch((error: Error & { stdout: string; stderr: string }) => {
      // Red scenarios make it end with status 1, and print their results all the same.
      if (error.stdout.startsWith('{')) return error
      throw new Error(`The scenarios did not run to their end: ${error.stderr || error.message}`, { cause: error })
    })
    return (JSON.parse(output.stdout) as { results: Outcome[] }).results
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
