// The public door of the node. It stays light, because configuration files and programs import it.

export type { PrincipalFunction } from './authentication/function-principals.ts'
export { defineNode } from './config/define-node.ts'
export type { NodeConfig } from './config/schema.ts'

/**
 * Runs the command `crosspoint`.
 * @param args the arguments after the program's name: `['router', '--port', '9600']`.
 * @returns the exit status, or `undefined` when a node was started and the process is to live on.
 */
export async function main(args: readonly string[]): Promise<number | undefined> {
  return (await import('./main.ts')).main(args)
}
