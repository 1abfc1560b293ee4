import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { loadConfig } from '../src/config/load.ts'
import { Node } from '../src/node.ts'
import { TlsReloader } from '../src/tls-reload.ts'
import { folder } from './folder.ts'
import { recorder } from './recorder.ts'

function makePair(name: string) {
  return generate([{ name: 'commonName', value: name }], { keyType: 'ec', algorithm: 'sha256' })
}
const first = await makePair('first')
const second = await makePair('second')

const CONFIG = {
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [{ name: 'realm1' }],
      transports: [
        {
          type: 'rawsocket',
          id: 'secure',
          endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1', tls: { key: 'key.pem', certificate: 'cert.pem' } },
        },
      ],
    },
  ],
}

/** A running node, the folder of its files, and the lines of its log. */
async function run(t: TestContext) {
  const root = folder(t, { 'node.json': CONFIG, 'key.pem': first.private, 'cert.pem': first.cert })
  const config = await loadConfig(join(root, 'node.json'), {})
  const log = recorder()
  const node = new Node(config, log)
  await node.start()
  t.after(() => node.stop())
  const write = ({ private: key, cert }: { private: string; cert: string }) => {
    writeFileSync(join(root, 'key.pem'), key)
    writeFileSync(join(root, 'cert.pem'), cert)
  }
  return { node, config, root, log, write }
}

async function dial(t: TestContext, node: Node): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: node.listeners[0]!.port!, rejectUnauthorized: false })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

async function shown(t: TestContext, node: Node) {
  return (await dial(t, node)).getPeerCertificate().subject.CN
}

test('reloadTls gives new connections the certificate that is in the files now, and leaves the old ones', async (t) => {
  const { node, log, write } = await run(t)
  const old = await dial(t, node)
  assert.equal(old.getPeerCertificate().subject.CN, 'first')
  write(second)
  assert.equal(await shown(t, node), 'first')
  node.reloadTls()
  assert.equal(await shown(t, node), 'second')
  assert.ok(log.lines.includes('info secure: keys and certificates were read again, new connections use them'), log.lines.join('\n'))
  old.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  const [answer] = await once(old, 'data')
  assert.equal(answer[0], 0x7f)
})

for (const [what, spoil, why] of [
  ['key and certificate that do not fit', (root: string) => writeFileSync(join(root, 'cert.pem'), second.cert), /key values mismatch/],
  ['a certificate that is none', (root: string) => writeFileSync(join(root, 'cert.pem'), 'nonsense'), /PEM/],
  ['a file that is gone', (root: string) => rmSync(join(root, 'key.pem')), /ENOENT/],
] as const) {
  test(`${what}: refused with a line of the log, the old ones stay`, async (t) => {
    const { node, root, log } = await run(t)
    spoil(root)
    node.reloadTls()
    assert.equal(await shown(t, node), 'first')
    const lines = log.lines.filter((line) => line.startsWith('error secure: keys and certificates cannot be taken from their files'))
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, why)
  })
}

test('once a minute changed files are taken up, bad ones are told once', async (t) => {
  const { config, root, write } = await run(t)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const log = recorder()
  const reloader = new TlsReloader(log)
  const taken: string[] = []
  const { tlsFiles, endpoint } = config.listeners[0]!
  reloader.add('secure', tlsFiles!, { setTls: ({ cert }) => void taken.push(cert) }, endpoint.tls!)
  t.mock.timers.tick(120_000)
  assert.deepEqual(taken, [])
  write(second)
  t.mock.timers.tick(60_000)
  assert.deepEqual(taken, [second.cert])
  rmSync(join(root, 'cert.pem'))
  t.mock.timers.tick(180_000)
  assert.equal(log.lines.filter((line) => line.startsWith('error')).length, 1)
  write(first)
  t.mock.timers.tick(60_000)
  assert.deepEqual(taken, [second.cert, first.cert])
  reloader.close()
  write(second)
  t.mock.timers.tick(180_000)
  assert.equal(taken.length, 2)
})
