// What goes over connections of our client, as the router gets and gives it: the proof that nothing secret is in it.

import type { Serializer } from '@crosspoint/client/node'

/** Listens at the serializers of some sessions. Texts in ASCII stand in the frames of every serializer as they are. */
export class Wiretap {
  readonly #frames: string[] = []

  /** The serializer, heard from now on in both directions. */
  on(serializer: Serializer): Serializer {
    return {
      ...serializer,
      decode: (bytes, start, end) => {
        this.#hear(bytes, start, end)
        return serializer.decode(bytes, start, end)
      },
      encodeHead: (message, head) => {
        const before = head.length
        const payload = serializer.encodeHead(message, head)
        this.#hear(head.bytes, before, head.length)
        this.#hear(payload.bytes, payload.start, payload.end)
        return payload
      },
    }
  }

  has(text: string): boolean {
    return this.#frames.some((frame) => frame.includes(text))
  }

  #hear(bytes: Uint8Array, start?: number, end?: number): void {
    this.#frames.push(Buffer.from(bytes.subarray(start, end)).toString('latin1'))
  }
}
