// The stores of a node's realms: one file for all realms that name it, opened once.

import { UsageError } from '@crosspoint/protocol'
import type { EventStore } from '@crosspoint/router'
import type { ResolvedRealm } from '../config/resolved.ts'
import type { Logger } from '../log.ts'

export interface OpenStores {
  /** The stores of those realms that have a file. */
  readonly byRealm: ReadonlyMap<string, EventStore>
  close(): Promise<void>
}

/** Opens the files of these realms. One that cannot be used is logged, and its realms route without it until it can. */
export async function openStores(realms: readonly ResolvedRealm[], log: Logger): Promise<OpenStores> {
  const files = new Map<string, ResolvedRealm[]>()
  for (const realm of realms) {
    if (realm.storeFile !== undefined) files.set(realm.storeFile, [...(files.get(realm.storeFile) ?? []), realm])
  }
  const byRealm = new Map<string, EventStore>()
  const closes: (() => Promise<void>)[] = []
  for (const [file, sharing] of files) {
    const { openSqliteStores } = await loadSqlite()
    const opened = await openSqliteStores({ file, realms: sharing.map(({ options, streams }) => ({ name: options.name, streams })) })
    if (opened.failure !== undefined) log.error(`history and retained events are not kept: ${opened.failure}`)
    for (const [name, store] of opened.stores) byRealm.set(name, store)
    closes.push(opened.close)
  }
  return {
    byRealm,
    close: async () => {
      for (const close of closes) await close()
    },
  }
}

/** Only nodes with a file load SQLite. */
async function loadSqlite(): Promise<typeof import('./sqlite-event-stores.ts')> {
  try {
    return await import('./sqlite-event-stores.ts')
  } catch (cause) {
    throw new UsageError('ERR_CONFIG', `store: sqlite needs a Node.js with node:sqlite: ${(cause as Error).message}`, { cause })
  }
}
