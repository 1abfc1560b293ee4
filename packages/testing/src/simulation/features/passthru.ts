// Payload passthru mode (section 11 of the requirements): payloads for the far end only. The router hands on the keys that
// say so, and the payload as it is, from whatever serializer to whatever other.

import { type Dict, EMPTY_DICT, MessageType, Payload } from '@crosspoint/protocol'
import type { Feature } from '../feature.ts'
import type { Model } from '../model/model.ts'
import { hasFeature, type ModelSession } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'

const PPT_KEYS = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid']
const ENC_KEYS = ['enc_algo', 'enc_serializer', 'enc_key']
const FEATURE_OF: ReadonlyMap<number, string> = new Map<number, string>([
  [MessageType.CALL, 'caller'],
  [MessageType.PUBLISH, 'publisher'],
  [MessageType.YIELD, 'callee'],
])

export function isPassthru(options: Dict): boolean {
  return (options['ppt_scheme'] ?? '') !== ''
}

/** What goes on from Options to Details (PPT-01, PPT-14, PPT-16). */
export function passthruDetails(options: Dict): Record<string, unknown> {
  const keys = [...(isPassthru(options) ? PPT_KEYS : []), ...(options['enc_algo'] === undefined ? [] : ENC_KEYS)]
  return Object.fromEntries(keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]))
}

/** Whether a message uses the feature without its sender having announced it (PPT-03, PRV-16); says what comes of that. */
export function refusesPassthru(model: Model, turn: Turn, session: ModelSession, message: { type: number; options?: unknown }): boolean {
  const role = FEATURE_OF.get(message.type)
  if (role === undefined || !isPassthru(message.options as Dict)) return false
  if (hasFeature(session, `${role}.payload_passthru_mode`)) return false
  model.violated(turn, session.peer)
  return true
}

/** Now and then the options of a payload that nobody but the far end can read, and that payload. */
export function drawPassthru(client: RawClient, role: string): { readonly options: Dict; readonly payload: Payload } | undefined {
  const { chance } = client
  if (!chance.is(8)) return undefined
  const bytes = Uint8Array.from({ length: chance.below(30) }, () => chance.below(256))
  const payload = Payload.of([bytes])
  if (chance.is(20)) return { options: { enc_algo: chance.pick(['cryptobox', 'x_own']), enc_key: 'key' }, payload }
  if (chance.is(10)) return { options: { ppt_scheme: '', ppt_serializer: 'cbor' }, payload } // says nothing (PPT-01)
  if (!client.roles.has(`${role}.payload_passthru_mode`)) return undefined
  const more = chance.pick<Dict>([EMPTY_DICT, { ppt_cipher: 'xsalsa20poly1305', ppt_keyid: `x${chance.below(100)}` }, { ppt_own: 1 }])
  return { options: { ppt_scheme: chance.pick(['wamp', 'mqtt', 'x_own']), ppt_serializer: 'cbor', ...more }, payload }
}

export const passthru: Feature = {
  name: 'payload passthru',
  operations: [
    {
      name: 'passthru without the feature',
      weight: 1,
      isMisbehaviour: true,
      run: (client) => {
        const options: Dict = { ppt_scheme: 'x_own' }
        const payload = Payload.of([Uint8Array.of(1)])
        const requestId = client.nextId(MessageType.CALL)
        const message: MessageOf<48> = { type: MessageType.CALL, requestId, options, procedure: 'com.hot.a', payload }
        client.send(message)
      },
    },
  ],
}
