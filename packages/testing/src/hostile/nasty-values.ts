// Values that nobody thinks of, for members of messages: of every type, with every length, some of them almost right.

import type { SeededRandom } from '../conformance/seeded-random.ts'
import { pick } from './draw.ts'

const deep = (levels: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

const NASTY: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53 - 1,
  -(2 ** 53),
  1e300,
  '',
  ' ',
  '\u0000',
  '\u0000AAEC',
  'joe\u0000',
  'j\u00adoe',
  ' joe',
  'JOE',
  'amy',
  'nobody',
  '__proto__',
  'constructor',
  'toString',
  'anonymous',
  'ticket',
  'totp',
  'null',
  'undefined',
  '\u202e\u0627a',
  '\ud83d\ude00',
  '%s%n',
  "' or 1=1 --",
  'x'.repeat(256),
  'x'.repeat(257),
  'x'.repeat(20_000),
  '='.repeat(44),
  `${'A'.repeat(43)}=`,
  'ab'.repeat(32),
  'AB'.repeat(96),
  'zz'.repeat(96),
  [],
  [[]],
  ['joe'],
  [null],
  ['x'.repeat(300)],
  Array.from({ length: 40 }, () => 'ticket'),
  {},
  { toString: 'joe', length: 3 },
  JSON.parse('{"__proto__": {"authrole": "admin"}}'),
  { constructor: { prototype: { authrole: 'admin' } } },
  deep(30),
  new Uint8Array(0),
  new Uint8Array(32),
]

export function nastyValue(random: SeededRandom): unknown {
  return pick(random, NASTY)
}

/** A text with one character changed, left out, doubled or put at the end. */
export function alteredText(random: SeededRandom, text: string): string {
  const at = random.below(text.length + 1)
  const other = String.fromCharCode(32 + random.below(95))
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + other + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + text.slice(at + 1)
    case 2:
      return text.slice(0, at) + other + text.slice(at)
    case 3:
      return text + text
    default:
      return text.slice(0, at)
  }
}

/**
 * A dictionary in which one or two members are nasty, missing or almost right, or which is nasty as a whole. Members that are
 * dictionaries are altered in turn.
 */
export function altered(random: SeededRandom, dict: { readonly [key: string]: unknown }): unknown {
  if (random.below(20) === 0) return nastyValue(random)
  const result: Record<string, unknown> = { ...dict }
  for (let times = 1 + random.below(2); times > 0; times--) {
    const keys = Object.keys(result)
    const key = keys.length === 0 || random.below(10) === 0 ? pick(random, MORE) : pick(random, keys)
    const value = result[key]
    const kind = random.below(6)
    if (kind === 0) delete result[key]
    else if (isDict(value) && kind < 5) result[key] = altered(random, value)
    else if (typeof value === 'string' && kind < 4) result[key] = alteredText(random, value)
    else if (Array.isArray(value) && kind < 4) result[key] = [...value, nastyValue(random)]
    else result[key] = nastyValue(random)
  }
  return result
}

/** Members that logins have, somewhere. */
const MORE = [
  'authid',
  'authrole',
  'authmethod',
  'authmethods',
  'authextra',
  'authprovider',
  'channel_binding',
  'cbind_data',
  'challenge',
  'nonce',
  'pubkey',
  'signature',
  'salt',
  'iterations',
  'memory',
  'kdf',
  'keylen',
  'trustroot',
  'certificates',
  'transport',
  'resume_session',
  'resume_token',
  'resumable',
]

function isDict(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
