// Argon2id where the platform has none: a file of its own, so that it is loaded on demand, and this algorithm alone.

import type { Argon2Cost } from '@crosspoint/protocol/internal'
import { argon2id } from 'hash-wasm'

export function argon2(password: Uint8Array, salt: Uint8Array, { iterations, memoryKiB, length }: Argon2Cost): Promise<Uint8Array> {
  return argon2id({ password, salt, parallelism: 1, iterations, memorySize: memoryKiB, hashLength: length, outputType: 'binary' })
}
