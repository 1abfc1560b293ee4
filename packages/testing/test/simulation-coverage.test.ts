// What the simulated worlds come to: a feature that no seed draws any more is checked by nobody.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Message, MessageType } from '@crosspoint/protocol'
import { World } from '../src/simulation/world.ts'

const SEEDS = 60
const EVENTS = 2000

/** Each must be met: a key of the options or details of a message, an error, or a key in the answer of a procedure of the router. */
const EXPECTED: readonly string[] = [
  ...['REGISTER.concurrency', 'REGISTER.force_reregister', 'REGISTER.forward_timeout'],
  ...['CALL.runon', 'CALL.runmode', 'CALL.rkey', 'CALL.timeout', 'CALL.progress', 'CALL.ppt_scheme'],
  ...['INVOCATION.trustlevel', 'INVOCATION.timeout', 'INVOCATION.ppt_scheme', 'INVOCATION.caller'],
  ...['RESULT.progress', 'RESULT.ppt_scheme', 'RESULT.enc_algo'],
  ...['SUBSCRIBE.nkey', 'SUBSCRIBE.get_retained', 'PUBLISH.rkey', 'PUBLISH.retain'],
  ...['EVENT.retained', 'EVENT.trustlevel', 'EVENT._dropped', 'EVENT._offset', 'EVENT.ppt_scheme', 'EVENT.publisher'],
  ...['HELLO.resumable', 'HELLO.resume_session', 'WELCOME.resumable', 'WELCOME.resumed'],
  ...['wamp.error.unavailable', 'wamp.error.no_available_callee', 'wamp.error.feature_not_supported', 'wamp.error.timeout'],
  ...['wamp.error.no_such_session', 'wamp.error.payload_size_exceeded', 'wamp.error.history_unavailable'],
  ...['crosspoint.error.too_many_calls', 'crosspoint.error.too_many_testaments'],
  ...['HELLO.authid', 'wamp.error.authentication_denied', 'wamp.error.authentication_failed', 'crosspoint.error.too_many_logins'],
  ...['wamp.session.add_testament', 'wamp.session.flush_testaments', 'wamp.session.kill_all'],
  ...['wamp.subscription.get_events', 'crosspoint.subscription.recover', 'recovered', 'missed', 'is_limit_reached'],
]

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(MessageType).map(([name, type]) => [type, name]))

/** What there is to see in a message. */
function sights(message: Message): string[] {
  const { details, options, error, procedure, reason } = message as unknown as Record<string, unknown>
  const found = Object.keys({ ...(details as object), ...(options as object) }).map((key) => `${NAMES.get(message.type)}.${key}`)
  if (typeof error === 'string') found.push(error)
  if (typeof reason === 'string') found.push(reason)
  if (typeof procedure === 'string') found.push(procedure)
  if (message.type !== MessageType.RESULT || message.payload.count === 0) return found
  const { args, kwargs } = message.payload.read()
  const { recovered, events = [] } = (args[0] ?? {}) as { readonly recovered?: unknown; readonly events?: readonly unknown[] }
  if (recovered === true) found.push('recovered')
  if (recovered === true && events.length > 0) found.push('missed')
  return [...found, ...Object.keys(kwargs)]
}

test(`the worlds of the seeds 1 to ${SEEDS} come to every feature that the simulator knows`, async () => {
  const seen = new Set<string>()
  const missing = () => EXPECTED.filter((sight) => !seen.has(sight))
  for (let seed = 1; seed <= SEEDS && missing().length > 0; seed++) {
    const world = new World(seed)
    const add = world.trace.add.bind(world.trace)
    world.trace.add = (step, time, text, message, bytes) => {
      if (message !== undefined) for (const sight of sights(message)) seen.add(sight)
      add(step, time, text, message, bytes)
    }
    while (world.events < EVENTS && world.step()) await world.settle()
  }
  assert.deepEqual(missing(), [])
})
