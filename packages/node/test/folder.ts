// A folder of files for one test, gone when the test is over.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

/** Writes the files (path to text) into a new folder and returns its absolute path. Keys of TLS (…key.pem) are private. */
export function folder(context: TestContext, files: { readonly [path: string]: string | object } = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'crosspoint-')))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const mode = /key\d?\.pem$/.test(path) ? 0o600 : 0o644
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content), { mode })
  }
  return root
}
