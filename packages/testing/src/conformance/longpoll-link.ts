// A client's end over HTTP long-poll.

import type { Serializer } from '@crosspoint/protocol'
import { BatchReader, joinBatch } from '@crosspoint/protocol/internal'
import type { LongPollClient } from '../raw-clients.ts'
import type { Link } from './link.ts'
import { decodeList, encodeList } from './lists.ts'

export class LongPollLink implements Link {
  readonly inbox: unknown[][] = []
  readonly address: string
  onChange: () => void = () => {}
  readonly #client: LongPollClient
  readonly #serializer: Serializer
  readonly #isBatched: boolean

  constructor(client: LongPollClient, serializer: Serializer) {
    this.#client = client
    this.#serializer = serializer
    this.#isBatched = client.protocol.endsWith('.batched')
    this.address = client.localAddress
    const receive = (bytes: Uint8Array): void => {
      this.inbox.push(decodeList(serializer, bytes))
      this.onChange()
    }
    const batches = new BatchReader(serializer.isBinary, (bytes, start, end) => receive(bytes.subarray(start, end)))
    client.onBody = (bytes) => (this.#isBatched ? batches.read(bytes, 0, bytes.length) : receive(bytes))
    client.onClose = () => this.onChange()
    client.poll()
  }

  get isClosed(): boolean {
    return this.#client.isClosed
  }

  send(message: readonly unknown[]): void {
    const bytes = encodeList(this.#serializer, message).slice()
    void this.#client.send(this.#isBatched ? joinBatch([bytes], this.#serializer.isBinary) : bytes)
  }
  sendRaw(): void {
    throw new Error('Scenarios with frames of their own run over WebSocket and RawSocket')
  }
  /** There is no connection to cut: the transport is closed, and the session knows nothing of it. */
  cut(): void {
    void this.#client.close()
  }
  ping(): Promise<void> {
    return this.#client.fence()
  }
}
