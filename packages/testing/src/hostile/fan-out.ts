// An event for ten thousand subscribers must not keep everybody else waiting: no turn of the router's loop may take more than
// 20 ms, and every socket keeps its own order.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { MessageType } from '@crosspoint/protocol'
import { atMost, type Check, exactly, type Finding, until } from './check.ts'
import type { Answer, Question } from './fan-out-router.ts'
import { openFilesMax } from './half-open.ts'
import { ListSession } from './socket-line.ts'

const SUBSCRIBERS = 10_000
const AT_ONCE = 100
const ROUNDS_MAX = 3
const BLOCKED_MS_MAX = 20
const EVENTS = 12
const WARM_EVENTS = 4 // compiles the code, and collects what joining left

/** How the events are published: each reaches the subscribers on another path of the router. */
const WAYS: readonly {
  readonly name: string
  readonly options: object
  readonly pad: string
  readonly burst: number
  readonly rejoins?: true
}[] = [
  { name: 'one event at a time', options: {}, pad: '', burst: 1 },
  { name: 'bursts of 4', options: {}, pad: '', burst: 4 },
  { name: 'events of 2000 bytes', options: {}, pad: 'x'.repeat(2000), burst: 1 },
  { name: 'events that exclude somebody', options: { exclude: [1] }, pad: '', burst: 1 },
  { name: 'events after a subscriber came or went', options: {}, pad: '', burst: 1, rejoins: true },
]

class Audience {
  received = 0
  outOfOrder = 0
  #subscribers: ListSession[] = []
  #last: number[] = []
  #leaver: ListSession | undefined
  #leaverRequest = 1
  #subscription = 0

  static async open(port: number, count: number): Promise<Audience> {
    const audience = new Audience()
    for (let from = 0; from < count; from += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => audience.#join(port, from + index)))
    }
    audience.#leaver = await ListSession.open(port, 'websocket')
    return audience
  }

  async #join(port: number, index: number): Promise<void> {
    const session = await ListSession.open(port, 'websocket')
    const [, , subscription] = await session.ask([MessageType.SUBSCRIBE, 1, {}, 'com.crowd'])
    this.#subscription = subscription as number
    this.#last[index] = -1
    session.onMessage = (message) => {
      const [number] = message[4] as [number]
      if (number !== this.#last[index]! + 1) this.outOfOrder++
      this.#last[index] = number
      this.received++
    }
    this.#subscribers.push(session)
  }

  /** One more subscriber comes, and goes again. */
  async rejoin(): Promise<void> {
    await this.#leaver!.ask([MessageType.SUBSCRIBE, this.#leaverRequest++, {}, 'com.crowd'])
    await this.#leaver!.ask([MessageType.UNSUBSCRIBE, this.#leaverRequest++, this.#subscription])
  }

  close(): void {
    for (const session of this.#subscribers) session.close()
    this.#leaver?.close()
  }
}

/** Starts the router's process; `ask` gets its next answer. */
async function startRouter(): Promise<{ port: number; child: ChildProcess; ask(question: Question): Promise<Answer> }> {
  // The flag is the one that the node sets for itself (node/src/young-heap.ts).
  const execArgv = ['--conditions=@crosspoint/source', '--semi-space-growth-factor=1']
  const child = fork(join(import.meta.dirname, 'fan-out-router.ts'), { execArgv })
  const next = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error('The router of the fan-out check has ended'))
      child.once('exit', failed)
      child.once('message', (answer) => {
        child.off('exit', failed)
        resolve(answer as Answer)
      })
    })
  const first = (await next()) as { port: number }
  return {
    port: first.port,
    child,
    ask: (question) => {
      const answer = next()
      child.send(question)
      return answer
    },
  }
}

export const fanOut: Check = {
  name: 'fan-out',
  async run(): Promise<readonly Finding[]> {
    const count = Math.min(SUBSCRIBERS, openFilesMax())
    const scaled = count < SUBSCRIBERS ? ` (scaled from ${SUBSCRIBERS}: the limit of open files)` : ''
    const router = await startRouter()
    try {
      const audience = await Audience.open(router.port, count)
      const publisher = await ListSession.open(router.port, 'websocket')
      let number = 0
      const publish = async (way: (typeof WAYS)[number], events: number): Promise<void> => {
        for (let sent = 0; sent < events; sent += way.burst) {
          if (way.rejoins) await audience.rejoin()
          publisher.line.socket.cork()
          for (let n = 0; n < way.burst; n++)
            publisher.send([MessageType.PUBLISH, number + 1, way.options, 'com.crowd', [number++, way.pad]])
          publisher.line.socket.uncork()
          await until('the event at all subscribers', () => audience.received === number * count, 60_000)
        }
      }
      const findings: Finding[] = []
      for (const way of WAYS) {
        await publish(way, WARM_EVENTS)
        // Whatever else runs on the machine can only make a turn longer, and not each time; what the router does is there
        // each time. So a turn that was too long is looked at again.
        let longestMs = Number.POSITIVE_INFINITY
        let delayMs = 0
        for (let round = 0; round < ROUNDS_MAX && longestMs > BLOCKED_MS_MAX; round++) {
          await router.ask('begin')
          await publish(way, EVENTS)
          const answer = (await router.ask('end')) as { longestMs: number; delayMs: number }
          longestMs = Math.min(longestMs, answer.longestMs)
          delayMs = answer.delayMs
        }
        const what = `${way.name} to ${count} subscribers${scaled}: the longest turn of the loop (delay with all that runs here ${delayMs.toFixed(1)} ms)`
        findings.push(atMost(what, longestMs, BLOCKED_MS_MAX, 'ms', 1))
      }
      findings.push(exactly(`events out of order at their socket, of ${audience.received}`, audience.outOfOrder, 0, 'events'))
      publisher.close()
      audience.close()
      return findings
    } finally {
      router.child.disconnect()
    }
  },
}
