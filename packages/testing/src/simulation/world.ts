// The world of one seed: the router, its clients and the network between them, on virtual time. Whatever enters the router is
// one turn, and after every turn the model says whether what came out is right.

import { type Message, MessageType, ProtocolViolation, type Uri } from '@crosspoint/protocol'
import { type LoginOptions, Router } from '@crosspoint/router'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { Chance } from './chance.ts'
import type { Operation } from './feature.ts'
import { ALL_FEATURES } from './features/all.ts'
import { Finding } from './finding.ts'
import { Link, type LinkHost } from './link.ts'
import type { Ask } from './model/guard.ts'
import type { Lookup } from './model/logins.ts'
import { Model } from './model/model.ts'
import { modelRealm } from './model/realm.ts'
import { Turn } from './model/turn.ts'
import { type ClientHost, RawClient, type RealmNews } from './raw-client.ts'
import { RealClient, type RealClientHost } from './real-client.ts'
import { RouterClock, Scheduler } from './scheduler.ts'
import { drawLink, drawSettings, FRAME_BYTES_MAX, type Room, type Settings } from './settings.ts'
import { type AuthorizerHost, SimulatedAuthorizer } from './simulated-authorizer.ts'
import { type PrincipalsHost, SimulatedPrincipals } from './simulated-principals.ts'
import { Trace } from './trace.ts'

const OPERATIONS: readonly Operation[] = ALL_FEATURES.flatMap((feature) => feature.operations)

export class World implements LinkHost, ClientHost, RealClientHost, AuthorizerHost, PrincipalsHost {
  readonly chance: Chance
  readonly scheduler = new Scheduler()
  readonly features = ALL_FEATURES
  readonly settings: Settings
  readonly trace = new Trace()
  readonly clock: RouterClock
  readonly router: Router
  readonly model: Model
  readonly clients: readonly RawClient[]
  readonly realClients: readonly RealClient[]
  readonly sessionIds: number[] = []
  isCalm = false
  /** Events so far: inputs of the router, frames that it sent, acts of clients, faults of the network. */
  events = 0
  readonly #realLinks = new Set<Link>()
  /** Links that may still have something to say. */
  readonly #links = new Set<Link>()
  readonly #all: Link[] = []
  readonly #authorizers: SimulatedAuthorizer[] = []
  readonly #principals: SimulatedPrincipals
  readonly #login: LoginOptions
  /** A real client was told something, and may have promises to settle. */
  #hasActed = false
  /** What was found where throwing would have reached nobody. */
  #finding: string | undefined
  #tags = 0

  constructor(seed: number) {
    this.chance = new Chance(seed)
    this.settings = drawSettings(this.chance, OPERATIONS, () => {
      const authorizer = new SimulatedAuthorizer(this)
      this.#authorizers.push(authorizer)
      return authorizer
    })
    const { limits, realms } = this.settings
    this.#principals = new SimulatedPrincipals(this)
    this.#login = this.#principals.login(seed, new SeededRandom(seed ^ 0x2545f491))
    this.clock = new RouterClock(this.scheduler, (timer, fire) => {
      this.#turn('a timer fired', undefined, fire, (turn) => this.model.fired(turn, timer))
    })
    // The router draws from a seed of its own: what it draws does not change what the world does.
    this.router = new Router({ clock: this.clock, random: new SeededRandom(seed ^ 0x5bd1e995), realms, limits })
    this.model = new Model(limits, realms.map(modelRealm), ALL_FEATURES)
    this.clients = Array.from(
      { length: this.settings.rawClients },
      (_, index) => new RawClient(this, index, this.chance.is(this.settings.misbehavingPercent)),
    )
    for (const client of this.clients) this.#think(client)
    this.realClients = Array.from({ length: this.settings.realClients }, (_, index) => new RealClient(this, index, seed + index))
    for (const client of this.realClients) this.#thinkReal(client)
    this.#planFault()
    this.#planShutdown()
  }

  /** Does what is due next; false when nothing is. */
  step(): boolean {
    return this.scheduler.step()
  }

  /** One more event, and a line of the trace. */
  #count(text: string, message?: Message, bytes?: Uint8Array): void {
    this.trace.add(++this.events, this.scheduler.now, text, message, bytes)
  }

  /** Lets promises go on, if something happened that may have settled some. */
  async settle(): Promise<void> {
    while (this.#hasActed) {
      this.#hasActed = false
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (this.#finding !== undefined) throw new Finding(this.#finding)
  }
  acted(): void {
    this.#hasActed = true
  }
  report(finding: string): void {
    this.#finding ??= finding
  }

  /** No more faults, and nobody does anything of its own accord. */
  beginCalm(): void {
    this.isCalm = true
    this.#count('calm')
    for (const link of this.#all) link.calm()
    for (const authorizer of this.#authorizers) authorizer.calm()
    this.#principals.calm()
  }

  // --- What clients need ---

  connect(room?: Room, loginPercent = this.settings.loginPercent): Link {
    const settings = drawLink(this.chance, loginPercent)
    const link = new Link(this.#all.length, room === undefined ? settings : { ...settings, frameBytesMax: FRAME_BYTES_MAX[room] }, this)
    if (this.isCalm) link.calm()
    this.#links.add(link)
    this.#all.push(link)
    this.#turn(
      `link ${link.index} opened`,
      undefined,
      () => this.router.attach(link, link.serializer, { peer: `link ${link.index}`, login: link.hasLogin ? this.#login : undefined }),
      (turn) => this.model.attached(turn, link),
    )
    return link
  }

  connectReal(room?: Room): Link {
    const link = this.connect(room, 0)
    this.#realLinks.add(link)
    return link
  }

  drawRealm(): RealmNews {
    const { name, requestIds, resume, topics = [] } = this.chance.pick(this.settings.realms)
    const hasShards = topics.every(({ slow }) => slow === undefined)
    return { name, isStrict: requestIds === 'strict', hasShards, mayResume: resume !== undefined }
  }

  tag(): string {
    return `#${this.#tags++}`
  }

  /** A client does something after a while, and then thinks again. */
  #think(client: RawClient): void {
    this.scheduler.after(this.chance.between(1, this.settings.thinkMsMax), () => {
      if (this.isCalm) return
      const isOutside = client.state === 'away' || client.state === 'paused' || (client.state === 'silent' && this.chance.is(30))
      if (isOutside || client.state === 'joined') this.#act(client, isOutside)
      this.#think(client)
    })
  }

  #thinkReal(client: RealClient): void {
    this.scheduler.after(this.chance.between(1, this.settings.thinkMsMax), () => {
      if (this.isCalm) return
      client.act()
      this.#count(`real client ${client.index} acts`)
      this.#thinkReal(client)
    })
  }

  #act(client: RawClient, isOutside: boolean): void {
    const weightOf = (operation: Operation): number => {
      if ((operation.isOutside ?? false) !== isOutside) return 0
      if (operation.isMisbehaviour && !client.isMisbehaving) return 0
      return this.settings.weights.get(operation)!
    }
    const operation = this.chance.weighted(OPERATIONS, weightOf)
    if (operation === undefined) return
    this.#count(`client ${client.index}: ${operation.name}`)
    operation.run(client)
  }

  // --- Faults ---

  #planFault(): void {
    const { faultMsMax } = this.settings
    if (faultMsMax === 0) return
    this.scheduler.after(this.chance.between(1, faultMsMax), () => {
      if (this.isCalm) return
      const links = [...this.#links].filter((link) => !link.isOver)
      if (links.length > 0) this.#fault(this.chance.pick(links))
      this.#planFault()
    })
  }

  #fault(link: Link): void {
    const { chance } = this
    const faults: readonly [string, number, () => void][] = [
      ['stalls towards the router', 4, () => link.stallUp(chance.between(10, 500))],
      ['stalls towards the client', 4, () => link.stallDown(chance.between(10, 2000))],
      ['reads slowly', 5, () => link.slowDown(chance.between(1, 20))],
      ['is cut', 2, () => link.cut()],
    ]
    const [name, , act] = chance.weighted(faults, ([, weight]) => weight)!
    this.#count(`fault: link ${link.index} ${name}`)
    act()
  }

  /** Now and then a realm sends everybody away. */
  #planShutdown(): void {
    this.scheduler.after(this.chance.between(500, 20_000), () => {
      if (this.isCalm) return
      if (this.chance.is(50)) this.closeRealm(this.chance.pick(this.settings.realms).name)
      this.#planShutdown()
    })
  }

  closeRealm(name: Uri): void {
    this.#turn(
      `${name} was closed`,
      undefined,
      () => this.router.realm(name)!.close('wamp.close.system_shutdown'),
      (turn) => this.model.closeRealm(turn, this.model.realms.get(name)!),
    )
  }

  closeRouter(onClosed: () => void): void {
    this.#turn(
      'the router was closed',
      undefined,
      () => this.router.close(onClosed),
      (turn) => this.model.closeRouter(turn),
    )
  }

  // --- What enters the router ---

  arrived(link: Link, frame: Uint8Array, deliver: () => void): void {
    let decoded: Message | ProtocolViolation
    try {
      decoded = link.serializer.decode(frame)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      decoded = error
    }
    const message = decoded instanceof Error ? undefined : decoded
    this.#count(`link ${link.index} ──► ${message ? '' : 'no message'}`, message, frame)
    if (this.#realLinks.has(link) && message?.type === MessageType.ABORT && message.reason === 'wamp.error.protocol_violation') {
      throw new Finding(`The client of link ${link.index} found a violation in what the router sent: ${message.details['message']}`)
    }
    const input = `link ${link.index} sent ${message ? 'a message' : 'what is no message'}`
    this.#turn(input, message, deliver, (turn) => this.model.received(turn, link, decoded))
  }

  lost(link: Link, reason: string, tell: () => void): void {
    this.#count(`link ${link.index} is gone: ${reason}`)
    this.#turn(`link ${link.index} was gone`, undefined, tell, (turn) => this.model.lost(turn, link))
  }

  drained(link: Link, tell: () => void): void {
    this.#turn(`what waited for link ${link.index} had left`, undefined, tell, (turn) => this.model.drained(turn, link))
  }

  asked(ask: Ask): void {
    this.model.guard.asked(ask)
  }
  decided(ask: Ask, tell: () => void): void {
    const input = `it was ${ask.decision} that session ${ask.sessionId} may ${ask.action} ${ask.uri}`
    this.#count(input)
    this.#turn(input, undefined, tell, (turn) => this.model.decided(turn, ask))
  }

  lookedUp(lookup: Lookup): void {
    this.model.logins.lookedUp(lookup)
  }
  found(lookup: Lookup, tell: () => void): void {
    const input = `a principal was looked up: ${lookup.result}`
    this.#count(input)
    this.#turn(input, undefined, tell, (turn) => this.model.logins.found(turn, lookup))
  }

  /** One input, and what comes of it. */
  #turn(input: string, message: Message | undefined, run: () => void, predict: (turn: Turn) => void): void {
    const turn = new Turn(this.scheduler.now, input, message)
    this.clock.created = []
    for (const link of this.#links) link.bufferedBefore = link.bufferedBytes
    try {
      run()
    } catch (error) {
      if (error instanceof Finding) throw error
      throw new Finding(`After ${turn.describeInput()}, the router threw ${(error as Error).stack}`, { cause: error })
    }
    const closed = new Set<Link>()
    for (const link of this.#links) {
      for (const frame of link.takeUnseen()) this.#came(turn, link, frame)
      if (!link.isOver) continue
      this.#links.delete(link)
      if (link.isClosedByRouter) closed.add(link)
    }
    predict(turn)
    this.model.finish(turn)
    turn.end(closed)
    this.model.check(turn)
    this.model.checkTimers(turn, this.clock.created, this.clock.live)
  }

  #came(turn: Turn, link: Link, frame: Uint8Array): void {
    let message: Message
    try {
      message = link.serializer.decode(frame)
    } catch (error) {
      throw new Finding(`After ${turn.describeInput()}, link ${link.index} got what is no message: ${(error as Error).message}`)
    }
    this.#count(`link ${link.index} ◄── `, message, frame)
    if (message.type === MessageType.WELCOME) this.sessionIds.push(message.sessionId)
    turn.came(link, message, link.bytesOf(frame.length))
  }
}
