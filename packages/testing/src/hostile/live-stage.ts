// A router with a live listener in this process, so that an exception that nobody caught is seen, and well-behaved sessions
// on every kind of line that talk while others misbehave. At the end nothing of the others may be left.

import { cborSerializer, jsonSerializer, msgpackSerializer, type Serializer } from '@crosspoint/protocol'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import { createListener, type Listener } from '@crosspoint/transport'
import { until } from './check.ts'
import type { Format } from './corpus.ts'
import { GoodTalk } from './good-talk.ts'
import { KINDS, type Kind, openPeerLine } from './socket-line.ts'

export const CLOSED_WITHIN_MS = 10_000

/** Who talks well: every serializer on plain sockets, some of them on the rest. */
function talkers(serializers: readonly Serializer[]): (readonly [Kind, Serializer])[] {
  return [
    ...KINDS.flatMap((kind) => serializers.map((serializer) => [kind, serializer] as const)),
    ['batched', jsonSerializer],
    ['batched', cborSerializer],
    ['longpoll', jsonSerializer],
    ['longpoll-batched', msgpackSerializer],
  ]
}

export class LiveStage {
  readonly faults: string[] = []
  readonly #seed: number
  readonly #serializers: readonly Serializer[]
  readonly #router: Router
  readonly #listener: Listener
  #talk: GoodTalk | undefined

  /** Offers `formats`; `seed` is for the faults that it reports. */
  constructor(seed: number, formats: readonly Format[]) {
    this.#seed = seed
    this.#serializers = formats.map(({ serializer }) => serializer)
    this.#router = new Router({
      clock: systemClock,
      random: systemRandom,
      realms: [{ name: 'realm1' }, { name: 'lenient', requestIds: 'lenient' }],
    })
    this.#listener = createListener({
      endpoint: { port: 0 },
      serializers: this.#serializers,
      longPollPaths: ['/lp'],
      onTransport: (transport, serializer, info) => this.#router.attach(transport, serializer, { peer: info.peer }),
    })
  }

  get talk(): GoodTalk {
    return this.#talk!
  }
  get port(): number {
    return this.#listener.port!
  }

  fault(what: string, bytes?: Uint8Array): void {
    const shown = bytes === undefined ? '' : `; ${Buffer.from(bytes.subarray(0, 300)).toString('hex')} (${bytes.length} bytes)`
    this.faults.push(`seed ${this.#seed}: ${what}${shown}`)
  }

  /** Runs `work` while the well-behaved talk, and sees that all is well after. */
  async run(work: () => Promise<unknown>): Promise<void> {
    const caught = (error: unknown): void =>
      this.fault(`an exception nobody caught: ${error instanceof Error ? error.stack : String(error)}`)
    process.on('uncaughtException', caught)
    process.on('unhandledRejection', caught)
    await this.#listener.listen()
    try {
      const lines = await Promise.all(talkers(this.#serializers).map(([kind, serializer]) => openPeerLine(this.port, kind, serializer)))
      this.#talk = new GoodTalk(lines, 'realm1')
      await until('the well-behaved to be ready', () => this.talk.isReady)
      let isOver = false
      const talking = this.#keepTalking(() => isOver)
      await work()
      isOver = true
      await talking
      this.faults.push(...this.talk.faults)
      this.talk.close()
      await until('all sessions to be gone', () => this.#router.peerCount === 0, 15_000).catch((error: Error) => this.fault(error.message))
    } finally {
      await this.#listener.close()
      process.off('uncaughtException', caught)
      process.off('unhandledRejection', caught)
    }
    for (const name of ['realm1', 'lenient']) {
      const { broker, dealer } = this.#router.realm(name)!
      if (broker.size + dealer.size > 0) this.fault(`${broker.size} subscriptions and ${dealer.size} registrations are left in ${name}`)
    }
  }

  async #keepTalking(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      this.talk.step()
      try {
        await until('a round of the well-behaved', () => this.talk.isIdle, CLOSED_WITHIN_MS)
      } catch {
        this.fault(`the well-behaved miss something: ${JSON.stringify(this.talk.counts)}`)
        return
      }
    }
  }
}
