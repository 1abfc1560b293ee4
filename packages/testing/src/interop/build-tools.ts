// What the builds of the programs in other languages share: running tools, and building only what has changed.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of what was built, or why there is none: a sentence without a full stop. */
export type Built = { readonly folder: string } | { readonly reason: string }

/** A tool that could not do its part. */
export class ToolError extends Error {}

export interface ToolOptions {
  readonly folder?: string
  /** Beside those of this process. */
  readonly environment?: { readonly [name: string]: string }
}

/** What a tool prints on stdout; throws a `ToolError` with the end of what it said when it fails or is not there. */
export function runTool(program: string, args: readonly string[], { folder, environment }: ToolOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let said = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
      said = (said + chunk).slice(-2000)
    })
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-2000)
    })
    child.on('error', (error) => reject(new ToolError(`${program} does not start: ${error.message}`)))
    child.on('close', (status) => {
      if (status === 0) resolve(output)
      else reject(new ToolError(`${[program, ...args].join(' ')} ended with status ${status}: ${said.trim()}`))
    })
  })
}

/**
 * Lets `build` fill `target` unless it has done so before from the same sources; a failed build leaves nothing that looks finished.
 * `key` is what else the result depends on, such as versions.
 */
export async function buildOnce(sources: string, target: string, key: string, build: () => Promise<void>): Promise<Built> {
  const stamp = join(target, 'built-from')
  const now = hashOf(sources, key)
  if (textOf(stamp) === now) return { folder: target }
  try {
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target, { recursive: true })
    await build()
  } catch (error) {
    if (error instanceof ToolError) return { reason: error.message }
    throw error
  }
  writeFileSync(stamp, now)
  return { folder: target }
}

function hashOf(folder: string, key: string): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${key}\n`)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    const content = readFileSync(path)
    hash.update(`${path.slice(folder.length)} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
