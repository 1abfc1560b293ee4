// What `start` and `router` share: start a node, say that it is ready, stop it on a signal.

import { readyLine } from '../addresses.ts'
import type { ResolvedNode } from '../config/resolved.ts'
import type { Logger } from '../log.ts'
import { Node } from '../node.ts'
import { VERSION } from '../product.ts'
import { reloadOnHangup, stopOnSignals } from '../signals.ts'
import { keepYoungHeapSmall } from '../young-heap.ts'

/**
 * Starts a node and prints the ready line on stdout; the process then lives until a signal. At SIGHUP it reads certificates, roles and
 * permissions again.
 * @param read reads the configuration anew, where there is a file.
 */
export async function runNode(config: ResolvedNode, log: Logger, read?: () => Promise<ResolvedNode>): Promise<void> {
  keepYoungHeapSmall()
  const node = new Node(config, log)
  let isStopping = false
  // From the first moment on: a component that takes long to load must not make the node deaf to Ctrl-C.
  stopOnSignals(
    () => {
      isStopping = true
      log.info('stopping; a second signal ends at once')
      return node.stop()
    },
    (error) => log.error('stopping failed:', error),
  )
  if (read !== undefined) reloadOnHangup(() => void reload(node, read, log))
  guard(log)
  await node.start()
  if (!isStopping) process.stdout.write(`${readyLine(VERSION, node.listeners, realmNames(config))}\n`)
}

async function reload(node: Node, read: () => Promise<ResolvedNode>, log: Logger): Promise<void> {
  node.reloadTls()
  try {
    node.changeRoles((await read()).realms)
  } catch (error) {
    log.error(`roles and permissions stay as they were: ${(error as Error).message}`)
  }
}

function realmNames(config: ResolvedNode): string[] {
  return config.realms.map((realm) => realm.options.name)
}

/**
 * Components run in this process. A promise of theirs that fails unnoticed is logged and the node goes on; after an exception
 * that nobody caught the state of the process is unknown, so it ends with status 1.
 */
function guard(log: Logger): void {
  process.on('unhandledRejection', (error) => log.error('a promise was rejected and nobody looked:', error))
  process.on('uncaughtException', (error) => {
    log.error('an exception was not caught; the node ends:', error)
    process.exit(1)
  })
}
