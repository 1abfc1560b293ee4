// A router that is not the one it says it is, or somebody in between, against our client: it wants the client to go on with less than
// the client asked for, or to hand out something that a password can be guessed from.

import { setImmediate } from 'node:timers/promises'
import { type AuthMethod, Client, cryptosign, scram, type UsageError, wampcra } from '@crosspoint/client'
import { type Dict, jsonSerializer, MemoryTransport } from '@crosspoint/protocol'
import { readHex, signCryptosign } from '@crosspoint/protocol/internal'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { VirtualClock } from '../conformance/virtual-clock.ts'
import { answerNow, TestCrypto } from '../test-crypto.ts'
import { type Attack, group, must } from './attack.ts'
import { pubkeyOf, SEED_OF_EVE, SEED_OF_JOE } from './stage.ts'

const tools = new TestCrypto(4)
const ROUTER_SEED = new Uint8Array(32).fill(8)
const PATIENCE_MS = 20_000
const CANNOT = 'wamp.error.cannot_authenticate'
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/** What the client said after the trick: the types of its messages, and its last one. */
interface Outcome {
  readonly said: readonly unknown[][]
  readonly error: UsageError | undefined
  readonly hasJoined: boolean
}

/** Plays the router for one client: `trick` gets Details of HELLO and gives what the router says to it. */
async function meet(auth: readonly AuthMethod[], trick: (hello: Dict) => readonly unknown[]): Promise<Outcome> {
  const [theirs, ours] = MemoryTransport.pair()
  const said: unknown[][] = []
  ours.onFrame = (bytes, start = 0, end = bytes.length) => {
    const message = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as unknown[]
    said.push(message)
    if (message[0] !== 1) return
    ours.send(new TextEncoder().encode(JSON.stringify(trick(message[2] as Dict))))
  }
  const client = new Client({
    transport: async () => ({ transport: theirs, serializer: jsonSerializer }),
    realm: 'realm1',
    auth,
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    logger: SILENT,
  })
  let outcome: Omit<Outcome, 'said'> | undefined
  client.start().then(
    () => (outcome = { hasJoined: true, error: undefined }),
    (error: UsageError) => (outcome = { hasJoined: false, error }),
  )
  const end = Date.now() + PATIENCE_MS
  // An answer to a challenge is waited for as well: it is what must not come.
  while (outcome === undefined && !said.some(([type]) => type === 5 || type === 3)) {
    must(Date.now() < end, 'the client was to do something')
    await setImmediate()
  }
  while (outcome === undefined && said.some(([type]) => type === 3) && Date.now() < end) await setImmediate()
  const result = { said, hasJoined: false, error: undefined, ...(outcome as Partial<Outcome> | undefined) }
  await client.stop()
  return result
}

/** Sees that the client left with ABORT, without an answer to the challenge. */
async function refuses(auth: readonly AuthMethod[], trick: (hello: Dict) => readonly unknown[]): Promise<string> {
  const { hasJoined, said } = await meet(auth, trick)
  must(!hasJoined, 'the client was not to join')
  const types = said.map(([type]) => type)
  must(!types.includes(5), `the client was not to answer: ${JSON.stringify(said)}`)
  const last = said.at(-1)!
  must(last[0] === 3 && last[2] === CANNOT, `ABORT ${CANNOT} was to come, not ${JSON.stringify(last)}`)
  return `the client sends ABORT \`${CANNOT}\``
}

const ROLES = { broker: {}, dealer: {} }
const welcome = (details: Dict) => [2, 7, { realm: 'realm1', authid: 'joe', authrole: 'user', roles: ROLES, ...details }]
const joeByPassword = () => [scram({ authid: 'joe', password: 'pencil' })]
const joeByKey = (more: object = {}) => [cryptosign({ privateKey: SEED_OF_JOE, authid: 'joe', ...more })]
const trusting = { routerKeys: [pubkeyOf(ROUTER_SEED)] }
const nonceOf = (hello: Dict): string => `${String((hello['authextra'] as Dict)['nonce'])}router`
const signedBy = (seed: Uint8Array, hello: Dict): string =>
  answerNow<string>((done) => signCryptosign(tools, seed, readHex((hello['authextra'] as Dict)['challenge'], 32)!, undefined, done))
const challenge = 'ab'.repeat(32)

export const downgrade: readonly Attack[] = group('Downgrade: a false router', [
  {
    name: 'WELCOME at once, to a client that wants a proof by SCRAM',
    tried: 'no challenge; WELCOME with an invented verifier',
    defence: 'the client looks for a proof that covers its own nonce, whoever let it in (AUTH-43)',
    run: () => refuses(joeByPassword(), () => welcome({ authmethod: 'wamp-scram', authextra: { verifier: `${'A'.repeat(43)}=` } })),
  },
  {
    name: 'WELCOME at once, as anonymous',
    tried: 'the router says that the session is anonymous, as if no proof had been asked for',
    defence: 'a client is what it offered, or nothing',
    run: () => refuses(joeByPassword(), () => welcome({ authmethod: 'anonymous' })),
  },
  {
    name: 'WELCOME at once, to a client that trusts a router by its key',
    tried: 'no challenge; WELCOME with `cryptosign`',
    defence: 'with `routerKeys` the proof is required (AUTH-67)',
    run: () => refuses(joeByKey(trusting), () => welcome({ authmethod: 'cryptosign' })),
  },
  {
    name: 'a challenge without the router’s proof',
    tried: 'CHALLENGE without `signature`; then with that of another key, and with that of the right key over another challenge',
    defence: 'a client with `routerKeys` signs nothing before the router has',
    async run() {
      const plain = { challenge, channel_binding: null }
      await refuses(joeByKey(trusting), () => [4, 'cryptosign', plain])
      const other = { pubkey: pubkeyOf(SEED_OF_EVE) }
      await refuses(joeByKey(trusting), (hello) => [4, 'cryptosign', { ...plain, ...other, signature: signedBy(SEED_OF_EVE, hello) }])
      const right = { pubkey: pubkeyOf(ROUTER_SEED) }
      await refuses(joeByKey(trusting), (hello) => [4, 'cryptosign', { ...plain, ...right, signature: signedBy(SEED_OF_EVE, hello) }])
      const old = { authextra: { challenge: 'cd'.repeat(32) } }
      return refuses(joeByKey(trusting), () => [4, 'cryptosign', { ...plain, ...right, signature: signedBy(ROUTER_SEED, old) }])
    },
  },
  {
    name: 'channel binding left out',
    tried: 'CHALLENGE without the binding that the client requires; then with another type',
    defence: 'the type in use must be the one asked for (AUTH-65)',
    async run() {
      const bound = () => joeByKey({ channelBinding: 'tls-exporter', requireChannelBinding: true })
      // In memory there is no channel, so a client that requires one does not even say HELLO.
      const { error, hasJoined, said } = await meet(bound(), () => [4, 'cryptosign', { challenge, channel_binding: null }])
      must(!hasJoined && !said.some(([type]) => type === 5), 'the client was not to answer')
      must(error !== undefined, 'the program was to be told')
      await refuses(joeByKey(), () => [4, 'cryptosign', { challenge, channel_binding: 'tls-unique' }])
      return 'the client answers nothing'
    },
  },
  {
    name: 'cheap parameters',
    tried: 'CHALLENGE of SCRAM with one iteration, with little memory, and with a kdf that nobody has',
    defence: 'a client does not make a proof from which its password is cheaply guessed (AUTH-43)',
    async run() {
      const costs = [
        { kdf: 'pbkdf2', iterations: 1, memory: null },
        { kdf: 'argon2id13', iterations: 1, memory: 8 },
        { kdf: 'argon2id13', iterations: 1_000_000, memory: 4_000_000 },
        { kdf: 'md5', iterations: 4096, memory: null },
      ]
      let what = ''
      for (const cost of costs) {
        what = await refuses(joeByPassword(), (hello) => [4, 'wamp-scram', { nonce: nonceOf(hello), salt: SALT, ...cost }])
      }
      return what
    },
  },
  {
    name: 'a nonce that is not the client’s',
    tried: 'CHALLENGE of SCRAM with a nonce of its own',
    defence: 'the nonce must begin with that of the client',
    run: () =>
      refuses(joeByPassword(), () => [
        4,
        'wamp-scram',
        { nonce: 'routerrouterrouter', salt: SALT, kdf: 'pbkdf2', iterations: 4096, memory: null },
      ]),
  },
  {
    name: 'a cheaper method',
    tried: 'CHALLENGE `ticket` to a client that offered SCRAM and WAMP-CRA: the password, please',
    defence: 'a challenge of a method that was not offered is not answered (AUTH-09)',
    run: () => refuses([...joeByPassword(), wampcra({ authid: 'joe', secret: 'pencil' })], () => [4, 'ticket', {}]),
  },
  {
    name: 'an endless derivation',
    tried: 'CHALLENGE of WAMP-CRA with a thousand million iterations, and with a key of a megabyte',
    defence: 'there is a limit to what a client computes because a router says so',
    async run() {
      const cra = () => [wampcra({ authid: 'joe', secret: 'pencil' })]
      await refuses(cra(), () => [4, 'wampcra', { challenge: '{}', salt: 'salt', iterations: 1_000_000_000, keylen: 32 }])
      return refuses(cra(), () => [4, 'wampcra', { challenge: '{}', salt: 'salt', iterations: 1000, keylen: 1_000_000 }])
    },
  },
])
