// Many at once, and many one after the other.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type PrincipalSource, staticPrincipals, ticket } from '@crosspoint/router'
import { type Attack, group, must } from './attack.ts'
import { DENIED, PEOPLE, refusedWith, Stage, type Visitor } from './stage.ts'

const FLOOD = 10_000
const AT_ONCE_MAX = 1_000
const TIMEOUT_MS = 9_000
const TOO_MANY = 'crosspoint.error.too_many_logins'
const JOE = { authmethods: ['ticket'], authid: 'joe' }
const MEGABYTE = 2 ** 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A wrong ticket from `address`, and how it was answered: the milliseconds that it took, or that it was refused unseen. */
function guess(stage: Stage, address: string, authid = 'joe', sent = 'a guess'): number | 'refused' | 'welcome' {
  const { visitor } = stage.challenged({ ...JOE, authid }, { address })
  visitor.say(5, sent, {})
  let waitedMs = 0
  while (visitor.inbox.length === 0) {
    must(waitedMs <= 5_000, 'the answer was to come within five seconds')
    stage.clock.advance(100)
    waitedMs += 100
  }
  const [type, , reason] = visitor.only()
  if (type === 2) return 'welcome'
  return reason === TOO_MANY ? 'refused' : waitedMs
}

/** Guesses until it is refused unseen, at most `most` times. */
function guessOn(stage: Stage, next: (count: number) => readonly [address: string, authid: string], most: number): readonly number[] {
  const waits: number[] = []
  for (let count = 0; count < most; count++) {
    const took = guess(stage, ...next(count))
    if (took === 'refused') return waits
    must(took !== 'welcome', 'a guess was not to be welcomed')
    waits.push(took)
  }
  throw new Error(`${most} guesses, and not one was refused unseen`)
}

/** Many connections that are challenged first and then answer at once; how many of the answers were looked at. */
function guessAtOnce(stage: Stage, next: (count: number) => readonly [address: string, authid: string]): string {
  const visitors = Array.from({ length: GUESSES }, (_, count) => {
    const [address, authid] = next(count)
    return stage.challenged({ ...JOE, authid }, { address }).visitor
  })
  for (const visitor of visitors) visitor.say(5, 'a guess', {})
  stage.clock.advance(5_000)
  const seen = visitors.filter((visitor) => visitor.inbox[0]![2] === DENIED).length
  const refused = visitors.filter((visitor) => visitor.inbox[0]![2] === TOO_MANY).length
  must(seen + refused === GUESSES, 'each was to be denied or refused')
  return `${seen} of ${GUESSES} were looked at`
}
const GUESSES = 500

const counted = (perAddress: number, perPrincipal: number): Stage =>
  new Stage({
    limits: { loginFailuresPerAddressMax: perAddress, loginFailuresPerPrincipalMax: perPrincipal, loginFailuresForgetMs: 600_000 },
  })

export const flood: readonly Attack[] = [
  ...group('Flood', [
    {
      name: `${FLOOD} HELLOs at once that are never answered`,
      tried: 'connections that ask for a challenge and then say nothing; meanwhile a session calls',
      defence: `only so many logins are under way at one time (loginsAtOnceMax, here ${AT_ONCE_MAX}), each for at most loginTimeoutMs`,
      run() {
        const stage = new Stage({ limits: { loginsAtOnceMax: AT_ONCE_MAX, loginTimeoutMs: TIMEOUT_MS } })
        const joe = stage.joined('joe')
        const calls = () => must(joe.ask(48, ++request, {}, 'wamp.session.count')[0] === 50, 'joe was to be answered')
        let request = 0
        const visitors: Visitor[] = []
        for (let count = 0; count < FLOOD; count++) {
          visitors.push(stage.hello(JOE))
          if (count % 100 === 0) calls()
        }
        const challenged = visitors.filter((visitor) => visitor.inbox[0]![0] === 4)
        const refused = visitors.filter((visitor) => visitor.inbox[0]![2] === TOO_MANY && visitor.isClosed)
        must(challenged.length === AT_ONCE_MAX && refused.length === FLOOD - AT_ONCE_MAX, 'all but so many were to be refused')
        must(stage.router.peerCount === AT_ONCE_MAX + 1, 'nothing of the others was to be kept')
        stage.clock.advance(TIMEOUT_MS)
        calls()
        must(stage.router.peerCount === 1 && stage.clock.timerCount === 0, 'nothing of any was to be left')
        stage.joined('amy')
        return `${AT_ONCE_MAX} challenged, ${FLOOD - AT_ONCE_MAX} refused at once; all gone after ${TIMEOUT_MS / 1000} s; every call in between answered`
      },
    },
    {
      name: 'the same again and again',
      tried: `five times ${FLOOD} HELLOs, each time waiting until they are refused; memory is compared`,
      defence: 'what a login holds goes with it',
      run() {
        const stage = new Stage({ limits: { loginsAtOnceMax: AT_ONCE_MAX, loginTimeoutMs: TIMEOUT_MS } })
        const round = (): number => {
          for (let count = 0; count < FLOOD; count++) stage.hello({ ...JOE, authid: `name ${count}` })
          stage.clock.advance(TIMEOUT_MS)
          stage.causes.length = 0
          stage.crypto.operations.length = 0
          collect()
          return process.memoryUsage().heapUsed
        }
        const first = round()
        for (let times = 0; times < 3; times++) round()
        const grown = round() - first
        must(grown < MEGABYTE, `memory was not to grow by ${grown} bytes`)
        return 'less than one megabyte more than after the first time'
      },
    },
    {
      name: 'a source of principals that hangs',
      tried: `${AT_ONCE_MAX} logins that wait for a lookup; those who need none go on`,
      defence: 'a lookup holds up its own login, for at most loginTimeoutMs',
      run() {
        const hanging: PrincipalSource = { provider: 'dynamic', find: () => {} }
        const stage = new Stage({
          limits: { loginsAtOnceMax: AT_ONCE_MAX, loginTimeoutMs: TIMEOUT_MS },
          authenticators: ({ crypto }) => [ticket(crypto, hanging)],
        })
        const visitors = Array.from({ length: AT_ONCE_MAX }, () => stage.challenged(JOE).visitor.say(5, 'joe-ticket', {}))
        must(
          visitors.every((visitor) => visitor.inbox.length === 0),
          'all were to wait',
        )
        stage.clock.advance(TIMEOUT_MS)
        for (const visitor of visitors) refusedWith(visitor, 'wamp.error.authentication_failed')
        must(stage.router.peerCount === 0 && stage.clock.timerCount === 0, 'nothing was to be left')
        return 'ABORT `wamp.error.authentication_failed` after 9 s, nothing is left'
      },
    },
  ]),
  ...group('Guessing', [
    {
      name: 'one user from one address',
      tried: 'one wrong ticket after the other',
      defence:
        'attempts wait ever longer, up to 4 s, and are then refused unseen, also the right one; failures are forgotten at a steady pace',
      run() {
        const stage = counted(0, 50)
        const waits = guessOn(stage, () => ['192.0.2.1', 'joe'], 1_000)
        must(waits[0] === 0 && waits.at(-1)! >= 3_500, `the waits were to grow: ${waits.join(' ')}`)
        must(guess(stage, '192.0.2.1', 'joe', 'joe-ticket') === 'refused', 'the right ticket was to be refused as well')
        stage.clock.advance(600_000)
        must(guess(stage, '192.0.2.1', 'joe', 'joe-ticket') === 'welcome', 'joe was to get in when it is forgotten')
        return `${waits.length} guesses, the last after ${(waits.at(-1)! / 1000).toFixed(1)} s; then none; ten minutes later joe gets in`
      },
    },
    {
      name: 'one user from many addresses',
      tried: 'each guess from another address; meanwhile the user logs in from home',
      defence: 'a principal is counted wherever it comes from, but for addresses where it has logged in before',
      run() {
        const stage = counted(200, 50)
        must(guess(stage, '198.51.100.7', 'joe', 'joe-ticket') === 'welcome', 'joe was to get in at first')
        const waits = guessOn(stage, (count) => [`203.0.113.${count % 250}`, 'joe'], 1_000)
        must(guess(stage, '198.51.100.7', 'joe', 'joe-ticket') === 'welcome', 'joe was to get in from home')
        must(guess(stage, '198.51.100.8', 'amy', 'amy-ticket') === 'welcome', 'and others from anywhere')
        return `${waits.length} guesses; then none, but from where joe has logged in before`
      },
    },
    {
      name: 'many users from one address',
      tried: `${GUESSES} connections at once, each with a guess for another name, most of which nobody has; then one after the other`,
      defence: 'an address is counted over all names',
      run() {
        const stage = counted(200, 50)
        const what = guessAtOnce(stage, (count) => ['192.0.2.1', `name ${count}`])
        must(guess(stage, '192.0.2.2', 'amy', 'amy-ticket') === 'welcome', 'other addresses were to go on')
        const slow = counted(200, 50)
        const began = slow.clock.now()
        for (let count = 0; count < GUESSES; count++) guess(slow, '192.0.2.1', `name ${count}`)
        const perGuessMs = (slow.clock.now() - began) / GUESSES
        must(perGuessMs > 2_000, `one after the other was to take more than ${perGuessMs} ms each`)
        return `${what}; one after the other they take ${(perGuessMs / 1000).toFixed(1)} s each`
      },
    },
    {
      name: 'many addresses of one IPv6 network',
      tried: `${GUESSES} connections at once from as many addresses of a network of 64 bits, each with a guess for another name`,
      defence: 'IPv6 addresses are counted by their first 64 bits',
      run: () => guessAtOnce(counted(200, 50), (count) => [`2001:db8:0:7::${count.toString(16)}`, `name ${count}`]),
    },
    {
      name: 'many guesses at the same moment',
      tried: `${GUESSES} connections at once, each with a guess for the same name`,
      defence: 'an attempt counts as failed from its beginning until it succeeds',
      run: () => guessAtOnce(counted(0, 50), () => ['192.0.2.1', 'joe']),
    },
    {
      name: 'the name in other letters',
      tried: 'texts that SASLprep makes equal, each as a name of its own',
      defence: 'names are counted as SCRAM finds them',
      run() {
        const stage = counted(0, 50)
        const waits = guessOn(stage, (count) => ['192.0.2.1', `j${'\u00ad'.repeat(count)}oe`], 200)
        return `${waits.length} guesses, as with one text`
      },
    },
    {
      name: 'names without end',
      tried: 'a name of 257 characters, and one of a megabyte',
      defence: 'a name has at most 256 characters, by which its failures are counted',
      run() {
        const stage = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, staticPrincipals(PEOPLE.ticket))] })
        refusedWith(stage.hello({ ...JOE, authid: 'j'.repeat(257) }), 'wamp.error.protocol_violation')
        return refusedWith(stage.hello({ ...JOE, authid: 'j'.repeat(MEGABYTE) }), 'wamp.error.protocol_violation')
      },
    },
  ]),
]
