// RawSocket URLs, for the Node entry: rs://host:port, rss://host:port, unix:/path.

import { UsageError } from '@crosspoint/protocol'

const DEFAULT_PORT = 8080

/** Where an `rs:`, `rss:` or `unix:` URL points. Throws `ERR_INVALID_ARGUMENT`. */
export function rawSocketTarget(url: string): { path: string } | { host: string; port: number; tls?: boolean } {
  if (url.startsWith('unix:')) {
    const path = url.slice(5).replace(/^\/\/(?=\/)/, '')
    if (path !== '') return { path }
  }
  const [, scheme, host = '', port] = /^(rss?):\/\/(\[[^\]]+\]|[^:/?#[\]]+)(?::(\d+))?\/?$/.exec(url) ?? []
  if (scheme === undefined) {
    throw new UsageError(
      'ERR_INVALID_ARGUMENT',
      `Cannot connect to "${url}": it must look like rs://host:port, rss://host:port or unix:/path`,
    )
  }
  const target = { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) }
  return scheme === 'rss' ? { ...target, tls: true } : target
}
