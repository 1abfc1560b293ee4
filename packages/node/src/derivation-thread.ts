// One thread that derives keys from passwords, and nothing else. It gives way to everything else in this machine where the system
// can be told so: logins that hash may take longer under load, calls must not.

import { argon2Sync, pbkdf2Sync } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { Derivation } from './derivations.ts'

/** Linux has a priority for each thread, and tells each which one it is. */
function giveWay(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (Number.isInteger(thread)) setPriority(thread, constants.priority.PRIORITY_LOW)
  } catch {
    // Another system, or not allowed: then it has the priority of the process.
  }
}

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
    return undefined // memory that cannot be had
  }
}

giveWay()
parentPort!.on('message', (task: Derivation) => parentPort!.postMessage(derive(task)))
