// A line over HTTP long-poll: what is sent goes out one request after the other, and a `receive` waits at any time.

import type { Serializer } from '@crosspoint/protocol'
import { BatchReader, batchedSubprotocol, joinBatch } from '@crosspoint/protocol/internal'
import { LongPollClient } from '../raw-clients.ts'
import type { PeerLine } from './socket-line.ts'

export type LongPollKind = 'longpoll' | 'longpoll-batched'
export const LONGPOLL_KINDS: readonly LongPollKind[] = ['longpoll', 'longpoll-batched']

export class LongPollLine implements PeerLine {
  readonly kind: LongPollKind
  readonly serializer: Serializer
  readonly client: LongPollClient
  onFrame: (frame: Uint8Array) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onPong: () => void = () => {}
  /** What the last `send` was answered with. */
  lastStatus = 204

  static async open(port: number, kind: LongPollKind, serializer: Serializer): Promise<LongPollLine> {
    const line = await LongPollLine.deaf(port, kind, serializer)
    line.client.poll()
    return line
  }

  /** One that receives nothing before `client.poll` is called. */
  static async deaf(port: number, kind: LongPollKind, serializer: Serializer): Promise<LongPollLine> {
    const protocol = kind === 'longpoll' ? serializer.subprotocol : batchedSubprotocol(serializer)!
    return new LongPollLine(kind, serializer, await LongPollClient.open(port, [protocol]))
  }

  private constructor(kind: LongPollKind, serializer: Serializer, client: LongPollClient) {
    this.kind = kind
    this.serializer = serializer
    this.client = client
    const batches = new BatchReader(serializer.isBinary, (bytes, start, end) => this.onFrame(bytes.subarray(start, end)))
    client.onBody = (bytes) => (kind === 'longpoll' ? this.onFrame(bytes) : batches.read(bytes, 0, bytes.length))
    client.onClose = () => this.onClose('the long-poll transport is gone')
  }

  get isClosed(): boolean {
    return this.client.isClosed
  }
  send(frame: Uint8Array): void {
    this.sendBody(this.kind === 'longpoll' ? frame : joinBatch([frame], this.serializer.isBinary))
  }
  sendBody(body: Uint8Array): void {
    void this.client.send(body.slice()).then((status) => (this.lastStatus = status))
  }
  ping(): void {
    void this.client.fence().then(() => this.isClosed || this.onPong())
  }
  close(): void {
    void this.client.close()
  }
}
