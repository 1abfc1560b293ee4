// Reading history (section 7.6 of the requirements), and on top of it recovery: a client that was away asks for what it
// missed since a position, and gets it in order or is told that it cannot.

import { type Dict, ErrorUri, isId, type PublicationId, type Uri } from '@crosspoint/protocol'
import { isRefused } from '../authorizer.ts'
import { principalOf, storedDetails } from '../broker.ts'
import type { HistoryPage, HistoryQuery, StoreFailure } from '../event-store.ts'
import type { History } from '../history.ts'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { RealmRules } from '../realm-rules.ts'
import type { Stream, Subscription } from '../subscription.ts'
import type { Subscriptions } from '../subscriptions.ts'
import { isText } from './checks.ts'
import { findSubscription } from './subscription-meta.ts'
import type { Ask } from './testaments.ts'

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0
const isOffset = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i

/** Milliseconds since 1970 of a time as in RFC 3339, with what it has of a millisecond's parts; NaN when it is none. */
function parseTime(text: string): number {
  const [, seconds, fraction = '0', zone] = TIME.exec(text) ?? []
  return Date.parse(`${seconds}${zone}`.toUpperCase()) + Number(fraction) * 1000
}

export interface HistoryMetaHost {
  readonly rules: RealmRules
  readonly subscriptions: Subscriptions
  readonly history: History
  readonly ask: Ask
  now(): number
}

export function historyMeta(host: HistoryMetaHost): Record<Uri, OwnProcedure> {
  return {
    'wamp.subscription.get_events': (call) => {
      const subscription = findSubscription(call, host.subscriptions)
      const query = readQuery(host, call, streamOf(subscription).index)
      afterPermission(host, call, subscription, () => {
        host.history.query({ ...query, now: host.now() }, (page) => {
          if ('failure' in page) return call.fail(ErrorUri.historyUnavailable, page.failure)
          call.answer(describeEvents(call, subscription, page), { is_limit_reached: page.isLimitReached })
        })
      })
    },
    'crosspoint.subscription.recover': (call) => recover(host, call),
    'crosspoint.history.status': (call) => {
      call.atMost(0)
      const { lost, failure, failingSince } = host.history.status
      const since = failingSince === undefined ? null : new Date(failingSince).toISOString()
      call.answer([{ is_working: failure === undefined, lost, failure: failure ?? null, failing_since: since }])
    },
  }
}

function streamOf(subscription: Subscription): Stream {
  if (subscription.stream !== undefined) return subscription.stream
  const text = `The realm keeps no history of subscription ${subscription.id}, ${subscription.match} "${subscription.uri}"`
  throw new CallFailure(ErrorUri.historyUnavailable, text) // HIS-15
}

/** Who may not subscribe may not read (HIS-12). */
function afterPermission(host: HistoryMetaHost, call: OwnCall, subscription: Subscription, go: () => void): void {
  const { uri, match } = subscription
  host.ask(principalOf(call.caller), 'subscribe', uri, { match }, (decision) => {
    if (!isRefused(decision)) return go()
    const error = decision === 'failed' ? ErrorUri.authorizationFailed : ErrorUri.notAuthorized
    call.fail(error, `Cannot read the history of "${uri}": this session may not subscribe to it`)
  })
}

function readQuery(host: HistoryMetaHost, call: OwnCall, stream: number): HistoryQuery {
  const { historyBytesMax, historyEventsMax } = host.rules.limits
  const time = (name: string): number | undefined => {
    const text = call.keyword(name, isText, 'a time')
    if (text === undefined) return undefined
    const value = parseTime(text)
    if (!Number.isNaN(value)) return value
    const wanted = 'a time as in RFC 3339, for example "2026-07-01T12:00:00.000Z"'
    throw new CallFailure(ErrorUri.invalidArgument, `${call.procedure}: keyword argument ${name} must be ${wanted}, not "${text}"`)
  }
  const publication = (name: string) => call.keyword(name, isId, 'a publication id') as PublicationId | undefined
  return {
    stream,
    now: host.now(),
    asker: principalOf(call.caller),
    reverse: call.keyword('reverse', isFlag, 'true or false') ?? false,
    limit: Math.min(call.keyword('limit', isCount, 'an integer above 0') ?? historyEventsMax, historyEventsMax),
    bytesMax: historyBytesMax,
    fromTime: time('from_time'),
    afterTime: time('after_time'),
    beforeTime: time('before_time'),
    untilTime: time('until_time'),
    fromPublication: publication('from_publication'),
    afterPublication: publication('after_publication'),
    beforePublication: publication('before_publication'),
    untilPublication: publication('until_publication'),
    topic: call.keyword('topic', isText, 'a URI'),
    afterOffset: undefined,
  }
}

/** Events as HIS-07 lays them out, with `_offset` for recovery. */
function describeEvents(call: OwnCall, subscription: Subscription, page: HistoryPage): Dict[] {
  return page.events.map(({ event, offset }) => {
    const details = { ...storedDetails(event, call.caller, subscription), _offset: offset }
    const described: Record<string, unknown> = {
      timestamp: new Date(event.time).toISOString(),
      subscription: subscription.id,
      publication: event.publicationId,
      details,
    }
    const { args, kwargs } = event.payload.read()
    if (event.payload.count > 0) described['args'] = args
    if (event.payload.count > 1) described['kwargs'] = kwargs
    return described
  })
}

/**
 * `crosspoint.subscription.recover(subscription, epoch=…, offset=…)`. Without a position it tells the present one. Answers
 * one dictionary: `recovered`, and the position `epoch` and `offset` up to which `events` go; with `is_limit_reached` there
 * are more, to be asked for from that position.
 */
function recover(host: HistoryMetaHost, call: OwnCall): void {
  const subscription = findSubscription(call, host.subscriptions)
  const stream = streamOf(subscription)
  const epoch = call.keyword('epoch', isText, 'a string')
  const after = call.keyword('offset', isOffset, 'an integer of 0 or more')
  const answer = (recovered: boolean, offset: number, events: readonly Dict[], isLimitReached: boolean) =>
    call.answer([{ recovered, epoch: stream.epoch, offset, events, is_limit_reached: isLimitReached }])
  if ((epoch === undefined) !== (after === undefined)) {
    throw new CallFailure(ErrorUri.invalidArgument, `${call.procedure}: a position is both epoch and offset; give both or neither`)
  }
  afterPermission(host, call, subscription, () => {
    const upTo = stream.offset // the question sees everything up to here, and what comes later is delivered live
    if (after === undefined) return answer(true, upTo, [], false)
    if (epoch !== stream.epoch || after > upTo) return answer(false, upTo, [], false)
    host.history.query(recoveryQuery(host, call, stream.index, after), (page: HistoryPage | StoreFailure) => {
      if ('failure' in page) return call.fail(ErrorUri.historyUnavailable, page.failure)
      const isWhole = after === upTo || (page.oldestOffset !== 0 && page.oldestOffset <= after + 1)
      if (!isWhole) return answer(false, upTo, [], false)
      const last = page.events[page.events.length - 1]
      const offset = page.isLimitReached && last !== undefined ? last.offset : upTo
      answer(true, offset, describeEvents(call, subscription, page), page.isLimitReached)
    })
  })
}

function recoveryQuery(host: HistoryMetaHost, call: OwnCall, stream: number, afterOffset: number): HistoryQuery {
  const { historyBytesMax, historyEventsMax } = host.rules.limits
  return {
    stream,
    now: host.now(),
    asker: principalOf(call.caller),
    reverse: false,
    limit: historyEventsMax,
    bytesMax: historyBytesMax,
    fromTime: undefined,
    afterTime: undefined,
    beforeTime: undefined,
    untilTime: undefined,
    fromPublication: undefined,
    afterPublication: undefined,
    beforePublication: undefined,
    untilPublication: undefined,
    topic: undefined,
    afterOffset,
  }
}
