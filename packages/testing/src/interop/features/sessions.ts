// Sessions: opening and leaving.

import assert from 'node:assert/strict'
import type { Stage } from '../stage.ts'
import { failsWith } from './assert.ts'

export const SESSIONS: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  async join(stage) {
    const { id } = await stage.subject()
    assert.ok(id > 0 && id <= 2 ** 53, String(id))
  },
  'refused realm': (stage) => failsWith('wamp.error.no_such_realm', stage.another('no_such_realm')),
  async leave(stage) {
    const { reason } = await (await stage.another()).leave()
    assert.ok(reason === 'wamp.close.goodbye_and_out' || reason === 'wamp.close.normal', String(reason))
  },
}
