// Addresses for people and programs: what the ready line prints.

import type { OpenListener } from './node.ts'

/**
 * The addresses of a listener: `http://…` for files, `ws://…` per WebSocket path, `rs://…` for RawSocket; the forms that
 * @crosspoint/client takes as `url`. A Unix socket has one, `unix:/path`.
 */
function addressesOf({ config, port }: OpenListener): string[] {
  const endpoint = config.endpoint
  if (!('port' in endpoint)) return [`unix:${endpoint.path}`]
  const isSecure = endpoint.tls !== undefined
  const authority = `${hostText(endpoint.host)}:${port}`
  const addresses: string[] = []
  if (config.statics.length > 0) addresses.push(`${isSecure ? 'https' : 'http'}://${authority}`)
  for (const path of config.websocketPaths) addresses.push(`${isSecure ? 'wss' : 'ws'}://${authority}${path}`)
  if (config.hasRawSocket) addresses.push(`${isSecure ? 'rss' : 'rs'}://${authority}`)
  return addresses
}

/** A host as it stands in a URL; every interface is shown as the one that is always there. */
function hostText(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** The line that a node prints when it is ready, and that scripts wait for. */
export function readyLine(version: string, listeners: readonly OpenListener[], realms: readonly string[]): string {
  const addresses = listeners.flatMap(addressesOf)
  const where = addresses.length === 0 ? 'without transports' : addresses.join(' ')
  return `crosspoint ${version} ready: ${where} ${realms.length === 1 ? 'realm' : 'realms'} ${realms.join(', ')}`
}
