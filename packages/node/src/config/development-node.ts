import { DEFAULT_LIMITS as DEFAULT_ROUTER_LIMITS } from '@crosspoint/router'
import { DEFAULT_LIMITS } from '@crosspoint/transport'
import { type ResolvedListener, type ResolvedNode, type ResolvedRealm, SERIALIZER_NAMES } from './resolved.ts'

/** A realm with every default. */
export function plainRealm(name: string, requestIds: 'strict' | 'lenient' = 'strict'): ResolvedRealm {
  return { options: { name, requestIds }, authorizers: {}, streams: [], storeFile: undefined }
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
    logins: {},
    rawSocketLogin: undefined,
    tlsFiles: undefined,
    allowedHosts: hostsOf(endpoint),
    allowedOrigins: ['*'],
    assumesJson: false,
    statics: [],
    limits: DEFAULT_LIMITS,
  }
}

/**
 * A node that is for this machine only is called by a name of this machine. Any page of a browser could reach it under a name of its
 * own, which its owner lets point here (DNS rebinding).
 */
function hostsOf(endpoint: ResolvedListener['endpoint']): readonly string[] {
  if ('path' in endpoint || !THIS_MACHINE.includes(endpoint.host ?? '127.0.0.1')) return ['*']
  return ['localhost', '127.0.0.1', '[::1]']
}
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1']

/** A node without components. */
export function plainNode(source: string, realms: readonly ResolvedRealm[], listeners: readonly ResolvedListener[]): ResolvedNode {
  return {
    source,
    stateFolder: undefined,
    id: source,
    audit: undefined,
    realms,
    routerLimits: DEFAULT_ROUTER_LIMITS,
    listeners,
    components: [],
    warnings: [],
  }
}

/** What `crosspoint start` runs without a configuration: this machine only, one realm, open to anonymous sessions. */
export function developmentNode(): ResolvedNode {
  return plainNode('the development node', [plainRealm('realm1')], [plainListener('development', { host: '127.0.0.1', port: 8080 })])
}
