// A realm as the model sees it before anybody has joined.

import type { ProcedureOptions, RealmOptions } from '@crosspoint/router'
import { keyOf } from '../features/keys.ts'
import type { ModelRealm, ModelRule, ModelSubscription } from './state.ts'

const SLOW_BYTES_MAX = 1_048_576
const HISTORY_EVENTS_MAX = 1000
const RESUME_WAIT_MS = 30_000
const RESUME_MESSAGES_MAX = 1000

export function modelRealm(options: RealmOptions): ModelRealm {
  const { name, requestIds, uriRule, allowDisclose, allowRetain, authorizer, topics = [], procedures = [], trustlevels } = options
  const { resume } = options
  const history = (options.history ?? []).map(({ uri, match = 'exact', eventsMax = HISTORY_EVENTS_MAX, ageMsMax = 0 }) => {
    const subscription: ModelSubscription = { id: 0, uri, match, subscribers: new Set(), nodeKeys: new Map(), shards: new Map() }
    return { subscription, eventsMax, ageMsMax, offset: 0, epoch: '', entries: [] }
  })
  return {
    name,
    isStrict: requestIds === 'strict',
    hasStrictUris: uriRule === 'strict',
    allowsDisclose: allowDisclose !== false,
    allowsRetain: allowRetain !== false,
    hasAuthorizer: authorizer !== undefined,
    topics: topics.map((rule) => ({ ...ruleOf(rule), slow: rule.slow ?? 'close', slowBytesMax: rule.slowBytesMax ?? SLOW_BYTES_MAX })),
    procedures: procedures.map(ruleOf),
    trustlevel: trustlevels?.['anonymous'],
    history,
    resume: resume && { waitMs: resume.waitMs ?? RESUME_WAIT_MS, messagesMax: resume.messagesMax ?? RESUME_MESSAGES_MAX },
    sessions: new Set(),
    // Subscriptions with history are there from the beginning (HIS-13).
    subscriptions: new Map(history.map(({ subscription }) => [keyOf(subscription.match, subscription.uri), subscription])),
    registrations: new Map(),
    usedSubscriptionIds: new Set(),
    usedRegistrationIds: new Set(),
  }
}

function ruleOf({ uri, match = 'exact', trustlevel, disclose = false }: ProcedureOptions): ModelRule {
  return { uri, match, trustlevel, disclose }
}
