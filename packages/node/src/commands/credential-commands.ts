// The commands that make credentials. What they need is loaded when they run, so that other commands start fast.

import type { ScramKdf } from '@crosspoint/protocol/internal'
import { type Command, Option } from 'commander'
import type { PasswdOptions } from './passwd.ts'

export const PASSWD_METHODS = ['ticket', 'wampcra', 'scram'] as const
export type PasswdMethod = (typeof PASSWD_METHODS)[number]
const KDFS: readonly ScramKdf[] = ['argon2id13', 'pbkdf2']

const KEYGEN_EXAMPLES = `
Examples:
  crosspoint keygen --out joe.key          the public key goes into authorized_keys of joe, joe.key to joe
  crosspoint keygen --out router.key       for routerKey, by which the router proves itself`

const PASSWD_EXAMPLES = `
Examples:
  crosspoint passwd --method scram --authid joe --role user
  crosspoint passwd --method scram --json            for the column credentials of a table
  crosspoint passwd --method ticket --stdin < token.txt`

/** Adds `keygen` and `passwd`. */
export function addCredentialCommands(program: Command): void {
  program
    .command('keygen')
    .description('make a key for logins by cryptosign (Ed25519), and print its public key')
    .option('-o, --out <file>', 'write the private key to this file, which must not be there yet, for its owner alone; else it is printed')
    .addHelpText('after', KEYGEN_EXAMPLES)
    .action(async (options: { out?: string }) => {
      const { keygen } = await import('./keygen.ts')
      keygen(options)
    })

  program
    .command('passwd')
    .description('ask for a password, and print what a configuration holds of it')
    .addOption(new Option('-m, --method <method>', 'method that it is for').choices(PASSWD_METHODS).makeOptionMandatory())
    .addOption(new Option('--kdf <name>', 'how scram derives keys (default: argon2id13); pbkdf2 for clients without it').choices(KDFS))
    .option('-a, --authid <name>', 'name of the principal, for the first line')
    .option('-r, --role <name>', 'role of the principal, for the last line (default: no such line)')
    .option('--json', 'print the credentials alone, as one line of JSON', false)
    .option('--stdin', 'read the password from stdin instead of the terminal', false)
    .addHelpText('after', PASSWD_EXAMPLES)
    .action(async (options: PasswdOptions) => {
      const { passwd, systemTerminal } = await import('./passwd.ts')
      await passwd(options, systemTerminal)
    })
}
