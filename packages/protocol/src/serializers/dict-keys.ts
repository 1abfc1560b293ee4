// Finds a key that a dictionary has twice (SER-10). Up to eight keys are compared as bytes where they lie, which covers
// nearly every message; from the ninth on they go into a set.

import { utf8Slice } from '../bytes.ts'
import { ProtocolViolation } from '../errors.ts'

const COMPARED_KEYS_MAX = 8

export class DictKeys {
  #label = ''
  #count = 0
  readonly #starts = new Uint32Array(COMPARED_KEYS_MAX)
  readonly #ends = new Uint32Array(COMPARED_KEYS_MAX)
  #bytes: Uint8Array = new Uint8Array(0)
  #texts: Set<string> | undefined

  /** Begins a dictionary in `bytes`; `label` names it in errors. */
  open(bytes: Uint8Array, label: string): void {
    this.#bytes = bytes
    this.#label = label
    this.#count = 0
    this.#texts = undefined
  }

  /** Takes the key whose UTF-8 text is `bytes[start..end)`. Throws `ProtocolViolation` when it was there before. */
  add(start: number, end: number): void {
    if (this.#texts !== undefined || this.#count === COMPARED_KEYS_MAX) {
      this.addText(utf8Slice(this.#bytes, start, end))
      return
    }
    for (let i = 0; i < this.#count; i++) if (this.#isEqual(i, start, end)) throw this.#duplicate(utf8Slice(this.#bytes, start, end))
    this.#starts[this.#count] = start
    this.#ends[this.#count++] = end
  }

  /** The same for a key that does not lie in one piece. */
  addText(text: string): void {
    if (this.#texts === undefined) {
      this.#texts = new Set()
      for (let i = 0; i < this.#count; i++) this.#texts.add(utf8Slice(this.#bytes, this.#starts[i]!, this.#ends[i]!))
    }
    if (this.#texts.has(text)) throw this.#duplicate(text)
    this.#texts.add(text)
  }

  #isEqual(index: number, start: number, end: number): boolean {
    const b = this.#bytes
    let at = this.#starts[index]!
    if (this.#ends[index]! - at !== end - start) return false
    while (start < end) if (b[at++] !== b[start++]) return false
    return true
  }

  #duplicate(text: string): ProtocolViolation {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    return new ProtocolViolation(`${this.#label} must have every key once; ${JSON.stringify(shown)} stands twice`)
  }
}
