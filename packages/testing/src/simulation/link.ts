// A connection between one client and the router: two pipes, and at the router's end a transport as the router expects it.
// Links of kind `frames` carry whole frames; links of kind `stream` carry bytes cut anywhere, and give the router a frame
// queue, whose chunks are shared between recipients, written and pooled as a socket would.

import type { Serializer, Transport } from '@crosspoint/protocol'
import { FrameQueue, type Framing } from '@crosspoint/protocol/internal'
import type { Chance } from './chance.ts'
import { Deframer, framed, framedBytes } from './deframer.ts'
import { Finding } from './finding.ts'
import { Pipe } from './pipe.ts'
import type { Scheduler } from './scheduler.ts'
import { hashOf } from './trace.ts'

export interface LinkSettings {
  readonly kind: 'frames' | 'stream'
  readonly framing: Framing
  readonly serializer: Serializer
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** Bytes under way to the client before the router's end counts as blocked. */
  readonly windowBytes: number
  /** Bytes that may wait at the router's end; with more it closes. */
  readonly bufferedBytesMax: number
  readonly frameBytesMax: number | undefined
  /** Whether the router wants a login. */
  readonly hasLogin: boolean
  /** Whether `onClose` is called within `close`, or later. */
  readonly closesAtOnce: boolean
}

/** What a link needs of the world. */
export interface LinkHost {
  readonly scheduler: Scheduler
  readonly chance: Chance
  /** A frame has arrived at the router; `deliver` hands it over. */
  arrived(link: Link, frame: Uint8Array, deliver: () => void): void
  /** The router's end is lost; `tell` tells it. */
  lost(link: Link, reason: string, tell: () => void): void
  /** All that waited for the network has left; `tell` tells the router. */
  drained(link: Link, tell: () => void): void
}

export class Link implements Transport {
  readonly index: number
  readonly settings: LinkSettings
  /** Whether sessions on it log in. */
  readonly hasLogin: boolean
  // The router's end.
  onFrame: Transport['onFrame'] = () => {}
  onClose: (reason: string) => void = () => {}
  onFault: Transport['onFault'] = undefined
  readonly queue: FrameQueue | undefined
  readonly frameBytesMax: number | undefined
  /** The router closed its end. */
  isClosedByRouter = false
  /** The router's end is gone, by whichever side. */
  isOver = false
  /** Bytes that waited at the router's end when the turn, or its stage, began. */
  bufferedBefore = 0
  /** The router has stopped reading. */
  isPaused = false
  // The client's end.
  onClientFrame: (frame: Uint8Array) => void = () => {}
  onClientClose: () => void = () => {}
  isClientOver = false
  readonly #host: LinkHost
  readonly #up: Pipe<Uint8Array | 'end'>
  readonly #down: Pipe<Uint8Array | 'end'>
  readonly #upFrames = new Deframer('rawsocket')
  readonly #downFrames: Deframer
  /** What the router sent and no checker has seen. */
  #unseen: Uint8Array[] = []
  #seenBytes = 0
  /** Hashes of the frames under way to the client. */
  readonly #underWay: number[] = []
  /** Bytes that the router gave and the network has not taken. */
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #flightBytes = 0
  #onDrained: (() => void)[] = []
  #isFlushPlanned = false
  #isVanished = false

  constructor(index: number, settings: LinkSettings, host: LinkHost) {
    this.index = index
    this.settings = settings
    this.#host = host
    this.hasLogin = settings.hasLogin
    this.frameBytesMax = settings.frameBytesMax
    this.#downFrames = new Deframer(settings.framing)
    const { chance, scheduler } = host
    const delayOf = () => chance.between(settings.delayMsMin, settings.delayMsMax)
    this.#up = new Pipe<Uint8Array | 'end'>(scheduler, delayOf, (item) => this.#upward(item))
    this.#down = new Pipe<Uint8Array | 'end'>(scheduler, delayOf, (item) => this.#downward(item))
    if (settings.kind === 'stream') {
      this.queue = new FrameQueue(settings.framing, settings.frameBytesMax ?? Number.MAX_SAFE_INTEGER, () => this.#planFlush())
    }
  }

  get serializer(): Serializer {
    return this.settings.serializer
  }

  // --- The client's end ---

  /** Sends a frame to the router. */
  sendUp(frame: Uint8Array): void {
    if (this.isClientOver) return
    if (this.settings.kind === 'frames') return this.#up.push(frame, frame.length)
    const bytes = framed(frame)
    const cut = this.#host.chance.is(20) ? this.#host.chance.below(bytes.length) : 0
    if (cut > 0) this.#up.push(bytes.slice(0, cut), cut)
    this.#up.push(bytes.slice(cut), bytes.length - cut)
  }

  /** Closes the client's end; what was sent before still arrives. */
  endUp(): void {
    if (this.isClientOver) return
    this.isClientOver = true
    this.#down.stop()
    this.#up.push('end', 0)
  }

  /** The client says that it is done, and reads on. */
  halfClose(): void {
    this.#up.push('end', 0)
  }

  /** Cuts the link: what is under way is lost, in the middle of a frame or not. Each side that has not closed learns of it. */
  cut(reason = 'the network was cut'): void {
    this.#up.stop()
    this.#down.stop()
    const { scheduler } = this.#host
    if (!this.isOver) scheduler.after(this.settings.delayMsMin, () => this.#lose(reason))
    if (!this.isClientOver) scheduler.after(this.settings.delayMsMin, () => this.#endClient())
  }

  /** The client is gone without a word: nothing passes any more, and the router does not learn of it. */
  vanish(): void {
    this.#isVanished = true
    this.#up.stop()
    this.#down.stop()
    this.isClientOver = true
  }
  get isVanished(): boolean {
    return this.#isVanished
  }

  /** The client reads no more for now. */
  pauseDown(): void {
    this.#down.pause()
  }
  resumeDown(): void {
    this.#down.resume()
  }

  stallUp(ms: number): void {
    this.#up.stall(ms)
  }
  stallDown(ms: number): void {
    this.#down.stall(ms)
  }
  /** From now on the client reads so many bytes in a millisecond. */
  slowDown(bytesPerMs: number): void {
    this.#down.delayOf = (bytes) => Math.ceil(bytes / bytesPerMs)
  }
  /** Ends every fault of the network. */
  calm(): void {
    this.#up.endStall()
    this.#down.endStall()
    this.#up.delayOf = this.#down.delayOf = () => 1
    if (this.#isVanished) this.cut('the peer is gone')
  }

  #upward(item: Uint8Array | 'end'): void {
    if (this.isOver) return
    if (item === 'end') return this.#lose('the client closed')
    if (this.settings.kind === 'frames') return this.#arrive(item, 0, item.length)
    for (const frame of this.#upFrames.take(item)) {
      if (this.isOver) return
      // Transports hand over frames as spans of larger buffers.
      const buffer = new Uint8Array(frame.length + 3)
      buffer.set(frame, 2)
      this.#arrive(buffer, 2, 2 + frame.length)
    }
  }
  #arrive(bytes: Uint8Array, start: number, end: number): void {
    this.#host.arrived(this, bytes.subarray(start, end), () => this.onFrame(bytes, start, end))
  }

  #downward(item: Uint8Array | 'end'): void {
    if (item === 'end') return this.#endClient()
    this.#flightBytes -= item.length
    const frames = this.settings.kind === 'frames' ? [item] : this.#downFrames.take(item)
    for (const frame of frames) {
      if (hashOf(frame) !== this.#underWay.shift()) {
        throw new Finding(`Link ${this.index}: a frame came out of the router's queue that is not the one that went in there`)
      }
      if (!this.isClientOver) this.onClientFrame(frame)
    }
    this.#write()
  }

  #endClient(): void {
    if (this.isClientOver) return
    this.isClientOver = true
    this.onClientClose()
  }

  #lose(reason: string): void {
    if (this.isOver) return
    this.isOver = true
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.#host.lost(this, reason, () => {
      this.queue?.close()
      this.onClose(reason)
    })
    this.#down.push('end', 0)
  }

  // --- The router's end ---

  send(frame: Uint8Array): void {
    if (this.isOver) return
    this.#see(frame)
    this.#wait(frame)
    this.#planFlush()
  }

  close(): void {
    if (this.isOver) return
    this.#collect()
    this.isClosedByRouter = true
    this.isOver = true
    // The last words leave whether the network is blocked or not.
    if (this.queue !== undefined) this.#takeQueue(this.queue)
    this.queue?.close()
    for (const bytes of this.#waiting.splice(0)) this.#fly(bytes)
    this.#waitingBytes = 0
    this.#down.push('end', 0)
    this.#up.stop()
    if (this.settings.closesAtOnce) this.onClose('closed')
    else this.#host.scheduler.after(1, () => this.#host.lost(this, 'closed', () => this.onClose('closed')))
  }

  pause(): void {
    this.isPaused = true
    this.#up.pause()
  }
  resume(): void {
    this.isPaused = false
    this.#up.resume()
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + (this.queue?.bytes ?? 0)
  }

  whenDrained(call: () => void): void {
    this.#onDrained.push(call)
    this.#planFlush()
  }

  /** How many bytes more wait when the router sends a frame of `length` bytes. */
  bytesOf(length: number): number {
    return this.queue === undefined ? length : framedBytes(this.queue.framing, length)
  }

  /** The frames that the router sent since this was last asked, in order. */
  takeUnseen(): Uint8Array[] {
    this.#collect()
    if (this.#unseen.length === 0) return NONE
    const frames = this.#unseen
    this.#unseen = []
    return frames
  }

  #see(frame: Uint8Array): void {
    this.#unseen.push(frame)
    this.#underWay.push(hashOf(frame))
  }

  /** Looks at what was appended to the queue. */
  #collect(): void {
    const { queue } = this
    if (queue === undefined || queue.isClosed) return
    const total = queue.bytes
    if (total === this.#seenBytes) return
    const added = new Uint8Array(total - this.#seenBytes)
    let from = 0
    for (const chunk of queue.chunks) {
      const start = Math.max(from, this.#seenBytes)
      if (from + chunk.end > start) added.set(chunk.bytes.subarray(start - from, chunk.end), start - this.#seenBytes)
      from += chunk.end
    }
    this.#seenBytes = total
    const deframer = new Deframer(queue.framing)
    for (const frame of deframer.take(added)) this.#see(frame)
    if (deframer.restBytes > 0) throw new Finding(`Link ${this.index}: ${deframer.restBytes} bytes in the queue are no whole frame`)
  }

  #wait(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    this.#host.scheduler.after(0, () => this.#flush())
  }

  #flush(): void {
    this.#isFlushPlanned = false
    if (this.isOver) return
    this.#write()
    if (this.bufferedBytes === 0) return
    this.queue?.hold()
    if (this.bufferedBytes > this.settings.bufferedBytesMax) this.#lose('the client does not read: too many bytes wait for it')
  }

  get #isBlocked(): boolean {
    return this.#flightBytes >= this.settings.windowBytes
  }

  /** Gives the network what it takes. */
  #write(): void {
    if (this.isOver) return
    for (;;) {
      while (this.#waiting.length > 0 && !this.#isBlocked) {
        const bytes = this.#waiting.shift()!
        this.#waitingBytes -= bytes.length
        this.#fly(bytes)
      }
      if (this.#isBlocked || this.#waiting.length > 0 || this.queue === undefined || this.queue.bytes === 0) break
      this.#takeQueue(this.queue)
    }
    if (this.bufferedBytes > 0 || this.#onDrained.length === 0) return
    const calls = this.#onDrained
    this.#onDrained = []
    for (const call of calls) this.#host.drained(this, call)
  }

  /** As a socket's writer does: memory that the network may still read is not given back. (A Buffer's `slice` is no copy.) */
  #takeQueue(queue: FrameQueue): void {
    const chunks = queue.take()
    this.#seenBytes = 0
    for (const chunk of chunks) {
      const isTaken = !this.#isBlocked && this.#waiting.length === 0
      this.#wait(isTaken ? Uint8Array.from(chunk.bytes.subarray(0, chunk.end)) : chunk.bytes.subarray(0, chunk.end))
      chunk.release(!isTaken)
    }
  }

  #fly(bytes: Uint8Array): void {
    this.#flightBytes += bytes.length
    if (this.settings.kind === 'frames' || !this.#host.chance.is(20)) return this.#down.push(bytes, bytes.length)
    const cut = this.#host.chance.below(bytes.length)
    if (cut > 0) this.#down.push(bytes.subarray(0, cut), cut)
    this.#down.push(bytes.subarray(cut), bytes.length - cut)
  }
}

const NONE: Uint8Array[] = []
