// One process that derives keys from passwords, and nothing else. It gives way to everything else on this machine, and has a memory of
// its own: what Argon2id takes and gives back by the 64 MiB would hold up the threads of the node.

import { argon2Sync, pbkdf2Sync } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import type { Derivation } from './derivations.ts'

function derive(task: Derivation): Uint8Array | undefined {
  const { password, salt, iterations, length } = task
  try {
    if (task.kind === 'pbkdf2') return pbkdf2Sync(password, salt, iterations, length, 'sha256')
    const { memoryKiB } = task
    return argon2Sync('argon2id', {
      message: password,
      nonce: salt,
      parallelism: 1,
      tagLength: length,
      memory: memoryKiB,
      passes: iterations,
    })
  } catch {
    return undefined // memory that cannot be had, or parameters out of range
  }
}

try {
  setPriority(constants.priority.PRIORITY_LOW)
} catch {
  // Not allowed here: then it has the priority of the node.
}
// Signals for the whole group, such as Ctrl-C, are for the node to answer: it ends this process by leaving it.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.on('disconnect', () => process.exit())
process.on('message', (task: Derivation) => process.send!({ key: derive(task) }))
