import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { UsageError } from '@crosspoint/protocol'
import { generate } from 'selfsigned'
import { developmentNode, plainListener } from '../src/config/development-node.ts'
import { loadConfig } from '../src/config/load.ts'
import type { ResolvedListener } from '../src/config/resolved.ts'
import { folder } from './folder.ts'

const pair = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', algorithm: 'sha256' })
const other = await generate([{ name: 'commonName', value: 'other' }], { keyType: 'ec', algorithm: 'sha256' })
// A group of 2048 bits (RFC 7919, ffdhe2048), as OpenSSL writes it.
const DHPARAM = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`
const FILES = {
  'key.pem': pair.private,
  'cert.pem': pair.cert,
  'key2.pem': other.private,
  'cert2.pem': other.cert,
  'dh.pem': DHPARAM,
  'public.pem': pair.private,
  'plain.txt': 'hello',
  'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
}
const PAIR = { key: 'key.pem', certificate: 'cert.pem' }

async function load(t: TestContext, tls: object, more: object = {}): Promise<{ listener: ResolvedListener; root: string }> {
  const transport = { type: 'rawsocket', endpoint: { type: 'tcp', port: 1, tls }, ...more }
  const config = { version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1' }], transports: [transport] }] }
  const root = folder(t, { ...FILES, 'node.json': config })
  chmodSync(join(root, 'public.pem'), 0o644)
  return { listener: (await loadConfig(join(root, 'node.json'), {})).listeners[0]!, root }
}

test('everything that `tls` can say is read', async (t) => {
  const { listener, root } = await load(t, {
    ...PAIR,
    certificates: [{ key: 'key2.pem', certificate: 'cert2.pem', chain_certificates: ['cert.pem'] }],
    ca_certificates: ['cert.pem', 'cert2.pem'],
    clientCertificates: 'wanted',
    ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256',
    dhparam: 'dh.pem',
  })
  assert.deepEqual(
    { ...listener.endpoint.tls },
    {
      key: pair.private,
      cert: pair.cert,
      certificates: [{ key: other.private, cert: `${other.cert}\n${pair.cert}` }],
      ca: `${pair.cert}\n${other.cert}`,
      clientCertificates: 'wanted',
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256',
      dhparam: DHPARAM,
    },
  )
  assert.deepEqual(listener.tlsFiles, {
    pairs: [
      { key: join(root, 'key.pem'), certificates: [join(root, 'cert.pem')] },
      { key: join(root, 'key2.pem'), certificates: [join(root, 'cert2.pem'), join(root, 'cert.pem')] },
    ],
    authorities: [join(root, 'cert.pem'), join(root, 'cert2.pem')],
    dhparam: join(root, 'dh.pem'),
    clientCertificates: 'wanted',
    ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256',
  })
})

for (const [what, tls, where, remedy] of [
  [
    'ciphers that nobody knows',
    { ...PAIR, ciphers: 'CAESAR' },
    'ciphers is "CAESAR"',
    /OpenSSL knows none of these ciphers; give names such as/,
  ],
  ['dhparam that is no file', { ...PAIR, dhparam: 'no.pem' }, 'dhparam is "no.pem"', /cannot be read \(ENOENT\)/],
  [
    'dhparam without parameters',
    { ...PAIR, dhparam: 'cert.pem' },
    'dhparam is "cert.pem"',
    /holds no Diffie-Hellman parameters.*openssl dhparam 2048/,
  ],
  ['an authority that is no PEM', { ...PAIR, ca_certificates: ['plain.txt'] }, 'ca_certificates[0] is "plain.txt"', /is no PEM file/],
  [
    'an authority that is no certificate',
    { ...PAIR, ca_certificates: ['cert.pem', 'key.pem'] },
    'ca_certificates[1] is "key.pem"',
    /no certificate/,
  ],
  ['an authority that is broken', { ...PAIR, ca_certificates: ['broken.pem'] }, 'ca_certificates[0] is "broken.pem"', /no certificate/],
  [
    'clientCertificates without authorities',
    { ...PAIR, clientCertificates: 'wanted' },
    'clientCertificates is "wanted"',
    /needs ca_certificates/,
  ],
  [
    'clientCertificates with another word',
    { ...PAIR, ca_certificates: ['cert.pem'], clientCertificates: 'optional' },
    'clientCertificates is "optional"',
    /must be one of "required", "wanted"/,
  ],
  [
    'a further certificate with another key',
    { ...PAIR, certificates: [{ key: 'key.pem', certificate: 'cert2.pem' }] },
    'certificates[0] is {"key":"key.pem","certificate":"cert2.pem"}',
    /must be PEM files that belong together/,
  ],
  [
    'a key that everybody can read',
    { ...PAIR, key: 'public.pem' },
    'key is "public.pem"',
    /every user of this machine can read it \(mode 644\), and it holds secrets; run chmod 600 .*public\.pem/,
  ],
  [
    'a further key that everybody can read',
    { ...PAIR, certificates: [{ ...PAIR, key: 'public.pem' }] },
    'certificates[0].key is "public.pem"',
    /every user of this machine can read it/,
  ],
  [
    'a further certificate that is no file',
    { ...PAIR, certificates: [{ key: 'key.pem', certificate: 'no.pem' }] },
    'certificates[0].certificate is "no.pem"',
    /cannot be read \(ENOENT\)/,
  ],
] as const) {
  test(`a mistake: ${what}`, async (t) => {
    await assert.rejects(load(t, tls), ({ code, message }: UsageError) => {
      assert.equal(code, 'ERR_CONFIG')
      const place = `workers[0].transports[0].endpoint.tls.${where}`
      assert.ok(message.includes(`${place}: `), `no "${place}" in ${message}`)
      assert.match(message, remedy)
      assert.equal(message.split('\n').length, 1, message)
      return true
    })
  })
}

test('allowedHosts and handshakesPerAddressMax reach the listener', async (t) => {
  const { listener } = await load(t, PAIR, { allowedHosts: ['app.example.com'], limits: { handshakesPerAddressMax: 0 } })
  assert.deepEqual(listener.allowedHosts, ['app.example.com'])
  assert.equal(listener.limits.handshakesPerAddressMax, 0)
})

test('a node for this machine only is called by names of this machine, others by any', () => {
  const local = ['localhost', '127.0.0.1', '[::1]']
  assert.deepEqual(developmentNode().listeners[0]!.allowedHosts, local)
  for (const host of ['localhost', '127.0.0.1', '::1', undefined]) {
    assert.deepEqual(plainListener('test', { host, port: 0 }).allowedHosts, local)
  }
  for (const endpoint of [{ host: '0.0.0.0', port: 0 }, { host: '192.0.2.1', port: 0 }, { path: '/tmp/x.sock' }]) {
    assert.deepEqual(plainListener('test', endpoint).allowedHosts, ['*'])
  }
})
