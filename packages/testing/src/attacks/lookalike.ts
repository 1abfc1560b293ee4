// Asking who exists. Everything that a stranger can see of a login is compared for somebody who exists and somebody who does not, at a
// router with the same chance, so that whatever differs beside the name and the salt is a tell. What takes time in a login is
// cryptography; its operations are counted, each with the length of what goes in, instead of being timed: that is what a clock
// would see without its noise, and the same on every machine. Not covered is what does not depend on a secret: lookups, texts.

import type { Dict } from '@crosspoint/protocol'
import { type Authenticator, cryptosign, type LoginPrincipal, scram, staticPrincipals, ticket, wampcra } from '@crosspoint/router'
import type { Operation } from '../test-crypto.ts'
import { type Attack, group, must, mustEqual } from './attack.ts'
import { MOCK_SECRET, PEOPLE, pubkeyOf, SEED_OF_EVE, SEED_OF_JOE, Stage } from './stage.ts'

/** A method, and a wrong answer to its challenge. */
export interface Variant {
  readonly name: string
  readonly authenticators: (stage: Stage, mockSecret: Uint8Array) => readonly Authenticator[]
  /** HELLO of one that is known, or not. */
  readonly hello: (isKnown: boolean) => Dict
  readonly answer: (extra: Dict) => readonly [signature: string, extra: Dict]
}

const NONCE = 'egVDf3DMJh0SBmkFIh7sSo=='
/** Names of the same length, so that messages may have the same. */
const nameOf = (isKnown: boolean): string => (isKnown ? 'joe' : 'eve')
const named =
  (method: string, more: Dict = {}) =>
  (isKnown: boolean): Dict => ({ authmethods: [method], authid: nameOf(isKnown), ...more })
type People = { readonly [authid: string]: LoginPrincipal }
const tickets =
  (people: People): Variant['authenticators'] =>
  (stage) => [ticket(stage.crypto, staticPrincipals(people))]
const cra =
  (people: People): Variant['authenticators'] =>
  (stage, mockSecret) => [wampcra(stage.crypto, staticPrincipals(people), { mockSecret, clock: stage.clock })]
const keyed = (isKnown: boolean): Dict => ({ pubkey: pubkeyOf(isKnown ? SEED_OF_JOE : SEED_OF_EVE) })
const keys: Variant['authenticators'] = ({ crypto }) => [cryptosign(crypto, staticPrincipals(PEOPLE.cryptosign))]
const wrongSignature = (extra: Dict) => ['00'.repeat(64) + String(extra['challenge']), {}] as const

export const VARIANTS: readonly Variant[] = [
  { name: 'ticket', authenticators: tickets(PEOPLE.ticket), hello: named('ticket'), answer: () => ['a guess', {}] },
  { name: 'ticket, stored as Argon2id', authenticators: tickets(PEOPLE.hashed), hello: named('ticket'), answer: () => ['a guess', {}] },
  { name: 'WAMP-CRA', authenticators: cra(PEOPLE.wampcra), hello: named('wampcra'), answer: () => ['A'.repeat(43).concat('='), {}] },
  { name: 'WAMP-CRA, salted', authenticators: cra(PEOPLE.salted), hello: named('wampcra'), answer: () => ['A'.repeat(43).concat('='), {}] },
  {
    name: 'WAMP-CRA, salted passwords',
    authenticators: cra(PEOPLE.passwords),
    hello: named('wampcra'),
    answer: () => ['A'.repeat(43).concat('='), {}],
  },
  {
    name: 'WAMP-CRA, salts of another length',
    authenticators: cra(PEOPLE.shortSalts),
    hello: named('wampcra'),
    answer: () => ['A'.repeat(43).concat('='), {}],
  },
  {
    name: 'SCRAM',
    authenticators: (stage, mockSecret) => [scram(stage.crypto, staticPrincipals(PEOPLE['wamp-scram']), { mockSecret })],
    hello: named('wamp-scram', { authextra: { nonce: NONCE } }),
    answer: (extra) => ['A'.repeat(43).concat('='), { nonce: extra['nonce'], channel_binding: null, cbind_data: null }],
  },
  {
    name: 'cryptosign, by key',
    authenticators: keys,
    hello: (isKnown) => ({ authmethods: ['cryptosign'], authextra: keyed(isKnown) }),
    answer: wrongSignature,
  },
  {
    name: 'cryptosign, by name',
    authenticators: keys,
    hello: (isKnown) => ({ authmethods: ['cryptosign'], authid: nameOf(isKnown), authextra: keyed(true) }),
    answer: wrongSignature,
  },
]

/** What a stranger sees of one login, and what the router computed for it. */
export interface Observed {
  readonly salt: unknown
  /** Everything that was received, with name and salt left out. */
  readonly messages: string
  /** Up to CHALLENGE, and from AUTHENTICATE to the end. */
  readonly work: readonly [hello: readonly Operation[], answer: readonly Operation[]]
}

export interface Look {
  readonly seed?: number
  readonly mockSecret?: Uint8Array
}

/** One login with a wrong answer, at a router of its own. */
export function observe(variant: Variant, isKnown: boolean, { seed, mockSecret = MOCK_SECRET }: Look = {}): Observed {
  const stage = new Stage({ authenticators: (own) => variant.authenticators(own, mockSecret), ...(seed !== undefined && { seed }) })
  const { operations } = stage.crypto
  operations.length = 0
  const { visitor, extra } = stage.challenged(variant.hello(isKnown))
  const hello = operations.splice(0)
  visitor.say(5, ...variant.answer(extra))
  const answer = operations.splice(0)
  const { salt } = extra
  const shown = salt === undefined ? extra : { ...extra, salt: `${typeof salt} of ${String(salt).length}` }
  const messages = JSON.stringify([shown, visitor.take(), visitor.isClosed]).replaceAll(nameOf(isKnown), '*')
  return { salt, messages, work: [hello, answer] }
}

/** Work by name of operation; the order of hashing does not show. */
function costOf(operations: readonly Operation[]): { readonly [name: string]: number } {
  const cost: Record<string, number> = {}
  for (const { name, work } of operations) cost[name] = (cost[name] ?? 0) + work
  return Object.fromEntries(Object.entries(cost).sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** The largest difference of work between two logins, as a share, over all operations; 1 where one has some that the other has not. */
export function difference(one: readonly Operation[], other: readonly Operation[]): number {
  const [first, second] = [costOf(one), costOf(other)]
  let most = 0
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const [less, more] = [first[name] ?? 0, second[name] ?? 0].sort((a, b) => a - b) as [number, number]
    most = Math.max(most, (more - less) / more)
  }
  return most
}

/** Work that may differ: names and salts of other lengths may take one block of the hash function more. */
export const DIFFERENCE_MAX = 0.1

/** Throws when the two kinds of logins can be told apart by the work that they cost. */
export function mustCostTheSame(known: Observed, unknown: Observed, name: string): void {
  for (const [at, part] of (['HELLO', 'AUTHENTICATE'] as const).entries()) {
    const [one, other] = [known.work[at]!, unknown.work[at]!]
    const share = difference(one, other)
    must(
      share <= DIFFERENCE_MAX,
      `${name}: after ${part} somebody known costs ${JSON.stringify(costOf(one))}, somebody unknown ${JSON.stringify(costOf(other))}`,
    )
  }
}

export const lookalike: readonly Attack[] = [
  ...group(
    'Enumeration: who exists',
    VARIANTS.map((variant) => ({
      name: variant.name,
      tried: 'logins as somebody who exists and as somebody who does not, each with a wrong answer; all that is received is compared',
      defence: 'the same messages with the same members in the same order and length; only a salt differs, and that does for every name',
      run() {
        const [known, unknown] = [observe(variant, true), observe(variant, false)]
        mustEqual(unknown.messages, known.messages, 'what an unknown one receives')
        return `the same ${JSON.parse(known.messages)[1].length + 1} messages`
      },
    })),
  ),
  ...group(
    'Enumeration: asking again',
    VARIANTS.filter(({ name }) => name === 'WAMP-CRA, salted' || name === 'SCRAM').map((variant) => ({
      name: variant.name,
      tried: 'the same unknown name many times, also after the router was started again',
      defence: 'the salt of an unknown name is made of the name and a secret of the router that outlives it',
      run() {
        const first = observe(variant, false).salt
        for (const seed of [1, 2, 3]) must(observe(variant, false, { seed }).salt === first, 'the salt was to stay the same')
        const known = observe(variant, true).salt
        must(observe(variant, true, { seed: 1 }).salt === known && known !== first, 'so was that of a known name')
        const elsewhere = observe(variant, false, { mockSecret: new Uint8Array(32).fill(1) }).salt
        must(elsewhere !== first, 'a router with another secret was to have another salt')
        return 'the same salt each time, and another one at a router with another secret'
      },
    })),
  ),
  ...group(
    'Timing: who exists',
    VARIANTS.map((variant) => ({
      name: variant.name,
      tried: 'the work of both kinds of logins, operation by operation of the cryptography',
      defence: `the same computations are made for a name that does not exist, to within ${DIFFERENCE_MAX * 100} % of each`,
      run() {
        const [known, unknown] = [observe(variant, true), observe(variant, false)]
        mustCostTheSame(known, unknown, variant.name)
        return 'no difference beyond that'
      },
    })),
  ),
]
