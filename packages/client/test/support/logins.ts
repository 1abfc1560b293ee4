// Logins against a router that a test writes by hand. Keys are derived in threads, so that promises take real time here.

import assert from 'node:assert/strict'
import type { AuthMethod, ClientOptions, Dict, UsageError } from '../../src/index.ts'
import { type Bench, bench, type FakeRouter, ROUTER_ROLES } from './fake-router.ts'
import { settle } from './virtual-clock.ts'

const HELLO = 1
const WELCOME = 2
export const ABORT = 3
const CHALLENGE = 4
const AUTHENTICATE = 5

export const CANNOT = 'wamp.error.cannot_authenticate'

const PATIENCE_MS = 20_000

/** Resolves when it is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!isSo()) {
    assert.ok(Date.now() < end, `waited in vain for ${what}`)
    await settle()
  }
}

/** A client that has sent HELLO, or has failed to. */
export class LoginBench {
  readonly bench: Bench
  /** What `start()` came to: `joined`, or its error. */
  outcome: UsageError | 'joined' | undefined = undefined

  /** `channelId`: what the links have for logins to bind to. */
  constructor(auth: readonly AuthMethod[], options: ClientOptions = {}, channelId?: FakeRouter['channelId']) {
    this.bench = bench({ auth, ...options })
    this.bench.router.channelId = channelId
    this.start()
  }

  start(): void {
    this.outcome = undefined
    this.bench.client.start().then(
      () => (this.outcome = 'joined'),
      (error: UsageError) => (this.outcome = error),
    )
  }

  /** Details of HELLO. */
  async hello(): Promise<Dict> {
    return (await this.#message(HELLO))[2] as Dict
  }

  /** Says CHALLENGE and returns the signature and Extra of AUTHENTICATE. */
  async challenge(method: string, extra: Dict): Promise<{ signature: string; extra: Dict }> {
    this.bench.link.say(CHALLENGE, method, extra)
    const [, signature, more] = await this.#message(AUTHENTICATE)
    return { signature: signature as string, extra: more as Dict }
  }

  /** Says CHALLENGE and returns the reason and message of ABORT; no AUTHENTICATE came. */
  async refused(method: string, extra: Dict): Promise<{ reason: string; message: string }> {
    this.bench.link.say(CHALLENGE, method, extra)
    return this.aborted()
  }

  /** Reason and message of the client's ABORT. */
  async aborted(): Promise<{ reason: string; message: string }> {
    const [, details, reason] = await this.#message(ABORT)
    const types = this.bench.link.received.map(([type]) => type)
    assert.ok(!types.includes(AUTHENTICATE), 'AUTHENTICATE was sent all the same')
    return { reason: reason as string, message: (details as { message: string }).message }
  }

  welcome(details: Dict = {}): void {
    this.bench.link.say(WELCOME, 7, { realm: 'realm1', roles: ROUTER_ROLES, ...details })
  }

  /** What `start()` came to. */
  async ended(): Promise<UsageError | 'joined'> {
    await until(() => this.outcome !== undefined, 'start() to end')
    return this.outcome!
  }

  /** The error that `start()` rejected with. */
  async failure(): Promise<UsageError> {
    const outcome = await this.ended()
    assert.notEqual(outcome, 'joined')
    return outcome as UsageError
  }

  /** Why the client waits before its next attempt; with which the delay is over. */
  async retried(): Promise<string> {
    const { statuses, clock, router } = this.bench
    await until(() => statuses.at(-1)?.status === 'waiting', 'the status "waiting"')
    const { reason, delayMs } = statuses.at(-1)!
    const links = router.links.length
    await clock.advance(delayMs!)
    await until(() => router.links.length === links + 1, 'another link')
    return reason!
  }

  async #message(type: number): Promise<unknown[]> {
    const { router } = this.bench
    const has = (wanted: number) => router.links.at(-1)?.received.some((message) => message[0] === wanted) === true
    await until(() => has(type) || has(ABORT), `a message of type ${type}`)
    return router.link.take(type)
  }
}
