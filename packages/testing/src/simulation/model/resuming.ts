// Sessions that outlive their links (section 4.6 of the requirements): what comes of a lost link, and of a HELLO that goes on.

import { type Dict, encodeMessage, isId, type Message, MessageType, type Uri } from '@crosspoint/protocol'
import { isDict } from '@crosspoint/protocol/internal'
import { end, endParts, endWhole, failed, interrupted } from '../features/call-ends.ts'
import { Finding } from '../finding.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { describe } from '../trace.ts'
import type { Model } from './model.ts'
import type { ModelPeer, ModelResumption, ModelSession } from './state.ts'
import { type Expectation, isErrorFor, type MessageOf, RANK, type Turn } from './turn.ts'

const TOO_LONG: readonly Uri[] = ['wamp.error.payload_size_exceeded']
const TOKEN = /^[A-Za-z0-9+/]{22}==$/

export function newResumption(): ModelResumption {
  return { token: '', formerToken: undefined, received: 0, sent: [], isDetached: false, backlog: [] }
}

/** Whether WELCOME offers to resume, as it must (RES-01, RES-02); keeps the token. */
export function offersResumption(resume: ModelResumption | undefined, details: Dict): boolean {
  const { resumable, resume_token: token } = details
  if (resume === undefined) return resumable !== true && token === undefined
  if (resumable !== true || typeof token !== 'string' || !TOKEN.test(token)) return false
  return token !== resume.token
}
export function keepToken(resume: ModelResumption | undefined, details: Dict): void {
  if (resume === undefined) return
  resume.formerToken = resume.token || undefined
  resume.token = details['resume_token'] as string
}

/** The link of a session that may be resumed is gone (RES-07). */
export function detached(model: Model, turn: Turn, session: ModelSession): void {
  const { peer, realm, resume } = session
  resume!.isDetached = true
  model.peers.delete(peer.link)
  const expire = (later: Turn) => model.expired(later, session)
  peer.deadline = model.plan(turn, realm.resume!.waitMs, `the return of session ${session.id}`, expire)
  model.drainAll(turn, session)
  model.tellDetached(turn, session)
}

/** A HELLO that wants to go on with a session (RES-03, RES-06). */
export function resumed(model: Model, turn: Turn, peer: ModelPeer, { details }: MessageOf<1>): void {
  const { resume_session: id, resume_token: token, _received: received } = details
  if (!isId(id) || typeof token !== 'string') return model.violated(turn, peer)
  const session = [...model.realms.values()].flatMap((realm) => [...realm.sessions]).find((each) => each.id === id)
  const resume = session?.resume
  if (session === undefined || resume === undefined || (resume.token !== token && resume.formerToken !== token)) {
    return model.abort(turn, peer, ['wamp.error.no_such_session'])
  }
  // All that waited can be sent again; of what was on its way, as much as the router happens to keep.
  const missing = resume.sent.length - (received as number) + resume.backlog.length
  const isKept = missing <= session.realm.resume!.messagesMax
  if (!isKept && turn.sees(peer.link, MessageType.ABORT, () => true)) return model.abort(turn, peer, ['wamp.error.no_such_session'])
  const old = session.link
  const { isDetached } = resume
  if (!isDetached) {
    turn.expectClose(old) // the client comes with another link before the router has seen the end of this
    model.peers.delete(old)
  }
  model.cancel(peer.deadline)
  model.cancel(session.peer.deadline)
  resume.isDetached = false
  session.link = session.peer.link = peer.link
  model.peers.set(peer.link, session.peer)
  const check = ({ details: told, sessionId }: MessageOf<2>) =>
    sessionId === session.id &&
    told['resumed'] === true &&
    told['_received'] === resume.received &&
    told['realm'] === session.realm.name &&
    told['authid'] === session.authid &&
    offersResumption(resume, told)
  turn.expect(peer.link, MessageType.WELCOME, `WELCOME to session ${session.id} again, ${resume.received} messages received`, check, {
    rank: RANK.first,
    learn: ({ details: told }) => keepToken(resume, told),
  })
  const lost: Loss[] = []
  for (const message of resume.sent.splice(received as number)) {
    if (encodeMessage(peer.link.serializer, message).length > (peer.link.frameBytesMax ?? Number.POSITIVE_INFINITY)) {
      lost.push(lossOf(message))
      continue
    }
    resume.sent.push(message)
    turn.nextStage()
    turn.expect(peer.link, message.type, `once more: ${describe(message)}`, (given) => isSame(given, message))
  }
  const backlog = resume.backlog.splice(0)
  const isLost = ({ payload }: Expectation) => isTooLong(payload, session)
  turn.expectBacklog(
    session,
    backlog.filter((expectation) => !isLost(expectation)),
  )
  for (const loss of [...lost, ...backlog.filter(isLost)]) undelivered(model, turn, session, loss)
  if (!isDetached) model.drainAll(turn, session)
}

type Loss = Pick<Expectation, 'type' | 'requestId' | 'isProgress' | 'onlyUri'>

function lossOf(message: Message): Loss {
  const { type, requestId = 0, details, error = '' } = message as Message & { requestId?: number; details?: Dict; error?: Uri }
  return { type, requestId, isProgress: details?.['progress'] === true, onlyUri: error }
}

/** What is too long for the link with which its receiver came back (RPC-18, PUB-15). */
function undelivered(model: Model, turn: Turn, session: ModelSession, { isProgress, onlyUri, requestId, type }: Loss): void {
  if (type === MessageType.INVOCATION) {
    const call = session.invocations.get(requestId)
    if (call === undefined) return
    const isFirst = (call.upload?.chunks ?? 1) === 1
    if (isFirst && session.lastInvocationId === requestId) session.lastInvocationId--
    const { caller, callId } = endWhole(model, turn, call)
    failed(turn, caller, callId, TOO_LONG)
    if (!isFirst) interrupted(turn, call, 'killnowait')
  } else if (type === MessageType.RESULT) {
    const call = session.calls.get(requestId)
    if (call === undefined && isProgress) return // it has had its end
    if (call !== undefined) {
      end(model, turn, call)
      interrupted(turn, call, 'killnowait')
      if (call.group !== undefined) endParts(model, turn, call.group.open)
    }
    failed(turn, session, requestId, TOO_LONG)
  } else if (type === MessageType.ERROR) {
    const check = (error: MessageOf<8>) => isErrorFor(error, MessageType.CALL, requestId, [onlyUri]) && error.payload.count === 0
    turn.expect(session, MessageType.ERROR, `ERROR ${onlyUri} for CALL ${requestId} without its payload`, check)
  }
}

/** Whether a message that comes again is the same. */
function isSame(one: Message, other: Message): boolean {
  return textOf(one) === textOf(other)
}
function textOf(message: Message): string {
  const fields = Object.entries(message).map(([name, value]) => [name, name === 'payload' ? payloadKey(value) : sorted(value)])
  return JSON.stringify(sorted(Object.fromEntries(fields)))
}
function sorted(value: unknown): unknown {
  if (!isDict(value)) return value
  return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
}

/** More waits for a client than may (RES-07): its session is over. */
export function endOverflowing(model: Model, turn: Turn): void {
  for (;;) {
    const isTooMuch = ({ realm, resume }: ModelSession) => resume?.isDetached && resume.backlog.length > realm.resume!.messagesMax
    const session = [...model.realms.values()].flatMap((realm) => [...realm.sessions]).find(isTooMuch)
    if (session === undefined) return
    turn.nextStage()
    if (session.resume!.backlog.some(({ isOptional }) => isOptional)) throw new Finding('The model cannot count what waits')
    model.expired(turn, session)
    model.endInput(turn) // which may be too much for another
  }
}
