// Where attacks in memory happen: a router on which people with every method are known, virtual time, chance from a seed, and visitors
// that write and see messages as the lists that they are on the wire. When `say` returns, the router has done everything.

import type { Dict } from '@crosspoint/protocol'
import { makeScramCredentials, type Peer, type ScramCredentials, scramCredentialsDict, toHex } from '@crosspoint/protocol/internal'
import {
  type Authenticator,
  anonymous,
  BARE_LINK,
  cryptosign,
  type Link,
  type LoginOptions,
  type LoginPrincipal,
  type PrincipalSource,
  type RealmOptions,
  Router,
  type RouterLimits,
  scram,
  staticPrincipals,
  ticket,
  tls,
  wampcra,
} from '@crosspoint/router'
import { listOf, messageOf } from '../conformance/lists.ts'
import { ALL_ROLES } from '../conformance/scenario.ts'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { VirtualClock } from '../conformance/virtual-clock.ts'
import { answerNow, TestCrypto } from '../test-crypto.ts'
import { must } from './attack.ts'

const SEED = 20_261_121
/** Without the throttle, which would answer before the method does; attacks on it give limits of their own. */
const UNCOUNTED = { loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 }
export const MOCK_SECRET = new Uint8Array(32).fill(9)

const tools = new TestCrypto(1)
export const PASSWORD = 'pencil'
export const SEED_OF_JOE = new Uint8Array(32).fill(1)
export const SEED_OF_EVE = new Uint8Array(32).fill(2)
export const pubkeyOf = (seed: Uint8Array): string => toHex(answerNow<Uint8Array>((done) => tools.ed25519PublicKey(seed, done)))
const COST = { kdf: 'pbkdf2', iterations: 4096, memory: null } as const
const credentials = (): Dict =>
  scramCredentialsDict(answerNow<ScramCredentials | undefined>((done) => makeScramCredentials(tools, PASSWORD, COST, done))!)

/** joe and amy log in by everything; what they know differs, but the scheme is the same. */
const principals = (make: (who: 'joe' | 'amy') => Dict): { readonly [authid: string]: LoginPrincipal } => ({
  joe: { ...make('joe'), role: 'user' },
  amy: { ...make('amy'), role: 'user' },
})
const SCRAM = { joe: credentials(), amy: credentials() }
const saltingOf = (who: string): Dict => ({ salt: `${who}SaltSaltSaltSaltSal==`, iterations: 1000, keylen: 32 })
export const PEOPLE = {
  ticket: principals((who) => ({ ticket: `${who}-ticket` })),
  wampcra: principals((who) => ({ secret: `${who}-secret` })),
  hashed: principals((who) => ({ 'ticket-hash': ticketHash(`${who}-ticket`) })),
  /** Salted, with the derived key. */
  salted: principals((who) => ({ secret: `${who}${'A'.repeat(40)}=`, ...saltingOf(who) })),
  /** Salted, with a password that is derived at each login. */
  passwords: principals((who) => ({ secret: `${who}-password`, ...saltingOf(who) })),
  'wamp-scram': principals((who) => SCRAM[who]),
  shortSalts: principals((who) => ({ secret: `${who}-derived`, salt: `${who}-salt`, iterations: 1000, keylen: 32 })),
  cryptosign: principals((who) => ({ authorized_keys: [pubkeyOf(new Uint8Array(32).fill(who === 'joe' ? 1 : 3))] })),
} as const

/** A ticket as it is stored: Argon2id, cheaper than for people, so that attacks do not take long. */
function ticketHash(text: string): string {
  const cost = { iterations: 1, memoryKiB: 64, length: 32 }
  const salt = new Uint8Array(16).fill(4)
  const hash = answerNow<Uint8Array | undefined>((done) => tools.argon2id(new TextEncoder().encode(text), salt, cost, done))!
  const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${cost.memoryKiB},t=${cost.iterations},p=1$${plain(salt)}$${plain(hash)}`
}

export interface Settings {
  readonly realms?: readonly RealmOptions[]
  readonly limits?: Partial<RouterLimits>
  /** In place of all methods. */
  readonly authenticators?: (stage: Stage) => readonly Authenticator[]
  /** A router that is started again: other chance, the same secret. */
  readonly seed?: number
}

/** A session that knows nothing but what a stranger could send. */
export class Visitor {
  readonly inbox: unknown[][] = []
  isClosed = false
  readonly #peer: Peer

  constructor(peer: Peer) {
    this.#peer = peer
    peer.onMessage = (message) => void this.inbox.push(listOf(message))
    peer.onClose = () => {
      this.isClosed = true
    }
  }

  say(...message: readonly unknown[]): this {
    this.#peer.send(messageOf(message))
    return this
  }
  /** What came since the last time. */
  take(): unknown[][] {
    return this.inbox.splice(0)
  }
  /** The one message that came. */
  only(): unknown[] {
    const received = this.take()
    must(received.length === 1, `one message was to come, not ${JSON.stringify(received)}`)
    return received[0]!
  }
  /** The answer to a request, sent now. */
  ask(...message: readonly unknown[]): unknown[] {
    this.take()
    return this.say(...message).only()
  }
  cut(): void {
    this.#peer.close()
  }
}

export class Stage {
  readonly clock = new VirtualClock()
  readonly crypto: TestCrypto
  readonly random: SeededRandom
  readonly router: Router
  readonly login: LoginOptions
  /** Causes of refusals, as the operator reads them. */
  readonly causes: string[] = []

  constructor(settings: Settings = {}) {
    const { realms = [{ name: 'realm1' }, { name: 'realm2' }], limits = {}, authenticators = everyMethod, seed = SEED } = settings
    this.crypto = new TestCrypto(seed)
    this.random = new SeededRandom(seed)
    this.router = new Router({
      clock: this.clock,
      random: this.random,
      realms,
      limits: { ...UNCOUNTED, ...limits },
      observer: { onRefused: (_peer, _reason, cause) => void this.causes.push(cause) },
    })
    this.login = { authenticators: authenticators(this) }
  }

  /** A connection that has said nothing yet. */
  visit(link: Partial<Link> = {}): Visitor {
    return new Visitor(this.router.attachLocal({ login: this.login, link: { ...BARE_LINK, ...link } }))
  }
  /** HELLO of somebody. */
  hello(details: object, link: Partial<Link> = {}, realm: string | null = 'realm1'): Visitor {
    return this.visit(link).say(1, realm, { roles: ALL_ROLES, ...details })
  }
  /** HELLO of somebody, and what CHALLENGE has in Extra. */
  challenged(details: object, link: Partial<Link> = {}, realm = 'realm1'): { readonly visitor: Visitor; readonly extra: Dict } {
    const visitor = this.hello(details, link, realm)
    const [type, , extra] = visitor.only()
    must(type === 4, `CHALLENGE was to come, not a message of type ${String(type)}`)
    return { visitor, extra: extra as Dict }
  }
  /** A session that logged in by ticket. */
  joined(authid: 'joe' | 'amy', realm = 'realm1', more: object = {}): Visitor {
    const { visitor } = this.challenged({ authmethods: ['ticket'], authid, ...more }, {}, realm)
    const [type] = visitor.ask(5, `${authid}-ticket`, {})
    must(type === 2, `"${authid}" was to be welcomed`)
    return visitor
  }
}

const everyMethod = (stage: Stage): readonly Authenticator[] => everyMethodOf(stage, (method) => staticPrincipals(PEOPLE[method]))

/** All methods, whose principals come from these sources. */
export function everyMethodOf(
  { crypto, clock, random }: Pick<Stage, 'crypto' | 'clock' | 'random'>,
  sourceOf: (method: keyof typeof PEOPLE) => PrincipalSource,
): readonly Authenticator[] {
  const options = { mockSecret: MOCK_SECRET, clock }
  return [
    ticket(crypto, sourceOf('ticket')),
    wampcra(crypto, sourceOf('wampcra'), options),
    scram(crypto, sourceOf('wamp-scram'), options),
    cryptosign(crypto, sourceOf('cryptosign')),
    tls(staticPrincipals({ joe: { 'certificate-sha256': 'aa'.repeat(32), role: 'user' } })),
    anonymous({ random, role: 'guest' }),
  ]
}

export const DENIED = 'wamp.error.authentication_denied'

/** Sees that the visitor was refused with `reason`, and nobody is let in; says so. */
export function refusedWith(visitor: Visitor, reason: string): string {
  const [type, details, uri] = visitor.only()
  must(type === 3 && uri === reason, `ABORT ${reason} was to come, not ${JSON.stringify([type, details, uri])}`)
  must(visitor.isClosed, 'the connection was to be closed')
  return `ABORT \`${reason}\``
}
