// What a long-poll client can do wrong with requests that are in order by themselves: two receives at once, bodies that come
// slowly or break off, answers that nobody takes, too many requests. Each scene has a session of its own and gives its faults.

import { connect, type Socket } from 'node:net'
import { jsonSerializer, MessageType } from '@crosspoint/protocol'
import { ask } from '../raw-clients.ts'
import { ALL_ROLES, decodeList } from './good-talk.ts'
import { LongPollLine } from './longpoll-line.ts'

const EVENTS = 20
const JOBS_MAX = 16
const LARGE_BYTES = 3_000_000

/** A session whose requests are made one by one. */
class Hand {
  readonly port: number
  readonly line: LongPollLine
  #request = 1

  private constructor(port: number, line: LongPollLine) {
    this.port = port
    this.line = line
  }

  static async open(port: number): Promise<Hand> {
    const hand = new Hand(port, await LongPollLine.deaf(port, 'longpoll', jsonSerializer))
    await hand.send([MessageType.HELLO, 'realm1', { roles: ALL_ROLES }])
    await hand.receive()
    await hand.send([MessageType.SUBSCRIBE, hand.next(), {}, `com.scene.${hand.line.client.transport}`])
    await hand.receive()
    return hand
  }

  next(): number {
    return this.#request++
  }
  /** An event for this session itself. */
  publish(pad = ''): string {
    const number = this.next()
    return JSON.stringify([MessageType.PUBLISH, number, { exclude_me: false }, `com.scene.${this.line.client.transport}`, [number, pad]])
  }
  async send(list: readonly unknown[] | string): Promise<number> {
    return (await this.line.client.ask('send', typeof list === 'string' ? list : JSON.stringify(list))).status
  }
  async receive(): Promise<{ status: number; message: unknown[] }> {
    const { status, body } = await this.line.client.ask('receive')
    return { status, message: status === 200 ? decodeList(jsonSerializer, body) : [] }
  }
  /** The beginning of a request on a connection of its own, which stays open. */
  begin(operation: string, length: number, body: string): Socket {
    const socket = connect(this.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /lp/${this.line.client.transport}/${operation} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n${body}`,
    )
    return socket
  }
  /** What was written before has been read: the router answers other requests of later connections. */
  async settle(): Promise<void> {
    for (let count = 0; count < 3; count++) await ask({ port: this.port, path: '/lp/settle' })
  }
  /** Receives what waits until `count` events are there; their numbers. */
  async events(count: number): Promise<number[]> {
    const numbers: number[] = []
    while (numbers.length < count) {
      const { status, message } = await this.receive()
      if (status !== 200) throw new Error(`A receive was answered with ${status} after ${numbers.length} of ${count} events`)
      numbers.push((message[4] as [number])[0])
    }
    return numbers
  }
  close(): Promise<unknown> {
    return this.line.client.close()
  }
}

/** Whether the session still works: an event goes round. */
async function stillWorks(hand: Hand, after: string): Promise<string[]> {
  const status = await hand.send(hand.publish())
  if (status !== 204) return [`a send after ${after} was answered with ${status}`]
  const { message } = await hand.receive()
  return message[0] === MessageType.EVENT ? [] : [`after ${after} came ${JSON.stringify(message).slice(0, 100)}`]
}

export interface Scene {
  readonly name: string
  /** How many requests it takes, about. */
  readonly requests: number
  play(port: number): Promise<string[]>
}

const scene = (name: string, requests: number, play: (hand: Hand) => Promise<string[]>): Scene => ({
  name,
  requests,
  async play(port) {
    const hand = await Hand.open(port)
    try {
      return (await play(hand)).map((fault) => `${name}: ${fault}`)
    } finally {
      await hand.close()
    }
  },
})

async function manyReceives(hand: Hand): Promise<string[]> {
  const faults: string[] = []
  const receives = Array.from({ length: 50 }, () => hand.receive())
  const numbers: number[] = []
  const sends = (async () => {
    for (let count = 0; count < EVENTS; count++) await hand.send(hand.publish())
  })()
  for (const { status, message } of await Promise.all(receives.slice(0, -1))) {
    if (status === 200) numbers.push((message[4] as [number])[0])
    else if (status !== 204) faults.push(`a receive was answered with ${status}`)
  }
  await sends
  const last = await receives.at(-1)!
  if (last.status === 200) numbers.push((last.message[4] as [number])[0])
  numbers.push(...(await hand.events(EVENTS - numbers.length)))
  const wanted = Array.from({ length: EVENTS }, (_, index) => index + 2)
  if (String(numbers.sort((a, b) => a - b)) !== String(wanted)) faults.push(`${numbers} arrived, not ${wanted}`)
  return faults
}

async function slowBody(hand: Hand): Promise<string[]> {
  const [first, second] = [hand.publish(), hand.publish()]
  const slow = hand.begin('send', first.length, first.slice(0, 10))
  await hand.settle()
  const later = hand.send(second) // strict request ids: if it overtook the slow one the session would end
  for (let at = 10; at < first.length; at += 7) {
    slow.write(first.slice(at, at + 7))
    await hand.settle()
  }
  const faults = (await later) === 204 ? [] : ['the send behind a slow one was refused']
  const numbers = await hand.events(2)
  slow.destroy()
  return String(numbers) === '2,3' ? faults : [...faults, `the events came as ${numbers}`]
}

async function brokenBody(hand: Hand): Promise<string[]> {
  const slow = hand.begin('send', 1000, '[16,')
  await hand.settle()
  const later = hand.send(hand.publish())
  slow.destroy()
  const faults = (await later) === 204 ? [] : ['the send behind a broken one was refused']
  await hand.events(1)
  return [...faults, ...(await stillWorks(hand, 'a body that broke off'))]
}

async function lostReceive(hand: Hand): Promise<string[]> {
  for (let count = 0; count < 3; count++) {
    const waiting = hand.begin('receive', 0, '')
    await hand.settle()
    waiting.destroy()
    await hand.settle()
  }
  const count = 5
  for (let at = 0; at < count; at++) await hand.send(hand.publish())
  const numbers = await hand.events(count)
  return String(numbers) === '2,3,4,5,6' ? [] : [`the events came as ${numbers}`]
}

async function cutAnswer(hand: Hand): Promise<string[]> {
  const waiting = hand.begin('receive', 0, '')
  const heard = new Promise((resolve) => waiting.once('data', resolve))
  await hand.settle()
  await hand.send(hand.publish('x'.repeat(LARGE_BYTES)))
  await heard
  waiting.destroy()
  await hand.settle()
  // Whether the answer was on its way still, or the network had taken all of it, is not known here.
  const status = await hand.send(hand.publish())
  if (status === 204) return String(await hand.events(1)) === '3' ? [] : ['the event after an answer that was cut is another one']
  return status === 404 ? [] : [`a send after the answer was cut got ${status}, not 404`]
}

async function tooMany(hand: Hand): Promise<string[]> {
  const sockets = Array.from({ length: JOBS_MAX }, () => hand.begin('send', 100, '['))
  await hand.settle()
  const answers = await Promise.all(Array.from({ length: 10 }, () => hand.send('[]')))
  for (const socket of sockets) socket.destroy()
  const faults = answers.every((status) => status === 429) ? [] : [`beyond ${JOBS_MAX} the answers were ${answers}`]
  await hand.settle()
  return [...faults, ...(await stillWorks(hand, 'too many requests'))]
}

async function afterClose(hand: Hand): Promise<string[]> {
  const { client } = hand.line
  const waiting = hand.receive()
  await hand.settle()
  const closes = await Promise.all(Array.from({ length: 5 }, () => client.ask('close')))
  const statuses = closes.map((answer) => answer.status)
  const faults = statuses.filter((status) => status === 204).length === 1 ? [] : [`five closes at once were answered with ${statuses}`]
  const { status } = await waiting
  if (status !== 204 && status !== 404) faults.push(`the receive that waited was answered with ${status}`)
  for (const operation of ['send', 'receive', 'close']) {
    const late = (await client.ask(operation, '')).status
    if (late !== 404) faults.push(`a late ${operation} was answered with ${late}`)
  }
  return faults
}

/** Transports that come and go at once, most of them without a session. */
const crowd: Scene = {
  name: 'a crowd of transports',
  requests: 600,
  async play(port) {
    const lines = await Promise.all(Array.from({ length: 200 }, () => LongPollLine.deaf(port, 'longpoll', jsonSerializer)))
    const ids = new Set(lines.map(({ client }) => client.transport))
    const receives = lines.map(({ client }) => client.ask('receive').catch(() => undefined))
    await Promise.all(lines.map(({ client }) => client.close()))
    await Promise.all(receives)
    return ids.size === lines.length ? [] : [`${lines.length} transports have ${ids.size} ids`]
  },
}

export const SCENES: readonly Scene[] = [
  scene('many receives at once', 75, manyReceives),
  scene('a slow body', 60, slowBody),
  scene('a body that breaks off', 12, brokenBody),
  scene('a receive that is given up', 30, lostReceive),
  scene('an answer that is cut', 10, cutAnswer),
  scene('too many requests', 40, tooMany),
  scene('requests after the end', 15, afterClose),
  crowd,
]
