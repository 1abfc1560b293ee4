// Reads a configuration file: .ts, .js or .mjs (its default export), .json, .yaml or .yml. All mistakes come in one error.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '@crosspoint/protocol'
import type { LineCounter, YAMLParseError } from 'yaml'
import { check } from './check.ts'
import { type Environment, substitute } from './environment.ts'
import { configError } from './issue.ts'
import { resolveConfig } from './resolve.ts'
import type { ResolvedNode } from './resolved.ts'
import { validate } from './validate.ts'

/** Where `crosspoint start` looks, in this order. */
export const CONFIG_FILES: readonly string[] = Object.freeze([
  'crosspoint.config.ts',
  'crosspoint.config.js',
  'crosspoint.config.mjs',
  'crosspoint.config.json',
  'crosspoint.config.yaml',
  'crosspoint.config.yml',
  '.crossbar/config.json',
  '.crossbar/config.yaml',
])

/** The configuration file of a directory, or `undefined` when it has none. Absolute path. */
export function findConfig(directory: string): string | undefined {
  return CONFIG_FILES.map((name) => resolve(directory, name)).find((path) => existsSync(path))
}

/**
 * Reads, checks and resolves a configuration file; nothing is started.
 * @param file path of the file, relative to the working directory.
 * @param environment what `${NAME}` refers to.
 * @returns the configuration with all defaults filled in, frozen.
 * @throws UsageError ERR_CONFIG naming file, path inside, value and remedy of every mistake, one line each.
 */
export async function loadConfig(file: string, environment: Environment): Promise<ResolvedNode> {
  const path = resolve(file)
  const source = relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path)
  const read = await readConfig(path, source)
  if (typeof read !== 'object' || read === null || Array.isArray(read)) {
    throw configError(source, [{ path: [], value: read, message: 'must be an object: { version: 2, workers: […] }' }])
  }
  const substituted = substitute(read, environment)
  const validated = validate(substituted)
  // A value that could not be filled in is not complained about for its shape too.
  const shape = validated.issues.filter((issue) => !substituted.issues.some((known) => String(known.path) === String(issue.path)))
  const issues = [...substituted.issues, ...shape]
  if (validated.config === undefined || issues.length > 0) throw configError(source, issues)
  const found = check(validated.config, path)
  if (found.length > 0) throw configError(source, found)
  return resolveConfig(validated.config, path, source)
}

async function readConfig(path: string, source: string): Promise<unknown> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) {
    throw new UsageError('ERR_CONFIG', `Cannot read the configuration ${source}: there is no such file; give another with --config FILE`)
  }
  if (!stats.isFile())
    throw new UsageError('ERR_CONFIG', `Cannot read the configuration ${source}: it is no file; give a file with --config FILE`)
  try {
    switch (extname(path)) {
      case '.ts':
      case '.mts':
      case '.js':
      case '.mjs':
        return await importConfig(path)
      case '.json':
        return parseJson(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
      case '.yaml':
      case '.yml': {
        const { LineCounter, parse } = await import('yaml')
        const lineCounter = new LineCounter()
        return parseYaml(() => parse(readFileSync(path, 'utf8'), { prettyErrors: false, lineCounter }), lineCounter)
      }
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw new UsageError('ERR_CONFIG', `Cannot read the configuration ${source}: ${oneLine(text)}`, { cause: error })
  }
  throw new UsageError('ERR_CONFIG', `Cannot read the configuration ${source}: it must end with .ts, .js, .mjs, .json, .yaml or .yml`)
}

// The messages of parsers show what they stumble over, and it may be a secret: the place is told instead.

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const { message } = error as SyntaxError
    const excerpt = /, (?:\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message)
    if (excerpt === null) throw error
    // The excerpt has what is wrong in its middle.
    const at = text.indexOf(excerpt[1]!) + Math.floor(excerpt[1]!.length / 2)
    throw new SyntaxError(`${message.slice(0, excerpt.index)} in line ${text.slice(0, at).split('\n').length}`)
  }
}

function parseYaml(parse: () => unknown, lines: LineCounter): unknown {
  try {
    return parse()
  } catch (error) {
    const { pos, code, message = '' } = error as Partial<YAMLParseError>
    if (pos === undefined || code === undefined) throw error
    const { line, col } = lines.linePos(pos[0])
    const text = /["'`]/.test(message) ? code : message // what is in quotes may come from the file
    throw new SyntaxError(`it is no YAML: ${text} at line ${line}, column ${col}`)
  }
}

/** How often modules were read: one that is read again must not come from where the last one is remembered. */
let imports = 0

async function importConfig(path: string): Promise<unknown> {
  const url = imports++ === 0 ? pathToFileURL(path).href : `${pathToFileURL(path).href}?read=${imports}`
  const module = (await import(url)) as { default?: unknown }
  if (module.default === undefined) throw new Error('it has no default export; write export default defineNode({ … })')
  return module.default
}

function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, 4)
    .join(' ')
}
