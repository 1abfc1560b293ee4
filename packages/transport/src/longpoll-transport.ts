// One transport over HTTP long-poll: a session between requests. What is sent waits in the queue for the next `receive`; what
// arrives by `send` is handed on in the order of the requests, and answered when the session has it (TRN-40).
//
//   open ─► ┌ receive … receive ┐   close() ─► what waits can still be received ─► gone (404)
//           └ send … send       ┘   `close` request, silence, too much waiting ──► gone at once

import { ErrorUri, ProtocolViolation, type Transport } from '@crosspoint/protocol'
import { BatchReader, ByteSink, type FrameQueue } from '@crosspoint/protocol/internal'
import type { Flusher } from './flusher.ts'
import { MessageMeter, type Watched } from './liveness.ts'
import { LongPollOutbox } from './longpoll-outbox.ts'
import type { Reply } from './longpoll-reply.ts'
import type { TransportLimits } from './options.ts'
import type { Subprotocol } from './subprotocols.ts'

// Requests that may wait for their turn, since one connection can carry many at once: their bodies are kept until then.
const JOBS_MAX = 16
const NO_HEAD = new ByteSink(0)
const NO_TAIL = new Uint8Array(0)

export interface LongPollHost {
  readonly flusher: Flusher
  readonly limits: TransportLimits
  /** The status that answers `send` and `close`. */
  readonly doneStatus: 202 | 204
  /** A limit ended the transport; in words for a log. */
  onNotice(notice: string): void
  /** How long what was said last can still be received, in milliseconds. */
  readonly lingerMs: number
  /** The session is established. */
  onEstablished(): void
  /** From now on its requests are answered with 404. */
  onGone(): void
}

/** A `send` or `close` request, from the moment its head arrived. */
export interface Job {
  readonly reply: Reply
  /** `undefined` until all of it is there. */
  body: Uint8Array | undefined
  readonly isClose: boolean
}

export class LongPollTransport implements Transport, Watched {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onFault: ((violation: ProtocolViolation) => void) | undefined = undefined
  receivedAt = performance.now()
  messageAt = this.receivedAt
  pingedAt = 0
  readonly pingIntervalMs = 0 // a client that is there polls
  isEstablished = false
  readonly #subprotocol: Subprotocol
  readonly #host: LongPollHost
  readonly #batches: BatchReader
  readonly #meter: MessageMeter | undefined
  readonly #idle: NodeJS.Timeout
  #deadline: NodeJS.Timeout | undefined
  readonly #outbox: LongPollOutbox
  /** The `receive` that waits. */
  #poll: Reply | undefined
  #pollTimer: NodeJS.Timeout | undefined
  /** The answer that the network has not taken yet, and its bytes. */
  #leaving: Reply | undefined
  #leavingBytes = 0
  #linger: NodeJS.Timeout | undefined
  #jobs: Job[] = []
  #current: Job | undefined
  #fault = ''
  #bodyBytesMax: number
  #isWorking = false
  #isPaused = false
  #isClosing = false
  #isGone = false
  #reason = ''
  #onDrained: (() => void)[] = []

  constructor(subprotocol: Subprotocol, host: LongPollHost) {
    const { limits } = host
    this.#subprotocol = subprotocol
    this.#host = host
    this.#outbox = new LongPollOutbox(subprotocol, () => host.flusher.touch(this))
    this.#batches = new BatchReader(subprotocol.serializer.isBinary, (bytes, start, end) => this.#message(bytes, start, end))
    this.#meter = limits.messagesPerSecondMax > 0 ? new MessageMeter(limits.messagesPerSecondMax, this.receivedAt) : undefined
    this.#bodyBytesMax = Math.min(limits.strangerFrameBytesMax, limits.frameBytesMax)
    this.#idle = setTimeout(() => this.#lookIdle(), limits.longPollIdleTimeoutMs)
    this.#deadline = setTimeout(
      () => this.expire(`no session within ${limits.handshakeTimeoutMs} ms (handshakeTimeoutMs)`),
      limits.handshakeTimeoutMs,
    )
  }

  /** The longest body that a `send` may have, in bytes. */
  get bodyBytesMax(): number {
    return this.#bodyBytesMax
  }

  /** A `receive`: it waits for messages. An older one is finished: with what waits already, else with 204 (TRN-33). */
  receive(reply: Reply): void {
    if (this.#isGone) return reply.fail(404, `This transport is closed: ${this.#reason}`)
    this.#touch()
    this.#answer()
    this.#endPoll(204)
    this.#poll = reply
    this.#pollTimer = setTimeout(() => this.#endPoll(204), this.#host.limits.longPollTimeoutMs)
    reply.onClosed(() => {
      if (this.#poll !== reply) return
      clearTimeout(this.#pollTimer) // the client went away while it waited
      this.#poll = undefined
      this.#touch()
    })
    this.#answer()
  }

  /** A `send` or `close` arrived, its body yet to come; this is its place in the order. `undefined` when too many wait. */
  begin(reply: Reply, isClose: boolean): Job | undefined {
    this.#touch()
    if (this.#jobs.length >= JOBS_MAX) {
      reply.fail(429, `${JOBS_MAX} requests wait for their turn, which is the limit; send the next one when the last is answered`)
      return undefined
    }
    const job: Job = { reply, body: undefined, isClose }
    this.#jobs.push(job)
    return job
  }

  /** The body of a job is whole. */
  finish(job: Job, body: Uint8Array): void {
    this.#touch()
    job.body = body
    this.#work()
  }

  /** A job whose body will not come, or is too long. */
  drop(job: Job): void {
    this.#jobs = this.#jobs.filter((other) => other !== job)
    this.#work()
  }

  #work(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    while (!this.#isPaused && !this.#isClosing && this.#current === undefined && this.#jobs[0]?.body !== undefined) {
      const job = this.#jobs.shift()!
      if (job.isClose) {
        this.#endByClient(job)
        break
      }
      const body = job.body!
      this.#current = job
      this.#guard(() => {
        if (this.#subprotocol.isBatched) this.#batches.read(body, 0, body.length)
        else this.#message(body, 0, body.length)
      })
      this.#endJob()
    }
    this.#isWorking = false
    if (this.#isClosing) this.#refuse(this.#jobs.filter((job) => job.body !== undefined))
  }

  /** Requests that come too late: nobody hears them any more. */
  #refuse(jobs: readonly Job[]): void {
    this.#jobs = this.#jobs.filter((job) => !jobs.includes(job))
    for (const job of jobs) {
      if (job.isClose) this.#endByClient(job)
      else job.reply.fail(404, `This transport is closed: ${this.#reason}`)
    }
  }

  /** Answers the `send` under way, unless a part of its batch is held back. */
  #endJob(): void {
    const job = this.#current
    const isHeld = this.#subprotocol.isBatched && !this.#batches.isReady && !this.#isClosing
    if (job === undefined || isHeld) return
    this.#current = undefined
    if (this.#fault === '') job.reply.end(this.#host.doneStatus)
    else job.reply.fail(400, this.#fault)
    this.#fault = ''
  }

  /** What is no batch is for ABORT, but for the empty one, which fails the transport (SER-20, SER-22). */
  #guard(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.#fault = error.message
      if (error.isTransportFault) this.expire(error.message)
      else this.onFault?.(error)
    }
  }

  #message(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosing) return
    this.messageAt = this.receivedAt
    if (this.#meter !== undefined && !this.#meter.take(this.receivedAt)) {
      const limit = this.#host.limits.messagesPerSecondMax
      this.#host.onNotice(`more than ${limit} messages within a second (messagesPerSecondMax)`)
      throw new ProtocolViolation(`More than ${limit} messages arrived within a second, which is the limit here`)
    }
    this.onFrame(bytes, start, end)
  }

  #endByClient(job: Job): void {
    this.#reason ||= 'closed by the client'
    this.#isClosing = true
    this.#endPoll(204)
    job.reply.end(this.#host.doneStatus)
    this.#end()
  }

  /** Finishes the `receive` that waits with a status and no message. */
  #endPoll(status: 204 | 404): void {
    const poll = this.#poll
    if (poll === undefined) return
    clearTimeout(this.#pollTimer)
    this.#poll = undefined
    if (status === 204) poll.end(204)
    else poll.fail(404, `This transport is closed: ${this.#reason}`)
    this.#touch()
  }

  /** Gives what waits to the `receive` that waits, one answer at a time. */
  #answer(): void {
    const poll = this.#poll
    if (poll === undefined || this.#leaving !== undefined) return
    const body = this.#outbox.take()
    if (body === undefined) return
    clearTimeout(this.#pollTimer)
    this.#poll = undefined
    this.#leaving = poll
    this.#leavingBytes = body.length
    poll.onClosed((hasLeft) => {
      this.#leaving = undefined
      this.#leavingBytes = 0
      if (!hasLeft) return this.expire('a connection broke while messages were on their way')
      this.#touch()
      this.#answer()
      this.#endIfEmpty()
      this.#tellDrained()
    })
    poll.give(this.#subprotocol.serializer, body)
  }

  /** Once per tick in which something was queued: gives it out, or packs it until the next `receive`. */
  flush(): void {
    if (this.#isGone) return
    this.#answer()
    this.#outbox.hold()
    const waiting = this.bufferedBytes
    const limit = this.#host.limits.longPollQueueBytesMax
    if (waiting > limit) return this.expire(`${waiting} bytes wait for a client that does not receive (longPollQueueBytesMax ${limit})`)
    this.#tellDrained()
  }

  #tellDrained(): void {
    if (this.#isGone || this.bufferedBytes > 0) return
    for (const call of this.#onDrained.splice(0)) call()
  }

  get queue(): FrameQueue {
    return this.#outbox.queue
  }
  get bufferedBytes(): number {
    return this.#outbox.bytes + this.#leavingBytes
  }

  whenDrained(call: () => void): void {
    this.#onDrained.push(call)
    if (!this.queue.isTouched) this.#host.flusher.touch(this)
  }

  send(frame: Uint8Array): void {
    this.queue.append(NO_HEAD, { bytes: frame, start: 0, end: frame.length }, NO_TAIL)
  }

  close(reason?: string): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#reason ||= reason ?? 'closed'
    if (reason === ErrorUri.protocolViolation) this.#fault ||= 'The message broke the protocol; ABORT says how'
    this.#batches.stop()
    clearTimeout(this.#deadline)
    this.#outbox.close()
    this.#dropCurrent()
    this.#work()
    this.#answer()
    this.#endIfEmpty()
    if (!this.#isGone) this.hurry(this.#host.lingerMs)
  }

  /** The `send` whose batch is held back: the rest of it is discarded. One that is being handed on right now is answered after. */
  #dropCurrent(): void {
    if (this.#isWorking || this.#current === undefined) return
    this.#refuse([this.#current])
    this.#current = undefined
  }

  /** Closed, and nothing more to receive. */
  #endIfEmpty(): void {
    if (this.#isClosing && this.#outbox.isEmpty && this.#leaving === undefined) this.#end()
  }

  #end(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#isClosing = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#idle)
    clearTimeout(this.#linger)
    this.#outbox.drop()
    this.#batches.stop()
    this.#endPoll(404)
    this.#dropCurrent()
    this.#refuse(this.#jobs)
    this.#leaving?.destroy()
    this.#host.onGone()
    this.onClose(this.#reason)
  }

  establish(): void {
    this.isEstablished = true
    clearTimeout(this.#deadline)
    this.#bodyBytesMax = this.#host.limits.frameBytesMax
    this.#host.onEstablished()
  }

  pause(): void {
    this.#isPaused = true
    this.#batches.pause()
  }
  resume(): void {
    this.#isPaused = false
    if (this.#isWorking) return this.#batches.resume() // within `onFrame`: the loop that called it goes on
    this.#isWorking = true
    this.#guard(() => this.#batches.resume())
    this.#endJob()
    this.#isWorking = false
    this.#work()
  }

  ping(): void {}

  #touch(): void {
    this.receivedAt = performance.now()
    if (!this.#isGone) this.#idle.refresh()
  }

  /** No request began or ended for as long as the limit says. */
  #lookIdle(): void {
    if (this.#poll !== undefined || this.#current !== undefined || this.#jobs.length > 0) this.#idle.refresh()
    else if (this.#isClosing) this.#end()
    else this.expire(`no request for ${this.#host.limits.longPollIdleTimeoutMs} ms (longPollIdleTimeoutMs)`)
  }

  /** When it is closed, what is still to be received must be so within `ms`. */
  hurry(ms: number): void {
    if (!this.#isClosing) return
    clearTimeout(this.#linger)
    this.#linger = setTimeout(() => this.#end(), ms)
  }

  expire(notice: string): void {
    if (this.#isGone) return
    this.#reason = notice
    this.#fault ||= notice
    this.#host.onNotice(notice)
    this.#end()
  }
}
