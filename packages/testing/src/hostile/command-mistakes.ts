// Mistakes at the start: each is answered with one clear line on stderr and a status other than 0, and nothing is started.

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Check, Finding } from './check.ts'

const BIN = join(import.meta.dirname, '../../../crosspoint/bin/crosspoint.js')
const ENDS_WITHIN_MS = 20_000

interface Mistake {
  readonly what: string
  readonly args: readonly string[]
  /** The line must hold all of these. */
  readonly says: readonly string[]
}

const node = (rest: object): string =>
  JSON.stringify({ version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1' }], transports: [], ...rest }] })

const FILES: { readonly [path: string]: string } = {
  'not-json.json': '{"version": 2,',
  'wrong-value.json': node({ transports: [{ type: 'websocket', endpoint: { type: 'tcp', port: 'eighty' } }] }),
  'throws.json': node({ components: [{ type: 'module', module: './throws.js', realm: 'realm1' }] }),
  'throws.js': `throw new Error('this component fails at load')`,
  'absent.json': node({ components: [{ type: 'module', module: './absent.js', realm: 'realm1' }] }),
}

function run(args: readonly string[], cwd: string): Promise<{ status: number | null; out: string; error: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const texts = { out: '', error: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (texts.error += text))
    const guard = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
    child.once('close', (status) => {
      clearTimeout(guard)
      resolve({ status, ...texts })
    })
  })
}

export const commandMistakes: Check = {
  name: 'command',
  async run(): Promise<readonly Finding[]> {
    const folder = mkdtempSync(join(tmpdir(), 'crosspoint-hostile-'))
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const start = (file: string): string[] => ['start', '--config', file]
    const mistakes: Mistake[] = [
      { what: 'a port in use', args: ['router', '--port', `${port}`], says: [`${port}`, 'something listens there already'] },
      { what: 'a port that is none', args: ['router', '--port', '70000'], says: ['70000'] },
      { what: 'a realm that is none', args: ['router', '--port', '0', '--realm', 'a..b'], says: ['a..b'] },
      { what: 'an unknown option', args: ['router', '--prot', '1'], says: ['--prot'] },
      { what: 'a missing config', args: start('nowhere.json'), says: ['nowhere.json'] },
      { what: 'a config that is no JSON', args: start('not-json.json'), says: ['not-json.json'] },
      { what: 'a config with a wrong value', args: start('wrong-value.json'), says: ['wrong-value.json', 'port', 'eighty'] },
      { what: 'a component that throws at load', args: start('throws.json'), says: ['throws.js', 'this component fails at load'] },
      { what: 'a component that is not there', args: start('absent.json'), says: ['absent.js'] },
    ]
    try {
      return await Promise.all(mistakes.map((mistake) => judge(mistake, folder)))
    } finally {
      taken.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function judge({ what, args, says }: Mistake, folder: string): Promise<Finding> {
  const { status, out, error } = await run(args, folder)
  // What a node logs of its progress, at level info, is not part of the answer.
  const lines = error.split('\n').filter((line) => line.trim() !== '' && !/^\S+Z info /.test(line))
  const missing = says.filter((word) => !error.includes(word))
  const isOk = status !== 0 && status !== null && lines.length === 1 && out === '' && missing.length === 0
  return {
    what,
    figure: `status ${status}, ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`,
    limit: `a status other than 0 and one line that names ${says.join(', ')}`,
    isOk,
    details: isOk ? undefined : [...lines.slice(0, 8), ...(out === '' ? [] : [`on stdout: ${out.trim()}`])],
  }
}
