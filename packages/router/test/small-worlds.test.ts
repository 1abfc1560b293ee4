// All small worlds: every sequence of a few operations of up to three sessions, one after the other, with what must hold
// after each step and at the end. Only operations that mean something are tried (nobody unsubscribes who has not
// subscribed), but late ones are: answers to calls that are over, cancels of calls that are answered. Sessions are equal
// until they act, so a new one acts only after the ones before it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../src/session.ts'
import { ALL_ROLES, type TestClient, World } from './support.ts'

const TIMEOUT_MS = 1000
const REQUEST_OF = new Map([
  [33, 32],
  [35, 34],
  [17, 16],
  [65, 64],
  [67, 66],
])

const OPERATIONS = [
  'subscribe',
  'unsubscribe',
  'publish',
  'register',
  'unregister',
  'call',
  'progress',
  'yield',
  'error',
  'cancel skip',
  'cancel killnowait',
  'cancel kill',
  'wait',
  'leave',
] as const
type Operation = (typeof OPERATIONS)[number]

interface Step {
  readonly who: number
  readonly operation: Operation
}

/** One session: what it did, and what it has been told. */
class Actor {
  readonly client: TestClient
  readonly session: Session
  isGone = false
  subscription: number | undefined
  registration: number | undefined
  /** Subscriptions and registrations that it gave up and was told so. */
  readonly over = new Set<string>()
  /** Requests that wait for their answer, as "type id". */
  readonly asked = new Set<string>()
  readonly calls: number[] = []
  readonly invocations: number[] = []
  /** Final answers by call. */
  readonly answers = new Map<number, number>()
  events = 0

  constructor(world: World) {
    this.client = world.join({ roles: ALL_ROLES })
    this.session = world.router.realm('realm1')!.sessions.get(this.client.sessionId)!
  }

  ask(type: number, ...rest: readonly unknown[]): number {
    const id = this.client.request(type, ...rest)
    this.asked.add(`${type} ${id}`)
    return id
  }

  /** Takes what has arrived and checks that each message may come now. */
  read(): void {
    for (const list of this.client.take()) {
      assert.equal(this.isGone, false, `a session that left gets ${JSON.stringify(list)}`)
      const [type, id] = list as [number, number]
      if (REQUEST_OF.has(type)) this.#answered(`${REQUEST_OF.get(type)} ${id}`, type, list[2] as number)
      else if (type === 36) this.#event(id)
      else if (type === 68) this.#invoked(id, list[2] as number)
      else if (type === 69) assert.ok(this.invocations.includes(id), 'INTERRUPT of an invocation that it got')
      else if (type === 50) this.#answeredCall(id, (list[2] as { progress?: boolean }).progress === true)
      else {
        assert.deepEqual([type, id], [8, 48], `unexpected ${JSON.stringify(list)}`)
        this.#answeredCall(list[2] as number, false)
      }
    }
  }

  #answered(request: string, type: number, id: number): void {
    assert.ok(this.asked.delete(request), `answer to ${request}, once`)
    if (type === 33) this.subscription = id
    else if (type === 65) this.registration = id
    else if (type === 35) {
      this.over.add(`subscription ${this.subscription}`)
      this.subscription = undefined
    } else if (type === 67) {
      this.over.add(`registration ${this.registration}`)
      this.registration = undefined
    }
  }
  #event(subscription: number): void {
    assert.ok(!this.over.has(`subscription ${subscription}`), 'no EVENT after UNSUBSCRIBED')
    assert.equal(subscription, this.subscription)
    this.events++
  }
  #invoked(invocation: number, registration: number): void {
    assert.ok(!this.over.has(`registration ${registration}`), 'no INVOCATION after UNREGISTERED')
    assert.equal(registration, this.registration)
    assert.equal(invocation, this.invocations.length + 1, 'ID-10')
    this.invocations.push(invocation)
  }
  #answeredCall(call: number, isProgress: boolean): void {
    assert.ok(this.calls.includes(call), 'an answer to a call of its own')
    assert.equal(this.answers.get(call) ?? 0, 0, `call ${call} is answered already`)
    if (!isProgress) this.answers.set(call, 1)
  }
}

class SmallWorld {
  readonly #world = new World()
  readonly actors: readonly Actor[] = [new Actor(this.#world), new Actor(this.#world), new Actor(this.#world)]

  /** Whether the operation means something now. */
  canDo({ who, operation }: Step): boolean {
    const actor = this.actors[who]!
    if (actor.isGone) return false
    switch (operation) {
      case 'unsubscribe':
        return actor.subscription !== undefined
      case 'unregister':
        return actor.registration !== undefined
      case 'progress':
      case 'yield':
      case 'error':
        return actor.invocations.length > 0
      case 'cancel skip':
      case 'cancel killnowait':
      case 'cancel kill':
        return actor.calls.length > 0
      case 'wait':
        return who === 0 && this.#world.clock.timerCount > 0
      default:
        return true
    }
  }

  do({ who, operation }: Step): void {
    const actor = this.actors[who]!
    const { client } = actor
    switch (operation) {
      case 'subscribe':
        actor.ask(32, {}, 'a.topic')
        break
      case 'unsubscribe':
        actor.ask(34, actor.subscription)
        break
      case 'publish':
        return this.#publish(actor)
      case 'register':
        actor.ask(64, { invoke: 'roundrobin' }, 'a.work')
        break
      case 'unregister':
        actor.ask(66, actor.registration)
        break
      case 'call':
        actor.calls.push(client.request(48, { timeout: TIMEOUT_MS, receive_progress: true }, 'a.work'))
        break
      case 'progress':
        client.send(70, actor.invocations.at(-1), { progress: true })
        break
      case 'yield':
        client.send(70, actor.invocations.at(-1), {})
        break
      case 'error':
        client.send(8, 68, actor.invocations.at(-1), {}, 'a.error')
        break
      case 'wait':
        this.#world.clock.advance(TIMEOUT_MS)
        break
      case 'leave':
        this.#leave(actor)
        break
      default:
        client.send(49, actor.calls.at(-1), { mode: operation.slice('cancel '.length) })
    }
    this.#read()
  }

  #publish(publisher: Actor): void {
    const before = this.actors.map(({ events }) => events)
    publisher.ask(16, { acknowledge: true, exclude_me: false }, 'a.topic')
    this.#read()
    const expected = this.actors.map(({ subscription, isGone }, at) => before[at]! + (subscription === undefined || isGone ? 0 : 1))
    assert.deepEqual(
      this.actors.map(({ events }) => events),
      expected,
      'every subscriber gets one EVENT',
    )
  }

  /** The second session just goes, the others say GOODBYE. */
  #leave(actor: Actor): void {
    const { client } = actor
    if (this.actors.indexOf(actor) === 1) client.cut()
    else {
      client.send(6, {}, 'wamp.close.close_realm')
      assert.equal(client.take().at(-1)![0], 6)
    }
    assert.equal(client.isClosed, true)
    actor.isGone = true
  }

  #read(): void {
    for (const actor of this.actors) {
      actor.read()
      assert.equal(actor.isGone || actor.asked.size === 0, true, `every request is answered: ${[...actor.asked]}`)
    }
    // A call is kept, by both its sides and with its timer, exactly as long as its caller waits for the answer.
    const open = this.actors.map(({ isGone, calls, answers }) => (isGone ? 0 : calls.length - answers.size))
    assert.deepEqual(
      this.actors.map(({ session }) => session.calls.size),
      open,
      'calls in flight',
    )
    const all = open.reduce((sum, count) => sum + count, 0)
    const invocations = this.actors.reduce((sum, { session }) => sum + session.invocations.size, 0)
    assert.deepEqual([invocations, this.#world.clock.timerCount], [all, all], 'invocations and timers of calls in flight')
  }

  /** Every callee answers what it still can; then each call must be over. Everybody leaves, and nothing may be left. */
  finish(): void {
    for (const { client, isGone, invocations } of this.actors) {
      if (!isGone) for (const invocation of invocations) client.send(70, invocation, {})
    }
    this.#read()
    for (const { calls, answers, isGone } of this.actors) {
      if (!isGone) for (const call of calls) assert.equal(answers.get(call), 1, `call ${call} is answered`)
    }
    for (const actor of this.actors) if (!actor.isGone) this.#leave(actor)
    this.#read()
    const { router, clock } = this.#world
    const realm = router.realm('realm1')!
    const left = [realm.sessions.size, realm.broker.size, realm.dealer.size, router.peerCount, clock.timerCount]
    assert.deepEqual(left, [0, 0, 0, 0, 0], 'sessions, subscriptions, registrations, peers, timers')
    for (const { session } of this.actors) {
      const tables = [session.subscriptions, session.registrations, session.calls, session.invocations]
      assert.deepEqual(
        tables.map(({ size }) => size),
        [0, 0, 0, 0],
      )
    }
  }
}

/** Plays the steps to the end; the steps that may follow them. */
function play(steps: readonly Step[]): Step[] {
  const world = new SmallWorld()
  try {
    for (const step of steps) world.do(step)
    const fresh = steps.reduce((most, { who }) => Math.max(most, who + 1), 0)
    const next = world.actors
      .flatMap((_, who) => (who > fresh ? [] : OPERATIONS.map((operation) => ({ who, operation }))))
      .filter((step) => world.canDo(step))
    world.finish()
    return next
  } catch (cause) {
    const story = steps.map(({ who, operation }) => `${'ABC'[who]} ${operation}`).join(', ')
    throw new Error(`In the world "${story}": ${(cause as Error).message}`, { cause })
  }
}

/** Plays every continuation of `steps` by up to `more` operations; how many worlds that were. */
function visit(steps: readonly Step[], more: number): number {
  const next = play(steps)
  if (more === 0) return 1
  return next.reduce((count, step) => count + visit([...steps, step], more - 1), 1)
}

test('RPC-10 ORD-08 SES-26 every sequence of up to four operations: one answer per call, no EVENT after UNSUBSCRIBED, nothing left', () => {
  const count = visit([], 4)
  assert.ok(count > 10_000, `only ${count} worlds`)
})

test('RPC-10 RPC-73 SES-26 the same for every three operations after a call of another session, and after a call of its own', () => {
  for (const caller of [0, 1]) {
    const call: Step[] = [
      { who: 0, operation: 'register' },
      { who: caller, operation: 'call' },
    ]
    const count = visit(call, 3)
    assert.ok(count > 5000, `only ${count} worlds`)
  }
})

test('PUB-09 ORD-08 and for every two operations after two subscribed and one published', () => {
  const published: Step[] = [
    { who: 0, operation: 'subscribe' },
    { who: 1, operation: 'subscribe' },
    { who: 0, operation: 'publish' },
  ]
  const count = visit(published, 2)
  assert.ok(count > 200, `only ${count} worlds`)
})
