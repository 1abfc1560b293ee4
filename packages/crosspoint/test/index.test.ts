import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as client from '@crosspoint/client/node'
import * as crosspoint from '../src/index.ts'

test('the one package hands on the client of Node and defineNode', () => {
  assert.deepEqual(Object.keys(crosspoint).sort(), [...Object.keys(client), 'defineNode'].sort())
  const config: crosspoint.NodeConfig = { version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1' }] }] }
  assert.equal(crosspoint.defineNode(config), config)
})
