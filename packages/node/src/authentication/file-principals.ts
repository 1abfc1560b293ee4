// Principals in a file of their own, YAML or JSON: the dictionary that a configuration would hold, by authid. When somebody logs in
// the file's time and size are looked at, once a second at most, and a file that has changed is read again; nothing runs meanwhile.
// A version with a mistake is logged, and the one before stays in use.

import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { UsageError } from '@crosspoint/protocol'
import { type LoginPrincipal, type PrincipalSource, staticPrincipals } from '@crosspoint/router'
import { credentialFaults, duplicateCredentials } from '../config/check-credentials.ts'
import { type ConfigPath, pathText } from '../config/issue.ts'
import { PRINCIPALS, type PrincipalMethod } from '../config/schema-auth.ts'
import { toIssues } from '../config/validate.ts'
import type { Logger } from '../log.ts'

/** Larger files hold up the node while they are read; a table serves any number. */
export const FILE_BYTES_MAX = 16_777_216
/** How often a file is looked at, at most. */
const LOOK_MS = 1_000
/** Mistakes told at once; a file of another kind has one in every line. */
const FAULTS_MAX = 20

/** A source that holds something open. */
export interface OpenPrincipals extends PrincipalSource {
  close(): Promise<void>
}

export interface FilePrincipalsOptions {
  /** What its principals log in by, which says what they must hold. */
  readonly method: PrincipalMethod
  /** `authprovider` of their sessions. Default: "file". */
  readonly provider?: string | undefined
  readonly log: Logger
  /** Milliseconds that only grow. Default: the process's. */
  readonly now?: (() => number) | undefined
}

/** What tells versions of a file apart. */
interface Version {
  readonly mtimeMs: number
  readonly size: number
  readonly ino: number
}

/**
 * The principals in a file that ends with .yaml, .yml or .json.
 *
 * @param path of the file
 * @throws UsageError ERR_CONFIG when the file cannot be read, is readable by everybody, or has a mistake: named with file, authid and
 *   key, never with a value
 * @example
 * const source = await filePrincipals('users.yaml', { method: 'ticket', log })
 * const login = { authenticators: [ticket(nodeCrypto, source)] }
 */
export async function filePrincipals(path: string, options: FilePrincipalsOptions): Promise<OpenPrincipals> {
  const { method, provider = 'file', log, now = () => performance.now() } = options
  const open = async () => {
    const version = await look(path)
    return { version, source: staticPrincipals(await read(path, version.size, method), provider) }
  }
  let current: { version: Version; source: PrincipalSource }
  try {
    current = await open()
  } catch (error) {
    throw new UsageError('ERR_CONFIG', (error as Error).message, { cause: error instanceof UsageError ? undefined : error })
  }
  let lookedAt = now()
  let told: string | undefined
  let looking: Promise<void> | undefined

  const lookAgain = async () => {
    try {
      const version = await look(path)
      if (isSame(version, current.version)) return (told = undefined)
      current = await open()
      told = undefined
      log.info(`${path} has changed and was read again`)
    } catch (error) {
      const { message } = error as Error
      if (message !== told) log.error(`${message}; its principals stay as they were`)
      told = message
    }
  }
  return {
    provider,
    get example() {
      return current.source.example
    },
    find(query, done) {
      if (looking === undefined && now() - lookedAt < LOOK_MS) return current.source.find(query, done)
      looking ??= lookAgain().finally(() => {
        lookedAt = now()
        looking = undefined
      }) as Promise<void>
      void looking.then(() => current.source.find(query, done))
    },
    close: async () => {},
  }
}

function isSame(one: Version, other: Version): boolean {
  return one.mtimeMs === other.mtimeMs && one.size === other.size && one.ino === other.ino
}

async function look(path: string): Promise<Version> {
  let found: import('node:fs').Stats
  try {
    found = await stat(path)
  } catch (error) {
    throw new Error(`Cannot read the principals in ${path}: ${(error as Error).message}; give the path of a .yaml or .json file`)
  }
  const { mtimeMs, size, ino, mode } = found
  if (!found.isFile()) throw new Error(`Cannot read the principals in ${path}: it is no file`)
  if ((mode & 0o004) !== 0 && process.platform !== 'win32') {
    throw new Error(`Cannot use the principals in ${path}: everybody may read it, and it holds credentials; chmod o-r ${path}`)
  }
  return { mtimeMs, size, ino }
}

async function read(path: string, size: number, method: PrincipalMethod): Promise<{ [authid: string]: LoginPrincipal }> {
  if (size > FILE_BYTES_MAX) {
    throw new Error(
      `Cannot read the principals in ${path}: it has ${size} bytes, at most ${FILE_BYTES_MAX} are read; keep them in a table (type: sql)`,
    )
  }
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`Cannot read the principals in ${path}: ${(error as Error).message}`)
  }
  const value = await parse(path, text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`Cannot use the principals in ${path}: it must hold a dictionary: joe: { …, role: user }`)
  }
  const faults = faultsOf(value as { [authid: string]: unknown }, method)
  if (faults.length > 0) throw new Error(faults.map((fault) => `${path}: ${fault}`).join('\n'))
  return value as { [authid: string]: LoginPrincipal }
}

/** The messages of parsers show what they stumble over, which may be a secret; so theirs are told by place only. */
async function parse(path: string, text: string): Promise<unknown> {
  const advice = 'the text is not shown, since it may hold a secret'
  switch (extname(path)) {
    case '.json':
      try {
        return JSON.parse(text.replace(/^\uFEFF/, ''))
      } catch (error) {
        // Some of its messages say where, others show the text around it.
        const at = /at position (\d+)/.exec((error as Error).message)?.[1]
        const line = at === undefined ? '' : `, line ${text.slice(0, Number(at)).split('\n').length}`
        throw new Error(`Cannot read the principals in ${path}${line}: it is no JSON there; ${advice}`)
      }
    case '.yaml':
    case '.yml': {
      const { LineCounter, parseDocument } = await import('yaml')
      const lineCounter = new LineCounter()
      const document = parseDocument(text, { lineCounter, prettyErrors: false, maxAliasCount: 100 } as Parameters<typeof parseDocument>[1])
      const error = document.errors[0]
      if (error === undefined) return toValue(document, path, advice)
      const { line } = lineCounter.linePos(error.pos[0])
      throw new Error(`Cannot read the principals in ${path}, line ${line}: it is no YAML there (${error.code}); ${advice}`)
    }
  }
  throw new Error(`Cannot read the principals in ${path}: its name must end with .yaml, .yml or .json`)
}

function toValue(document: import('yaml').Document.Parsed, path: string, advice: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    throw new Error(`Cannot read the principals in ${path}: an alias leads nowhere, or there are more than 100; ${advice}`)
  }
}

/** What is wrong with the principals of a file, by authid and key. */
function faultsOf(principals: { readonly [authid: string]: unknown }, method: PrincipalMethod): string[] {
  const faults: string[] = []
  const add = (path: ConfigPath, message: string) => faults.push(`${pathText(path)} ${message}`)
  for (const [authid, principal] of Object.entries(principals)) {
    const { error } = PRINCIPALS[method].safeParse(principal)
    const issues = error?.issues.flatMap((issue) => toIssues({ ...issue, path: [authid, ...issue.path] }, principals)) ?? []
    for (const { path, value, message } of issues) add(path, value === undefined ? `is missing: ${message}` : message)
    if (error !== undefined) continue
    for (const { key, message } of credentialFaults(method, authid, principal as LoginPrincipal)) {
      add(key === '' ? [authid] : [authid, key], message)
    }
  }
  if (faults.length === 0) {
    for (const { path, message } of duplicateCredentials(principals as { [authid: string]: LoginPrincipal }, [])) add(path, message)
  }
  if (faults.length <= FAULTS_MAX) return faults
  return [...faults.slice(0, FAULTS_MAX), `and ${faults.length - FAULTS_MAX} more mistakes`]
}
