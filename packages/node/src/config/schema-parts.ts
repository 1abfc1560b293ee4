// Small pieces of the schema: each says in words what is right, for the error that names the value that is not.

import { z } from 'zod'
import { nearest } from './issue.ts'

/** Non-empty text. */
export function text(what: string, description: string) {
  const error = `must be ${what}, as text`
  return z.string({ error }).min(1, { error }).meta({ description })
}

/** A whole number between two bounds, in the unit that the words name. */
export function whole(least: number, most: number, unit: string, description: string) {
  const error = `must be a whole number${unit === '' ? '' : ` of ${unit}`} from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error }).meta({ description })
}

/** Milliseconds as Crossbar has them: 0, or at least a second. */
export function crossbarMilliseconds(description: string) {
  const error = 'must be milliseconds: 0, or a whole number from 1000 to 86400000'
  return z
    .int({ error })
    .max(86_400_000, { error })
    .refine((value) => value === 0 || value >= 1000, { error })
    .meta({ description })
}

export function truth(description: string) {
  return z.boolean({ error: 'must be true or false' }).meta({ description })
}

export function choice<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words, { error: (issue) => chooseText(words, issue.input) }).meta({ description })
}

export function list<Item extends z.ZodType>(item: Item, description: string) {
  return z.array(item, { error: 'must be a list' }).meta({ description })
}

/** Any number of keys of the user's own choosing. */
export function dictionary<Item extends z.ZodType>(item: Item, description: string) {
  return z.record(z.string(), item, { error: 'must be an object' }).meta({ description })
}

/**
 * An object with these keys and no others. The message of an unknown key is the list of known ones, then that of its `options`:
 * what to say about each unknown key (`unknownKeyText`) needs them, and zod reports several at once.
 */
export function object<const Shape extends z.ZodRawShape>(shape: Shape, description: string) {
  const known = [Object.keys(shape), optionsIn(shape)].map((keys) => keys.join(' ')).join('|')
  return z
    .strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : 'must be an object') })
    .meta({ description })
}

/** The keys of `options`, which stands beside other keys in many places of Crossbar's configuration, and is easily left out. */
function optionsIn({ options }: z.ZodRawShape): readonly string[] {
  const inner = options instanceof z.ZodOptional ? options.unwrap() : options
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

/** What to say about an unknown key; `known` is the message of such an issue. */
export function unknownKeyText(key: string, known: string): string {
  const [keys = [], options = []] = known.split('|').map((part) => part.split(' ').filter((one) => one !== ''))
  if (options.includes(key)) return `there is no such key here; it belongs into options: { ${key}: … }`
  const guess = nearest(key, keys)
  const hint = guess === undefined ? '' : ` did you mean "${guess}"?`
  return `there is no such key here;${hint} ${keys.length === 0 ? 'this object stays empty' : `known are ${keys.join(', ')}`}`
}

/** What to say about a word that is none of `words`. */
export function chooseText(words: readonly string[], given: unknown): string {
  const guess = typeof given === 'string' ? nearest(given, words) : undefined
  const all = `must be ${words.length === 1 ? '' : 'one of '}${words.map((word) => `"${word}"`).join(', ')}`
  return guess === undefined ? all : `${all}; did you mean "${guess}"?`
}
