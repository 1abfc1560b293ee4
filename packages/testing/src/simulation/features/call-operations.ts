// What callers and callees do: calls with all options, cancels, and answers of every kind: one, several, late, twice, never.

import { CANCEL_MODES, type Dict, EMPTY_DICT, MessageType, type RequestId, type Uri } from '@crosspoint/protocol'
import type { Operation, Reaction } from '../feature.ts'
import type { MessageOf } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'
import { drawUri } from '../uri-pool.ts'
import { drawPassthru } from './passthru.ts'

const ERRORS: readonly Uri[] = ['com.hot.error', 'wamp.error.runtime_error', 'wamp.error.canceled', 'wamp.error.invalid_argument']

function call(client: RawClient): void {
  const { chance } = client
  if (!client.roles.has('caller')) return
  const options: Record<string, unknown> = {}
  if (chance.is(50)) {
    if (chance.is(50)) options['receive_progress'] = chance.is(90)
    if (chance.is(40)) options['timeout'] = chance.pick([0, 1, 20, 200, 2000])
    if (chance.is(20)) options['disclose_me'] = chance.is(80)
    if (chance.is(10)) options['x_unknown'] = ['ignored']
    if (chance.is(30)) Object.assign(options, drawShare(client))
  }
  const opaque = drawPassthru(client, 'caller')
  Object.assign(options, opaque?.options)
  const requestId = client.nextId(MessageType.CALL)
  const payload = opaque?.payload ?? client.payload()
  client.send({ type: MessageType.CALL, requestId, options, procedure: drawUri(chance), payload })
}

/** Options that say which of several callees: all, any, or the one that a key belongs to. */
function drawShare({ chance }: RawClient): Dict {
  const how = chance.below(10)
  if (how < 3) return { runon: 'any' }
  if (how < 6) return { runon: 'all', ...(chance.is(60) ? {} : { runmode: chance.pick(['gather', 'progressive', 'progressive']) }) }
  const rkey = chance.is(90) ? { rkey: `key${chance.below(5)}` } : {}
  return { [chance.pick(['runon', 'runmode'])]: 'partition', ...rkey }
}

/** Of a call that is open as far as the caller knows, mostly. */
function cancel(client: RawClient): void {
  const { chance } = client
  if (!client.roles.has('caller')) return
  const open = [...client.requests].filter(([, { type }]) => type === MessageType.CALL).map(([id]) => id)
  const id = open.length === 0 || chance.is(10) ? chance.between(1, client.lastRequestId + 5) : chance.pick(open)
  const options = chance.is(80) ? { mode: chance.pick(CANCEL_MODES) } : EMPTY_DICT
  client.send({ type: MessageType.CANCEL, requestId: id as RequestId, options })
}

/** Answers an invocation that has waited for it. */
function answerLate(client: RawClient): void {
  const waiting = [...client.invocations.keys()]
  if (waiting.length > 0) finish(client, client.chance.pick(waiting))
}

/** What a callee does about an invocation, at once or after a while. */
function invoked(client: RawClient, { details, requestId }: MessageOf<68>): void {
  const { chance, host } = client
  const wantsProgress = details['receive_progress'] === true
  const isChunk = client.invocations.has(requestId)
  client.invocations.set(requestId, wantsProgress)
  if (isChunk && !host.isCalm) return
  const { link } = client
  const later = (ms: number, act: () => void) =>
    void host.scheduler.after(ms, () => {
      if (client.link === link && client.state === 'joined') act()
    })
  if (host.isCalm) return later(1, () => finish(client, requestId))
  if (wantsProgress ? chance.is(70) : chance.is(5)) {
    for (let count = chance.between(1, 8); count > 0; count--) later(chance.below(100), () => progress(client, requestId))
  }
  const how = chance.below(100)
  if (how < 75) later(chance.pick([0, 5, 30, 100]), () => finish(client, requestId))
  else if (how < 85) later(chance.below(3000), () => finish(client, requestId))
  else if (how < 90) later(chance.below(50), () => finishTwice(client, requestId))
}

function progress(client: RawClient, requestId: number): void {
  if (!client.invocations.has(requestId) && client.chance.is(90)) return // a late one is stale, and no matter
  const opaque = drawPassthru(client, 'callee')
  const options = { progress: true, ...opaque?.options }
  client.send({ type: MessageType.YIELD, requestId: requestId as RequestId, options, payload: opaque?.payload ?? client.payload() })
}

/** The last word about an invocation: a result, or an error. */
function finish(client: RawClient, requestId: number): void {
  client.invocations.delete(requestId)
  const { chance } = client
  const id = requestId as RequestId
  if (chance.is(75)) {
    const opaque = drawPassthru(client, 'callee')
    const options = opaque?.options ?? (chance.is(10) ? { progress: false } : EMPTY_DICT)
    client.send({ type: MessageType.YIELD, requestId: id, options, payload: opaque?.payload ?? client.payload() })
  } else {
    const error: Uri = chance.is(50) ? 'wamp.error.unavailable' : chance.pick(ERRORS)
    const requestType = MessageType.INVOCATION
    const opaque = drawPassthru(client, 'callee')
    const details = opaque?.options ?? EMPTY_DICT
    client.send({ type: MessageType.ERROR, requestType, requestId: id, details, error, payload: opaque?.payload ?? client.payload() })
  }
}

function finishTwice(client: RawClient, requestId: number): void {
  finish(client, requestId)
  finish(client, requestId)
}

/** Who is told to stop mostly does; with `kill` an answer is due (RPC-77). */
function interrupted(client: RawClient, { options, requestId }: MessageOf<69>): void {
  if (!client.invocations.has(requestId)) return
  if (options['mode'] === 'kill' ? client.chance.is(80) : client.chance.is(20)) finish(client, requestId)
  else if (options['mode'] !== 'kill') client.invocations.delete(requestId)
}

/** Every invocation that waits is answered. */
export function answerAll(client: RawClient): void {
  for (const requestId of [...client.invocations.keys()]) finish(client, requestId)
}

export const callOperations: readonly Operation[] = [
  { name: 'CALL', weight: 60, run: call },
  { name: 'CANCEL', weight: 12, run: cancel },
  { name: 'late answer', weight: 9, run: answerLate },
]

export const callReactions: ReadonlyMap<number, Reaction> = new Map<number, Reaction>([
  [MessageType.INVOCATION, invoked],
  [MessageType.INTERRUPT, interrupted],
  [
    MessageType.RESULT,
    (client: RawClient, { details, requestId }: MessageOf<50>) => {
      client.answered(requestId, MessageType.CALL, details['progress'] !== true)
    },
  ],
  [MessageType.ERROR, (client: RawClient, { requestId, requestType }: MessageOf<8>) => void client.answered(requestId, requestType)],
])
