// Progressive call invocations (section 6.5 of the requirements): further CALLs with the id of one in flight are its chunks,
// and go to the same callee with the same details.

import { EMPTY_DICT, MessageType, type RequestId, type Uri } from '@crosspoint/protocol'
import type { Feature } from '../feature.ts'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelSession } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import type { RawClient } from '../raw-client.ts'
import { drawUri } from '../uri-pool.ts'
import { endWith } from './call-ends.ts'
import { streamSent } from './streams.ts'

/** Whether a CALL uses the feature without having announced it (PRV-11); says what comes of that. */
export function refusesProgress(model: Model, turn: Turn, session: ModelSession, message: MessageOf<48>): boolean {
  if (message.options['progress'] !== true || hasFeature(session, 'caller.progressive_call_invocations')) return false
  model.violated(turn, session.peer)
  return true
}

/** A CALL with the id of a call in flight (RPC-60, RPC-61). */
export function continued(model: Model, turn: Turn, session: ModelSession, call: ModelCall, message: MessageOf<48>): void {
  const { upload } = call
  if (upload === undefined || !upload.isOpen) return model.violated(turn, session.peer)
  if (message.procedure !== call.procedure) return // RPC-57
  upload.isOpen = message.options['progress'] === true
  upload.chunks++
  const payload = payloadKey(message.payload)
  const callee = call.callee!
  streamSent(model, turn, session, callee)
  if (isTooLong(payload, callee)) return endWith(model, turn, call, 'wamp.error.payload_size_exceeded', true)
  const details = upload.isOpen ? { ...upload.details, progress: true } : upload.details // RPC-45, RPC-50
  turn.expect(
    callee,
    MessageType.INVOCATION,
    `INVOCATION ${call.invocationId}, one more chunk, with ${JSON.stringify(details)}`,
    (invocation) =>
      invocation.requestId === call.invocationId &&
      invocation.registrationId === upload.registrationId &&
      isSameDict(invocation.details, details) &&
      payloadKey(invocation.payload) === payload,
    { payload, requestId: call.invocationId },
  )
}

/** The first chunk. A realm that does not count ids could not tell a late chunk from a new call. */
function begin(client: RawClient): void {
  const { chance } = client
  if (!client.isStrictRealm || !client.roles.has('caller.progressive_call_invocations')) return
  const procedure = drawUri(chance)
  const options: Record<string, unknown> = { progress: true }
  if (chance.is(40)) options['receive_progress'] = true
  if (chance.is(20)) options['timeout'] = chance.pick([20, 200, 2000])
  const requestId = client.nextId(MessageType.CALL)
  client.uploads.set(requestId, procedure)
  // Not long: if it were too long for one of several callees, nobody could say which of them holds up the caller.
  client.send({ type: MessageType.CALL, requestId, options, procedure, payload: client.payload(false) })
}

/** One more chunk of a call that may be over by then, perhaps the last. */
function chunk(client: RawClient): void {
  const open = [...client.uploads]
  if (open.length === 0) return
  const [requestId, procedure] = client.chance.pick(open)
  sendChunk(client, requestId, procedure, client.chance.is(30))
}

function sendChunk(client: RawClient, requestId: number, procedure: Uri, isLast: boolean): void {
  if (isLast) client.uploads.delete(requestId)
  const options = isLast ? client.chance.pick([EMPTY_DICT, { progress: false }]) : { progress: true, timeout: 1, x_unknown: 2 }
  const uri = client.chance.is(3) ? drawUri(client.chance) : procedure
  client.send({ type: MessageType.CALL, requestId: requestId as RequestId, options, procedure: uri, payload: client.payload() })
}

export const uploads: Feature = {
  name: 'uploads',
  operations: [
    { name: 'progressive CALL', weight: 20, run: begin },
    { name: 'chunk', weight: 40, run: chunk },
    {
      name: 'progressive CALL without the feature',
      weight: 1,
      isMisbehaviour: true,
      run: (client) => {
        const requestId = client.nextId(MessageType.CALL)
        client.send({ type: MessageType.CALL, requestId, options: { progress: true }, procedure: 'com.hot.a', payload: client.payload() })
      },
    },
  ],
  calm: (client) => {
    for (const [requestId, procedure] of [...client.uploads]) sendChunk(client, requestId, procedure, true)
  },
}
