// Builds the page's script, web/app.js, from src/ and the client framework. Takes some tens of milliseconds, so it is done at
// every start of the node and the script always fits its source.

import { join } from 'node:path'
import { build } from 'esbuild'

const here = import.meta.dirname

/** Writes web/app.js. @throws Error naming the file and line of a mistake in the page's source. */
export async function buildPage(): Promise<void> {
  try {
    await build({
      absWorkingDir: here,
      entryPoints: ['src/app.ts'],
      outfile: join('web', 'app.js'),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2024',
      sourcemap: 'linked',
      // In a checkout of Crosspoint its packages are bundled from source; elsewhere they have no such condition.
      conditions: ['@crosspoint/source'],
      logLevel: 'silent',
    })
  } catch (error) {
    throw new Error(`Cannot build examples/forum/web/app.js: ${firstFailure(error)}`, { cause: error })
  }
}

function firstFailure(error: unknown): string {
  const [failure] = (error as { errors?: { text: string; location: { file: string; line: number; column: number } | null }[] }).errors ?? []
  if (failure === undefined) return (error as Error).message
  const place = failure.location
  return place === null ? failure.text : `${place.file}:${place.line}:${place.column}: ${failure.text}`
}
