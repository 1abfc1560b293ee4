import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonSerializer } from '@crosspoint/protocol'
import type { ConnectionInfo } from '@crosspoint/transport'
import { addressOf, linkOf } from '../../src/authentication/links.ts'

const INFO: ConnectionInfo = {
  type: 'websocket',
  peer: '192.0.2.1:4711',
  isSecure: true,
  path: '/ws',
  headers: { cookie: 'cbtid=x', 'x-many': ['a', 'b'], host: undefined },
  setCookies: [],
  channelId: () => undefined,
  certificate: { sha1: 'aa', sha256: 'bb', commonName: undefined },
}

test('what authenticators are told of a connection has the names of Crossbar.io', () => {
  const link = linkOf(INFO, jsonSerializer, 'x')
  assert.deepEqual([link.peer, link.address, link.cookie, link.certificate?.sha256], ['192.0.2.1:4711', '192.0.2.1', 'x', 'bb'])
  assert.deepEqual(link.transport, {
    channel_type: 'tls',
    channel_framing: 'websocket',
    channel_serializer: 'json',
    peer: '192.0.2.1:4711',
    is_secure: true,
    http_headers_received: { cookie: 'cbtid=x', 'x-many': 'a, b' },
    http_cbtid: 'x',
    websocket_protocol: 'wamp.2.json',
    peer_cert: { sha1: 'aa', sha256: 'bb', commonName: null },
  })
  const raw = linkOf(
    { ...INFO, type: 'rawsocket', peer: 'unix', isSecure: false, certificate: undefined, headers: {} },
    jsonSerializer,
    undefined,
  )
  const { channel_type, http_headers_received, http_cbtid, websocket_protocol, peer_cert } = raw.transport
  assert.deepEqual([channel_type, http_headers_received, http_cbtid, websocket_protocol, peer_cert], ['unix', null, null, null, null])
})

test('the address of a peer has no port', () => {
  for (const [peer, address] of [
    ['127.0.0.1:80', '127.0.0.1'],
    ['::1:80', '::1'],
    ['[::1]:80', '::1'],
    ['fe80::1%eth0:80', 'fe80::1%eth0'],
    ['::ffff:192.0.2.1:80', '::ffff:192.0.2.1'],
    ['unix', undefined],
    ['in-process', undefined],
  ] as const) {
    assert.equal(addressOf(peer), address, peer)
  }
})
