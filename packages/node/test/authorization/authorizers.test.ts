// Authorizers of roles, from the configuration to the answer: procedures with Crossbar's arguments and answers, functions.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Client } from '@crosspoint/client/node'
import { ALL, configOf, EVERYTHING, openNode, refusal } from './support.ts'

const AUTHORIZE = 'com.example.authorize'
const DENIED = 'wamp.error.not_authorized'
const FAILED = 'wamp.error.authorization_failed'
const ALLOWED = 'it was allowed'

/** The role of those who decide: they may register the authorizer without being asked about. */
const DECIDER = { name: 'decider', permissions: [{ uri: AUTHORIZE, allow: { register: true } }] }

function rolesOf(authorizer: unknown) {
  return [{ name: 'user', permissions: [{ uri: 'com.static', allow: EVERYTHING }], authorizer }, DECIDER, ALL]
}

type Answer = (...args: [Record<string, unknown>, string, string, Record<string, unknown>]) => unknown

async function withProcedure(context: TestContext, answer: Answer | undefined, timeoutMs = 5_000) {
  const open = await openNode(context, {
    'crosspoint.config.json': configOf(rolesOf({ type: 'dynamic', procedure: AUTHORIZE, timeoutMs })),
  })
  const decider = await open.connect('decider')
  const registration = answer && (await decider.register(AUTHORIZE, answer as (...args: never[]) => unknown))
  return { ...open, decider, registration, user: await open.connect('user') }
}

const subscribe = (client: Client, uri: string) => refusal(client.subscribe(uri, () => {}))

test('AUTHZ-06 a procedure is called with session details, URI, action and options, and its answer decides', async (context) => {
  const asked: unknown[][] = []
  const { user } = await withProcedure(context, (...args) => {
    asked.push(args)
    return args[1].startsWith('com.open')
  })
  assert.equal(await subscribe(user, 'com.open.a'), ALLOWED)
  assert.equal(await refusal(user.subscribe('com.shut', () => {}, { match: 'prefix' })), DENIED)
  assert.equal(await refusal(user.register('com.open.p', () => 0)), ALLOWED)
  assert.equal(await refusal(user.publishEvent('com.shut', { acknowledge: true })), DENIED)
  assert.equal(await refusal(user.call('com.open.p')), ALLOWED)
  const { id, authid } = user.session!
  const details = { session: id, authid, authrole: 'user', authmethod: 'anonymous', authprovider: 'static', authextra: {} }
  const told = asked.map(([first, ...rest]) => {
    const { transport, ...others } = first as { transport: { channel_type: string } }
    assert.equal(transport.channel_type, 'tcp')
    return [others, ...rest]
  })
  assert.deepEqual(told, [
    [details, 'com.open.a', 'subscribe', {}],
    [details, 'com.shut', 'subscribe', { match: 'prefix' }],
    [details, 'com.open.p', 'register', {}],
    [details, 'com.shut', 'publish', { acknowledge: true }],
    [details, 'com.open.p', 'call', {}],
  ])
})

test('AUTHZ-06 a URI alone, as in Crossbar, is a procedure as well; what a permission says is not asked', async (context) => {
  const { connect } = await openNode(context, { 'crosspoint.config.json': configOf(rolesOf(AUTHORIZE)) })
  const decider = await connect('decider')
  let count = 0
  await decider.register(AUTHORIZE, () => {
    count++
    return { allow: true }
  })
  const user = await connect('user')
  assert.equal(await subscribe(user, 'com.static'), ALLOWED)
  assert.equal(count, 0)
  assert.equal(await subscribe(user, 'com.other'), ALLOWED)
  assert.equal(count, 1)
})

test('an answer may disclose, and check payloads', async (context) => {
  const { user, connect } = await withProcedure(context, (_session, uri, action) => {
    if (action !== 'call') return { allow: true, disclose: true, cache: null, validate: null }
    if (uri === 'com.checked') return { allow: true, validate: { args: { type: 'array', items: { type: 'number' } } } }
    return { allow: true, disclose: { caller: uri === 'com.told', publisher: true } }
  })
  const callee = await connect('all')
  for (const uri of ['com.told', 'com.untold', 'com.checked']) {
    await callee.registerInvocation(uri, ({ details }) => (details as { caller?: number }).caller ?? 'nobody')
  }
  assert.equal(await user.call('com.told'), user.session!.id)
  assert.equal(await user.call('com.untold'), 'nobody')
  assert.equal(await user.call('com.checked', 1), 'nobody')
  await assert.rejects(user.call('com.checked', 1, 'x'), (error: { error: string; args: unknown[] }) => {
    assert.deepEqual([error.error, error.args], ['wamp.error.invalid_argument', ['Cannot call "com.checked": args: [1]: must be a number']])
    return true
  })
})

for (const [name, answer, cause] of [
  ['null', () => null, /must answer with true, false or \{ allow/],
  ['a text', () => 'yes', /must answer with true, false/],
  ['a list', () => [true], /must answer with true, false/],
  ['no allow', () => ({}), /allow in its answer must be true or false/],
  ['allow as text', () => ({ allow: 'true' }), /allow in its answer must be true or false/],
  ['an unknown key', () => ({ allow: true, discloze: true }), /has the member "discloze"; known are allow, disclose, cache, validate/],
  ['cache as number', () => ({ allow: true, cache: 1 }), /cache in its answer/],
  ['disclose as text', () => ({ allow: true, disclose: 'caller' }), /disclose in its answer/],
  ['disclose of somebody else', () => ({ allow: true, disclose: { callee: true } }), /disclose in its answer/],
  ['validate as text', () => ({ allow: true, validate: 'x' }), /validate in its answer must be/],
  ['a schema that is none', () => ({ allow: true, validate: { args: { typ: 'x' } } }), /validate\.args\.typ in its answer is no keyword/],
  [
    'an error',
    () => {
      throw new Error('broken')
    },
    /answered with wamp\.error\.runtime_error/,
  ],
] as const) {
  test(`ERR-13 an authorizer that answers with ${name} gives no decision, and the log says why`, async (context) => {
    const { user, log } = await withProcedure(context, answer as Answer)
    assert.equal(await subscribe(user, 'com.a'), FAILED)
    assert.equal(await subscribe(user, 'com.static'), ALLOWED)
    const warnings = log.lines.filter((line) => line.startsWith('warn'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /The authorizer com\.example\.authorize of the role "user" in realm1/)
    assert.match(warnings[0]!, cause)
  })
}

test('ERR-13 nobody has registered the procedure: no decision; the log tells when it works again', async (context) => {
  const { user, decider, log } = await withProcedure(context, undefined)
  assert.equal(await subscribe(user, 'com.a'), FAILED)
  assert.equal(await subscribe(user, 'com.a'), FAILED)
  await decider.register(AUTHORIZE, () => true)
  assert.equal(await subscribe(user, 'com.a'), ALLOWED)
  const told = log.lines.filter((line) => /^(warn|info) The authorizer/.test(line))
  assert.equal(told.length, 2, told.join('\n'))
  assert.match(told[0]!, /no_such_procedure/)
  assert.match(told[1]!, /works again; requests that failed: 2/)
})

test('one that hangs gives no decision in time, its call is cancelled, and others are not held up', async (context) => {
  let canceled = () => {}
  const whenCanceled = new Promise<void>((resolve) => {
    canceled = resolve
  })
  const { user, connect, decider } = await withProcedure(context, undefined, 200)
  let asked = () => {}
  const whenAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  await decider.registerInvocation(AUTHORIZE, ({ args, signal }) => {
    if (args[1] !== 'com.hangs') return true
    asked()
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        canceled()
        resolve(true)
      })
    })
  })
  const hanging = subscribe(user, 'com.hangs')
  await whenAsked
  const other = await connect('user')
  assert.equal(await subscribe(other, 'com.a'), ALLOWED)
  assert.equal(await subscribe(await connect('all'), 'com.a'), ALLOWED)
  assert.equal(await hanging, FAILED)
  await whenCanceled
  assert.equal(await subscribe(user, 'com.a'), ALLOWED, 'the session goes on')
})

test('a decision lasts while its procedure is the same; a new version is asked anew', async (context) => {
  let count = 0
  const { user, registration, connect } = await withProcedure(context, () => {
    count++
    return { allow: true, cache: true }
  })
  for (const _ of [1, 2, 3]) await user.publishEvent('com.a', { acknowledge: true })
  assert.equal(count, 1)
  await registration!.unregister()
  const next = await connect('decider')
  await next.register(AUTHORIZE, () => ({ allow: false, cache: true }))
  assert.equal(await refusal(user.publishEvent('com.a', { acknowledge: true })), DENIED)
  assert.equal(count, 1)
})

test('what an earlier version still answers does not last', async (context) => {
  const { user, decider, connect } = await withProcedure(context, undefined)
  let answer = (_: unknown) => {}
  let asked = () => {}
  const whenAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const options = { invoke: 'roundrobin' } as const
  const first = await decider.register(
    AUTHORIZE,
    () =>
      new Promise((resolve) => {
        answer = resolve
        asked()
      }),
    options,
  )
  const pending = refusal(user.publishEvent('com.a', { acknowledge: true }))
  await whenAsked
  const next = await connect('decider')
  await next.register(AUTHORIZE, () => false, options)
  answer({ allow: true, cache: true })
  assert.equal(await pending, ALLOWED)
  await first.unregister()
  assert.equal(await refusal(user.publishEvent('com.a', { acknowledge: true })), DENIED)
})

test('its own session comes back when somebody kills it', async (context) => {
  const { user, connect } = await withProcedure(context, () => ({ allow: true, cache: true }))
  const operator = await connect('all')
  assert.equal(await subscribe(user, 'com.a'), ALLOWED)
  const killed = await operator.call<number>('wamp.session.kill_by_authrole', 'crosspoint.authorizer')
  assert.equal(Array.isArray(killed) ? killed.length : killed, 1)
  assert.equal(await subscribe(user, 'com.b'), ALLOWED)
})

test('the role of that session may call authorizers and nothing else', async (context) => {
  const { connect } = await withProcedure(context, () => true)
  const operator = await connect('all')
  const explain = async (action: string, uri: string) => {
    const kwargs = { authrole: 'crosspoint.authorizer' }
    const { value } = await operator.callResult<{ decision: string }>('crosspoint.authorization.explain', { args: [action, uri], kwargs })
    return value.decision
  }
  assert.equal(await explain('call', AUTHORIZE), 'allowed')
  for (const [action, uri] of [
    ['register', AUTHORIZE],
    ['call', 'com.other'],
    ['subscribe', 'com.other'],
    ['publish', 'com.other'],
    ['call', 'wamp.session.kill'],
  ] as const) {
    assert.equal(await explain(action, uri), 'denied', `${action} ${uri}`)
  }
})

const FUNCTION = `let count = 0
export default (session, uri, action, options) => {
  count++
  if (uri === 'com.throws') throw new Error('broken')
  if (uri === 'com.rejects') return Promise.reject(new Error('broken later'))
  if (uri === 'com.unreadable') return Promise.resolve({ get allow() { throw new Error('broken getter') } })
  if (uri === 'com.deep') {
    let schema = {}
    for (let depth = 0; depth < 100000; depth++) schema = { not: schema }
    return Promise.resolve({ allow: true, validate: { args: schema } })
  }
  if (uri === 'com.hangs') return new Promise(() => {})
  if (uri === 'com.count') return { allow: true, cache: true, validate: { args: { const: [count] } } }
  return Promise.resolve(uri === 'com.' + session.authrole + '.' + action + '.' + (options.match ?? 'exact'))
}`

test('a function decides: at once or later, and its failures are no decisions', async (context) => {
  const authorizer = { type: 'function', module: './authorize.js', timeoutMs: 50 }
  const { connect, log } = await openNode(context, {
    'crosspoint.config.json': configOf(rolesOf(authorizer)),
    'authorize.js': FUNCTION,
  })
  const user = await connect('user')
  assert.equal(await subscribe(user, 'com.user.subscribe.exact'), ALLOWED)
  assert.equal(await refusal(user.subscribe('com.user.subscribe.prefix', () => {}, { match: 'prefix' })), ALLOWED)
  assert.equal(await subscribe(user, 'com.user.register.exact'), DENIED)
  for (const uri of ['com.throws', 'com.rejects', 'com.unreadable', 'com.deep', 'com.hangs'])
    assert.equal(await subscribe(user, uri), FAILED, uri)
  const causes = log.lines.filter((line) => line.includes('./authorize.js')).join('\n')
  assert.match(causes, /it threw Error: broken\n/)
  assert.match(causes, /it threw Error: broken later\n/)
  assert.match(causes, /its answer cannot be read: broken getter\n/)
  assert.match(causes, /did not answer within 50 ms \(timeoutMs\)/)
  assert.equal(await refusal(user.publishEvent('com.count', { args: [9], acknowledge: true })), ALLOWED)
  assert.equal(await refusal(user.publishEvent('com.count', { args: [10], acknowledge: true })), 'wamp.error.invalid_argument')
})

for (const [name, code, cause] of [
  ['throws', 'throw new Error("no")', /Cannot load the authorizer \.\/authorize\.js: it threw Error: no/],
  ['has no default export', 'export const a = 1', /it has no default export; write export default \(session, uri, action, options\)/],
  ['exports no function', 'export default { a: 1 }', /its default export is of type object/],
] as const) {
  test(`a module that ${name} is told at the start`, async (context) => {
    const authorizer = { type: 'function', module: './authorize.js' }
    const files = { 'crosspoint.config.json': configOf(rolesOf(authorizer)), 'authorize.js': code }
    await assert.rejects(openNode(context, files), { code: 'ERR_CONFIG', message: cause })
  })
}

test('allow-by-default lets a role without permissions do everything; without it such a role may do nothing', async (context) => {
  const { connect } = await openNode(context, {
    'crosspoint.config.json': configOf([
      { name: 'open', 'allow-by-default': true },
      { name: 'shut', 'allow-by-default': false },
    ]),
  })
  assert.equal(await subscribe(await connect('open'), 'com.a'), ALLOWED)
  assert.equal(await subscribe(await connect('shut'), 'com.a'), DENIED)
})

for (const role of ['crosspoint.authorizer', 'crosspoint.other']) {
  test(`nobody gets the role ${role} by logging in, whoever says so`, async (context) => {
    const config = configOf(rolesOf(AUTHORIZE)) as { workers: [{ transports: [{ paths: { [path: string]: object } }] }] }
    config.workers[0].transports[0].paths['made'] = { type: 'websocket', auth: { anonymous: { type: 'function', module: './who.js' } } }
    const files = { 'crosspoint.config.json': config, 'who.js': `export default () => '${role}'` }
    const { connect, log } = await openNode(context, files)
    await assert.rejects(connect('made'), { code: 'ERR_REFUSED', message: /wamp\.error\.authentication_failed/ })
    assert.match(log.lines.join('\n'), /roles that begin with "crosspoint\." are reserved/)
  })
}
