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
import { HiddenInput } from './hidden-input.ts'

export interface PasswdOptions {
  readonly method: PasswdMethod
  /** Of scram alone. Default: argon2id13, or pbkdf2 where this Node has no Argon2id. */
  readonly kdf?: ScramKdf | undefined
  /** The principal's name. Default: "authid", to be replaced. */
  readonly authid?: string | undefined
  /** Its role. Default: none is printed, for `default-role` or to be added. */
  readonly role?: string | undefined
  /** Whether the credentials alone are printed, as one line of JSON for the column `credentials` of a table. Default: false. */
  readonly json?: boolean
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
  const { method, kdf, authid = 'authid', role, json = false, stdin } = options
  if (kdf !== undefined && method !== 'scram') {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot use --kdf ${kdf} for ${method}: only scram has a choice`)
  }
  if (authid === '') throw new UsageError('ERR_INVALID_ARGUMENT', 'Cannot use an empty --authid: a principal has a name')
  if (role === '') throw new UsageError('ERR_INVALID_ARGUMENT', 'Cannot use an empty --role: a role has a name; leave it out for none')
  if (json && (role !== undefined || options.authid !== undefined)) {
    const given = role === undefined ? '--authid' : '--role'
    throw new UsageError(
      'ERR_INVALID_ARGUMENT',
      `Cannot use ${given} with --json, which prints the credentials alone: tables have a column for it`,
    )
  }
  const password = stdin ? withoutLineEnd(await terminal.readAll()) : await askTwice(terminal)
  if (password === '' || password.length > PASSWORD_CHARS_MAX || /[\r\n]/.test(password)) {
    const found = password === '' ? 'an empty one' : `one of ${password.length} characters`
    throw new Error(`Cannot use ${found}: a password is one line of 1 to ${PASSWORD_CHARS_MAX} characters`)
  }
  const credentials = await derive(method, kdf, password)
  if (json) {
    terminal.write(`${JSON.stringify(credentials)}\n`)
    return
  }
  const principal = role === undefined ? credentials : { ...credentials, role }
  const lines = Object.entries(principal).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`)
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

const hiddenInput = new HiddenInput(process.stdin, (text) => void process.stderr.write(text))

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
  ask: (question) => hiddenInput.ask(question),
  write: (text) => void process.stdout.write(text),
}
