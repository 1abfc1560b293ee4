// CHALLENGE and WELCOME whose fields are wrong in some way, at our client. It must join only where the router has proven what was
// asked of it, say what it says in ABORT otherwise, never tell the password, and leave nothing behind: no exception that nobody
// caught, no timer.

import { setImmediate } from 'node:timers/promises'
import { type AuthMethod, Client, cryptosign, scram, ticket, wampcra } from '@crosspoint/client'
import { type Dict, jsonSerializer, MemoryTransport } from '@crosspoint/protocol'
import { checkScramProof, makeScramCredentials, readHex, type ScramCredentials, signCryptosign } from '@crosspoint/protocol/internal'
import { pubkeyOf, SEED_OF_JOE } from '../attacks/stage.ts'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { VirtualClock } from '../conformance/virtual-clock.ts'
import { answerNow, TestCrypto } from '../test-crypto.ts'
import { type Check, type Finding, faultless, type HostileOptions } from './check.ts'
import { pick } from './draw.ts'
import { altered } from './nasty-values.ts'

const FAULTS_MAX = 20
const PATIENCE_MS = 20_000
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const PASSWORD = 'a password that is told nobody'
const ROUTER_SEED = new Uint8Array(32).fill(8)
const ROLES = { broker: {}, dealer: {} }

const tools = new TestCrypto(6)
const COST = { kdf: 'pbkdf2', iterations: 4096, memory: null } as const
const stored = answerNow<ScramCredentials | undefined>((done) => makeScramCredentials(tools, PASSWORD, COST, done))!

/** One method of the client, and how a router answers it that is what it says. */
interface Side {
  readonly name: string
  readonly auth: () => AuthMethod
  /** Whether a router that sent this CHALLENGE.Extra may be joined, `right` being that of one that is what it says. */
  readonly mayJoin: (right: Dict, sent: unknown) => boolean
  readonly challenge: (hello: Dict) => Dict
  /** WELCOME.Details.authextra. */
  readonly proof: (hello: Dict, challenge: Dict, signature: string, extra: Dict) => Dict | undefined
}

const isSameHex = (one: unknown, other: unknown): boolean => typeof other === 'string' && other.toLowerCase() === one
const extraOf = (hello: Dict): Dict => hello['authextra'] as Dict

const SIDES: readonly Side[] = [
  {
    name: 'ticket',
    auth: () => ticket({ authid: 'joe', ticket: 'a ticket' }),
    mayJoin: () => true,
    challenge: () => ({}),
    proof: () => undefined,
  },
  {
    name: 'wampcra',
    auth: () => wampcra({ authid: 'joe', secret: PASSWORD }),
    mayJoin: () => true,
    challenge: () => ({ challenge: '{"nonce": "x"}', salt: 'salt', iterations: 1000, keylen: 32 }),
    proof: () => undefined,
  },
  {
    name: 'wamp-scram',
    auth: () => scram({ authid: 'joe', password: PASSWORD }),
    mayJoin: (right, sent) => sent === right, // only then it gets the verifier below
    challenge: (hello) => ({ nonce: `${String(extraOf(hello)['nonce'])}router`, salt: stored.salt, ...COST }),
    proof(hello, challenge, signature, extra) {
      const exchange = { authid: 'joe', clientNonce: extraOf(hello)['nonce'] as string, channel: undefined, ...challenge } as never
      const result = checkScramProof(tools, stored, exchange, signature, extra)
      return 'error' in result ? undefined : { verifier: result.verifier }
    },
  },
  {
    name: 'cryptosign',
    auth: () => cryptosign({ authid: 'joe', privateKey: SEED_OF_JOE, routerKeys: [pubkeyOf(ROUTER_SEED)] }),
    mayJoin: ({ pubkey, signature }, sent) =>
      isSameHex(pubkey, (sent as Dict)?.['pubkey']) && isSameHex(signature, (sent as Dict)?.['signature']),
    challenge(hello) {
      const wanted = readHex(extraOf(hello)['challenge'], 32)!
      const signature = answerNow<string>((done) => signCryptosign(tools, ROUTER_SEED, wanted, undefined, done))
      return { challenge: 'ab'.repeat(32), channel_binding: null, pubkey: pubkeyOf(ROUTER_SEED), signature }
    },
    proof: () => undefined,
  },
]

export class ClientLoginFuzz {
  readonly faults: string[] = []
  readonly counts = { tries: 0, joined: 0, refused: 0 }
  readonly #seed: number
  readonly #random: SeededRandom

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new SeededRandom(seed)
  }

  #fault(what: string, about: unknown): void {
    this.faults.push(`seed ${this.#seed}, try ${this.counts.tries}: ${what}; ${JSON.stringify(about)?.slice(0, 600)}`)
  }

  async run(tries: number): Promise<void> {
    const caught = (error: unknown): void => this.#fault(`an exception nobody caught: ${String((error as Error)?.stack ?? error)}`, {})
    process.on('uncaughtException', caught)
    process.on('unhandledRejection', caught)
    for (let count = 0; count < tries && this.faults.length < FAULTS_MAX; count++) {
      this.counts.tries++
      await this.#try()
    }
    process.off('uncaughtException', caught)
    process.off('unhandledRejection', caught)
  }

  #client(transport: MemoryTransport, clock: VirtualClock, side: Side): Client {
    return new Client({
      transport: async () => ({ transport, serializer: jsonSerializer }),
      realm: 'realm1',
      auth: [side.auth()],
      clock,
      random: new SeededRandom(this.#seed),
      logger: SILENT,
      onError: () => {},
    })
  }

  async #try(): Promise<void> {
    const random = this.#random
    const side = pick(random, SIDES)
    const [theirs, ours] = MemoryTransport.pair()
    const clock = new VirtualClock()
    const said: unknown[][] = []
    let isClosed = false
    let isFair = true
    const say = (message: readonly unknown[]): void => {
      const plain = (_key: string, value: unknown) =>
        value instanceof Uint8Array ? `\u0000${Buffer.from(value).toString('base64')}` : value
      if (!isClosed) ours.send(Buffer.from(JSON.stringify(message, plain)))
    }
    let hello: Dict = {}
    let challenge: Dict = {}
    let sent: unknown
    ours.onClose = () => {
      isClosed = true
    }
    ours.onFrame = (bytes, start = 0, end = bytes.length) => {
      const message = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as unknown[]
      said.push(message)
      if (message[0] === 1) {
        hello = message[2] as Dict
        challenge = side.challenge(hello)
        isFair = random.below(2) === 0
        const name = random.below(20) === 0 ? pick(random, SIDES).name : side.name
        // At once, without any challenge: what a router does that has nothing to prove.
        if (random.below(10) === 0) {
          isFair = false
          return say([2, 7, welcome({ authextra: { verifier: 'A'.repeat(43).concat('=') } })])
        }
        sent = isFair || name !== side.name ? challenge : altered(random, challenge)
        say([4, name, sent])
      } else if (message[0] === 5) {
        const authextra = sent === challenge ? side.proof(hello, challenge, message[1] as string, message[2] as Dict) : undefined
        const details = welcome({ authmethod: side.name, ...(authextra !== undefined && { authextra }) })
        say([2, 7, random.below(2) === 0 ? details : altered(random, details)])
      }
    }
    const client = this.#client(theirs, clock, side)
    let outcome: 'joined' | 'failed' | undefined
    client.start().then(
      () => (outcome = 'joined'),
      () => (outcome = 'failed'),
    )
    const end = Date.now() + PATIENCE_MS
    while (outcome === undefined && !isClosed && Date.now() < end) await setImmediate()
    if (outcome === undefined && !isClosed) this.#fault(`${side.name}: the client neither joined nor went`, said)
    if (outcome === 'joined') {
      this.counts.joined++
      if (!side.mayJoin(challenge, sent)) this.#fault(`${side.name}: the client joined a router that did not prove itself`, said)
    } else {
      this.counts.refused++
      if (said.at(-1)?.[0] !== 3) this.#fault(`${side.name}: the client went without ABORT`, said)
    }
    if (JSON.stringify(said).includes(PASSWORD)) this.#fault(`${side.name}: the client told the password`, said)
    const stopping = client.stop()
    await setImmediate()
    clock.advance(60_000)
    await stopping
    if (clock.timerCount > 0) this.#fault(`${clock.timerCount} timers are left`, said)
  }
}

function welcome(more: Dict): Dict {
  return { realm: 'realm1', authid: 'joe', authrole: 'user', authprovider: 'static', roles: ROLES, ...more }
}

export const clientLoginFuzz: Check = {
  name: 'client-logins',
  async run(options: HostileOptions): Promise<readonly Finding[]> {
    const fuzz = new ClientLoginFuzz(options.seed)
    await fuzz.run(Math.ceil(options.frames / 400))
    const { tries, joined, refused } = fuzz.counts
    const figure = `${tries} (${joined} joined, ${refused} refused)`
    return [faultless(`challenges and welcomes with wrong fields, to our client, seed ${options.seed}`, figure, fuzz.faults)]
  },
}
