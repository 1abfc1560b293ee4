// docs/guides/logins/device.md, done as it says.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { generate } from 'selfsigned'
import { lineOf, Project, portOf } from './support.ts'

async function startNode(context: TestContext) {
  const project = new Project(context, 'device')
  const [passwd, key] = await Promise.all([
    project.done(['passwd', '--method', 'ticket', '--authid', 'desk', '--stdin'], {}, 'ticket of desk'),
    project.done(['keygen', '--out', 'device.key']),
    project.certificate(),
  ])
  const { node, urls } = await project.start({ DESK_TICKET_HASH: lineOf(passwd, 'ticket-hash') })
  const environment = {
    CROSSPOINT_URL: `wss://localhost:${portOf(urls, 'wss')}/ws`,
    NODE_EXTRA_CA_CERTS: 'tls.pem',
    DESK_TICKET: 'ticket of desk',
    EVERY_MS: '100',
  }
  return { project, node, environment, publicKey: /^public key: (\S+)$/m.exec(key)![1]! }
}

test('a device is let in while it is in the table, and sent away when it is taken out', async (context) => {
  const { project, node, environment, publicKey } = await startNode(context)
  const stranger = project.run(['device.ts'], environment)
  assert.equal(await stranger.exited, 1)
  assert.match(stranger.stderr, /authentication_denied: The credentials are not right/)

  assert.equal(await project.run(['devices.ts', 'add', 'sensor-7', publicKey]).exited, 0)
  const desk = project.run(['desk.ts'], environment)
  await desk.prints(/waiting for devices/)
  const device = project.run(['device.ts'], environment)
  await desk.prints(/^sensor-7 2\d\.\d/m)

  // It is there until somebody ends its session; then it does not come back.
  assert.equal(await project.run(['devices.ts', 'remove', 'sensor-7']).exited, 0)
  assert.equal(device.child.exitCode, null)
  await project.run(['desk.ts', 'sensor-7'], environment).prints(/^sessions ended: \[ \d+ \]$/m)
  await device.prints(/authentication_denied/)
  assert.notEqual(await device.exited, null)
  await Promise.all([desk.stop(), node.stop()])
})

test('a device is known by its certificate, and another certificate of the same authority is nobody', async (context) => {
  const project = new Project(context, 'device')
  const caName = [{ name: 'commonName', value: 'Devices' }]
  const ca = await generate(caName, { keyType: 'ec', algorithm: 'sha256', extensions: [{ name: 'basicConstraints', cA: true }] })
  const signed = (name: string) =>
    generate([{ name: 'commonName', value: name }], { keyType: 'ec', algorithm: 'sha256', ca: { key: ca.private, cert: ca.cert } })
  const [own, other] = await Promise.all([signed('sensor-8'), signed('sensor-9'), project.certificate()])
  project.write('devices-ca.pem', ca.cert)
  const use = (pair: { private: string; cert: string }) => {
    project.write('sensor-8.key', pair.private)
    project.write('sensor-8.pem', pair.cert)
  }
  use(own)
  const { node, urls } = await project.start({ SENSOR_8_FINGERPRINT: new X509Certificate(own.cert).fingerprint256 }, [
    '--config',
    'certificates.config.yaml',
  ])
  const environment = { CROSSPOINT_URL: `wss://localhost:${portOf(urls, 'wss')}/ws`, NODE_EXTRA_CA_CERTS: 'tls.pem' }
  const device = () => project.run(['certificate-device.ts'], environment)
  const known = device()
  assert.equal(await known.exited, 0, known.stderr)
  assert.match(known.stdout, /^logged in as sensor-8$/m)
  use(other)
  const unknown = device()
  assert.equal(await unknown.exited, 1)
  assert.match(unknown.stderr, /authentication_denied/)
  await node.stop()
})
