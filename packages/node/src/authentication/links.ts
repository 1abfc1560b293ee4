// What the router is told of a connection, for logins: Crossbar.io's names, so that authenticators written for it find what they know.

import { isIP } from 'node:net'
import type { Dict, Serializer } from '@crosspoint/protocol'
import type { Link } from '@crosspoint/router'
import type { ConnectionInfo } from '@crosspoint/transport'

/**
 * The link of a connection. Its `transport` goes to authenticators only: headers and cookies in it are never logged.
 *
 * @param cookie what this node's cookie of the connection holds; undefined when it has none
 * @example
 * router.attach(transport, serializer, { link: linkOf(info, serializer, undefined), login })
 */
export function linkOf(info: ConnectionInfo, serializer: Serializer, cookie: string | undefined): Link {
  const { peer, certificate, channelId } = info
  let known: Dict | undefined
  return {
    peer,
    address: addressOf(peer),
    // Made when it is asked for: most logins do not need it.
    get transport() {
      known ??= transportDict(info, serializer, cookie)
      return known
    },
    channelId,
    certificate,
    cookie,
  }
}

/** "127.0.0.1:51234" without its port; undefined for Unix sockets. */
export function addressOf(peer: string): string | undefined {
  const address = peer.slice(0, peer.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  return isIP(address.split('%', 1)[0]!) === 0 ? undefined : address
}

function transportDict(info: ConnectionInfo, serializer: Serializer, cookie: string | undefined): Dict {
  const { type, peer, isSecure, headers, certificate } = info
  const isHttp = type !== 'rawsocket'
  const channelType = isSecure ? 'tls' : addressOf(peer) === undefined ? 'unix' : 'tcp'
  return {
    channel_type: channelType,
    channel_framing: type,
    channel_serializer: serializer.name,
    peer,
    is_secure: isSecure,
    http_headers_received: isHttp ? headerTexts(headers) : null,
    http_cbtid: cookie ?? null,
    websocket_protocol: type === 'websocket' ? serializer.subprotocol : null,
    peer_cert: certificate === undefined ? null : { ...certificate, commonName: certificate.commonName ?? null },
  }
}

/** As HTTP lets several of one name be written: as one, with commas. */
function headerTexts(headers: ConnectionInfo['headers']): Dict {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) texts[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return texts
}
