// Which URIs below `wamp.` our sources send and know: none that the specification, or an implementation that we name, does not have.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonSerializer, MemoryTransport } from '@crosspoint/protocol'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'

/** Of the specification's lists (ERR-01 … ERR-31). */
const PREDEFINED = `
  error.invalid_uri error.no_such_procedure error.procedure_already_exists error.no_such_registration error.no_such_subscription
  error.no_such_session error.invalid_argument error.canceled error.timeout error.payload_size_exceeded error.not_authorized
  error.authorization_denied error.authorization_required error.authorization_failed error.no_such_realm error.no_such_role
  error.no_such_principal error.no_matching_auth_method error.authentication_denied error.authentication_failed
  error.authentication_required error.protocol_violation error.option_not_allowed error.option_disallowed.disclose_me
  error.feature_not_supported error.unavailable error.no_available_callee error.network_failure
  close.close_realm close.goodbye_and_out close.system_shutdown close.killed`
/**
 * Of implementations (ERR-32), of which we send `cannot_authenticate`, `runtime_error` and `history_unavailable`; Crossbar.io's reasons
 * of revocation (META-42, META-63) and of leaving for good.
 */
const IMPLEMENTATIONS = `
  error.cannot_authenticate error.runtime_error error.no_auth_method error.history_unavailable error.unregistered error.unsubscribed
  close.normal close.transport_lost close.logout`

test('ERR-40 URIs of errors and endings below "wamp." are predefined ones', () => {
  const packages = join(import.meta.dirname, '../..')
  const known = new Set(`${PREDEFINED} ${IMPLEMENTATIONS}`.trim().split(/\s+/))
  const found = new Set<string>()
  for (const file of globSync('*/src/**/*.ts', { cwd: packages, exclude: (name) => String(name).startsWith('testing') })) {
    for (const [, uri] of readFileSync(join(packages, file), 'utf8').matchAll(/['"`]wamp\.((?:error|close)\.[a-z_.]*[a-z])['"`]/g))
      found.add(uri!)
  }
  assert.ok(found.size > 30, `only ${found.size} were found`)
  assert.deepEqual(
    [...found].filter((uri) => !known.has(uri)),
    [],
  )
})

test('ERR-40 text for people is in Details.message of ABORT and the first argument of ERROR', () => {
  const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
  const [ours, theirs] = MemoryTransport.pair()
  router.attach(theirs, jsonSerializer)
  const received: unknown[][] = []
  ours.onFrame = (bytes, start = 0, end = bytes.length) =>
    void received.push(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))))
  const say = (...list: unknown[]) => ours.send(new TextEncoder().encode(JSON.stringify(list)))
  say(1, 'realm1', { roles: { caller: {} } })
  say(48, 1, {}, 'com.example.nothing')
  const [, error] = received
  assert.deepEqual([error![0], error![4]], [8, 'wamp.error.no_such_procedure'])
  assert.match((error![5] as string[])[0]!, /com\.example\.nothing/)
  say(2, 1, {})
  const abort = received.at(-1)!
  assert.deepEqual([abort[0], abort[2], abort.length], [3, 'wamp.error.protocol_violation', 3])
  assert.match((abort[1] as { message: string }).message, /WELCOME/)
})
