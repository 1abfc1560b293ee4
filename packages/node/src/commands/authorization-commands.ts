// What the command line says of permissions: `explain`, `record`, `replay`. Their code is loaded when they are asked for.

import type { MatchPolicy } from '@crosspoint/protocol'
import type { Action } from '@crosspoint/router'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'

/** Adds the commands; `onStatus` is told what the process ends with. */
export function addAuthorizationCommands(program: Command, onStatus: (status: number) => void): void {
  addExplain(program, onStatus)
  addRecord(program)
  addReplay(program, onStatus)
}

function addExplain(program: Command, onStatus: (status: number) => void): void {
  interface Options {
    readonly realm?: string
    readonly role?: string
    readonly authid?: string
    readonly match: MatchPolicy
    readonly config?: string
    readonly url?: string
    readonly json: boolean
  }
  program
    .command('explain')
    .description('say why a role may do something, or may not, and what would change that')
    .addArgument(new Argument('<action>', 'what it does').choices(['call', 'register', 'publish', 'subscribe']))
    .argument('<uri>', 'a topic, a procedure, or a pattern')
    .option('-r, --realm <name>', 'realm (default: the only one of the configuration; realm1 with --url)')
    .option('--role <name>', 'who does it: a role')
    .option('--authid <name>', 'who does it: a principal of the configuration; with --url somebody who is there')
    .addOption(new Option('-m, --match <policy>', 'how the URI matches').choices(['exact', 'prefix', 'wildcard']).default('exact'))
    .option('-c, --config <file>', 'configuration file (default: the one found here)')
    .option('-u, --url <url>', 'ask this node, which runs, instead of a configuration')
    .option('--json', 'print a line of JSON', false)
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (action: Action, uri: string, options: Options) => {
      const { explain } = await import('./explain.ts')
      onStatus(await explain(action, uri, options, process.env))
    })
}

function addRecord(program: Command): void {
  program
    .command('record')
    .description('have a node record what is asked of it and what it decides, or print what it recorded')
    .requiredOption('-u, --url <url>', 'the node')
    .option('-r, --realm <name>', 'realm', 'realm1')
    .option('--start', 'begin to record; what was recorded before is forgotten', false)
    .option('--stop', 'end the record and forget it', false)
    .option('--sample <number>', 'with --start: record one of so many requests', toCount)
    .addHelpText('after', RECORD_HELP)
    .action(async (options: { url: string; realm: string; start: boolean; stop: boolean; sample?: number }) => {
      const { record } = await import('./record.ts')
      const warn = (text: string) => process.stderr.write(`crosspoint: ${text}\n`)
      await record(options, process.env, (text) => process.stdout.write(text), warn)
    })
}

function addReplay(program: Command, onStatus: (status: number) => void): void {
  program
    .command('replay')
    .description('say which recorded requests a changed configuration would refuse or allow')
    .argument('<record>', 'file that crosspoint record printed')
    .requiredOption('-c, --config <file>', 'the changed configuration')
    .option('-r, --realm <name>', 'realm (default: the only one of the configuration)')
    .option('--json', 'print a line of JSON for each kind of request that changes', false)
    .addHelpText('after', REPLAY_HELP)
    .action(async (record: string, options: { config: string; realm?: string; json: boolean }) => {
      const { replay } = await import('./replay.ts')
      onStatus(await replay(record, options, process.env))
    })
}

const LOGIN =
  'The session is anonymous; where CROSSPOINT_AUTHID and CROSSPOINT_TICKET are set it logs in by ticket. Its role must be allowed to call'

const EXPLAIN_HELP = `
With --url: ${LOGIN}
crosspoint.authorization.explain.

Examples:
  crosspoint explain --role user call com.example.add
  crosspoint explain --authid joe subscribe com.example --match prefix --config node.yaml
  crosspoint explain --role user --url ws://127.0.0.1:8080/ws publish com.example.news

Exit status: 0 allowed, 3 denied, 4 when an authorizer decides; 1 after a failure, 2 for a mistake on the command line.`

const RECORD_HELP = `
Requests of one kind (role, action, URI, decision) are one line with a count. ${LOGIN}
crosspoint.authorization.record and crosspoint.authorization.recorded.

Examples:
  crosspoint record --url ws://127.0.0.1:8080/ws --start
  crosspoint record --url ws://127.0.0.1:8080/ws > record.jsonl
  crosspoint record --url ws://127.0.0.1:8080/ws --stop`

const REPLAY_HELP = `
Example:
  crosspoint replay record.jsonl --config new.yaml

Exit status: 0 when nothing recorded is decided otherwise, 3 when something is; 1 after a failure, 2 for a mistake on the command line.`

function toCount(text: string): number {
  const count = Number(text)
  if (!/^\d{1,9}$/.test(text) || count < 1) throw new InvalidArgumentError('It is a whole number from 1 to 999999999.')
  return count
}
