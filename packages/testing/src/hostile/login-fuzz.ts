// Logins whose every field is wrong in some way: HELLO, AUTHENTICATE, and what a source of principals answers. In memory, on one
// thread; the router's chance, its clock and all secrets are known, so it is known as well who may be let in: who sent the right
// answer to the challenge that came, and nobody else. Every refusal must be one of those of AUTH-06, with words and without the cause.

import { cborSerializer, type Dict, jsonSerializer, msgpackSerializer, type Serializer } from '@crosspoint/protocol'
import { type Authenticator, type PrincipalSource, Router, staticPrincipals } from '@crosspoint/router'
import { everyMethodOf, PEOPLE } from '../attacks/stage.ts'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { VirtualClock } from '../conformance/virtual-clock.ts'
import { TestCrypto } from '../test-crypto.ts'
import { type Check, type Finding, faultless, type HostileOptions } from './check.ts'
import { pick } from './draw.ts'
import { ALL_ROLES, decodeList, encodeList } from './good-talk.ts'
import { JOE, type LoginAnswer } from './login-answers.ts'
import { MemoryLine } from './memory-fuzz.ts'
import { altered, alteredText, nastyValue } from './nasty-values.ts'

const FAULTS_MAX = 20
const SERIALIZERS: readonly Serializer[] = [jsonSerializer, msgpackSerializer, cborSerializer]
/** What must be in no message of the router. */
const SECRETS = ['joe-ticket', 'joe-secret', 'amy-ticket', 'the cause of it']
/** Beside the credentials, so that these are altered as well. */
const BECOMES = { authid: 'joe', realm: 'realm1', extra: { team: 'red \u{1f600}', since: 7 } }
const REASONS: ReadonlySet<unknown> = new Set([
  'wamp.error.authentication_denied',
  'wamp.error.authentication_failed',
  'wamp.error.authentication_required',
  'wamp.error.no_matching_auth_method',
  'wamp.error.protocol_violation',
  'wamp.error.no_such_realm',
  'wamp.error.no_such_role',
  'wamp.error.no_such_session',
  'wamp.error.invalid_uri',
])

export interface LoginCounts {
  tries: number
  challenged: number
  welcomed: number
  refused: number
}

export class LoginFuzz {
  readonly faults: string[] = []
  readonly counts: LoginCounts = { tries: 0, challenged: 0, welcomed: 0, refused: 0 }
  readonly #seed: number
  readonly #random: SeededRandom
  readonly #clock = new VirtualClock()
  readonly #router: Router
  readonly #right: readonly Authenticator[]
  readonly #broken: readonly Authenticator[]
  readonly #crypto: TestCrypto
  #causes = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new SeededRandom(seed)
    const crypto = new TestCrypto(seed + 1)
    this.#crypto = crypto
    const roles = { user: {}, guest: {} }
    this.#router = new Router({
      clock: this.#clock,
      random: new SeededRandom(seed + 2),
      realms: [{ name: 'realm1', roles, resume: {} }],
      limits: { loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 },
      observer: { onRefused: () => void this.#causes++ },
    })
    const methods = (source: (method: keyof typeof PEOPLE) => PrincipalSource) =>
      everyMethodOf({ crypto, clock: this.#clock, random: this.#random }, source)
    this.#right = methods((method) => staticPrincipals(PEOPLE[method]))
    this.#broken = methods((method) => this.#brokenSource({ ...PEOPLE[method]['joe'], ...BECOMES }))
  }

  /** Answers nonsense, late, twice, never, or throws. */
  #brokenSource(right: Dict): PrincipalSource {
    return {
      provider: 'dynamic',
      find: (_query, done) => {
        const random = this.#random
        const answer = (random.below(4) === 0 ? nastyValue(random) : altered(random, right)) as never
        switch (random.below(6)) {
          case 0:
            throw new Error('the cause of it')
          case 1:
            return
          case 2:
            return void this.#clock.setTimer(random.below(20_000), () => done(answer))
          case 3:
            done(answer)
            return done(answer)
          case 4:
            return done({ failure: 'the cause of it' })
          default:
            return done(answer)
        }
      },
    }
  }

  #fault(what: string, about: unknown): void {
    const text = JSON.stringify(about, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
    this.faults.push(`seed ${this.#seed}, try ${this.counts.tries}: ${what}; ${text?.slice(0, 600)}`)
  }

  run(tries: number): void {
    for (let count = 0; count < tries && this.faults.length < FAULTS_MAX; count++) {
      this.counts.tries++
      this.#try()
      this.#crypto.operations.length = 0
    }
    this.#clock.advance(60_000)
    const { peerCount } = this.#router
    if (peerCount > 0 || this.#clock.timerCount > 0) this.#fault(`${peerCount} peers and ${this.#clock.timerCount} timers are left`, {})
    if (({} as Dict)['authrole'] !== undefined) this.#fault('Object.prototype was changed', {})
  }

  #try(): void {
    const random = this.#random
    const who = pick(random, JOE)
    const isBroken = random.below(4) === 0
    const line = new MemoryLine(this.#router, pick(random, SERIALIZERS), 'hostile', {
      login: { authenticators: isBroken ? this.#broken : this.#right },
    })
    const inbox: unknown[][] = []
    line.onFrame = (frame) => void inbox.push(decodeList(line.serializer, frame.slice()))
    const details = { roles: ALL_ROLES, ...who.hello }
    const realm = random.below(20) === 0 ? nastyValue(random) : 'realm1'
    const hello = [1, realm, random.below(3) === 0 ? details : altered(random, details)]
    const talk: unknown[][] = [hello]
    try {
      line.send(encoded(line.serializer, hello))
      if (inbox[0]?.[0] === 4) this.#answer(who, line, inbox, talk)
      this.#clock.advance(random.below(3) * 10_000)
    } catch (error) {
      this.#fault(`the router threw ${error instanceof Error ? error.stack : String(error)}`, talk)
    }
    this.#judge(inbox, talk, who, isBroken)
    const causes = this.#causes
    const isOpen = !line.isClosed
    line.close()
    if (isOpen && inbox.at(-1)?.[0] !== 2 && this.#causes !== causes + 1) this.#fault('the operator was not told of the end', talk)
  }

  /** Answers the challenge rightly, or wrong in some way; sometimes twice. */
  #answer(who: LoginAnswer, line: MemoryLine, inbox: unknown[][], talk: unknown[][]): void {
    const random = this.#random
    this.counts.challenged++
    const right = who.answer(inbox[0]![2] as Dict) ?? ['', {}]
    const kind = random.below(6)
    const signature = kind < 2 ? right[0] : kind < 5 ? alteredText(random, right[0]) : nastyValue(random)
    const extra = random.below(2) === 0 ? right[1] : altered(random, right[1])
    for (let times = random.below(10) === 0 ? 2 : 1; times > 0 && !line.isClosed; times--) {
      const message = [5, signature, extra]
      talk.push(message)
      line.send(encoded(line.serializer, message))
    }
  }

  #judge(inbox: readonly unknown[][], talk: readonly unknown[][], who: LoginAnswer, isBroken: boolean): void {
    const received = JSON.stringify(inbox)
    for (const secret of SECRETS) if (received.includes(secret)) this.#fault(`the router said "${secret}"`, [talk, inbox])
    for (const message of inbox) {
      const [type, details, reason] = message
      if (type === 2) this.#judgeWelcome(message, inbox, talk, who, isBroken)
      else if (type === 3) {
        this.counts.refused++
        const { message: words, ...rest } = details as { readonly message?: unknown }
        const more = Object.keys(rest).filter((key) => key !== 'scram')
        if (!REASONS.has(reason)) this.#fault(`ABORT with the reason ${String(reason)}`, [talk, message])
        if (typeof words !== 'string' || words.length < 10 || more.length > 0)
          this.#fault('ABORT without words, or with more', [talk, message])
      } else if (type !== 4) this.#fault(`a message of type ${String(type)}`, [talk, message])
    }
  }

  /** Who was let in must have sent the right answer to the challenge that came, and be who that is. */
  #judgeWelcome(
    message: readonly unknown[],
    inbox: readonly unknown[][],
    talk: readonly unknown[][],
    who: LoginAnswer,
    isBroken: boolean,
  ): void {
    this.counts.welcomed++
    const { authid, authmethod, authrole } = message[2] as Dict
    if (typeof authid !== 'string' || authid === '' || (authrole !== 'user' && authrole !== 'guest')) {
      this.#fault('WELCOME without authid or with a role that was not given', [talk, message])
    }
    if (authmethod === 'anonymous') {
      if (authrole !== 'guest' || inbox[0] !== message)
        this.#fault('an anonymous session with a challenge or another role', [talk, message])
      return
    }
    if (isBroken) return // what the source says is right, whatever it says
    const [, method, extra] = inbox[0]!
    const right = method === who.method ? who.answer(extra as Dict) : undefined
    const sent = talk[1]?.[1]
    const isSame = (one: unknown) => typeof one === 'string' && (who.method === 'cryptosign' ? one.toLowerCase() : one) === right?.[0]
    if (!isSame(sent) || authid !== 'joe') this.#fault('somebody was let in who did not prove to be joe', [talk, inbox])
  }
}

/** What has a form in UTF-8: a text may have been cut within a character. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wellFormed(item)]))
}

/** Our own JSON refuses texts that would be read as bytes; others send them. */
function encoded(serializer: Serializer, list: readonly unknown[]): Uint8Array {
  if (serializer !== jsonSerializer) return encodeList(serializer, wellFormed(list) as unknown[])
  const plain = (_key: string, value: unknown) => (value instanceof Uint8Array ? `\u0000${Buffer.from(value).toString('base64')}` : value)
  return Buffer.from(JSON.stringify(list, plain))
}

export const loginFuzz: Check = {
  name: 'logins',
  async run(options: HostileOptions): Promise<readonly Finding[]> {
    const fuzz = new LoginFuzz(options.seed)
    fuzz.run(Math.ceil(options.frames / 10))
    const { tries, challenged, welcomed, refused } = fuzz.counts
    const figure = `${tries} (${challenged} challenged, ${welcomed} let in, ${refused} refused)`
    return [faultless(`logins with wrong fields and sources, seed ${options.seed}`, figure, fuzz.faults)]
  },
}
