// Payloads hold more than JSON: binary data, and integers beyond 2^53 as bigints. Here is what they are to JSON Schema, and when two
// are the same.

export type JsonObject = { readonly [key: string]: unknown }

/** Binary data is no JSON, and so of none of its types. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/**
 * A copy in which ajv finds what JSON Schema knows. It takes binary data for an object, and a bigint for no number: a limit would not
 * hold for it. So the integers become numbers, which rounds them; and binary data becomes what ajv has no type for and can still
 * compare, a bigint. Throws when the value holds itself.
 */
export function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (ArrayBuffer.isView(value)) return BigInt(`0x1${bufferOf(value).toString('hex')}`) // the 1 keeps the zeros that follow
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, jsonOf(member)]))
  return value
}

function bufferOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** A text that is the same for values that are the same, and for no others. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (ArrayBuffer.isView(value)) return `b${bufferOf(value).toString('base64')}`
  if (isObject(value)) {
    const members = Object.keys(value).sort()
    return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value === 0 ? 0 : value) // -0 is 0
}
