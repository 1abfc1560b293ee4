// The features that every peer is tried on, in the order of the matrix. The peers' scripts report them by these names.

export const FEATURES = [
  'join',
  'call with args and kwargs',
  'called with args and kwargs',
  'error received',
  'error sent',
  'event received',
  'event sent',
  'acknowledged publish',
  'exclude_me false',
  'exclude and eligible',
  'publisher disclosed',
  'caller disclosed',
  'prefix subscription',
  'wildcard subscription',
  'pattern registration',
  'shared registration',
  'progress received',
  'progress sent',
  'cancel sent',
  'timeout',
  'bytes',
  'integers beyond 2^32',
  'integers beyond 2^53',
  'unicode',
  'one megabyte',
  'no_such_procedure',
  'invalid_uri',
  'unregister and unsubscribe',
  'refused realm',
  'leave',
] as const
export type Feature = (typeof FEATURES)[number]

/** What a peer's script said about one feature. */
export interface Check {
  readonly feature: Feature
  readonly ok: boolean
  readonly detail: string
}

/** What was noticed beside the checks, by peer; for the page. */
export const REMARKS: { readonly [peer: string]: readonly string[] } = {
  'autobahn-js 26.3.1': [
    'CANCEL with mode skip or killnowait: it forgets the call at once and then takes the ERROR of the router, which the specification asks for, as a violation and drops the connection. The check uses kill.',
    'A call in flight when the connection drops never settles.',
  ],
  'autobahn 26.10.2 (Python)': [
    'Over RawSocket its Component takes the end of the transport after GOODBYE as a failed attempt to connect; the session itself ends cleanly, and that is what is checked.',
    'It refuses invalid URIs by itself, before they are sent.',
  ],
}

/** What a peer gets wrong or lacks, by peer and feature, with the sentence for the matrix. It is recorded, not worked around. */
export const PEER_FAULTS: { readonly [peer: string]: { readonly [feature: string]: string } } = {
  'autobahn-js 26.3.1': {
    'progress sent':
      'as a callee it announces progressive_call_results without call_canceling, which by the specification counts as no support; the call is answered once',
    'integers beyond 2^53': 'with JSON and MessagePack it cannot send them, since it has no BigInt there',
  },
  'autobahn 26.10.2 (Python)': {},
}
