// Does what the pages say: in a folder with the files that a page shows it starts the command and the programs as processes.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { generate } from 'selfsigned'

const ROOT = new URL('../../../', import.meta.url)
const COMMAND = fileURLToPath(new URL('packages/crosspoint/bin/crosspoint.js', ROOT))

type Environment = { readonly [name: string]: string }

/** A process and what it prints. */
export class Program {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly exited: Promise<number | null>
  #hasExited = false
  readonly #waiting = new Set<() => void>()

  constructor(context: TestContext, args: readonly string[], cwd: string, environment: Environment, input: string) {
    this.child = spawn(process.execPath, args, { cwd, env: { ...process.env, NODE_OPTIONS: '', ...environment } })
    context.after(() => this.child.kill('SIGKILL'))
    this.child.stdin!.on('error', () => {}) // it may end without having read all
    this.child.stdin!.end(input)
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
      this.#look()
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
      this.#look()
    })
    this.exited = new Promise((resolve) => {
      this.child.on('close', (status) => {
        this.#hasExited = true
        resolve(status)
        this.#look()
      })
    })
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  /** Waits until what it has printed (stdout, then stderr) matches; rejects when it ends without. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(`${this.stdout}\n${this.stderr}`)
        if (match === null && !this.#hasExited) return
        this.#waiting.delete(look)
        if (match === null) reject(new Error(`It ended without printing ${pattern}:\n${this.stdout}\n${this.stderr}`))
        else resolve(match)
      }
      this.#waiting.add(look)
      look()
    })
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.exited
  }
}

/** The files that the page of a situation shows: a line with a name in backquotes, then a block. */
export function shownFiles(situation: string): Map<string, string> {
  const text = readFileSync(new URL(`docs/guides/logins/${situation}.md`, ROOT), 'utf8')
  return new Map([...text.matchAll(/^`([\w./-]+)`\n\n```\w+\n(.*?)^```$/gms)].map((match) => [match[1]!, match[2]!]))
}

/** A folder with the files of a page, where `crosspoint` is installed. */
export class Project {
  readonly root: string
  readonly #context: TestContext

  constructor(context: TestContext, situation: string) {
    this.#context = context
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'crosspoint-')))
    context.after(() => rmSync(this.root, { recursive: true, force: true }))
    for (const [name, text] of shownFiles(situation)) this.write(name, text)
    symlinkSync(fileURLToPath(new URL('node_modules', ROOT)), join(this.root, 'node_modules'))
    this.write('package.json', '{ "type": "module" }')
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.root, name)), { recursive: true })
    writeFileSync(join(this.root, name), text, { mode: 0o600 })
  }

  /** `npx crosspoint ARGS`, and what is piped into it. */
  crosspoint(args: readonly string[], environment: Environment = {}, input = ''): Program {
    return new Program(this.#context, [COMMAND, ...args], this.root, environment, input)
  }

  /** The same, until it ends; gives what it prints. */
  async done(args: readonly string[], environment: Environment = {}, input = ''): Promise<string> {
    const program = this.crosspoint(args, environment, input)
    const status = await program.exited
    if (status !== 0) throw new Error(`crosspoint ${args.join(' ')} ended with ${status}: ${program.stderr}`)
    return program.stdout
  }

  /** `npx crosspoint start`; gives the node and its addresses when it is ready. */
  async start(environment: Environment = {}, args: readonly string[] = []): Promise<{ node: Program; urls: string[] }> {
    const node = this.crosspoint(['start', ...args], { PORT: '0', ...environment })
    const [, urls] = await node.prints(/^crosspoint \S+ ready: (.*) realm realm1$/m)
    return { node, urls: urls!.split(' ') }
  }

  /** `node FILE ARGS` */
  run(args: readonly string[], environment: Environment = {}): Program {
    // In a checkout the packages are found as sources.
    return new Program(this.#context, args, this.root, { NODE_OPTIONS: '--conditions=@crosspoint/source', ...environment }, '')
  }

  /** What `openssl req -x509` of the pages makes: tls.key and tls.pem, for localhost. */
  async certificate(): Promise<void> {
    const made = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    })
    this.write('tls.key', made.private)
    this.write('tls.pem', made.cert)
  }
}

/** The port in one of a node's addresses. */
export function portOf(urls: readonly string[], scheme: string): string {
  const url = urls.find((each) => each.startsWith(`${scheme}:`))
  const port = url && /:(\d+)(?:\/|$)/.exec(url)?.[1]
  if (port === undefined) throw new Error(`There is no ${scheme}: among ${urls.join(' ')}`)
  return port
}

/** What `crosspoint passwd` made of a secret. */
export function lineOf(printed: string, key: string): string {
  const [, value] = new RegExp(`^ {2}${key}: "(.*)"$`, 'm').exec(printed) ?? []
  if (value === undefined) throw new Error(`There is no ${key} in\n${printed}`)
  return value
}
