// All scenarios: one file per section in scenarios/, found by being there.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Scenario } from './scenario.ts'

/** Loads every scenario, in the order of the files' names. */
export async function loadScenarios(): Promise<Scenario[]> {
  const folder = join(import.meta.dirname, 'scenarios')
  const files = readdirSync(folder).filter((name) => /^section-[\w-]+\.(ts|js)$/.test(name))
  files.sort(new Intl.Collator('en', { numeric: true }).compare)
  const scenarios: Scenario[] = []
  for (const file of files) {
    const loaded = (await import(pathToFileURL(join(folder, file)).href)) as { readonly scenarios?: readonly Scenario[] }
    if (loaded.scenarios === undefined) throw new Error(`Cannot load ${file}: it must export \`scenarios\`, a list of scenarios`)
    scenarios.push(...loaded.scenarios)
  }
  return scenarios
}
