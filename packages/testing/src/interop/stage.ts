// The stage of a feature: two programs, the sessions that they hold, and what they have said unasked.

import type { Dict } from '@crosspoint/client/node'
import { type Asked, type Behaviour, type LoginWith, NoAnswer, type Notice, type Peer, type RingKey } from './line-protocol.ts'

const NOTICE_MS = 4_000

/** One session of a program. */
export class Actor {
  readonly id: number
  readonly #peer: Peer
  readonly #board: Board
  readonly #session: string

  constructor(peer: Peer, board: Board, session: string, id: number) {
    this.#peer = peer
    this.#board = board
    this.#session = session
    this.id = id
  }

  /** Calls; gives the whole answer. */
  call(procedure: string, args: readonly unknown[] = [], more: Dict = {}): Promise<Answer> {
    return this.begin(procedure, args, more).answer as unknown as Promise<Answer>
  }

  /** Calls; the id is for `cancel`. */
  begin(procedure: string, args: readonly unknown[] = [], more: Dict = {}): Asked {
    return this.#ask('call', { procedure, args, kwargs: {}, options: {}, ...more })
  }

  cancel(call: number, mode: string): Promise<Dict> {
    return this.#ask('cancel', { call, mode }).answer
  }

  register(procedure: string, run: Behaviour, more: Dict = {}): Promise<Dict> {
    return this.#ask('register', { procedure, run, options: {}, ...more }).answer
  }

  unregister(procedure: string): Promise<Dict> {
    return this.#ask('unregister', { procedure }).answer
  }

  subscribe(topic: string, options: Dict = {}): Promise<Dict> {
    return this.#ask('subscribe', { topic, options }).answer
  }

  unsubscribe(topic: string): Promise<Dict> {
    return this.#ask('unsubscribe', { topic }).answer
  }

  publish(topic: string, args: readonly unknown[] = [], options: Dict = {}, kwargs: Dict = {}): Promise<Dict> {
    return this.#ask('publish', { topic, args, kwargs, options }).answer
  }

  leave(): Promise<Dict> {
    return this.#ask('leave', {}).answer
  }

  /** The next event of a subscription. */
  event(topic: string): Promise<Notice> {
    return this.#board.next(`event ${this.#session} ${topic}`)
  }

  /** Whether an event of a subscription waits to be taken. */
  hasEvent(topic: string): boolean {
    return this.#board.has(`event ${this.#session} ${topic}`)
  }

  /** Waits until its `slow` procedure has been invoked or interrupted. */
  async told(what: 'invoked' | 'interrupted', procedure: string): Promise<void> {
    await this.#board.next(`${what} ${procedure}`)
  }

  wasTold(what: 'invoked' | 'interrupted', procedure: string): boolean {
    return this.#board.has(`${what} ${procedure}`)
  }

  #ask(what: Parameters<Peer['ask']>[0]['do'], more: Dict): Asked {
    return this.#peer.ask({ do: what, session: this.#session, ...more })
  }
}

export interface Answer {
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  readonly progress: readonly (readonly unknown[])[]
}

/** What a program has said unasked, kept until somebody takes it. */
class Board {
  readonly #notices = new Map<string, Notice[]>()
  readonly #takers = new Map<string, ((notice: Notice) => void)[]>()

  constructor(peer: Peer) {
    peer.onNotice = (notice) => this.#put(notice)
  }

  has(key: string): boolean {
    return (this.#notices.get(key)?.length ?? 0) > 0
  }

  next(key: string): Promise<Notice> {
    const notice = this.#notices.get(key)?.shift()
    if (notice !== undefined) return Promise.resolve(notice)
    return new Promise((resolve, reject) => {
      const guard = setTimeout(() => reject(new Error(`${key}: not within ${NOTICE_MS} ms`)), NOTICE_MS)
      const take = (given: Notice) => {
        clearTimeout(guard)
        resolve(given)
      }
      this.#takers.set(key, [...(this.#takers.get(key) ?? []), take])
    })
  }

  #put(notice: Notice): void {
    const key =
      notice.event !== undefined
        ? `event ${notice.session} ${notice.event}`
        : notice.invoked !== undefined
          ? `invoked ${notice.invoked}`
          : `interrupted ${notice.interrupted}`
    const take = this.#takers.get(key)?.shift()
    if (take !== undefined) return take(notice)
    this.#notices.set(key, [...(this.#notices.get(key) ?? []), notice])
  }
}

/** Whose session: that of the program that the matrix is about, or the other one's. */
export type SideName = 'subject' | 'other'

/** Two programs at one router. Sessions last from feature to feature, until one fails. */
export class Stage {
  readonly #prefix: string
  readonly #subject: Peer
  readonly #other: Peer
  readonly #boards: ReadonlyMap<Peer, Board>
  readonly #open = new Map<string, Actor>()
  #count = 0

  /** `prefix` begins all URIs, so that several stages fit into one realm. */
  constructor(prefix: string, subject: Peer, other: Peer) {
    this.#prefix = prefix
    this.#subject = subject
    this.#other = other
    this.#boards = new Map([
      [subject, new Board(subject)],
      [other, new Board(other)],
    ])
  }

  /** The session of the program that the matrix is about. */
  subject(): Promise<Actor> {
    return this.#kept('subject', this.#subject)
  }

  /** Another session of the same program. */
  second(): Promise<Actor> {
    return this.#kept('second', this.#subject)
  }

  /** The session on the other side. */
  other(): Promise<Actor> {
    return this.#kept('other', this.#other)
  }

  /** One more session of the program that the matrix is about. */
  another(realm?: string): Promise<Actor> {
    return this.#join(this.#subject, realm)
  }

  /** One more session of the other side. */
  anotherOther(): Promise<Actor> {
    return this.#join(this.#other)
  }

  /** One more session, with a key ring; without any keys it is one without encryption, which `crossed` hears as well. */
  withKeys(side: SideName, keys: readonly RingKey[]): Promise<Actor> {
    return this.#join(side === 'subject' ? this.#subject : this.#other, 'realm1', keys)
  }

  /** One more session of the program that the matrix is about, which logs in; gives who it is, as the router tells others. */
  async login(login: LoginWith): Promise<Dict> {
    const session = await this.#join(this.#subject, 'realm1', undefined, login)
    const { args } = await (await this.other()).call('wamp.session.get', [session.id])
    await session.leave().catch(() => {}) // how it leaves is the matter of another feature
    return args[0] as Dict
  }

  /** Whether a text went as it is over a connection of a session that `withKeys` has made on our side. */
  crossed(text: string): boolean {
    const ears = [this.#subject, this.#other].filter((peer) => peer.crossed !== undefined)
    if (ears.length === 0) throw new Error('Cannot tell what crossed the wire: neither side is our client')
    return ears.some((peer) => peer.crossed!(text))
  }

  /** A URI that no other feature uses. */
  uri(name: string): string {
    return `${this.#prefix}.n${++this.#count}.${name}`
  }

  /** After a failure nobody knows what state the sessions are in: the next feature gets new ones. */
  async renew(): Promise<void> {
    const former = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(former.map((actor) => Promise.race([actor.leave().catch(() => {}), delay(500)])))
  }

  async #kept(name: string, peer: Peer): Promise<Actor> {
    const actor = this.#open.get(name) ?? (await this.#join(peer))
    this.#open.set(name, actor)
    return actor
  }

  async #join(peer: Peer, realm = 'realm1', keys?: readonly RingKey[], login?: LoginWith): Promise<Actor> {
    const session = `s${++this.#count}`
    if (keys !== undefined) await peer.ask({ do: 'keyring', session, keys }).answer
    const join = () => peer.ask({ do: 'join', session, realm, ...(login !== undefined && { login }) }).answer
    // One library loses a WELCOME now and then (clients.ts); that must not be a matter of the feature that needs the session.
    const { id } = await join().catch((error) => (error instanceof NoAnswer ? join() : Promise.reject(error)))
    return new Actor(peer, this.#boards.get(peer)!, session, id as number)
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
