// The WebSocket layer against a suite that others wrote: the cases of the Autobahn test suite, run by kosoku, where that is
// installed (docs/hostile.md). The layer carries WAMP, so the listener here hands every message back instead.

import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ErrorUri, jsonSerializer } from '@crosspoint/protocol'
import { createListener, type Listener } from '@crosspoint/transport'
import type { Check, Finding } from './check.ts'

const PROGRAM = process.env['KOSOKU'] ?? 'kosoku'
const RUN_MS_MAX = 60_000

/** A subprotocol is of text or of binary messages, so each half of the suite has a listener of its own. */
const BINARY_CASES = ['1.2.*', '9.2.*']
// Compression (12, 13) is not offered; the rest of 9 measures speed with messages in single octets for minutes.
const TEXT_CASES = ['1.1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '9.1.*', '10.*']

const DEVIATIONS: { readonly [id: string]: string } = {
  '7.5.1': 'the reason of a close frame is not looked at, so one that is no UTF-8 is answered like any other',
}

interface Outcome {
  readonly behavior: 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'FAILED' | 'ERROR' | 'UNIMPLEMENTED'
}

const PASSING: readonly string[] = ['OK', 'NON-STRICT', 'INFORMATIONAL']

/** Hands messages back; text that is no UTF-8 breaks the protocol, as it does for the serializer. */
function echo(isBinary: boolean): Listener {
  return createListener({
    endpoint: { port: 0 },
    serializers: [{ ...jsonSerializer, isBinary }],
    websocketPaths: ['/'],
    assumesJson: true,
    limits: { frameBytesMax: 2 ** 24, bufferedBytesMax: 2 ** 26 },
    onTransport: (transport) => {
      const text = new TextDecoder('utf-8', { fatal: true })
      transport.establish?.()
      transport.onFault = () => transport.close(ErrorUri.protocolViolation)
      transport.onFrame = (bytes, start = 0, end = bytes.length) => {
        const message = bytes.slice(start, end)
        try {
          if (!isBinary) text.decode(message)
        } catch {
          return transport.close(ErrorUri.protocolViolation)
        }
        transport.send(message)
      }
    },
  })
}

async function outcomes(isBinary: boolean, cases: readonly string[]): Promise<[string, Outcome][]> {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-websocket-suite-'))
  const listener = echo(isBinary)
  await listener.listen()
  try {
    const args = [...cases.flatMap((name) => ['-i', name]), '-p', '8', '-o', folder, `127.0.0.1:${listener.port}`]
    // Its status tells of failed cases, which are looked at below.
    await promisify(execFile)(PROGRAM, args, { timeout: RUN_MS_MAX }).catch(() => {})
    const agents = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { [agent: string]: { [id: string]: Outcome } }
    return Object.values(agents).flatMap((results) => Object.entries(results))
  } finally {
    await listener.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const websocketSuite: Check = {
  name: 'websocket-suite',
  async run(): Promise<readonly Finding[]> {
    const what = 'cases of an external WebSocket suite'
    if (spawnSync(PROGRAM, ['--help']).status !== 0) {
      const hint = 'left out: there is no kosoku; pip install kosoku==0.1.0, and name it in the variable KOSOKU when it is not on the path'
      return [{ what, figure: hint, limit: 'optional', isOk: true }]
    }
    const all = [...(await outcomes(false, TEXT_CASES)), ...(await outcomes(true, BINARY_CASES))]
    // One that is listed as a deviation and passes is wrong too: the list is out of date.
    const failed = all.filter(([id, { behavior }]) => PASSING.includes(behavior) === id in DEVIATIONS)
    return [
      {
        what,
        figure: `${all.length}, of which ${failed.length} failed (${Object.keys(DEVIATIONS).join(', ')} aside)`,
        limit: 'none failed, at least 200 run',
        isOk: failed.length === 0 && all.length >= 200,
        details: failed.map(([id, { behavior }]) => `${id}: ${behavior}`),
      },
    ]
  },
}
