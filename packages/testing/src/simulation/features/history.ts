// Event history (section 7.6 of the requirements): what is kept of the topics that a realm says, and what those who ask are told.
// On top of it recovery: what a client has missed since a position.

import { type Dict, isId, MessageType, Payload } from '@crosspoint/protocol'
import type { Feature, OwnProcedure } from '../feature.ts'
import { Finding } from '../finding.ts'
import type { Model } from '../model/model.ts'
import { isSameDict, type ModelRealm, type ModelSession, type ModelSubscription } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { isReserved, matches } from '../model/uris.ts'
import { payloadKey } from '../payload-key.ts'
import { failed } from './call-ends.ts'
import { isEligible } from './eligible.ts'
import { drawPosition, drawQuery, historyReactions } from './history-operations.ts'
import { permitted } from './own-calls.ts'
import { isIdOf, keptDetails, learnId, type ModelPublication } from './publication.ts'

interface Entry {
  readonly offset: number
  readonly publication: ModelPublication
}

/** The history of one subscription. */
export interface ModelStream {
  readonly subscription: ModelSubscription
  readonly eventsMax: number
  /** 0 for no limit. */
  readonly ageMsMax: number
  offset: number
  /** Empty until some answer told it. */
  epoch: string
  entries: Entry[]
}

export function streamOf(realm: ModelRealm, subscription: ModelSubscription): ModelStream | undefined {
  return realm.history.find((stream) => stream.subscription === subscription)
}
/** Whether a subscription stays when its last subscriber leaves. */
export function isKept(realm: ModelRealm, subscription: ModelSubscription): boolean {
  return streamOf(realm, subscription) !== undefined
}

/** An accepted publication is kept under every subscription with history that matches (HIS-10), unless it is for certain sessions (HIS-11). */
export function record(publication: ModelPublication): void {
  const { options, publisher, topic } = publication
  if (options['eligible'] !== undefined || ((options['exclude'] ?? []) as unknown[]).length > 0) return
  for (const stream of publisher.realm.history) {
    if (!matches(stream.subscription.uri, stream.subscription.match, topic)) continue
    stream.entries.push({ offset: ++stream.offset, publication })
    stream.entries = stream.entries.slice(-stream.eventsMax)
  }
}

/** What is there at this time, oldest first. */
function present(turn: Turn, stream: ModelStream): Entry[] {
  const { ageMsMax, entries } = stream
  if (ageMsMax > 0) stream.entries = entries.filter(({ publication }) => publication.time >= turn.now - ageMsMax)
  return stream.entries
}

/** The stream that the first argument names, with whose subscription; says what comes of a call that names none (HIS-15). */
function findStream(turn: Turn, caller: ModelSession, message: MessageOf<48>): ModelStream | undefined {
  const [id] = message.payload.read().args
  const subscription = [...caller.realm.subscriptions.values()].find((each) => each.id === id && each.id !== 0)
  const stream = subscription && streamOf(caller.realm, subscription)
  const isTold = subscription !== undefined && !isReserved(subscription.uri)
  if (!isId(id)) failed(turn, caller, message.requestId, ['wamp.error.invalid_argument'])
  else if (!isTold) failed(turn, caller, message.requestId, ['wamp.error.no_such_subscription'])
  else if (stream === undefined) failed(turn, caller, message.requestId, ['wamp.error.history_unavailable'])
  return isTold ? stream : undefined
}

const getEvents: OwnProcedure = (model, turn, caller, message) => {
  const stream = findStream(turn, caller, message)
  if (stream === undefined) return
  const { kwargs } = message.payload.read()
  const isTime = (name: string) => !name.endsWith('_time') || !Number.isNaN(Date.parse(kwargs[name] as string))
  if (typeof (kwargs['limit'] ?? 1) !== 'number' || kwargs['limit'] === 0 || !Object.keys(kwargs).every(isTime)) {
    return failed(turn, caller, message.requestId, ['wamp.error.invalid_argument'])
  }
  permitted(model, turn, caller, message, 'subscribe', stream.subscription.uri, (later) => {
    const found = present(later, stream).filter((entry) => isVisible(entry, caller) && isWithin(later, stream, entry, kwargs))
    if (kwargs['reverse'] === true) found.reverse()
    const limit = Math.min((kwargs['limit'] ?? model.limits.historyEventsMax) as number, model.limits.historyEventsMax)
    const page = found.slice(0, limit)
    const isLimitReached = found.length > limit
    tellEvents(later, caller, message.requestId, page, (payload) => {
      const { args, kwargs: words } = payload.read()
      return isSameDict(words, { is_limit_reached: isLimitReached }) && areEvents(stream, caller, page, args)
    })
  })
}

function isVisible({ publication }: Entry, asker: ModelSession): boolean {
  return isEligible(publication.publisher, asker, publication.options)
}

/** HIS-03, HIS-04, HIS-05. */
function isWithin(turn: Turn, stream: ModelStream, entry: Entry, kwargs: Dict): boolean {
  const { time, topic } = entry.publication
  const placeOf = (name: string): number | undefined => {
    if (kwargs[name] === undefined) return undefined
    return present(turn, stream).find(({ publication }) => publication.id === kwargs[name])?.offset ?? Number.NaN
  }
  const timeOf = (name: string) => (kwargs[name] === undefined ? undefined : Date.parse(kwargs[name] as string))
  const isBetween = (value: number, what: string, boundOf: (name: string) => number | undefined): boolean => {
    const [from, after, before, until] = ['from', 'after', 'before', 'until'].map((side) => boundOf(`${side}_${what}`))
    const isLate = (from === undefined || value >= from) && (after === undefined || value > after)
    return isLate && (before === undefined || value < before) && (until === undefined || value <= until)
  }
  if (!isBetween(time, 'time', timeOf) || !isBetween(entry.offset, 'publication', placeOf)) return false
  return kwargs['topic'] === undefined || kwargs['topic'] === topic
}

/** HIS-07: as a subscriber would have seen them. */
function areEvents(stream: ModelStream, caller: ModelSession, page: readonly Entry[], given: readonly unknown[]): boolean {
  if (given.length !== page.length) return false
  return page.every(({ offset, publication }, at) => {
    const { timestamp, subscription, publication: id, details, args = [], kwargs = {} } = given[at] as Record<string, never>
    const isSame =
      timestamp === new Date(publication.time).toISOString() &&
      subscription === stream.subscription.id &&
      isIdOf(publication, id) &&
      isSameDict(details, { ...keptDetails(publication, caller, stream.subscription), _offset: offset }) &&
      payloadKey(Payload.of(args, kwargs)) === publication.payload
    if (isSame) learnId(publication, id)
    return isSame
  })
}

const recover: OwnProcedure = (model, turn, caller, message) => {
  const stream = findStream(turn, caller, message)
  if (stream === undefined) return
  const { epoch, offset: after } = message.payload.read().kwargs as { epoch?: string; offset?: number }
  if ((epoch === undefined) !== (after === undefined)) return failed(turn, caller, message.requestId, ['wamp.error.invalid_argument'])
  permitted(model, turn, caller, message, 'subscribe', stream.subscription.uri, (later) => {
    const upTo = stream.offset
    const entries = present(later, stream)
    const isKnown = after === undefined || (epoch === stream.epoch && after <= upTo)
    const isWhole = after === undefined || after === upTo || (entries.length > 0 && entries[0]!.offset <= after + 1)
    const isRecovered = isKnown && isWhole
    const missed = isRecovered ? entries.filter((entry) => entry.offset > (after ?? upTo) && isVisible(entry, caller)) : []
    const page = missed.slice(0, model.limits.historyEventsMax)
    const isLimitReached = missed.length > page.length
    const offset = isLimitReached ? page[page.length - 1]!.offset : upTo
    tellEvents(later, caller, message.requestId, page, (payload) => {
      const { epoch: told, events, ...rest } = payload.read().args[0] as { epoch: string; events: readonly unknown[] }
      if (stream.epoch !== '' && told !== stream.epoch) throw new Finding(`The epoch of a history changed from ${stream.epoch} to ${told}`)
      stream.epoch = told
      return (
        isSameDict(rest, { recovered: isRecovered, offset, is_limit_reached: isLimitReached }) && areEvents(stream, caller, page, events)
      )
    })
  })
}

/** RESULT with those events; where they may be too long for the caller, or an ERROR that says so. */
function tellEvents(
  turn: Turn,
  caller: ModelSession,
  callId: number,
  page: readonly Entry[],
  isRight: (payload: Payload) => boolean,
): void {
  const bytes = page.reduce((sum, { publication }) => sum + publication.payload.length + EVENT_BYTES_MAX, 0)
  const oneOf = {}
  const ids = page.map(({ offset, publication }) => `${offset}: ${publication.id}`)
  const check = (result: MessageOf<50>) =>
    result.requestId === callId && Object.keys(result.details).length === 0 && isRight(result.payload)
  turn.expect(caller, MessageType.RESULT, `RESULT ${callId} with the events ${ids.join(', ')}`, check, { oneOf, isFree: true })
  const isShort = bytes < (caller.link.frameBytesMax ?? Number.POSITIVE_INFINITY)
  if (!isShort) failed(turn, caller, callId, ['wamp.error.payload_size_exceeded'], { oneOf, isFree: true })
}

/** What an event takes beside its payload, at most. */
const EVENT_BYTES_MAX = 600

export const history: Feature = {
  name: 'history',
  operations: [
    { name: 'get_events', weight: 25, run: drawQuery },
    { name: 'recover', weight: 25, run: drawPosition },
  ],
  reactions: historyReactions,
  procedures: new Map([
    ['wamp.subscription.get_events', getEvents],
    ['crosspoint.subscription.recover', recover],
  ]),
  check: (model: Model) => {
    for (const { history: streams } of model.realms.values()) {
      for (const { entries, eventsMax } of streams) if (entries.length > eventsMax) throw new Finding('The model keeps too many events')
    }
  },
}
