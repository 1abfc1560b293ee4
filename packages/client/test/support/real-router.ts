// A real router in virtual time, and clients whose transport a test can cut.

import { jsonSerializer, MemoryTransport } from '@crosspoint/protocol'
import { BARE_LINK, type Link, type LoginOptions, type RealmOptions, Router } from '@crosspoint/router'
import { Client, type ClientOptions } from '../../src/index.ts'
import { SILENT } from './fake-router.ts'
import { SeededRandom, settle, VirtualClock } from './virtual-clock.ts'

export class RealWorld {
  readonly clock = new VirtualClock()
  readonly router: Router
  #isReachable = true
  #links: MemoryTransport[] = []
  /** What the router sends over links opened now waits until `deliver`. */
  isSlow = false
  /** How those log in who join from now on. */
  login: LoginOptions | undefined = undefined
  /** What both ends know of the links opened from now on, such as the channel. */
  link: Partial<Link> = {}

  constructor(realm: Partial<RealmOptions> = {}) {
    this.router = new Router({ clock: this.clock, random: new SeededRandom(1), realms: [{ name: 'realm1', ...realm }] })
  }

  /** A client that has joined. */
  async join(options: ClientOptions = {}): Promise<Client> {
    const transport = async () => {
      if (!this.#isReachable) throw new Error('the cable is cut')
      const [ours, theirs] = MemoryTransport.pair()
      this.#links.push(ours)
      if (this.isSlow) ours.pause()
      const { channelId } = this.link
      if (channelId !== undefined) Object.assign(ours, { channelId })
      this.router.attach(theirs, jsonSerializer, { login: this.login, link: { ...BARE_LINK, ...this.link } })
      return { transport: ours, serializer: jsonSerializer }
    }
    const client = new Client({ transport, clock: this.clock, random: new SeededRandom(2), logger: SILENT, ...options })
    await client.start()
    return client
  }

  /** Cuts the newest link that was opened, or the one before it, and so on; and no link can be opened any more. */
  cut(back = 0): void {
    this.#isReachable = false
    this.#links[this.#links.length - 1 - back]!.close('the cable was cut')
  }
  /** Links can be opened again. */
  mend(): void {
    this.#isReachable = true
  }
  /** What the router has sent over the newest link arrives. */
  deliver(): void {
    this.#links.at(-1)!.resume()
  }
  /** Lets time pass, and promises run. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
    await settle()
  }
}
