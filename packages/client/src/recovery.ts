// Subscriptions that get what they missed: on a topic whose history the router keeps, a client that was away asks, when it is
// back, for everything since the last event it saw, and gets it in order, or is told plainly that it cannot be had.
//
// How it works: every event of such a subscription carries its number (`_offset`). After each new session the position is sent to
// `crosspoint.subscription.recover`; events that come live meanwhile wait until the missed ones have been delivered.

import {
  type Dict,
  type Event as EventMessage,
  MessageType,
  Payload,
  type PublicationId,
  type SubscriptionId,
  type Uri,
} from '@crosspoint/protocol'
import type { Client, Subscription } from './client.ts'
import { Event, type EventHandler, type SubscribeOptions } from './subscriber.ts'

const RECOVER = 'crosspoint.subscription.recover'
/** Live events that may wait for missed ones. More, and they are asked for as missed ones instead. */
const WAITING_MAX = 10_000

/** Events were missed that cannot be had any more. */
export interface Gap {
  readonly topic: Uri
  /** Why, for people. */
  readonly reason: string
}

export interface RecoverableOptions extends SubscribeOptions {
  /** Told when events were missed that cannot be had any more: what depends on them must be read anew. */
  readonly onGap?: ((gap: Gap) => void) | undefined
}

interface Position {
  readonly epoch: string
  readonly offset: number
}
interface Missed extends Position {
  readonly recovered: boolean
  readonly events: readonly { readonly publication: number; readonly details: Dict; readonly args?: unknown[]; readonly kwargs?: Dict }[]
  readonly is_limit_reached: boolean
}

/**
 * Subscribes like `client.subscribeEvent`, and after every reconnect delivers the events that were missed meanwhile, before
 * new ones. The topic's history must be kept by the realm (`store.event-history`).
 * Rejects with the router's `ApplicationError`: `wamp.error.history_unavailable` when it keeps no history of the topic.
 *
 * @example
 * await subscribeRecoverable(client, 'com.example.prices', (event) => show(event.args), { onGap: () => reload() })
 */
export async function subscribeRecoverable(
  client: Client,
  topic: Uri,
  handle: EventHandler,
  options: RecoverableOptions = {},
): Promise<Subscription> {
  const recovery = new Recovery(client, topic, handle, options)
  const subscription = await client.subscribeEvent(topic, (event) => recovery.live(event), options)
  try {
    await recovery.catchUp()
  } catch (error) {
    await subscription.unsubscribe()
    throw error
  }
  void recovery.watch()
  return {
    topic,
    unsubscribe: () => {
      recovery.stop()
      return subscription.unsubscribe()
    },
  }
}

class Recovery {
  readonly #client: Client
  readonly #topic: Uri
  readonly #handle: EventHandler
  readonly #options: RecoverableOptions
  #position: Position | undefined
  /** Live events that wait; `undefined` while nothing is missing. */
  #waiting: Event[] | undefined = []
  #hasOverflowed = false
  #isStopped = false

  constructor(client: Client, topic: Uri, handle: EventHandler, options: RecoverableOptions) {
    this.#client = client
    this.#topic = topic
    this.#handle = handle
    this.#options = options
  }

  live(event: Event): unknown {
    if (this.#waiting === undefined) return this.#deliver(event, event.details['_offset'])
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(event)
    else this.#hasOverflowed = true
    return undefined
  }

  /** Catches up after every new session, until `stop`; also when the client was stopped and started again. */
  async watch(): Promise<void> {
    let session = this.#client.session?.id
    while (!this.#isStopped) {
      for await (const { status } of this.#client.status()) {
        if (this.#isStopped) return
        const id = this.#client.session?.id
        if (status === 'joined' && id === session) continue // the session that the subscription began in
        this.#waiting ??= []
        if (status !== 'joined') continue
        session = id
        // A session that is lost meanwhile is followed by another, which catches up; anything else is a gap.
        await this.catchUp().catch((error: unknown) => {
          if (this.#client.session?.id === session) this.#resign((error as Error).message)
        })
      }
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Asks for what was missed, page by page, delivers it, then what came live meanwhile. */
  async catchUp(): Promise<void> {
    const match = this.#options.match ?? 'exact'
    const id = await this.#client.call<number>('wamp.subscription.lookup', this.#topic, { match })
    const seen = new Set<number>()
    do {
      this.#hasOverflowed = false
      await this.#catchUpTo(id, seen)
    } while (this.#hasOverflowed)
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    const from = this.#position!.offset
    for (const event of waiting) {
      const offset = event.details['_offset'] as number
      if (offset >= from && !seen.has(event.publication)) this.#deliver(event, offset)
    }
  }

  async #catchUpTo(id: number, seen: Set<number>): Promise<void> {
    for (;;) {
      const kwargs: Dict = { ...this.#position }
      const { value: missed } = await this.#client.callResult<Missed>(RECOVER, { args: [id], kwargs })
      if (!missed.recovered) this.#tellGap('The router no longer has what came after the last event seen here')
      this.#position = { epoch: missed.epoch, offset: missed.offset }
      for (const event of missed.events) {
        seen.add(event.publication)
        this.#deliver(this.#eventOf(id, event), event.details['_offset'])
      }
      if (!missed.is_limit_reached) return
    }
  }

  #eventOf(id: number, { publication, details, args, kwargs }: Missed['events'][number]): Event {
    const message: EventMessage = {
      type: MessageType.EVENT,
      subscriptionId: id as SubscriptionId,
      publicationId: publication as PublicationId,
      details,
      payload: Payload.of(args, kwargs),
    }
    return new Event(message, this.#topic)
  }

  #deliver(event: Event, offset: unknown): unknown {
    if (typeof offset === 'number' && this.#position !== undefined) this.#position = { ...this.#position, offset }
    return this.#handle(event)
  }

  /** What was missed cannot be had: what is here is delivered, and the program is told. */
  #resign(reason: string): void {
    this.#tellGap(reason)
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const event of waiting) this.#deliver(event, event.details['_offset'])
  }

  #tellGap(reason: string): void {
    this.#options.onGap?.({ topic: this.#topic, reason })
  }
}
