// autobahn-js as the peer: `node autobahn-js-peer.cjs PORT websocket|rawsocket json|msgpack|cbor`. One JSON line per feature.
const autobahn = require('autobahn')
const assert = require('node:assert/strict')

const [port, transport, serializer] = process.argv.slice(2)
const SERIALIZERS = { json: 'JSONSerializer', msgpack: 'MsgpackSerializer', cbor: 'CBORSerializer' }

function connection(realm = 'realm1') {
  const made = new autobahn.serializer[SERIALIZERS[serializer]]()
  const websocket = { type: 'websocket', url: `ws://127.0.0.1:${port}/ws`, serializers: [made] }
  const rawsocket = { type: 'rawsocket', host: '127.0.0.1', port: Number(port) }
  return new autobahn.Connection({ transports: [transport === 'websocket' ? websocket : rawsocket], realm, max_retries: 0 })
}

function open() {
  return new Promise((resolve, reject) => {
    const link = connection()
    link.onopen = (session) => resolve({ link, session })
    link.onclose = (reason, details) => {
      reject(new Error(`${reason} ${JSON.stringify(details)}`))
      return true
    }
    link.open()
  })
}

async function check(feature, run) {
  try {
    await run()
    console.log(JSON.stringify({ feature, ok: true, detail: '' }))
  } catch (error) {
    const detail = error?.error ? `${error.error} ${JSON.stringify(error.args)}` : String(error?.message ?? error)
    console.log(JSON.stringify({ feature, ok: false, detail: detail.slice(0, 300) }))
  }
}

/** The next value that something hands to `put`. */
function mailbox() {
  const values = []
  const waiting = []
  return {
    put: (value) => (waiting.length > 0 ? waiting.shift()(value) : values.push(value)),
    take: () => (values.length > 0 ? Promise.resolve(values.shift()) : new Promise((resolve) => waiting.push(resolve))),
    get size() {
      return values.length
    },
  }
}

async function fails(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

const plain = (value) => JSON.parse(JSON.stringify(value))

async function main() {
  let one
  let two
  await check('join', async () => {
    one = await open()
    two = await open()
    assert.ok(one.session.id > 0)
  })
  const { session } = one
  const other = two.session

  await check('call with args and kwargs', async () => {
    const result = await session.call('ours.echo', [1, 'zwei', null, true], { k: [1] })
    assert.deepEqual(plain(result.args), [1, 'zwei', null, true])
    assert.deepEqual(plain(result.kwargs), { k: [1] })
  })
  await check('called with args and kwargs', async () => {
    await session.register('peer.echo', (args, kwargs) => new autobahn.Result(args, kwargs))
    assert.deepEqual(plain(await session.call('ours.ask', ['peer.echo', [1, [2]], { a: 'b' }])), { args: [1, [2]], kwargs: { a: 'b' } })
  })
  await check('error received', async () => {
    const error = await fails(session.call('ours.fail'))
    assert.deepEqual([error.error, plain(error.args), plain(error.kwargs)], ['com.example.failed', ['no', 7], { code: 3 }])
  })
  await check('error sent', async () => {
    await session.register('peer.fail', () => {
      throw new autobahn.Error('com.example.peer_failed', ['bad'], { code: 9 })
    })
    const answer = plain(await session.call('ours.ask', ['peer.fail', [], {}]))
    assert.deepEqual(answer, { error: 'com.example.peer_failed', args: ['bad'], kwargs: { code: 9 } })
  })
  await check('event received', async () => {
    const box = mailbox()
    await session.subscribe('topic.from', (args, kwargs) => box.put([args, kwargs]))
    await session.call('ours.publish', ['topic.from', [1, 'x'], { k: 2 }, {}])
    assert.deepEqual(plain(await box.take()), [[1, 'x'], { k: 2 }])
  })
  await check('event sent', async () => {
    await session.call('ours.listen', ['topic.to'])
    await session.publish('topic.to', [1, 'y'], { k: 3 }, { acknowledge: true })
    assert.deepEqual(plain(await session.call('ours.heard', ['topic.to'])), [{ args: [1, 'y'], kwargs: { k: 3 } }])
  })
  await check('acknowledged publish', async () => {
    const publication = await session.publish('topic.nobody', [], {}, { acknowledge: true })
    assert.ok(publication.id > 0)
  })
  await check('exclude_me false', async () => {
    const box = mailbox()
    await session.subscribe('topic.self', (args) => box.put(args))
    await session.publish('topic.self', ['not to me'])
    await session.publish('topic.self', ['to me'], {}, { exclude_me: false })
    assert.deepEqual(plain(await box.take()), ['to me'])
  })
  await check('exclude and eligible', async () => {
    const box = mailbox()
    await other.subscribe('topic.lists', (args) => box.put(args))
    await session.publish('topic.lists', ['excluded'], {}, { exclude: [other.id] })
    await session.publish('topic.lists', ['not eligible'], {}, { eligible: [session.id] })
    await session.publish('topic.lists', ['eligible'], {}, { eligible: [other.id] })
    assert.deepEqual(plain(await box.take()), ['eligible'])
  })
  await check('publisher disclosed', async () => {
    const box = mailbox()
    await other.subscribe('topic.disclosed', (_args, _kwargs, details) => box.put(details.publisher))
    await session.publish('topic.disclosed', [], {}, { disclose_me: true })
    assert.equal(await box.take(), session.id)
  })
  await check('caller disclosed', async () => assert.equal(await session.call('ours.who'), session.id))
  await check('prefix subscription', async () => {
    const box = mailbox()
    await session.subscribe('pattern.prefix.', (_args, _kwargs, details) => box.put(details.topic), { match: 'prefix' })
    await session.call('ours.publish', ['pattern.prefix.one', [], {}, {}])
    assert.equal(await box.take(), 'pattern.prefix.one')
  })
  await check('wildcard subscription', async () => {
    const box = mailbox()
    await session.subscribe('pattern..card', (_args, _kwargs, details) => box.put(details.topic), { match: 'wildcard' })
    await session.call('ours.publish', ['pattern.wild.card', [], {}, {}])
    assert.equal(await box.take(), 'pattern.wild.card')
  })
  await check('pattern registration', async () => {
    await session.register('peer.pattern.', (_args, _kwargs, details) => details.procedure, { match: 'prefix' })
    assert.equal((await session.call('ours.ask', ['peer.pattern.x', [], {}])).args[0], 'peer.pattern.x')
  })
  await check('shared registration', async () => {
    await session.register('peer.shared', () => 'one', { invoke: 'roundrobin' })
    await other.register('peer.shared', () => 'two', { invoke: 'roundrobin' })
    const answers = []
    for (let i = 0; i < 4; i++) answers.push((await session.call('ours.ask', ['peer.shared', [], {}])).args[0])
    assert.deepEqual(answers, ['one', 'two', 'one', 'two'])
  })
  await check('progress received', async () => {
    const steps = []
    const final = await session.call('ours.count', [3], {}, { receive_progress: true }).then(
      (value) => value,
      (error) => Promise.reject(error),
      (step) => steps.push(step),
    )
    assert.deepEqual([steps, final], [[1, 2, 3], 'done'])
  })
  await check('progress sent', async () => {
    await session.register('peer.count', (args, _kwargs, details) => {
      for (let n = 1; n <= args[0] && details.progress; n++) details.progress([n])
      return 'done'
    })
    assert.deepEqual(plain(await session.call('ours.ask_progress', ['peer.count', 3])), { steps: [1, 2, 3], final: 'done' })
  })
  await check('cancel sent', async () => {
    const before = await session.call('ours.cancels')
    const call = session.call('ours.slow')
    call.cancel({ mode: 'kill' }) // see features.ts for the other modes
    assert.equal(await call, 'stopped')
    assert.equal(await session.call('ours.cancels'), before + 1)
  })
  await check('timeout', async () =>
    assert.equal((await fails(session.call('ours.slow', [], {}, { timeout: 50 }))).error, 'wamp.error.timeout'),
  )
  await check('bytes', async () => {
    const bytes = new Uint8Array([0, 1, 2, 250, 255])
    const back = await session.call('ours.echo', [serializer === 'json' ? `\0${Buffer.from(bytes).toString('base64')}` : bytes])
    const got = typeof back === 'string' ? Buffer.from(back.slice(1), 'base64') : back
    assert.deepEqual([...got], [...bytes])
  })
  await check('integers beyond 2^32', async () => assert.equal(Number(await session.call('ours.echo', [2 ** 40 + 1])), 2 ** 40 + 1))
  await check('integers beyond 2^53', async () => {
    // Without CBOR it cannot write a BigInt: the call throws inside, and its promise never settles.
    if (serializer !== 'cbor') throw new Error('there is no way to send one')
    assert.equal(BigInt(await session.call('ours.echo', [2n ** 60n + 1n])), 2n ** 60n + 1n)
  })
  await check('unicode', async () => assert.equal(await session.call('ours.echo', ['zwölf Boxkämpfer ✓ 🎉']), 'zwölf Boxkämpfer ✓ 🎉'))
  await check('one megabyte', async () => assert.equal((await session.call('ours.echo', ['x'.repeat(1_000_000)])).length, 1_000_000))
  await check('no_such_procedure', async () =>
    assert.equal((await fails(session.call('nobody.here'))).error, 'wamp.error.no_such_procedure'),
  )
  await check('invalid_uri', async () => assert.equal((await fails(session.subscribe('a..b', () => {}))).error, 'wamp.error.invalid_uri'))
  await check('unregister and unsubscribe', async () => {
    const registration = await session.register('peer.gone', () => 1)
    const subscription = await session.subscribe('topic.gone', () => {})
    await registration.unregister()
    await subscription.unsubscribe()
    assert.equal((await fails(session.call('peer.gone'))).error, 'wamp.error.no_such_procedure')
  })
  await check('refused realm', async () => {
    const reason = await new Promise((resolve) => {
      const link = connection('no_such_realm')
      link.onclose = (_reason, details) => {
        resolve(details.reason)
        return true
      }
      link.open()
    })
    assert.equal(reason, 'wamp.error.no_such_realm')
  })
  await check('leave', async () => {
    const reason = await new Promise((resolve) => {
      two.link.onclose = (why) => {
        resolve(why)
        return true
      }
      two.link.close()
    })
    assert.equal(reason, 'closed')
  })
  process.exit(0)
}

void main()
