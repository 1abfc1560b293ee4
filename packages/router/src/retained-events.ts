// Retained events of a realm: for each topic the newest one that everybody may receive, and after it those that only some may
// (PUB-52, PUB-56). All of them are in memory; a store that lasts lets them outlive the router.

import type { MatchPolicy, Uri } from '@crosspoint/protocol'
import { isVisibleTo, type Principal, RETAINED_PER_TOPIC_MAX, type StoredEvent } from './event-store.ts'
import type { RouterLimits } from './limits.ts'

interface Node {
  readonly children: Map<string, Node>
  events: StoredEvent[]
}

export class RetainedEvents {
  readonly #limits: RouterLimits
  readonly #root: Node = { children: new Map(), events: [] }
  #topics = 0
  #bytes = 0

  constructor(limits: RouterLimits, events: readonly StoredEvent[]) {
    this.#limits = limits
    for (const event of events) this.keep(event)
  }

  /** Topics that have a retained event. */
  get size(): number {
    return this.#topics
  }

  /** Keeps an event if the limits allow it; what that does to the topic's events. */
  keep(event: StoredEvent): 'none' | 'add' | 'replace' {
    const node = this.#node(event.topic)
    const isRestricted = Object.keys(event.lists).length > 0
    const goes = isRestricted ? node.events.slice(0, Math.max(0, node.events.length + 1 - RETAINED_PER_TOPIC_MAX)) : node.events
    const bytes = this.#bytes + bytesOf(event) - goes.reduce((sum, each) => sum + bytesOf(each), 0)
    const isNew = node.events.length === 0
    if (bytes > this.#limits.retainedBytesMax || (isNew && this.#topics >= this.#limits.retainedTopicsMax)) {
      if (isNew) this.#prune(event.topic)
      return 'none'
    }
    this.#bytes = bytes
    if (isNew) this.#topics++
    node.events = isRestricted ? [...node.events.slice(goes.length), event] : [event]
    return isRestricted ? 'add' : 'replace'
  }

  /** The newest retained event that `asker` may have, of each topic that matches (PUB-53, PUB-57). */
  find(uri: Uri, match: MatchPolicy, asker: Principal): StoredEvent[] {
    const found: StoredEvent[] = []
    const take = (node: Node): void => {
      const event = node.events.findLast((each) => isVisibleTo(each, asker))
      if (event !== undefined) found.push(event)
    }
    const components = uri.split('.')
    if (match === 'prefix') visitPrefix(this.#root, components, 0, take)
    else visitPattern(this.#root, components, 0, match === 'wildcard', take)
    return found.sort((a, b) => a.time - b.time)
  }

  #node(topic: Uri): Node {
    let node = this.#root
    for (const component of topic.split('.')) {
      let next = node.children.get(component)
      if (next === undefined) node.children.set(component, (next = { children: new Map(), events: [] }))
      node = next
    }
    return node
  }

  /** Removes the branch of a topic that was not kept after all. */
  #prune(topic: Uri): void {
    const path: Node[] = [this.#root]
    const components = topic.split('.')
    for (const component of components) path.push(path[path.length - 1]!.children.get(component)!)
    for (let at = components.length; at > 0; at--) {
      const node = path[at]!
      if (node.children.size > 0 || node.events.length > 0) return
      path[at - 1]!.children.delete(components[at - 1]!)
    }
  }
}

const EVENT_BYTES = 200 // what an event takes beside its payload, roughly

function bytesOf(event: StoredEvent): number {
  return event.payload.end - event.payload.start + EVENT_BYTES
}

function visitPattern(node: Node, components: readonly string[], at: number, hasWildcards: boolean, take: (node: Node) => void): void {
  if (at === components.length) return take(node)
  const component = components[at]!
  if (hasWildcards && component === '') {
    for (const child of node.children.values()) visitPattern(child, components, at + 1, true, take)
    return
  }
  const child = node.children.get(component)
  if (child !== undefined) visitPattern(child, components, at + 1, hasWildcards, take)
}

/** All components but the last are met whole; the last one is the beginning of a component (URI-15). */
function visitPrefix(node: Node, components: readonly string[], at: number, take: (node: Node) => void): void {
  const component = components[at]!
  if (at < components.length - 1) {
    const child = node.children.get(component)
    if (child !== undefined) visitPrefix(child, components, at + 1, take)
    return
  }
  for (const [name, child] of node.children) if (name.startsWith(component)) visitAll(child, take)
}

function visitAll(node: Node, take: (node: Node) => void): void {
  take(node)
  for (const child of node.children.values()) visitAll(child, take)
}
