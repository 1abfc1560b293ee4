// What the unit tests say about requirements: runs the test files that name any, and reads the ids in their titles.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'

const PATTERN = 'packages/*/test/**/*.test.ts'
const OWN = 'conformance.test.ts' // the scenarios, which the caller runs itself
const ID = /\b[A-Z][A-Z0-9]{1,4}-\d{2,3}\b/g

export interface UnitResult {
  readonly ids: readonly string[]
  readonly title: string
  readonly ok: boolean
  /** Path within the repository. */
  readonly file: string
  readonly error: string | undefined
}

/** Runs the unit tests under `root` that name one of `known`, each file in a process of its own. */
export async function runUnitTests(root: string, known: ReadonlySet<string>): Promise<UnitResult[]> {
  const namesOne = (text: string) => [...text.matchAll(ID)].some(([id]) => known.has(id))
  const paths = globSync(PATTERN, { cwd: root }).filter((path) => !path.endsWith(OWN) && namesOne(readFileSync(join(root, path), 'utf8')))
  const results: UnitResult[] = []
  const stream = run({
    files: paths.sort().map((path) => join(root, path)),
    cwd: root,
    concurrency: true,
    execArgv: ['--conditions=@crosspoint/source'],
  })
  const take = (data: { readonly name: string; readonly file?: string | undefined }, error: string | undefined): void => {
    const ids = [...data.name.matchAll(ID)].map(([id]) => id).filter((id) => known.has(id))
    const file = data.file === undefined ? '' : data.file.slice(root.length + 1)
    // A file that fails as a whole says nothing of its tests; the caller must hear of it.
    const isFile = data.name === data.file
    if (ids.length > 0 || (isFile && error !== undefined)) results.push({ ids, title: data.name, ok: error === undefined, file, error })
  }
  stream.on('test:pass', (data) => {
    if (!data.skip && !data.todo) take(data, undefined)
  })
  stream.on('test:fail', (data) => take(data, messageOf(data.details.error)))
  for await (const _ of stream); // the listeners do the work; this waits for the end
  return results
}

function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
