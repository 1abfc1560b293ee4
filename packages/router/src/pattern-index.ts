// From a URI to the entries whose pattern matches it: exact, prefix and wildcard (URI-15, URI-16), for broker and dealer.
//
// Exact is one map. Prefixes are strings, so a URI is cut to each length that any prefix has and looked up. Wildcards are a
// tree with one level per component, the empty component standing for anything. Which patterns match a URI is remembered
// until a pattern comes or goes, in a bounded map.

import type { MatchPolicy, Uri } from '@crosspoint/protocol'

interface WildcardNode<Entry> {
  readonly literal: Map<string, WildcardNode<Entry>>
  any: WildcardNode<Entry> | undefined
  entry: Entry | undefined
}

const REMEMBERED_MAX = 10_000

export class PatternIndex<Entry> {
  readonly #exact = new Map<Uri, Entry>()
  readonly #prefixes = new Map<Uri, Entry>()
  /** How many prefixes have each length, and those lengths from long to short. */
  readonly #lengths = new Map<number, number>()
  #lengthsDescending: number[] = []
  /** Wildcard patterns by number of components. */
  readonly #wildcards = new Map<number, WildcardNode<Entry>>()
  #wildcardCount = 0
  readonly #remembered = new Map<Uri, readonly Entry[]>()

  /** Whether there is any prefix or wildcard pattern. */
  get hasPatterns(): boolean {
    return this.#prefixes.size > 0 || this.#wildcardCount > 0
  }

  get size(): number {
    return this.#exact.size + this.#prefixes.size + this.#wildcardCount
  }

  get(uri: Uri, match: MatchPolicy): Entry | undefined {
    if (match === 'exact') return this.#exact.get(uri)
    if (match === 'prefix') return this.#prefixes.get(uri)
    const components = uri.split('.')
    return this.#findNode(this.#wildcards.get(components.length), components)?.entry
  }

  getExact(uri: Uri): Entry | undefined {
    return this.#exact.get(uri)
  }

  add(uri: Uri, match: MatchPolicy, entry: Entry): void {
    if (match === 'exact') {
      this.#exact.set(uri, entry)
      return
    }
    this.#remembered.clear()
    if (match === 'prefix') {
      this.#prefixes.set(uri, entry)
      this.#countLength(uri.length, 1)
      return
    }
    const components = uri.split('.')
    let root = this.#wildcards.get(components.length)
    if (root === undefined) this.#wildcards.set(components.length, (root = newNode()))
    let node: WildcardNode<Entry> = root
    for (const component of components) node = childOf(node, component)
    node.entry = entry
    this.#wildcardCount++
  }

  remove(uri: Uri, match: MatchPolicy): void {
    if (match === 'exact') {
      this.#exact.delete(uri)
      return
    }
    this.#remembered.clear()
    if (match === 'prefix') {
      if (this.#prefixes.delete(uri)) this.#countLength(uri.length, -1)
      return
    }
    const components = uri.split('.')
    const root = this.#wildcards.get(components.length)
    if (root === undefined || !removePath(root, components, 0)) return
    this.#wildcardCount--
    if (isEmpty(root)) this.#wildcards.delete(components.length)
  }

  /** All entries that match, for the broker: exact, then prefixes from long to short, then wildcards. */
  matchAll(uri: Uri): readonly Entry[] {
    const exact = this.#exact.get(uri)
    if (!this.hasPatterns) return exact === undefined ? [] : [exact]
    const patterns = this.#remembered.get(uri) ?? this.#remember(uri)
    return exact === undefined ? patterns : [exact, ...patterns]
  }

  #remember(uri: Uri): readonly Entry[] {
    const found: Entry[] = []
    for (const length of this.#lengthsDescending) {
      if (length > uri.length) continue
      const entry = this.#prefixes.get(uri.slice(0, length))
      if (entry !== undefined) found.push(entry)
    }
    if (this.#wildcardCount > 0) {
      const components = uri.split('.')
      collect(this.#wildcards.get(components.length), components, 0, found)
    }
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.set(uri, found)
    return found
  }

  /** The one entry that a call goes to: exact, else the longest prefix, else the best wildcard (RPC-114 … RPC-116). */
  matchBest(uri: Uri): Entry | undefined {
    const exact = this.#exact.get(uri)
    if (exact !== undefined) return exact
    for (const length of this.#lengthsDescending) {
      if (length > uri.length) continue
      const entry = this.#prefixes.get(uri.slice(0, length))
      if (entry !== undefined) return entry
    }
    if (this.#wildcardCount === 0) return undefined
    const components = uri.split('.')
    return best(this.#wildcards.get(components.length), components, 0)
  }

  #countLength(length: number, by: number): void {
    const count = (this.#lengths.get(length) ?? 0) + by
    if (count === 0) this.#lengths.delete(length)
    else this.#lengths.set(length, count)
    this.#lengthsDescending = [...this.#lengths.keys()].sort((a, b) => b - a)
  }

  #findNode(root: WildcardNode<Entry> | undefined, components: readonly string[]): WildcardNode<Entry> | undefined {
    let node = root
    for (const component of components) node = component === '' ? node?.any : node?.literal.get(component)
    return node
  }
}

function newNode<Entry>(): WildcardNode<Entry> {
  return { literal: new Map(), any: undefined, entry: undefined }
}

/** The node one level down for `component`, made when it is not there. */
function childOf<Entry>(node: WildcardNode<Entry>, component: string): WildcardNode<Entry> {
  const known = component === '' ? node.any : node.literal.get(component)
  if (known !== undefined) return known
  const made = newNode<Entry>()
  if (component === '') node.any = made
  else node.literal.set(component, made)
  return made
}

function isEmpty(node: WildcardNode<unknown>): boolean {
  return node.entry === undefined && node.any === undefined && node.literal.size === 0
}

/** Removes the entry at the end of the path and the nodes that are then empty; false when there was none. */
function removePath(node: WildcardNode<unknown>, components: readonly string[], at: number): boolean {
  if (at === components.length) {
    const had = node.entry !== undefined
    node.entry = undefined
    return had
  }
  const component = components[at]!
  const next = component === '' ? node.any : node.literal.get(component)
  if (next === undefined || !removePath(next, components, at + 1)) return false
  if (isEmpty(next)) {
    if (component === '') node.any = undefined
    else node.literal.delete(component)
  }
  return true
}

function collect<Entry>(node: WildcardNode<Entry> | undefined, components: readonly string[], at: number, found: Entry[]): void {
  if (node === undefined) return
  if (at === components.length) {
    if (node.entry !== undefined) found.push(node.entry)
    return
  }
  collect(node.literal.get(components[at]!), components, at + 1, found)
  collect(node.any, components, at + 1, found)
}

/** The literal branch first at every level: the first hit is the best by RPC-116. */
function best<Entry>(node: WildcardNode<Entry> | undefined, components: readonly string[], at: number): Entry | undefined {
  if (node === undefined) return undefined
  if (at === components.length) return node.entry
  return best(node.literal.get(components[at]!), components, at + 1) ?? best(node.any, components, at + 1)
}
