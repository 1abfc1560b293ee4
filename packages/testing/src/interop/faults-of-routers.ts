// What foreign routers get wrong with our client.

import type { Fault } from './faults.ts'

const CROSSBAR = 'Crossbar.io 26.10.1'
const NEXUS = 'nexus 3.3.0 (router)'
const XCONN_GO = 'xconn-go 0.1.0 (router)'

const REFUSED = ['ticket refused', 'WAMP-CRA refused', 'WAMP-CRA refused, salted', 'WAMP-CRA of a stranger refused', 'cryptosign refused']

export const ROUTER_FAULTS: readonly Fault[] = [
  {
    of: CROSSBAR,
    features: REFUSED,
    says: 'it refuses wrong credentials with wamp.error.not_authorized in place of wamp.error.authentication_denied',
  },
  ...[NEXUS, XCONN_GO].map((of) => ({
    of,
    features: REFUSED,
    says: 'it refuses wrong credentials with wamp.error.authentication_failed in place of wamp.error.authentication_denied',
  })),
  {
    of: CROSSBAR,
    features: ['invalid_uri', 'refused subscription'],
    says: 'an invalid URI ends the session, over WebSocket with the code 1011, over RawSocket without a word; the specification wants an ERROR wamp.error.invalid_uri',
  },
  {
    of: CROSSBAR,
    features: ['progressive call sent', 'progressive call received'],
    says: 'it does not have progressive calls (it does not announce progressive_call_invocations); our client refuses to begin one',
  },
  {
    of: CROSSBAR,
    features: ['smallest float'],
    on: ['UBJSON'],
    says: 'its UBJSON library (bjdata 0.6.6) writes floats below 2.3e-308 as decimal text, and our client ends its process with an uncaught ERR_UNSERIALIZABLE for it',
  },

  {
    of: NEXUS,
    features: ['invalid_uri'],
    says: 'a CALL of an invalid URI fails with wamp.error.no_such_procedure in place of wamp.error.invalid_uri',
  },
  {
    of: NEXUS,
    features: ['registration lookup, match, list and get'],
    says: 'its wamp.registration.get gives "" in place of "single" as the policy of invocation when none was asked for',
  },
  {
    of: NEXUS,
    features: ['subscription subscribers'],
    says: 'a letter is missing in the name of its wamp.subscription.count_subscribers ("count_suscribers")',
  },
  {
    of: NEXUS,
    features: ['bytes'],
    on: ['MessagePack', 'CBOR'],
    says: 'for a receiver with JSON it turns bytes into base64 without the zero character that tells them from text',
  },

  {
    of: XCONN_GO,
    features: ['invalid_uri'],
    says: 'a CALL of an invalid URI fails with wamp.error.no_such_procedure in place of wamp.error.invalid_uri',
  },
  { of: XCONN_GO, features: ['refused subscription'], says: 'it accepts a SUBSCRIBE of an invalid URI' },
  {
    of: XCONN_GO,
    features: ['refused realm'],
    on: ['RawSocket'],
    says: 'over RawSocket it answers a realm that it does not have with WELCOME',
  },
  {
    of: XCONN_GO,
    features: ['wildcard registration', 'wildcard subscription'],
    says: 'it takes the pattern for one of names of files, so an empty component matches only itself',
  },
  {
    of: XCONN_GO,
    features: ['progressive call sent', 'progressive call received'],
    says: 'it gives the last chunk of a progressive call an INVOCATION of its own',
  },
  {
    of: XCONN_GO,
    features: ['cancel, mode kill', 'cancel, mode killnowait', 'interrupted'],
    says: 'it announces call_canceling, but does not act on CANCEL',
  },
  { of: XCONN_GO, features: ['exclude_me false'], says: 'it announces publisher_exclusion, but publishers get their own events' },
  {
    of: XCONN_GO,
    features: ['exclude and eligible', 'exclude and eligible by authrole'],
    says: 'it does not have exclude and eligible (it does not announce subscriber_blackwhite_listing); everybody gets the events',
  },
  {
    of: XCONN_GO,
    features: ['integers beyond 2^53', 'limits of 64 bits'],
    says: 'it reads all numbers of JSON as floats, which loses digits',
  },
  {
    of: XCONN_GO,
    features: ['bytes'],
    on: ['MessagePack', 'CBOR'],
    says: 'for a receiver with JSON it turns bytes into base64 without the zero character that tells them from text',
  },
  {
    of: XCONN_GO,
    features: [
      'registration lookup, match, list and get',
      'registration callees',
      'registration events',
      'subscription lookup, match, list and get',
      'subscription subscribers',
      'subscription events',
    ],
    says: 'its meta API is that of sessions only',
  },
]
