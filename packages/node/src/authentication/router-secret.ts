// The node's own secret: what it shows about principals that do not exist is made of it, the same before and after a restart
// (AUTH-26, AUTH-46).

import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '@crosspoint/protocol'
import { modeFault } from '../file-modes.ts'

const BYTES = 32
const NAME = 'secret'

/**
 * Reads the secret of a node; at its first start it is made, for this user alone (mode 0600).
 *
 * @param folder where the node keeps what it makes for itself; made if need be
 * @returns 32 bytes
 * @throws UsageError ERR_CONFIG when the file cannot be read or written, has not 32 bytes, or can be read by everybody
 * @example
 * const secret = routerSecret('/srv/node/.crosspoint')
 */
export function routerSecret(folder: string): Uint8Array {
  const path = join(folder, NAME)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      // One that is there already stays.
      writeFileSync(path, randomBytes(BYTES), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const fault = modeFault(path, statSync(path).mode)
    if (fault !== undefined) throw new UsageError('ERR_CONFIG', `Cannot use the secret of this node, ${path}: ${fault}`)
    const bytes = readFileSync(path)
    if (bytes.length === BYTES) return bytes
    const text = `it has ${bytes.length} bytes instead of ${BYTES}; remove it, and the next start makes another`
    throw new UsageError('ERR_CONFIG', `Cannot use the secret of this node, ${path}: ${text}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      'ERR_CONFIG',
      `Cannot read or make the secret of this node, ${path} (${code}); the folder must be one that this user may write to`,
      { cause: error },
    )
  }
}
