// What foreign clients get wrong at our router, and with each other.

import type { Fault } from './faults.ts'

const AUTOBAHN_JS = 'autobahn-js 26.3.1'
const WAMPY = 'wampy.js 8.0.2'
const AUTOBAHN_PYTHON = 'Autobahn|Python 26.10.2'
const XCONN = 'xconn 0.5.1 (Python)'
const NEXUS = 'nexus 3.3.0'
const XCONN_GO = 'xconn-go 0.1.0'
const AUTOBAHN_JAVA = 'autobahn-java 20.6.1'
const PAIRS = 'All pairs'

const NO_CANCELING_NO_PROGRESS =
  'as a callee it announces progressive_call_results without call_canceling, which by the specification counts as no support; the call is answered once'
const NO_KWARGS_IN_ERRORS = 'as a callee it sends an error without its kwargs'
const NO_PROGRESS = 'as a callee it sends progress without having announced progressive_call_results, so it is not asked for any'
const NO_IDENTIFICATION_GO = 'it announces neither caller_identification nor publisher_identification, so nobody is disclosed to it'
const NO_IDENTIFICATION = 'it announces no features at all, so nobody is disclosed to it'

const BYTES_IN_JSON = 'in JSON it leaves the zero character before the base64 of bytes to the application, or has no form for bytes at all'

const NO_URI_OF_ABORT = 'of an ABORT it tells a text, and not the URI of the reason'
const REFUSED_WITHOUT_KEYS = ['ticket refused', 'WAMP-CRA refused', 'WAMP-CRA refused, salted', 'WAMP-CRA of a stranger refused']
const LOGINS_WITHOUT_KEYS = ['ticket login', 'WAMP-CRA login', 'WAMP-CRA login, salted']

const LOGINS: readonly Fault[] = [
  {
    of: NEXUS,
    features: REFUSED_WITHOUT_KEYS,
    says: 'of an ABORT that follows a CHALLENGE it tells only the message, not the URI',
  },
  {
    of: XCONN,
    features: [...REFUSED_WITHOUT_KEYS, 'cryptosign refused'],
    says: NO_URI_OF_ABORT,
  },
  {
    of: AUTOBAHN_PYTHON,
    features: [...LOGINS_WITHOUT_KEYS, ...REFUSED_WITHOUT_KEYS, 'cryptosign login', 'cryptosign refused', 'cryptosign bound to TLS'],
    on: ['FlatBuffers'],
    says: 'in FlatBuffers it leaves authmethods and authextra out of HELLO, so it asks for an anonymous session whatever it was given to log in with',
  },
  {
    of: AUTOBAHN_JAVA,
    features: ['WAMP-CRA login, salted'],
    says: 'it ignores the salt and signs with the password itself',
  },
]

const THEIR_OWN: readonly Fault[] = [
  ...[AUTOBAHN_JS, WAMPY, XCONN, NEXUS, XCONN_GO, AUTOBAHN_JAVA].map((of) => ({
    of,
    features: ['bytes'],
    on: ['JSON'],
    says: BYTES_IN_JSON,
  })),

  { of: AUTOBAHN_JS, features: ['progress sent'], says: NO_CANCELING_NO_PROGRESS },
  {
    of: AUTOBAHN_JS,
    features: ['cancel, mode killnowait', 'cancel, mode skip'],
    says: 'it forgets a call that it cancels in these modes at once, takes the ERROR of the router for a violation and drops the connection',
  },

  {
    of: WAMPY,
    features: ['progress sent'],
    says: NO_PROGRESS,
  },
  {
    of: WAMPY,
    features: ['progressive call sent'],
    says: 'as a caller it sends progressive calls without having announced progressive_call_invocations: a protocol violation, which ends the session',
  },
  {
    of: WAMPY,
    features: ['progressive call received'],
    says: 'as a callee it does not announce progressive_call_invocations, so such a call fails with wamp.error.feature_not_supported',
  },
  {
    of: WAMPY,
    features: [
      'event received',
      'events in order',
      'unsubscribe',
      'prefix subscription',
      'wildcard subscription',
      'exclude_me false',
      'exclude and eligible',
      'publisher seen',
      'session events',
      'registration events',
      'subscription events',
    ],
    on: ['MessagePack'],
    says: 'SUBSCRIBE carries the options match and get_retained also when none are given, with undefined for their values, which its MessagePack library (msgpackr) writes as an extension type of its own: a protocol violation, which ends the session',
  },
  { of: WAMPY, features: ['exclude_me false'], on: ['JSON', 'CBOR'], says: 'it leaves the option out when it is false' },
  {
    of: WAMPY,
    features: ['integers beyond 2^53', 'limits of 64 bits'],
    on: ['JSON'],
    says: 'with JSON it cannot send a BigInt and closes the connection',
  },
  {
    of: WAMPY,
    features: ['integers beyond 2^32'],
    on: ['CBOR'],
    says: 'its CBOR library (cbor-x 1.6.8) reads integers below -2^32 as others: -2^40 as 0',
  },
  {
    of: WAMPY,
    features: ['integers beyond 2^53', 'limits of 64 bits'],
    on: ['CBOR'],
    says: 'its CBOR library (cbor-x 1.6.8), as it is set, reads them as floats, which loses digits',
  },

  {
    of: AUTOBAHN_PYTHON,
    features: ['smallest float'],
    on: ['UBJSON'],
    says: 'its UBJSON library (bjdata 0.6.6) writes floats below 2.3e-308 as decimal text, which only integers are read from here (SER-25)',
  },

  {
    of: AUTOBAHN_PYTHON,
    features: ['caller seen', 'publisher seen', 'progress sent'],
    on: ['FlatBuffers'],
    says: 'its HELLO with FlatBuffers has no roles, so it announces no features: nobody is disclosed to it, and it is not asked for progress',
  },
  {
    of: AUTOBAHN_PYTHON,
    features: ['error received', 'timeout'],
    on: ['FlatBuffers'],
    says: 'it reads the arguments of a FlatBuffers ERROR from other slots than the schema has them in, and drops the connection',
  },
  {
    of: AUTOBAHN_PYTHON,
    features: ['cancel, mode killnowait'],
    on: ['FlatBuffers'],
    says: 'its CANCEL names no mode, which by the default of the FlatBuffers schema is skip',
  },
  {
    of: AUTOBAHN_PYTHON,
    features: ['interrupted'],
    on: ['FlatBuffers'],
    says: 'its HELLO with FlatBuffers does not announce call_canceling, so it is not interrupted',
  },
  {
    of: AUTOBAHN_PYTHON,
    features: ['exclude and eligible by authrole'],
    on: ['FlatBuffers'],
    says: 'with FlatBuffers it cannot write a PUBLISH with lists of authroles; its builder raises',
  },

  {
    of: AUTOBAHN_PYTHON,
    features: [
      'encrypted call',
      'encrypted call received',
      'encrypted call of a pattern',
      'encrypted call of a pattern received',
      'encrypted error received',
      'encrypted error sent',
      'encrypted progress received',
      'encrypted progress sent',
      'encrypted event received',
      'encrypted event of a pattern received',
      'encrypted bytes',
      'subscribers without the key',
    ],
    on: ['FlatBuffers'],
    says: 'it takes an encrypted payload from FlatBuffers as a memoryview, which its EncodedPayload refuses with an assertion, so it can decrypt nothing',
  },

  { of: XCONN, features: ['refused realm'], says: NO_URI_OF_ABORT },
  { of: XCONN, features: ['error sent'], says: NO_KWARGS_IN_ERRORS },
  { of: XCONN, features: ['caller seen', 'publisher seen'], says: NO_IDENTIFICATION },

  {
    of: NEXUS,
    features: ['cancel, mode kill'],
    says: 'after CANCEL it waits for an ERROR and drops the RESULT that an interrupted callee may give (RPC-74), so the call ends with a timeout of its own',
  },

  {
    of: XCONN_GO,
    features: ['caller seen', 'publisher seen'],
    says: NO_IDENTIFICATION_GO,
  },
  {
    of: XCONN_GO,
    features: ['session events', 'registration events', 'subscription events'],
    sometimes: true,
    says: 'an EVENT that follows closely on SUBSCRIBED finds the subscription not yet known, and ends the session',
  },
  {
    of: XCONN_GO,
    features: ['events in order'],
    sometimes: true,
    says: 'it handles each event in a goroutine of its own, so that their order is lost',
  },
  {
    of: XCONN_GO,
    features: ['integers beyond 2^53', 'limits of 64 bits'],
    on: ['JSON'],
    says: 'with JSON it reads all numbers as floats, which loses digits',
  },

  {
    of: AUTOBAHN_JAVA,
    features: ['prefix registration', 'wildcard registration'],
    says: 'as a callee it gives the registered pattern for the procedure that was called',
  },
  { of: AUTOBAHN_JAVA, features: ['caller seen', 'publisher seen'], says: NO_IDENTIFICATION },
]

/** The same faults in pairs: on the sides where they show. */
const WITH_EACH_OTHER: readonly Fault[] = [
  {
    of: PAIRS,
    features: ['progress sent'],
    on: [`${AUTOBAHN_JS} over WebSocket MessagePack with`],
    says: `with ${AUTOBAHN_JS}: ${NO_CANCELING_NO_PROGRESS}`,
  },
  { of: PAIRS, features: ['progress received'], on: [`with ${AUTOBAHN_JS}`], says: `with ${AUTOBAHN_JS}: ${NO_CANCELING_NO_PROGRESS}` },
  { of: PAIRS, features: ['progress sent'], on: [`${WAMPY} over WebSocket JSON with`], says: `with ${WAMPY}: ${NO_PROGRESS}` },
  { of: PAIRS, features: ['error sent'], on: [`${XCONN} over RawSocket CBOR with`], says: `with ${XCONN}: ${NO_KWARGS_IN_ERRORS}` },
  { of: PAIRS, features: ['error received'], on: [`with ${XCONN}`], says: `with ${XCONN}: ${NO_KWARGS_IN_ERRORS}` },
  { of: PAIRS, features: ['publisher seen'], on: [`${XCONN} over RawSocket CBOR with`], says: `with ${XCONN}: ${NO_IDENTIFICATION}` },
  { of: PAIRS, features: ['publisher disclosed'], on: [`with ${XCONN}`], says: `with ${XCONN}: ${NO_IDENTIFICATION}` },
  {
    of: PAIRS,
    features: ['publisher seen'],
    on: [`${XCONN_GO} over WebSocket MessagePack with`],
    says: `with ${XCONN_GO}: ${NO_IDENTIFICATION_GO}`,
  },
  { of: PAIRS, features: ['bytes'], on: ['JSON'], says: `with the client that has JSON: ${BYTES_IN_JSON}` },
]

export const CLIENT_FAULTS: readonly Fault[] = [...LOGINS, ...THEIR_OWN, ...WITH_EACH_OTHER]
