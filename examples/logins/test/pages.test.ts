// The pages in docs/guides/logins show the files of these folders as they are.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { test } from 'node:test'
import { shownFiles } from './support.ts'

/** What the node and the pages' commands make. */
const MADE = /(?:\.(?:key|pem|csr|sqlite.*|txt)|people\.yaml|page\.js)$|\.crosspoint/

for (const situation of ['single-page-app', 'server-component', 'device', 'ci-job', 'single-sign-on']) {
  test(`the page about ${situation} shows its files as they are`, () => {
    const folder = join(import.meta.dirname, '..', situation)
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, '/'))
      .filter((path) => !MADE.test(path))
    const shown = shownFiles(situation)
    assert.deepEqual([...shown.keys()].sort(), files.sort())
    for (const [path, text] of shown) assert.equal(text, readFileSync(join(folder, path), 'utf8'), path)
  })
}
