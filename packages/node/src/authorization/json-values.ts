// What JSON Schema says of values, for payloads: which type a value has, and when two are the same.

export const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'] as const
export type TypeName = (typeof TYPES)[number]

/** In words, for errors. */
export const TYPE_WORDS: { readonly [type in TypeName]: string } = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  null: 'null',
  array: 'a list',
  object: 'a dictionary',
}

const IS: { readonly [type in TypeName]: (value: unknown) => boolean } = {
  string: (value) => typeof value === 'string',
  number: isNumber,
  integer: (value) => Number.isInteger(value) || typeof value === 'bigint',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
}

export function hasType(value: unknown, type: TypeName): boolean {
  return IS[type](value)
}

/** Integers beyond 2^53 are bigints in payloads. */
export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Binary data is no JSON, and so of none of its types. */
export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** A text that is the same for values that are the same, and for no others; so that many can be compared at once. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (ArrayBuffer.isView(value)) return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}`
  if (isObject(value)) {
    const members = Object.keys(value).sort()
    return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value === 0 ? 0 : value) // -0 is 0
}
