// Proves that the simulator finds bugs: each patch in defects/ breaks the router in a copy of the sources, and a run over the
// seeds there must come to a finding.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runSeed } from './run.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const DEFECTS = join(import.meta.dirname, 'defects')
const PACKAGES = ['protocol', 'router', 'client', 'testing']
const RUN_MS = 120_000
const EVENTS = 2000

export interface PlantedOutcome {
  readonly name: string
  /** What the defect does: the sentence that its patch begins with. */
  readonly title: string
  /** The seed that found it; `undefined` when none did. */
  readonly seed: number | undefined
  readonly finding: string
}

/** The defects there are, by name. */
export function plantedDefects(): string[] {
  const files = readdirSync(DEFECTS).filter((name) => name.endsWith('.patch'))
  return files.map((name) => name.slice(0, -'.patch'.length)).sort()
}

/**
 * Plants one defect in a copy of the sources and runs the seeds from 1 on until one finds it, at most `seedsMax`. A seed that
 * comes to a finding without the defect too does not count.
 */
export async function findPlanted(name: string, seedsMax: number): Promise<PlantedOutcome> {
  const path = join(DEFECTS, `${name}.patch`)
  const [title = ''] = readFileSync(path, 'utf8').split('\n', 1)
  const folder = copySources()
  try {
    await applyPatch(folder, path)
    for (let from = 1; from <= seedsMax; ) {
      const found = await runUntilFound(folder, from, seedsMax)
      if (found === undefined) break
      const { finding } = await runSeed(found.seed, EVENTS)
      if (finding === undefined) return { name, title, ...found }
      from = found.seed + 1
    }
    return { name, title, seed: undefined, finding: '' }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The first seed of `from` to `to` that comes to a finding in the sources at `folder`. */
async function runUntilFound(folder: string, from: number, to: number): Promise<{ seed: number; finding: string } | undefined> {
  const main = join(folder, 'packages/testing/src/simulation/main.ts')
  const args = ['--conditions=@crosspoint/source', main, '--seeds', `${from}..${to}`, '--events', `${EVENTS}`]
  const options = { cwd: folder, timeout: RUN_MS, maxBuffer: 2 ** 26 }
  const output = await promisify(execFile)(process.execPath, args, options).catch((error: Error & { stdout: string }) => {
    if (!error.stdout?.includes('FAILED:')) throw error
    return error
  })
  const found = /^seed (\d+), event \d+: (.*(?:\n {4}.*)*)/m.exec(output.stdout)
  return found === null ? undefined : { seed: Number(found[1]), finding: found[2]! }
}

/** A folder with the packages that a simulation needs; other packages are links to the real ones. */
function copySources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-defect-'))
  const real = join(ROOT, 'node_modules')
  const linked = join(folder, 'node_modules')
  mkdirSync(join(linked, '@crosspoint'), { recursive: true })
  for (const name of readdirSync(real)) {
    if (!name.startsWith('.') && name !== '@crosspoint') symlinkSync(join(real, name), join(linked, name), 'junction')
  }
  for (const name of PACKAGES) {
    const to = join(folder, 'packages', name)
    for (const part of ['src', 'package.json']) cpSync(join(ROOT, 'packages', name, part), join(to, part), { recursive: true })
    symlinkSync(to, join(linked, '@crosspoint', name), 'junction')
  }
  return folder
}

async function applyPatch(folder: string, path: string): Promise<void> {
  const options = ['-p1', '--batch', '--forward', '--no-backup-if-mismatch', `--input=${path}`]
  try {
    await promisify(execFile)('patch', options, { cwd: folder })
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: string }
    if (code === 'ENOENT') throw new Error('Cannot plant defects: the program "patch" is missing; install it', { cause: error })
    throw new Error(`${path} no longer applies to the sources; write it anew:\n${stdout ?? (error as Error).message}`, { cause: error })
  }
}
