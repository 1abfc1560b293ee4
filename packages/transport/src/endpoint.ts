// Places to listen at: what may stand in the way, and how it is told.

import { stat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { UsageError } from '@crosspoint/protocol'
import type { ListenerOptions } from './options.ts'

/** A Unix socket file that a process left behind when it died is removed; one that somebody answers is in use. */
export async function removeStaleSocket(path: string): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(undefined)
    })
    probe.on('error', resolve)
  })
  if (error?.code === 'ECONNREFUSED' && (await stat(path)).isSocket()) await unlink(path).catch(() => {})
}

/** What `ERR_LISTEN` says: where, and what to do about it. */
export function listenError(error: NodeJS.ErrnoException, endpoint: ListenerOptions['endpoint']): UsageError {
  const where = 'path' in endpoint ? endpoint.path : `${endpoint.host ?? '127.0.0.1'}:${endpoint.port}`
  const reasons: { readonly [code: string]: string } = {
    EADDRINUSE:
      'path' in endpoint
        ? 'something listens there already, or the file is no socket; remove it or choose another path'
        : 'something listens there already; stop it or choose another port',
    EACCES: 'there is no permission; ports below 1024 need more rights, a Unix socket needs a folder that can be written',
    EADDRNOTAVAIL: 'this machine does not have that address',
    ENOENT: 'the folder does not exist',
    ENOTFOUND: 'the host name is not known',
  }
  return new UsageError('ERR_LISTEN', `Cannot listen on ${where}: ${reasons[error.code ?? ''] ?? error.message}`, { cause: error })
}
