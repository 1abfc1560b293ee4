// What can be wrong with roles in the configuration, and what permissions become.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { folder } from '../folder.ts'
import { configOf } from './support.ts'

const ROLE = 'workers[0].realms[0].roles[0]'
const withPermission = (permission: object) => ({ permissions: [{ uri: 'com.a', ...permission }] })

const MISTAKES: readonly (readonly [name: string, role: object, place: string, words: RegExp])[] = [
  ['no URI as authorizer', { authorizer: 'com..x' }, 'authorizer is "com..x"', /must be the URI of a procedure/],
  ['a reserved procedure', { authorizer: 'wamp.session.count' }, 'authorizer is', /that a component registers/],
  ['an empty authorizer', { authorizer: '' }, 'authorizer is ""', /must be the URI of a procedure/],
  ['a number as authorizer', { authorizer: 7 }, 'authorizer is 7', /must be the URI of a procedure, \{ type: "dynamic", procedure \}/],
  ['an unknown type', { authorizer: { type: 'procedur' } }, 'authorizer', /must be the URI of a procedure|one of "dynamic", "function"/],
  ['no procedure', { authorizer: { type: 'dynamic' } }, 'authorizer.procedure is missing', /must be the URI of a procedure/],
  ['a wrong procedure', { authorizer: { type: 'dynamic', procedure: 'a b' } }, 'authorizer.procedure is "a b"', /must be the URI/],
  [
    'no time',
    { authorizer: { type: 'dynamic', procedure: 'com.a', timeoutMs: 0 } },
    'authorizer.timeoutMs is 0',
    /milliseconds from 1 to 60000/,
  ],
  ['a missing module', { authorizer: { type: 'function', module: './no.js' } }, 'authorizer.module is "./no.js"', /there is no file/],
  ['a module that is none', { authorizer: { type: 'function', module: './no.py' } }, 'authorizer.module', /ends with one of \.ts/],
  [
    'allow-by-default beside permissions',
    { ...withPermission({}), 'allow-by-default': true },
    '["allow-by-default"]|allow-by-default is true',
    /without permissions and authorizer/,
  ],
  ['allow-by-default beside an authorizer', { authorizer: 'com.a', 'allow-by-default': true }, 'allow-by-default', /remove it/],
  [
    'a schema that is none',
    withPermission({ validate: { args: { typ: 1 } } }),
    'permissions[0].validate.args.typ is 1',
    /did you mean "type"/,
  ],
  ['a schema of a result', withPermission({ validate: { result: { args: 1 } } }), 'validate.result.args is 1', /must be a JSON Schema/],
  ['an unknown part', withPermission({ validate: { arg: true } }), 'validate.arg is true', /did you mean "args"/],
  [
    "Crossbar's names of types",
    withPermission({ validate: { call_result: 'com.types.Order' } }),
    'validate.call_result is "com.types.Order"',
    /names of types.*write a JSON Schema.*validate: \{ result: \{ args, kwargs \} \}/,
  ],
]

test('every mistake of roles is told with its place, its value and what would have been right', async (context) => {
  for (const [name, role, place, words] of MISTAKES) {
    const root = folder(context, { 'crosspoint.config.json': configOf([{ name: 'user', ...role }]) })
    await assert.rejects(loadConfig(join(root, 'crosspoint.config.json'), {}), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_CONFIG', `${name}: ${error.stack}`)
      const places = place.split('|').map((each) => `${ROLE}${each.startsWith('[') ? '' : '.'}${each}`)
      assert.ok(places.some((each) => error.message.includes(each)) || error.message.includes(place), `${name}: ${error.message}`)
      assert.match(error.message, words, name)
      assert.equal(error.message.split('\n').length, 1, error.message)
      return true
    })
  }
})

for (const [audit, words] of [
  [{}, /audit\.path is missing: must be the path of a file/],
  [{ path: '' }, /audit\.path is "": must be the path of a file/],
  [{ path: 'a', keep: -1 }, /audit\.keep is -1: must be a whole number of files from 0 to 1000/],
  [{ path: 'a', maxBytes: 1 }, /audit\.maxBytes is 1: must be a whole number of bytes from 4096/],
  ['a', /audit is "a": must be an object/],
] as const) {
  test(`a mistake in the audit log: ${JSON.stringify(audit)}`, async (context) => {
    const root = folder(context, { 'crosspoint.config.json': configOf([{ name: 'user' }], {}, { audit }) })
    await assert.rejects(loadConfig(join(root, 'crosspoint.config.json'), {}), { code: 'ERR_CONFIG', message: words })
  })
}

test('names of the node itself are refused', async (context) => {
  const root = folder(context, { 'crosspoint.config.json': configOf([{ name: 'crosspoint.authorizer' }]) })
  await assert.rejects(
    loadConfig(join(root, 'crosspoint.config.json'), {}),
    /roles\[0\]\.name is "crosspoint\.authorizer": .* the node's own/,
  )
})

test('permissions know where they stand, and authorizers are resolved', async (context) => {
  const permission = { uri: 'com.*', allow: { call: true }, disclose: { caller: true, publisher: false }, cache: true }
  const roles = [
    { name: 'user', permissions: [{ uri: 'a', allow: {} }, permission], authorizer: 'com.ask' },
    { name: 'by-function', authorizer: { type: 'function', module: './ask.js', timeoutMs: 7 } },
    { name: 'open', 'allow-by-default': true },
    { name: 'shut' },
  ]
  const root = folder(context, { 'crosspoint.config.json': configOf(roles), 'ask.js': '' })
  const file = join(root, 'crosspoint.config.json')
  const { realms } = await loadConfig(file, {})
  const { authorizers, options } = realms[0]!
  assert.deepEqual(options.roles?.['user']?.permissions?.[1], {
    uri: 'com.',
    match: 'prefix',
    allow: ['call'],
    disclose: { caller: true, publisher: false },
    validate: undefined,
    source: `${file}: ${ROLE}.permissions[1]`,
  })
  assert.deepEqual(authorizers, {
    user: { type: 'procedure', procedure: 'com.ask', timeoutMs: 5000 },
    'by-function': { type: 'function', module: join(root, 'ask.js'), name: './ask.js', timeoutMs: 7 },
  })
  const all = ['call', 'register', 'publish', 'subscribe']
  const source = `${file}: workers[0].realms[0].roles[2].allow-by-default`
  assert.deepEqual(options.roles?.['open']?.permissions, [{ uri: '', match: 'prefix', allow: all, source }])
  assert.deepEqual(options.roles?.['shut']?.permissions, [])
})
