import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type TestClient, World } from './support.ts'

const PROCEDURE = 'com.example.work'

/** A procedure with callees that join and leave, and a caller; answers every call at once. */
class Shared {
  readonly #world = new World()
  readonly #policy: string
  readonly #caller: TestClient
  readonly #registrations = new Map<TestClient, number>()

  constructor(policy: string) {
    this.#policy = policy
    this.#caller = this.#world.join()
  }
  get registrationCount(): number {
    return this.#world.router.realm('realm1')!.dealer.size
  }
  add(): TestClient {
    const callee = this.#world.join()
    this.register(callee)
    return callee
  }
  register(callee: TestClient): void {
    const [type, , registration] = callee.ask(64, { invoke: this.#policy }, PROCEDURE)
    assert.equal(type, 65)
    this.#registrations.set(callee, registration as number)
  }
  unregister(callee: TestClient): void {
    assert.equal(callee.ask(66, this.#registrations.get(callee))[0], 67)
    this.#registrations.delete(callee)
  }
  leave(callee: TestClient): void {
    callee.cut()
    this.#registrations.delete(callee)
  }
  /** Makes one call; the callee that got it. */
  call(): TestClient {
    const id = this.#caller.request(48, {}, PROCEDURE)
    const invoked: TestClient[] = []
    for (const callee of this.#registrations.keys()) {
      for (const [type, invocation] of callee.take()) {
        assert.equal(type, 68)
        invoked.push(callee)
        callee.send(70, invocation, {})
      }
    }
    assert.equal(invoked.length, 1, 'one call goes to one callee')
    assert.deepEqual(this.#caller.take(), [[50, id, {}]])
    return invoked[0]!
  }
}

describe('roundrobin', () => {
  test('RPC-123 the callees in registration order, wrapping', () => {
    const shared = new Shared('roundrobin')
    const [a, b, c] = [shared.add(), shared.add(), shared.add()]
    for (const expected of [a, b, c, a, b, c, a]) assert.equal(shared.call(), expected)
  })

  test('RPC-123 whoever joins is appended, whoever leaves keeps the turn of the rest', () => {
    const shared = new Shared('roundrobin')
    const [a, b, c] = [shared.add(), shared.add(), shared.add()]
    assert.equal(shared.call(), a)
    shared.leave(a) // the one that was served last
    assert.equal(shared.call(), b)
    const d = shared.add()
    assert.equal(shared.call(), c)
    assert.equal(shared.call(), d)
    assert.equal(shared.call(), b)
    shared.unregister(c) // the one whose turn it is
    assert.equal(shared.call(), d)
    shared.register(c)
    assert.equal(shared.call(), c)
    assert.equal(shared.call(), b)
  })

  test('RPC-123 RPC-125 with callees joining and leaving at random, each turn goes to the next of those that are there', () => {
    const action = fc.record({ kind: fc.constantFrom('add', 'call', 'call', 'unregister', 'leave'), at: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const shared = new Shared('roundrobin')
        let waiting: TestClient[] = [] // in the order in which they will be served in this round
        let served: TestClient[] = [] // and those that were
        for (const { kind, at } of actions) {
          const all = [...served, ...waiting]
          if (kind === 'add') waiting.push(shared.add())
          else if (all.length === 0) continue
          else if (kind === 'call') {
            if (waiting.length === 0) [waiting, served] = [served, []]
            const expected = waiting.shift()!
            assert.equal(shared.call(), expected)
            served.push(expected)
          } else {
            const gone = all[at % all.length]!
            shared[kind as 'unregister' | 'leave'](gone)
            waiting = waiting.filter((each) => each !== gone)
            served = served.filter((each) => each !== gone)
          }
        }
        assert.equal(shared.registrationCount, waiting.length + served.length > 0 ? 1 : 0)
      }),
      { numRuns: 200 },
    )
  })
})

test('RPC-123 first and last are the first and the last of the current callees', () => {
  for (const policy of ['first', 'last']) {
    const shared = new Shared(policy)
    const callees = [shared.add(), shared.add(), shared.add()]
    while (callees.length > 0) {
      const expected = policy === 'first' ? callees.shift()! : callees.pop()!
      assert.equal(shared.call(), expected, policy)
      assert.equal(shared.call(), expected, policy)
      shared.leave(expected)
    }
  }
})

test('RPC-123 random is uniform per call', () => {
  const shared = new Shared('random')
  const counts = new Map([shared.add(), shared.add(), shared.add()].map((callee) => [callee, 0]))
  for (let call = 0; call < 600; call++) {
    const callee = shared.call()
    counts.set(callee, counts.get(callee)! + 1)
  }
  for (const count of counts.values()) assert.ok(count > 150 && count < 250, `seed 1: ${[...counts.values()]}`)
})

test('RPC-125 the same session once more gets the same id and no second slot', () => {
  const shared = new Shared('roundrobin')
  const [a, b] = [shared.add(), shared.add()]
  shared.register(a)
  for (const expected of [a, b, a, b]) assert.equal(shared.call(), expected)
})
