import type { NodeConfig } from './schema.ts'

/**
 * Gives a configuration its type, so that an editor completes and checks it; returns what it is given.
 * @param config the node, in the shape of docs/reference/config.md.
 * @example
 * // crosspoint.config.ts
 * import { defineNode } from 'crosspoint'
 *
 * export default defineNode({
 *   version: 2,
 *   workers: [
 *     {
 *       type: 'router',
 *       realms: [{ name: 'realm1' }],
 *       transports: [{ type: 'web', endpoint: { type: 'tcp', port: 8080 }, paths: { ws: { type: 'websocket' } } }],
 *     },
 *   ],
 * })
 */
export function defineNode(config: NodeConfig): NodeConfig {
  return config
}
