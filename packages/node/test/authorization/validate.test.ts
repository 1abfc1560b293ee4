// `validate` of permissions, from the configuration to the answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplicationError } from '@crosspoint/protocol'
import { compileValidation } from '../../src/authorization/payload-checks.ts'
import { ALL, configOf, EVERYTHING, openNode } from './support.ts'

const ORDER = {
  args: {
    type: 'array',
    prefixItems: [{ type: 'string' }, { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }],
    minItems: 2,
    items: false,
  },
  kwargs: { type: 'object', additionalProperties: false },
  result: { args: { type: 'array', items: { type: 'integer' } } },
  progress: { args: { type: 'array', maxItems: 1 } },
  error: { kwargs: { required: ['code'] } },
}

const invalid = (doing: Promise<unknown>): Promise<unknown> =>
  doing.then(
    () => 'it was let pass',
    (error: ApplicationError) => (error.error === 'wamp.error.invalid_argument' ? error.args[0] : error.error),
  )

test('AUTHZ-08 calls, answers and events that are not as the permission wants them are refused, with what is wrong where', async (context) => {
  const roles = [{ name: 'user', permissions: [{ uri: 'com.*', allow: EVERYTHING, validate: ORDER }] }, ALL]
  const { connect } = await openNode(context, { 'crosspoint.config.json': configOf(roles) })
  const [user, callee] = [await connect('user'), await connect('all')]
  let answer: unknown = 7
  await callee.register('com.order', () => answer)
  assert.equal(await invalid(user.call('com.order', 'a', { name: 1 })), 'Cannot call "com.order": args: [1].name: must be a string')
  assert.equal(await invalid(user.call('com.order', 'a')), 'Cannot call "com.order": args: must NOT have fewer than 2 items')
  const kwargs = { much: 1 }
  assert.equal(
    await invalid(user.callResult('com.order', { args: ['a', { name: 'b' }], kwargs })),
    'Cannot call "com.order": kwargs: much: must not be there',
  )
  assert.equal(await user.call('com.order', 'a', { name: 'b' }), 7)
  answer = 'seven'
  assert.equal(
    await invalid(user.call('com.order', 'a', { name: 'b' })),
    'The result of "com.order" is not what it must be: args: [0]: must be an integer',
  )
  assert.equal(
    await invalid(user.publishEvent('com.topic', { args: ['a'], acknowledge: true })),
    'Cannot publish "com.topic": args: must NOT have fewer than 2 items',
  )
  await user.publishEvent('com.topic', { args: ['a', { name: 'b' }], acknowledge: true })
})

test('AUTHZ-08 payloads that are no JSON are checked as well: integers beyond 2^53, and binary data', async (context) => {
  const items = { type: ['integer', 'object'], maximum: 2 ** 60, minProperties: 1 }
  const validate = { args: { type: 'array', items }, kwargs: { properties: { data: { maxLength: 1 } } } }
  const roles = [{ name: 'user', permissions: [{ uri: 'com.*', allow: EVERYTHING, validate }] }]
  const { connect } = await openNode(context, { 'crosspoint.config.json': configOf(roles) })
  const user = await connect('user')
  const published = (args: unknown[], kwargs = {}) => invalid(user.publishEvent('com.topic', { args, kwargs, acknowledge: true }))
  const begin = 'Cannot publish "com.topic": args: [0]: must be'
  assert.equal(await published([2n ** 61n]), `${begin} <= 1152921504606847000`)
  assert.equal(await published([new Uint8Array(3)]), `${begin} an integer or a dictionary`)
  await user.publishEvent('com.topic', { args: [2n ** 59n], kwargs: { data: new Uint8Array(3) }, acknowledge: true })
})

/** A schema of a library: an object that is more than its members, one of whose numbers comes from the environment. */
const CONFIG = (validate: string, roles = '') => `
class Schema {
  #validate
  constructor(validate) { this.#validate = validate }
  get '~standard'() { return { version: 1, vendor: 'test', validate: (value) => this.#validate(value) } }
}
const oneOf = (fault) => new Schema((value) => (value[0] === 1 ? { value } : { issues: [fault] }))
const all = { call: true, register: true, publish: true, subscribe: true }
const config = ${JSON.stringify(configOf([{ name: 'user' }, ALL], {}))}
config.workers[0].transports[0].endpoint.port = '\${PORT:-0}'
config.workers[0].realms[0].roles[0].permissions = [{ uri: 'com.*', allow: all, validate: ${validate} }]
${roles}
export default config`

for (const [fault, text] of [
  ["{ message: 'must be 1', path: [0, { key: 'a b' }, 'c'] }", 'args: [0]["a b"].c: must be 1'],
  ["{ message: 'must be 1' }", 'args: must be 1'],
] as const) {
  test(`AUTHZ-08 a Standard Schema checks as well: ${text}`, async (context) => {
    const { connect } = await openNode(context, { 'crosspoint.config.js': CONFIG(`{ args: oneOf(${fault}) }`) }, 'crosspoint.config.js')
    const user = await connect('user')
    assert.equal(await invalid(user.publishEvent('com.topic', { args: [2], acknowledge: true })), `Cannot publish "com.topic": ${text}`)
    await user.publishEvent('com.topic', { args: [1], acknowledge: true })
  })
}

test('a Standard Schema that validates later is refused at the start', async (context) => {
  const files = { 'crosspoint.config.js': CONFIG('{ kwargs: new Schema(async (value) => ({ value })) }') }
  await assert.rejects(openNode(context, files, 'crosspoint.config.js'), {
    code: 'ERR_CONFIG',
    message: /roles\[0\]\.permissions\[0\]\.validate\.kwargs is "a Standard Schema": validates asynchronously/,
  })
})

test('a Standard Schema that throws, or waits after all, lets nothing pass and says nothing of why', () => {
  for (const validate of [
    () => {
      throw new Error('secret')
    },
    (value: unknown) => (value === undefined ? { value } : Promise.reject(new Error('secret'))),
  ]) {
    const { validation, issues } = compileValidation({ args: { '~standard': { version: 1, vendor: 'test', validate } } }, ['validate'])
    assert.deepEqual(issues, [])
    assert.equal(validation.args?.([1]), 'the check of it failed')
  }
})
