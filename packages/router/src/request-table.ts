// Records by request id. Ids of one session count up one by one, so the record of an id sits in a slot by its low bits: a
// few times faster than a Map for calls that come and go. Ids that fall on a taken slot (a client in a lenient realm that
// counts as it likes) make the table grow while it is well filled, and go to a Map beside it when it is not.

const SLOTS_MIN = 16
const SLOTS_KEPT_MAX = 1024 // an empty table above this gives its memory back
const NO_SLOTS: never[] = []

export class RequestTable<Entry extends object> {
  #entries: (Entry | undefined)[] = NO_SLOTS
  #ids: number[] = NO_SLOTS
  #beside: Map<number, Entry> | undefined = undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): Entry | undefined {
    const entries = this.#entries
    if (entries.length === 0) return undefined
    const slot = id & (entries.length - 1)
    const entry = entries[slot]
    if (entry !== undefined && this.#ids[slot] === id) return entry
    return this.#beside === undefined ? undefined : this.#beside.get(id)
  }

  /** Keeps `entry`; there must be none with this id. */
  add(id: number, entry: Entry): void {
    if (this.#entries.length === 0) this.#resize(SLOTS_MIN)
    this.#size++
    for (;;) {
      const length = this.#entries.length
      const slot = id & (length - 1)
      if (this.#entries[slot] === undefined) {
        this.#entries[slot] = entry
        this.#ids[slot] = id
        return
      }
      if (this.#size * 2 <= length) break
      this.#resize(length * 2)
    }
    this.#beside ??= new Map()
    this.#beside.set(id, entry)
  }

  delete(id: number): void {
    const entries = this.#entries
    if (entries.length === 0) return
    const slot = id & (entries.length - 1)
    if (entries[slot] !== undefined && this.#ids[slot] === id) entries[slot] = undefined
    else if (!this.#beside?.delete(id)) return
    this.#size--
    if (this.#size === 0 && entries.length > SLOTS_KEPT_MAX) {
      this.#entries = NO_SLOTS
      this.#ids = NO_SLOTS
    }
  }

  /** All entries, as of now, in no particular order. */
  values(): Entry[] {
    const found: Entry[] = []
    for (const entry of this.#entries) if (entry !== undefined) found.push(entry)
    if (this.#beside !== undefined) for (const entry of this.#beside.values()) found.push(entry)
    return found
  }

  #resize(length: number): void {
    const entries = this.#entries
    const ids = this.#ids
    const next: (Entry | undefined)[] = new Array(length).fill(undefined)
    const nextIds: number[] = new Array(length).fill(0)
    for (let slot = 0; slot < entries.length; slot++) {
      const entry = entries[slot]
      if (entry === undefined) continue
      // Ids that were apart under the shorter mask are apart under the longer one.
      const at = ids[slot]! & (length - 1)
      next[at] = entry
      nextIds[at] = ids[slot]!
    }
    this.#entries = next
    this.#ids = nextIds
  }
}
