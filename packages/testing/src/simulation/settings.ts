// What a seed decides before the first event: realms, limits, links, clients, and how often each operation comes.

import {
  cborSerializer,
  jsonSerializer,
  type MatchPolicy,
  msgpackSerializer,
  plainUbjsonSerializer,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import {
  type Authorizer,
  DEFAULT_LIMITS,
  type HistoryOptions,
  type RealmOptions,
  type ResumeOptions,
  type RouterLimits,
  type TopicOptions,
} from '@crosspoint/router'
import type { Chance } from './chance.ts'
import type { Operation } from './feature.ts'
import type { LinkSettings } from './link.ts'
import { HOT, HOT_PREFIXES, HOT_WILDCARDS } from './uri-pool.ts'

export interface Settings {
  readonly realms: readonly RealmOptions[]
  readonly limits: RouterLimits
  readonly rawClients: number
  readonly realClients: number
  /** Of 100 raw clients, how many break the rules now and then. */
  readonly misbehavingPercent: number
  /** The longest pause of a client between two operations, in milliseconds. */
  readonly thinkMsMax: number
  /** Milliseconds between two faults of the network, at most; 0 for none. */
  readonly faultMsMax: number
  /** Of 100 links of raw clients, how many want a login. */
  readonly loginPercent: number
  readonly weights: ReadonlyMap<Operation, number>
}

const SERIALIZERS = [jsonSerializer, msgpackSerializer, cborSerializer, ubjsonSerializer, plainUbjsonSerializer]

/** `authorizer` makes one, for a realm that has one. */
export function drawSettings(chance: Chance, operations: readonly Operation[], authorizer: () => Authorizer): Settings {
  const realms = Array.from({ length: chance.between(2, 3) }, (_, index) => drawRealm(chance, `realm${index + 1}`, authorizer))
  const weightOf = ({ isEssential, weight }: Operation) => (chance.is(15) && !isEssential ? 0 : weight * chance.between(1, 4))
  const weights = new Map(operations.map((operation) => [operation, weightOf(operation)]))
  return {
    realms,
    limits: {
      ...DEFAULT_LIMITS,
      handshakeTimeoutMs: chance.between(200, 3000),
      loginTimeoutMs: chance.between(200, 3000),
      loginsAtOnceMax: chance.pick([1, 10, 50]),
      // What waits because of failures is not modelled: whether it is right is shown in the tests of the router.
      loginFailuresPerPrincipalMax: 0,
      goodbyeTimeoutMs: chance.between(50, 1000),
      callsInFlightMax: chance.between(2, 12),
      subscriptionsMax: chance.between(2, 12),
      registrationsMax: chance.between(2, 10),
      uriLengthMax: chance.between(40, 80),
      streamBufferedBytesMax: chance.pick([50, 1000, 1_000_000]),
      streamStallMs: chance.between(20, 2000),
      callsQueuedMax: chance.between(1, 6),
      testamentsMax: chance.between(1, 4),
      historyEventsMax: chance.between(1, 20),
      retainedTopicsMax: chance.between(1, 10),
      heldMessagesMax: chance.between(1, 6),
    },
    rawClients: chance.between(4, 14),
    realClients: chance.is(50) ? chance.between(1, 3) : 0,
    misbehavingPercent: chance.pick([0, 10, 30]),
    thinkMsMax: chance.pick([10, 40, 100]),
    faultMsMax: chance.pick([0, 200, 1000]),
    loginPercent: chance.pick([0, 50, 100]),
    weights,
  }
}

function drawRealm(chance: Chance, name: string, authorizer: () => Authorizer): RealmOptions {
  return {
    name,
    uriRule: chance.is(20) ? 'strict' : 'loose',
    requestIds: chance.is(20) ? 'lenient' : 'strict',
    allowDisclose: chance.is(75),
    allowRetain: chance.is(85),
    ...(chance.is(35) ? { authorizer: authorizer() } : { resume: chance.is(50) ? drawResume(chance) : undefined }),
    topics: chance.is(60) ? drawTopics(chance) : [],
    procedures: chance.is(40) ? drawRules(chance) : [],
    trustlevels: chance.is(30) ? { anonymous: chance.below(3) } : undefined,
    history: chance.is(40) ? drawHistory(chance) : [],
  }
}

/** Not with an authorizer: what it decides late for somebody who is away is known too late to the model. */
function drawResume(chance: Chance): ResumeOptions {
  return { waitMs: chance.pick([50, 500, 5000]), messagesMax: chance.pick([undefined, undefined, 3, 20]) }
}

type Pattern = { readonly uri: string; readonly match: MatchPolicy }

/** Some patterns, no two the same. */
function drawPatterns(chance: Chance, hotPercent = 20): readonly Pattern[] {
  const patterns: readonly Pattern[] = [
    ...HOT.map((uri): Pattern => ({ uri, match: 'exact' })),
    ...HOT_PREFIXES.map((uri): Pattern => ({ uri, match: 'prefix' })),
    ...HOT_WILDCARDS.map((uri): Pattern => ({ uri, match: 'wildcard' })),
  ]
  return patterns.filter(({ match }) => chance.is(match === 'exact' ? hotPercent : 20))
}

function drawRules(chance: Chance, hotPercent = 20): (Pattern & { readonly trustlevel: number | undefined; readonly disclose: boolean })[] {
  return drawPatterns(chance, hotPercent).map((pattern) => ({
    ...pattern,
    trustlevel: chance.is(40) ? chance.below(5) : undefined,
    disclose: chance.is(30),
  }))
}

/** In some realms, slow subscribers lose events. */
function drawTopics(chance: Chance): TopicOptions[] {
  const hasSlow = chance.is(60)
  const drawSlow = () => chance.pick(['close', 'drop', 'newest', 'newest'] as const)
  return drawRules(chance, 60).map((rule) => ({
    ...rule,
    ...(hasSlow ? { slow: drawSlow(), slowBytesMax: chance.pick([0, 0, 50, 500, 5000]) } : {}),
  }))
}

function drawHistory(chance: Chance): HistoryOptions[] {
  return drawPatterns(chance, 60)
    .slice(0, 5)
    .map((pattern) => ({ ...pattern, eventsMax: chance.pick([1, 5, 30, 1000]), ageMsMax: chance.pick([0, 0, 100, 2000]) }))
}

/** How long a message may be on a link that is not just any: as long as it likes, or not much longer than most. */
export const FRAME_BYTES_MAX = { wide: undefined, narrow: 4096 } as const
export type Room = keyof typeof FRAME_BYTES_MAX

export function drawLink(chance: Chance, loginPercent: number): LinkSettings {
  const serializer = chance.pick(SERIALIZERS)
  const delayMsMin = chance.below(10)
  const framings = serializer.isBinary ? (['websocket-binary', 'batch-binary'] as const) : (['websocket-text', 'batch-text'] as const)
  return {
    kind: chance.is(60) ? 'stream' : 'frames',
    framing: chance.pick([...framings, 'rawsocket']),
    serializer,
    delayMsMin,
    delayMsMax: delayMsMin + chance.pick([0, 5, 50]),
    windowBytes: chance.pick([100, 2_000, 20_000, 1_000_000]),
    bufferedBytesMax: chance.pick([20_000, 200_000]),
    frameBytesMax: chance.pick([FRAME_BYTES_MAX.wide, 2 ** 24, 2 ** 24, FRAME_BYTES_MAX.narrow]),
    closesAtOnce: chance.is(50),
    hasLogin: chance.is(loginPercent),
  }
}
