// Application values: what may stand in args and kwargs, and how it is treated alike by every serializer.
// null, booleans, numbers, bigints (integers up to 64 bit; JSON, CBOR and UBJSON carry up to BIGINT_BYTES_MAX), strings, Uint8Array
// (bytes), arrays, plain objects.
// A property whose value is undefined is left out, undefined in an array becomes null, and an object with a `toJSON`
// method (Date) is what that method returns.

/** How deep arrays and objects may nest in a payload or dictionary; deeper is a protocol violation. */
export const NESTING_DEPTH_MAX = 128

/**
 * The longest integer that JSON, CBOR and UBJSON carry, in bytes. All of them are below the largest float, so that no reader of JSON
 * takes one for infinite, and writing one in decimal takes no time worth mentioning.
 */
export const BIGINT_BYTES_MAX = 127

/** The bytes that the absolute value of `value` needs, or one more than `BIGINT_BYTES_MAX` for anything longer. */
export function bigintBytes(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  if (magnitude >> BigInt(8 * BIGINT_BYTES_MAX) > 0n) return BIGINT_BYTES_MAX + 1
  return Math.ceil(magnitude.toString(16).length / 2)
}

/**
 * A float whose value happens to be integral, such as 1.0. Only the exact decoding used between serializers makes these,
 * so that a float stays a float on the other side (SER-25); every encoder writes them as floats.
 */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** Sets an own property, also for `__proto__`, which plain assignment would take for the prototype. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/** Throws for a value that no serializer could carry; says where it is. */
export function refuseValue(value: unknown): never {
  const shown = typeof value === 'function' ? `function ${value.name}` : typeof value === 'symbol' ? String(value) : `${value}`
  throw new TypeError(`${shown} cannot be sent; values are null, boolean, finite number, bigint, string, Uint8Array, array or plain object`)
}

/** A deep copy with the same treatment of undefined and `toJSON` that encoding gives. */
export function cloneValue<Value>(value: Value, depth = 0): Value {
  return clone(value, depth) as Value
}

function clone(value: unknown, depth: number): unknown {
  if (typeof value === 'object') {
    if (value === null) return null
    if (value instanceof Uint8Array) return Uint8Array.from(value)
    if (depth >= NESTING_DEPTH_MAX) throw new TypeError(`the value nests deeper than ${NESTING_DEPTH_MAX} levels`)
    if (Array.isArray(value)) return value.map((item) => clone(item ?? null, depth + 1))
    if ('toJSON' in value && typeof value.toJSON === 'function') return clone(value.toJSON(), depth + 1)
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key]
      if (item !== undefined) setKey(copy, key, clone(item, depth + 1))
    }
    return copy
  }
  if (typeof value === 'function' || typeof value === 'symbol') return refuseValue(value)
  return value
}
