// What happened, as a hash of all and the text of the last: the same seed must give the same hash.

import type { Message, Payload } from '@crosspoint/protocol'
import { layoutOf, shown } from '@crosspoint/protocol/internal'

const LAST_COUNT = 60

interface Entry {
  readonly step: number
  readonly time: number
  readonly text: string
  readonly message: Message | undefined
}

export class Trace {
  /** FNV-1a over everything that was added. */
  hash = 0x811c9dc5
  readonly #last: (Entry | undefined)[] = new Array(LAST_COUNT).fill(undefined)
  #count = 0

  /** Adds what happened at `step`: a text, and the message or bytes that it is about. */
  add(step: number, time: number, text: string, message?: Message, bytes?: Uint8Array): void {
    this.#mix(step)
    this.#mix(time)
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at))
    if (bytes !== undefined) this.#mix(hashOf(bytes))
    this.#last[this.#count++ % LAST_COUNT] = { step, time, text, message }
  }

  #mix(value: number): void {
    this.hash = Math.imul(this.hash ^ (value & 0xffffffff), 0x01000193) >>> 0
  }

  /** The last of what happened, oldest first, one line each; `start` is the time that lines count from. */
  last(start: number): string[] {
    const lines: string[] = []
    for (let at = Math.max(0, this.#count - LAST_COUNT); at < this.#count; at++) {
      const { step, time, text, message } = this.#last[at % LAST_COUNT]!
      lines.push(`${String(step).padStart(6)} ${String(time - start).padStart(7)} ms  ${text}${message ? ` ${describe(message)}` : ''}`)
    }
    return lines
  }
}

/** FNV-1a of some bytes. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash >>> 0
}

/** A message as a person reads it. */
export function describe(message: Message): string {
  const layout = layoutOf(message.type)!
  const values = message as unknown as { readonly [name: string]: unknown }
  const fields = layout.fields.filter(({ name }) => values[name] !== undefined).map(({ name }) => shown(values[name]))
  if ('payload' in message) fields.push(...shownPayload(message.payload))
  return `${layout.name}(${fields.join(' ')})`
}

/** A payload that a router passes on need not be one that this platform can read. */
function shownPayload(payload: Payload): string[] {
  try {
    const { args, kwargs } = payload.read()
    return [args, kwargs].slice(0, payload.count).map(shown)
  } catch (error) {
    return [`<${(error as Error).message}>`]
  }
}
