// Runs one scenario on one way.
//
// How it works: on the core and in memory, sending is processing, so what is not in the inbox will not come. On sockets the
// runner makes it so: before another client sends, before time goes on and before it is said that nothing arrives, pings
// go there and back on every connection. A PING is handled in its place among the messages, and takes no request id.

import { BARE_LINK, type LoginOptions, Router, type Link as RouterLink } from '@crosspoint/router'
import { TestCrypto } from '../test-crypto.ts'
import type { Link } from './link.ts'
import { type Bindings, fillIn, matchMessage, show } from './match.ts'
import type { Scenario, Step } from './scenario.ts'
import { SeededRandom } from './seeded-random.ts'
import { VirtualClock } from './virtual-clock.ts'
import type { ClientWay } from './ways.ts'

const GUARD_MS = 5_000 // how long a message over sockets may take before the scenario fails
const SEED = 20_260_701

export interface Result {
  readonly id: string
  readonly title: string
  /** The label of the way. */
  readonly way: string
  readonly ok: boolean
  readonly error?: string
  /** Why the scenario cannot be held on this way; it is `ok` then, and says nothing. */
  readonly leftOut?: string
}

/** Whether `scenario` runs on `way`. */
export function runsOn(scenario: Scenario, way: ClientWay): boolean {
  return scenario.ways.includes(way.way) && (way.hasJson || !hasFrames(scenario))
}

function hasFrames(scenario: Scenario): boolean {
  return scenario.steps.some((step) => step.kind === 'raw')
}

/** Runs the scenario; the result tells whether all of it held, and if not which step did not and what was there instead. */
export async function runScenario(scenario: Scenario, way: ClientWay, index = 0): Promise<Result> {
  const { id, title } = scenario
  const run = new Run(scenario, way, index)
  try {
    await run.steps()
    return { id, title, way: way.label, ok: true }
  } catch (error) {
    const leftOut = run.loss
    if (leftOut !== undefined) return { id, title, way: way.label, ok: true, leftOut }
    return { id, title, way: way.label, ok: false, error: (error as Error).message }
  } finally {
    run.end()
  }
}

class Run {
  readonly #scenario: Scenario
  readonly #way: ClientWay
  readonly #clock = new VirtualClock()
  readonly #router: Router
  readonly #login: LoginOptions | undefined
  readonly #links = new Map<string, Link>()
  readonly #bindings: Bindings = new Map()
  /** Addresses of peers that the router knows to be gone. */
  readonly #gone = new Set<string>()
  #onGone: () => void = () => {}
  #linkIndex: number
  #lastSender: Link | undefined

  constructor(scenario: Scenario, way: ClientWay, index: number) {
    this.#scenario = scenario
    this.#way = way
    this.#linkIndex = index
    const random = new SeededRandom(SEED)
    const parts = { crypto: new TestCrypto(SEED), clock: this.#clock, random }
    this.#login = scenario.login?.(parts)
    const realm = typeof scenario.realm === 'function' ? scenario.realm(parts) : scenario.realm
    this.#router = new Router({
      clock: this.#clock,
      random,
      realms: [{ name: 'realm1', ...realm }, { name: 'realm2' }],
      limits: scenario.limits,
    })
  }

  async steps(): Promise<void> {
    for (const [at, step] of this.#scenario.steps.entries()) {
      try {
        await this.#step(step)
      } catch (error) {
        const where = `step ${at + 1} of ${this.#scenario.steps.length}, ${describe(step)}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      }
    }
  }

  /** What a link could not say. */
  get loss(): string | undefined {
    return [...this.#links.values()].map((link) => link.loss).find((loss) => loss !== undefined)
  }

  end(): void {
    for (const link of this.#links.values()) if (!link.isClosed) link.cut()
  }

  async #step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'attach':
        return this.#attach(step.who, step.frameBytesMax, step.link)
      case 'send': {
        const link = await this.#sender(step.who)
        return link.send(fillIn(step.message, this.#bindings) as unknown[])
      }
      case 'raw':
        return (await this.#sender(step.who)).sendRaw(step.frame)
      case 'expect':
        return this.#expect(step.who, step.messages)
      case 'silence':
        return this.#silence(step.who)
      case 'closed':
        return this.#closed(step.who)
      case 'drop':
        return this.#drop(step.who)
      case 'advance':
        await this.#settle()
        return this.#clock.advance(step.ms)
      case 'shutdown':
        await this.#settle()
        return this.#router.close(() => {})
      case 'check':
        await this.#settle()
        if (!step.holds(this.#router)) throw new Error('it does not hold')
    }
  }

  async #attach(who: string, frameBytesMax: number | undefined, link: Partial<RouterLink> | undefined): Promise<void> {
    if (frameBytesMax !== undefined && this.#way.way === 'core') throw new Error('the core has no frames; leave out the way "core"')
    await this.#settle()
    const onGone = (address: string): void => {
      this.#gone.add(address)
      this.#onGone()
    }
    const info = { login: this.#login, link: { ...BARE_LINK, ...link } }
    const index = this.#linkIndex++
    const request = { router: this.#router, info, index, isJson: hasFrames(this.#scenario), frameBytesMax, onGone }
    this.#links.set(who, await this.#way.open(request))
  }

  #link(who: string): Link {
    const link = this.#links.get(who)
    if (link === undefined) throw new Error(`there is no "${who}"; attach or join it first`)
    return link
  }

  /** The link of `who`, when everything that another one sent has been processed. */
  async #sender(who: string): Promise<Link> {
    const link = this.#link(who)
    if (this.#lastSender !== undefined && this.#lastSender !== link) await this.#lastSender.ping?.()
    this.#lastSender = link
    return link
  }

  async #expect(who: string, messages: readonly (readonly unknown[])[]): Promise<void> {
    const link = this.#link(who)
    if (link.ping !== undefined) await this.#until(link, () => link.inbox.length >= messages.length || link.isClosed)
    const wanted = [...messages]
    while (wanted.length > 0) {
      const got = link.inbox.shift()
      const expected = wanted.map(show).join('\n      or ')
      if (got === undefined) throw new Error(`nothing arrived${link.isClosed ? ', and it is closed' : ''}\n    expected ${expected}`)
      const at = wanted.findIndex((message) => matchMessage(message, got, this.#bindings))
      if (at < 0) throw new Error(`something else arrived\n    expected ${expected}\n    received ${show(got)}${rest(link)}`)
      wanted.splice(at, 1)
    }
  }

  async #silence(who: readonly string[]): Promise<void> {
    await this.#settle()
    for (const name of who) {
      const link = this.#link(name)
      if (link.inbox.length > 0) throw new Error(`"${name}" received${rest(link)}`)
    }
  }

  async #closed(who: string): Promise<void> {
    const link = this.#link(who)
    if (link.ping !== undefined) await this.#until(link, () => link.isClosed)
    if (link.inbox.length > 0) throw new Error(`"${who}" received before the end${rest(link)}`)
    if (!link.isClosed) throw new Error(`"${who}" is still open`)
  }

  async #drop(who: string): Promise<void> {
    const link = this.#link(who)
    await this.#settle()
    link.cut()
    const { address } = link
    if (address === undefined) return
    // The router learns of it from the network.
    await new Promise<void>((resolve, reject) => {
      const guard = setTimeout(() => reject(new Error(`the router did not notice within ${GUARD_MS} ms`)), GUARD_MS)
      this.#onGone = () => {
        if (!this.#gone.has(address)) return
        clearTimeout(guard)
        resolve()
      }
      this.#onGone()
    })
  }

  /** Waits until all that was sent has been processed, and all that follows from it has arrived. */
  async #settle(): Promise<void> {
    const links = [...this.#links.values()].filter((link) => link.ping !== undefined && !link.isClosed)
    if (links.length === 0) return
    await Promise.all(links.map((link) => link.ping!()))
    // The router's side writes in the check phase of the loop; when this resolves it has written all that the pings found.
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all(links.map((link) => link.ping!()))
  }

  #until(link: Link, holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const guard = setTimeout(resolve, GUARD_MS) // what is missing then is told by the caller
      link.onChange = () => {
        if (!holds()) return
        clearTimeout(guard)
        link.onChange = () => {}
        resolve()
      }
      link.onChange()
    })
  }
}

function rest(link: Link): string {
  return link.inbox.map((message) => `\n    then     ${show(message)}`).join('')
}

function describe(step: Step): string {
  switch (step.kind) {
    case 'attach':
    case 'drop':
    case 'closed':
      return `${step.kind}("${step.who}")`
    case 'expect':
      return `expect("${step.who}")`
    case 'send':
      return `send("${step.who}", ${step.message.map(show).join(', ')})`
    case 'raw':
      return `raw("${step.who}", ${show(step.frame)})`
    case 'silence':
      return `silence(${step.who.map(show).join(', ')})`
    case 'advance':
      return `advance(${step.ms})`
    case 'shutdown':
      return 'shutdown'
    case 'check':
      return `check "${step.description}"`
  }
}
