import { UsageError } from '@crosspoint/protocol'
import {
  makeScramCredentials,
  makeTicketHash,
  makeWampcraCredentials,
  SCRAM_COST,
  SCRAM_COST_PBKDF2,
  type ScramCredentials,
  type ScramKdf,
  saslprep,
  scramCredentialsDict,
  WAMPCRA_ITERATIONS,
} from '@crosspoint/protocol/internal'
import { nodeCrypto } from '../crypto.ts'
import type { PasswdMethod } from './credential-commands.ts'

export interface PasswdOptions {
  readonly method: PasswdMethod
  /** Of scram alone. Default: argon2id13, or pbkdf2 where this Node has no Argon2id. */
  readonly kdf?: ScramKdf | undefined
  /** The principal's name. Default: "authid", to be replaced. */
  readonly authid?: string | undefined
  /** Whether the password comes from stdin instead of the terminal. */
  readonly stdin: boolean
}

/** Where a password comes from and what is said about it, so that tests need no terminal. */
export interface PasswdTerminal {
  /** Everything on stdin. */
  readAll(): Promise<string>
  /** Asks without echo. */
  ask(question: string): Promise<string>
  /** Prints the result. */
  write(text: string): void
}

/** More is no password, but a file that was piped in by mistake. */
const PASSWORD_CHARS_MAX = 1024

/**
 * `crosspoint passwd`: makes of a password what a configuration, a file or a table holds of its principal.
 *
 * @throws UsageError ERR_INVALID_ARGUMENT for options that do not fit; Error for a password that cannot be used or was not repeated
 * @example
 * await passwd({ method: 'scram', authid: 'joe', stdin: true }, systemTerminal)
 */
export async function passwd(options: PasswdOptions, terminal: PasswdTerminal): Promise<void> {
  const { method, kdf, authid = 'authid', stdin } = options
  if (kdf !== undefined && method !== 'scram') {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot use --kdf ${kdf} for ${method}: only scram has a choice`)
  }
  if (authid === '') throw new UsageError('ERR_INVALID_ARGUMENT', 'Cannot use an empty --authid: a principal has a name')
  const password = stdin ? withoutLineEnd(await terminal.readAll()) : await askTwice(terminal)
  if (password === '' || password.length > PASSWORD_CHARS_MAX || /[\r\n]/.test(password)) {
    const found = password === '' ? 'an empty one' : `one of ${password.length} characters`
    throw new Error(`Cannot use ${found}: a password is one line of 1 to ${PASSWORD_CHARS_MAX} characters`)
  }
  const credentials = await derive(method, kdf, password)
  const lines = Object.entries({ ...credentials, role: 'user' }).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`)
  // The values are JSON, which YAML reads, too.
  terminal.write(`${JSON.stringify(method === 'scram' ? saslprep(authid, 'stored', '--authid') : authid)}:\n${lines.join('\n')}\n`)
}

async function derive(method: PasswdMethod, kdf: ScramKdf | undefined, password: string): Promise<object> {
  const missing = 'this Node.js has no Argon2id'
  switch (method) {
    case 'wampcra':
      return must('nothing can be derived now', (done) => makeWampcraCredentials(nodeCrypto, password, WAMPCRA_ITERATIONS, done))
    case 'ticket':
      return { 'ticket-hash': await must(`${missing}; use another method`, (done) => makeTicketHash(nodeCrypto, password, done)) }
    case 'scram': {
      const chosen = kdf ?? (nodeCrypto.hasArgon2id ? 'argon2id13' : 'pbkdf2')
      const cost = chosen === 'pbkdf2' ? SCRAM_COST_PBKDF2 : SCRAM_COST
      const made = await must<ScramCredentials>(`${missing}; use --kdf pbkdf2`, (done) =>
        makeScramCredentials(nodeCrypto, password, cost, done),
      )
      const { memory, ...dict } = scramCredentialsDict(made)
      return memory === null ? dict : { ...dict, memory }
    }
  }
}

function must<Value>(otherwise: string, make: (done: (value: Value | undefined) => void) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    make((value) => (value === undefined ? reject(new Error(`Cannot store the password: ${otherwise}`)) : resolve(value)))
  })
}

async function askTwice(terminal: PasswdTerminal): Promise<string> {
  const password = await terminal.ask('Password: ')
  if ((await terminal.ask('Again: ')) === password) return password
  throw new Error('Cannot use the password: the second one is different; start again')
}

/** The line end that `echo` adds. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

/** The terminal of this process: questions go to stderr, so that stdout has the result alone. */
export const systemTerminal: PasswdTerminal = {
  async readAll() {
    let text = ''
    process.stdin.setEncoding('utf8')
    for await (const chunk of process.stdin) {
      text += chunk
      if (text.length > 2 * PASSWORD_CHARS_MAX) break // which is refused
    }
    return text
  },
  ask: askHidden,
  write: (text) => void process.stdout.write(text),
}

const KEYS = { enter: ['\r', '\n'], erase: ['\b', '\u007f'], interrupt: '\u0003', end: '\u0004' } as const

function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) {
    const message = 'Cannot ask for a password: there is no terminal; pipe it in and give --stdin'
    return Promise.reject(new UsageError('ERR_INVALID_ARGUMENT', message))
  }
  return new Promise((resolve, reject) => {
    let text = ''
    const end = () => {
      stdin.off('data', onData).setRawMode(false).pause()
      stderr.write('\n')
    }
    const onData = (chunk: string) => {
      for (const character of chunk) {
        if (character === KEYS.interrupt || (character === KEYS.end && text === '')) {
          end()
          return reject(new Error('No password was given'))
        }
        if (KEYS.enter.some((each) => each === character)) {
          end()
          return resolve(text)
        }
        if (KEYS.erase.some((each) => each === character)) text = [...text].slice(0, -1).join('')
        else text += character
      }
    }
    stdin.setEncoding('utf8')
    stdin.setRawMode(true).resume().on('data', onData)
    stderr.write(question) // when nothing is shown any more
  })
}
