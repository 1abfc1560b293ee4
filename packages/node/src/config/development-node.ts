import { DEFAULT_LIMITS as DEFAULT_ROUTER_LIMITS } from '@crosspoint/router'
import { DEFAULT_LIMITS } from '@crosspoint/transport'
import { type ResolvedListener, type ResolvedNode, type ResolvedRealm, SERIALIZER_NAMES } from './resolved.ts'

/** A realm with every default. */
export function plainRealm(name: string, requestIds: 'strict' | 'lenient' = 'strict'): ResolvedRealm {
  return { options: { name, requestIds }, streams: [], storeFile: undefined }
}

/** WebSocket on one path and RawSocket, all serializers, default limits. */
export function plainListener(name: string, endpoint: ResolvedListener['endpoint'], websocketPath = '/ws'): ResolvedListener {
  return {
    name,
    endpoint,
    serializers: SERIALIZER_NAMES,
    websocketPaths: [websocketPath],
    longPollPaths: [],
    hasRawSocket: true,
    authroles: {},
    rawSocketAuthrole: 'anonymous',
    allowedOrigins: ['*'],
    assumesJson: false,
    statics: [],
    limits: DEFAULT_LIMITS,
  }
}

/** A node without components. */
export function plainNode(source: string, realms: readonly ResolvedRealm[], listeners: readonly ResolvedListener[]): ResolvedNode {
  return { source, id: source, realms, routerLimits: DEFAULT_ROUTER_LIMITS, listeners, components: [], warnings: [] }
}

/** What `crosspoint start` runs without a configuration: this machine only, one realm, open to anonymous sessions. */
export function developmentNode(): ResolvedNode {
  return plainNode('the development node', [plainRealm('realm1')], [plainListener('development', { host: '127.0.0.1', port: 8080 })])
}
