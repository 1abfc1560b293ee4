// The command line. Each command's code is loaded when it is asked for, so that `router` starts fast.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { addAuthorizationCommands } from './commands/authorization-commands.ts'
import { addCredentialCommands } from './commands/credential-commands.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'
import { VERSION } from './product.ts'

/** Exit statuses: a clean end, a failure, a command line that makes no sense. */
const STATUS = { clean: 0, failure: 1, usage: 2 } as const

/**
 * Runs a command line.
 * @param args the arguments after the program's name.
 * @returns the exit status, or `undefined` when the process is to live on.
 */
export async function main(args: readonly string[]): Promise<number | undefined> {
  let isRunning = false
  let status: number = STATUS.clean
  const program = createProgram(() => {
    isRunning = true
  })
  addCredentialCommands(program)
  addAuthorizationCommands(program, (answer) => {
    status = answer
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return isRunning ? undefined : status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? STATUS.clean : STATUS.usage
    report(error, args)
    return isUsageOfOurs(error) ? STATUS.usage : STATUS.failure
  }
}

function createProgram(onRunning: () => void): Command {
  const program = new Command('crosspoint')
    .description('A WAMP router and the node around it: routes calls and events, serves files, runs components.')
    .version(`crosspoint ${VERSION}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EXAMPLES)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'crosspoint: ').replace('\n(', ' (')) })

  program
    .command('start')
    .description('start the node of a configuration file; without one, a development node on 127.0.0.1:8080')
    .option(
      '-c, --config <file>',
      'configuration file (default: crosspoint.config.ts, .js, .mjs, .json, .yaml, .yml or .crossbar/config.json, .yaml)',
    )
    .addOption(logLevelOption())
    .addHelpText('after', START_EXAMPLES)
    .action(async (options: { config?: string; logLevel: LogLevel }) => {
      const { start } = await import('./commands/start.ts')
      await start(options)
      onRunning()
    })

  program
    .command('router')
    .description('start a bare router at once: WebSocket and RawSocket on one port, open to anonymous sessions')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('-p, --port <number>', 'TCP port; 0 takes a free one', toPort, 8080)
    .option('-r, --realm <name>', 'realm, may be given several times (default: realm1)', (name: string, names?: string[]) => [
      ...(names ?? []),
      name,
    ])
    .option('--path <path>', 'HTTP path of WebSocket', '/ws')
    .option('--unix <path>', 'listen on a Unix socket as well')
    .option('--lenient', 'accept request ids that do not count 1, 2, 3 …, which some older clients send', false)
    .addOption(logLevelOption())
    .addHelpText('after', ROUTER_EXAMPLES)
    .action(
      async (options: {
        host: string
        port: number
        realm?: string[]
        path: string
        unix?: string
        lenient: boolean
        logLevel: LogLevel
      }) => {
        const { router } = await import('./commands/router.ts')
        await router({ ...options, realm: options.realm ?? ['realm1'] })
        onRunning()
      },
    )

  program
    .command('version')
    .description('print the versions of Crosspoint and Node.js, and the platform')
    .action(() => {
      process.stdout.write(`crosspoint ${VERSION}\nnode ${process.versions.node}\nplatform ${process.platform} ${process.arch}\n`)
    })
  return program
}

const EXAMPLES = `
Examples:
  crosspoint start                         the node of the configuration found here, or a development node
  crosspoint start --config node.yaml      the node of this configuration
  crosspoint passwd --method scram         what a configuration holds of a password
  crosspoint router --port 9600            a bare router: ws://127.0.0.1:9600/ws and rs://127.0.0.1:9600
  crosspoint explain --role user call com.example.add      whether it may, and why

Exit status: 0 after a clean end (SIGINT and SIGTERM are one), 1 after a failure, 2 for a mistake on the command line; explain and
replay have others as well.`

const START_EXAMPLES = `
Examples:
  crosspoint start
  crosspoint start --config crosspoint.config.ts --log-level debug
  PORT=9000 crosspoint start               where the configuration says port: "\${PORT:-8080}"`

const ROUTER_EXAMPLES = `
Examples:
  crosspoint router
  crosspoint router --port 9600 --realm realm1 --realm realm2
  crosspoint router --host 0.0.0.0 --unix /run/crosspoint.sock`

function logLevelOption(): Option {
  return new Option('-l, --log-level <level>', 'least level that is logged, to stderr').choices(LOG_LEVELS).default('info')
}

function toPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65535) throw new InvalidArgumentError('A port is a whole number from 0 to 65535.')
  return port
}

/** One clear line, or one per mistake of a configuration; the stack only for those who debug. */
function report(error: unknown, args: readonly string[]): void {
  const text = error instanceof Error ? error.message : String(error)
  for (const line of text.split('\n')) process.stderr.write(`crosspoint: ${line}\n`)
  if (isDebugging(args) && error instanceof Error)
    process.stderr.write(`${error.stack}\n${error.cause instanceof Error ? `${error.cause.stack}\n` : ''}`)
}

function isDebugging(args: readonly string[]): boolean {
  return args.some(
    (argument, index) => argument === '--log-level=debug' || (argument === 'debug' && /^(-l|--log-level)$/.test(args[index - 1] ?? '')),
  )
}

function isUsageOfOurs(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'ERR_INVALID_ARGUMENT'
}
