// What the tests of authentication share. The door to cryptography is the node's own, so that the vectors prove it too.

import type { Crypto } from '../../src/crypto.ts'

export { nodeCrypto as crypto } from '../../../node/src/crypto.ts'

/** The value that `start` hands to its callback. */
export function answerOf<T>(start: (done: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve) => start(resolve))
}

/** A door whose derivations are all refused, as by a platform that has too many waiting. */
export function overloaded(door: Crypto): Crypto {
  return { ...door, pbkdf2Sha256: (...args) => args[4](undefined), argon2id: (...args) => args[3](undefined) }
}

/** Values of every wrong kind, for places where a text must stand. */
export const NO_TEXTS: readonly unknown[] = [undefined, null, 0, 1.5, true, {}, [], ['text'], new Uint8Array(32), Symbol.iterator]
