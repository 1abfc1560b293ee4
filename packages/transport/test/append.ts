// Appends a message to a transport's queue, as a peer does.

import type { Transport } from '@crosspoint/protocol'
import { ByteSink, EMPTY_PAYLOAD } from '@crosspoint/protocol/internal'

/** Queues a message of `length` bytes; false when the other side does not accept one so long. */
export function append(transport: Transport, length: number): boolean {
  const head = new ByteSink(length)
  head.bytes.fill(0x78, 0, length)
  head.length = length
  return transport.queue!.append(head, EMPTY_PAYLOAD, new Uint8Array(0))
}
