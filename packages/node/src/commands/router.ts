import { resolve } from 'node:path'
import { isReservedUri, isValidUri, UsageError } from '@crosspoint/protocol'
import { plainListener, plainNode, plainRealm } from '../config/development-node.ts'
import type { ResolvedNode } from '../config/resolved.ts'
import { createLogger, type LogLevel } from '../log.ts'
import { runNode } from './run.ts'

export interface RouterCommandOptions {
  readonly host: string
  readonly port: number
  readonly realm: readonly string[]
  readonly path: string
  readonly unix?: string | undefined
  readonly lenient: boolean
  readonly logLevel: LogLevel
}

/** `crosspoint router`: a bare router at once, open to anonymous sessions. */
export async function router(options: RouterCommandOptions): Promise<void> {
  return runNode(routerNode(options), createLogger(options.logLevel))
}

/** The node that the options describe. */
function routerNode(options: RouterCommandOptions): ResolvedNode {
  const realms = [...new Set(options.realm)]
  for (const name of realms) {
    if (!isValidUri(name) || isReservedUri(name)) {
      throw new UsageError(
        'ERR_INVALID_ARGUMENT',
        `Cannot open the realm "${name}": a realm is named by a URI that does not begin with "wamp", such as realm1`,
      )
    }
  }
  if (!/^\/[^\s?#]*$/.test(options.path)) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot listen on the path "${options.path}": it must begin with "/", such as /ws`)
  }
  const listeners = [plainListener('router', { host: options.host, port: options.port }, options.path)]
  if (options.unix !== undefined) listeners.push(plainListener('router', { path: resolve(options.unix) }, options.path))
  return plainNode(
    'crosspoint router',
    realms.map((name) => plainRealm(name, options.lenient ? 'lenient' : 'strict')),
    listeners,
  )
}
