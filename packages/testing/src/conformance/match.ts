// Compares what arrived with what a scenario expects, and keeps what it binds.

import { layoutOf } from '@crosspoint/protocol/internal'
import type { Placeholder } from './scenario.ts'

export type Bindings = Map<string, unknown>

function isPlaceholder(value: unknown): value is Placeholder {
  return typeof value === 'object' && value !== null && 'placeholder' in value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** A message to send, with what was kept under names put in their places. */
export function fillIn(value: unknown, bindings: Bindings): unknown {
  if (isPlaceholder(value)) {
    if (value.placeholder === 'made') return value.make!(keptIn(bindings))
    if (value.placeholder !== 'ref')
      throw new Error(`Cannot send the placeholder ${value.placeholder}(${value.name}): only ref and made stand for a value`)
    if (!bindings.has(value.name)) throw new Error(`Cannot send ref("${value.name}"): nothing was bound under that name before`)
    return bindings.get(value.name)
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, bindings))
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, bindings)]))
  return value
}

/**
 * Whether `received` is the message `expected`; adds to `bindings` what it binds, and nothing when it is not.
 * Empty arguments count as absent (MSG-06). An expected ERROR or ABORT that ends with its URI accepts any arguments, which are
 * words for people.
 */
export function matchMessage(expected: readonly unknown[], received: readonly unknown[], bindings: Bindings): boolean {
  const wanted = withoutEmptyPayload(expected)
  let got = withoutEmptyPayload(received)
  const layout = layoutOf(wanted[0] as number)
  const takesAnyPayload = (wanted[0] === 8 || wanted[0] === 3) && wanted.length === 1 + layout!.fields.length
  if (takesAnyPayload) got = got.slice(0, wanted.length)
  const bound: Bindings = new Map(bindings)
  if (!matchValue(wanted, got, bound)) return false
  for (const [name, value] of bound) bindings.set(name, value)
  return true
}

function withoutEmptyPayload(message: readonly unknown[]): readonly unknown[] {
  const layout = layoutOf(message[0] as number)
  if (layout === undefined || !layout.hasPayload) return message
  const start = 1 + layout.fields.length
  let end = message.length
  const kwargs = message[start + 1]
  if (end === start + 2 && isObject(kwargs) && Object.keys(kwargs).length === 0) end--
  const args = message[start]
  if (end === start + 1 && Array.isArray(args) && args.length === 0) end--
  return message.slice(0, end)
}

function matchValue(expected: unknown, received: unknown, bindings: Bindings): boolean {
  if (isPlaceholder(expected)) return matchPlaceholder(expected, received, bindings)
  if (Array.isArray(expected)) {
    if (!Array.isArray(received) || received.length !== expected.length) return false
    return expected.every((item, at) => matchValue(item, received[at], bindings))
  }
  if (expected instanceof Uint8Array) return received instanceof Uint8Array && Buffer.compare(expected, received) === 0
  if (isObject(expected)) {
    if (!isObject(received)) return false
    const isPart = isObject(expected['containing']) && Object.keys(expected).length === 1
    const entries = isPart ? (expected['containing'] as Record<string, unknown>) : expected
    if (!isPart && Object.keys(received).length !== Object.keys(entries).length) return false
    return Object.entries(entries).every(([key, item]) => Object.hasOwn(received, key) && matchValue(item, received[key], bindings))
  }
  return Object.is(expected, received)
}

function keptIn(bindings: Bindings): (name: string) => unknown {
  return (name) => {
    if (!bindings.has(name)) throw new Error(`Cannot make anything of "${name}": nothing was bound under that name before`)
    return bindings.get(name)
  }
}

function matchPlaceholder(expected: Placeholder, received: unknown, bindings: Bindings): boolean {
  if (expected.placeholder === 'ref') {
    if (!bindings.has(expected.name)) throw new Error(`Cannot expect ref("${expected.name}"): nothing was bound under that name before`)
    return matchValue(bindings.get(expected.name), received, bindings)
  }
  if (expected.placeholder === 'made') return matchValue(expected.make!(keptIn(bindings)), received, bindings)
  if (expected.placeholder === 'bind') bindings.set(expected.name, received)
  return expected.accepts(received)
}

/** A message as it stands in a failure. */
export function show(value: unknown): string {
  if (isPlaceholder(value)) return value.placeholder === 'any' ? 'any' : `${value.placeholder}(${value.name})`
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${show(item)}`)
    return `{${entries.join(', ')}}`
  }
  if (typeof value === 'bigint') return `${value}n`
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}
