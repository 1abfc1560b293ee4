// The arguments of a command of this package: a usage text on request, and one line for what is wrong with them.

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/**
 * Reads the options of this process. `--help` prints `usage` and ends with 0; an unknown argument, or a missing value, gives
 * one line on stderr and status 2.
 *
 * @example
 * const { seed } = readOptions('npm run hostile -- [--seed N]', { seed: { type: 'string' } })
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(usage: string, options: Options) {
  const { values } = parsed(options)
  if (process.argv.slice(2).includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  return values
}

function parsed<const Options extends ParseArgsOptionsConfig>(options: Options) {
  try {
    return parseArgs({ args: process.argv.slice(2).filter((text) => text !== '--help'), options })
  } catch (error) {
    // Node's explanation goes on about positional arguments, which there are none of here.
    const [what] = (error as Error).message.split('. ')
    return refuseArguments(what!)
  }
}

/** Ends the process with status 2 and one line that says what is wrong with the arguments. */
export function refuseArguments(what: string): never {
  console.error(`Cannot start: ${what.replaceAll('\n', ' ')}; --help shows what can be given`)
  return process.exit(2)
}
