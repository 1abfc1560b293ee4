import { developmentNode } from '../config/development-node.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import { createLogger, type LogLevel } from '../log.ts'
import { runNode } from './run.ts'

export interface StartOptions {
  readonly config?: string | undefined
  readonly logLevel: LogLevel
}

/** `crosspoint start`: the node of a configuration, or the development node where there is none. */
export async function start(options: StartOptions): Promise<void> {
  const log = createLogger(options.logLevel)
  const file = options.config ?? findConfig(process.cwd())
  if (file === undefined) {
    log.info('no configuration here: a development node, for this machine only, realm1 open to anonymous sessions')
    return runNode(developmentNode(), log)
  }
  const config = await loadConfig(file, process.env)
  log.info(`node ${config.id} from ${config.source}`)
  return runNode(config, log, () => loadConfig(file, process.env))
}
