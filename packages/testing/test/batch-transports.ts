// The client's side of batched WebSocket and of long-poll as transports, on the raw clients.

import { jsonSerializer, type Transport } from '@crosspoint/protocol'
import { BatchReader, joinBatch } from '@crosspoint/protocol/internal'
import { type LongPollClient, OPCODE, type WebSocketClient } from '@crosspoint/testing'

/** What carries the bodies: one message each, or a batch. */
interface Carrier {
  send(body: Uint8Array): Promise<unknown>
  close(): void
}

export class ClientTransport implements Transport {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  bufferedBytes = 0
  readonly #isBatched: boolean
  readonly #carrier: Carrier
  readonly #batches = new BatchReader(jsonSerializer.isBinary, (bytes, start, end) => this.onFrame(bytes, start, end))
  #waiting: Uint8Array[] = []
  #isPaused = false
  #isClosed = false
  #hasEnded = false

  private constructor(isBatched: boolean, carrier: Carrier) {
    this.#isBatched = isBatched
    this.#carrier = carrier
  }

  static overLongPoll(client: LongPollClient): Transport {
    const transport = new ClientTransport(client.protocol.endsWith('.batched'), {
      send: (body) => client.send(body),
      close: () => void client.close(),
    })
    client.onBody = (bytes) => transport.#receive(bytes)
    client.onClose = () => transport.#end('the long-poll transport is gone')
    client.poll()
    return transport
  }

  static overWebSocket(client: WebSocketClient): Transport {
    const send = (body: Uint8Array): Promise<void> => {
      client.send(OPCODE.text, body)
      return Promise.resolve()
    }
    const transport = new ClientTransport(client.protocol.endsWith('.batched'), {
      send,
      close: () => client.socket.writable && client.send(OPCODE.close, Uint8Array.of(3, 232)),
    })
    client.onMessage = (bytes) => transport.#receive(bytes)
    client.onClose = () => transport.#end('the WebSocket is closed')
    return transport
  }

  #receive(body: Uint8Array): void {
    this.#waiting.push(body)
    this.#go()
  }

  #go(): void {
    while (!this.#isPaused && !this.#isClosed && this.#waiting.length > 0 && this.#batches.isReady) {
      const body = this.#waiting.shift()!
      if (this.#isBatched) this.#batches.read(body, 0, body.length)
      else this.onFrame(body)
    }
  }

  #end(reason: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#isClosed = true
    this.onClose(reason)
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return
    const body = this.#isBatched ? joinBatch([frame], jsonSerializer.isBinary) : frame.slice()
    this.bufferedBytes += body.length
    void this.#carrier.send(body).then(() => {
      this.bufferedBytes -= body.length
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#batches.stop()
    this.#carrier.close()
  }

  pause(): void {
    this.#isPaused = true
    this.#batches.pause()
  }
  resume(): void {
    this.#isPaused = false
    this.#batches.resume()
    this.#go()
  }
}
