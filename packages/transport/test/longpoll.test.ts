// HTTP long-poll as a client sees it: what each request is answered with.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { cborSerializer, encodeMessage, jsonSerializer, MessageType, msgpackSerializer, type Serializer } from '@crosspoint/protocol'
import { BatchReader, joinBatch } from '@crosspoint/protocol/internal'
import { ask, type HttpAnswer, LongPollClient, UpgradeRefused } from '@crosspoint/testing'
import type { ListenerOptions } from '../src/index.ts'
import { type Arrival, HELLO, Inbox, type Server, serve, serveRouter } from './server.ts'

const SERIALIZERS: readonly Serializer[] = [jsonSerializer, msgpackSerializer, cborSerializer]
const LP = { longPollPaths: ['/lp'] }

const errorOf = (answer: HttpAnswer): string => (JSON.parse(answer.body.toString()) as { error: string }).error
const openWith = (server: Server, body: string): Promise<HttpAnswer> => ask({ port: server.port, path: '/lp/open', body })

/** A transport that nobody polls on its own, and the router's end of it. */
async function openPoll(t: TestContext, options: Partial<ListenerOptions> = {}, protocol = 'wamp.2.json') {
  const server = await serve(t, { ...LP, ...options })
  const client = await LongPollClient.open(server.port, [protocol])
  const arrival: Arrival = await server.arrivals.take()
  return { server, client, arrival }
}

/** A session over long-poll, and its messages as text. */
async function openSession(t: TestContext) {
  const server = await serveRouter(t, LP)
  const client = await LongPollClient.open(server.port, ['wamp.2.json'])
  const messages = new Inbox<string>('a message')
  client.onBody = (bytes) => messages.put(bytes.toString())
  assert.equal(await client.send(HELLO), 204)
  return { server, client, messages }
}

test('TRN-30 open answers with the first protocol that is known, and a transport', async (t) => {
  const server = await serve(t, LP)
  for (const [offered, chosen] of [
    [['wamp.2.json'], 'wamp.2.json'],
    [['soap', 7, 'wamp.2.cbor.batched', 'wamp.2.json'], 'wamp.2.cbor.batched'],
    [['wamp.2.msgpack'], 'wamp.2.msgpack'],
  ] as const) {
    const answer = await openWith(server, JSON.stringify({ protocols: offered }))
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json; charset=utf-8'])
    const { protocol, transport, ...rest } = JSON.parse(answer.body.toString())
    assert.deepEqual([protocol, rest], [chosen, {}])
    assert.match(transport, /^[\w-]{24}$/)
    const arrival = await server.arrivals.take()
    assert.equal(arrival.info.type, 'longpoll')
    assert.equal(arrival.info.path, '/lp')
    assert.match(arrival.info.peer, /^127\.0\.0\.1:\d+$/)
    assert.equal(arrival.info.headers.host, `localhost:${server.port}`.replace('localhost', '127.0.0.1'))
  }
})

test('TRN-40 transport ids differ, each of 144 random bits', async (t) => {
  const server = await serve(t, LP)
  const ids = new Set<string>()
  for (let count = 0; count < 50; count++) ids.add((await LongPollClient.open(server.port, ['wamp.2.json'])).transport)
  assert.equal(ids.size, 50)
  for (const id of ids) assert.equal(Buffer.from(id, 'base64url').length, 18)
})

for (const [what, body, error] of [
  ['no protocol that is known', '{"protocols":["soap"]}', /None of the protocols offered is spoken here; send .*wamp\.2\.cbor\.batched/],
  ['no protocols', '{}', /"protocols" is no list/],
  ['protocols that are no list', '{"protocols":"wamp.2.json"}', /"protocols" is no list/],
  ['a list', '["wamp.2.json"]', /no JSON object/],
  ['null', 'null', /no JSON object/],
  ['no JSON', 'protocols', /not JSON/],
  ['nothing', '', /not JSON/],
] as const) {
  test(`TRN-31 open with ${what} fails with 400, which says what would be right`, async (t) => {
    const server = await serve(t, LP)
    const answer = await openWith(server, body)
    assert.equal(answer.status, 400)
    assert.match(errorOf(answer), error)
    assert.equal(server.arrivals.items.length, 0)
  })
}

for (const serializer of SERIALIZERS) {
  for (const isBatched of [false, true]) {
    const protocol = isBatched ? `${serializer.subprotocol}.batched` : serializer.subprotocol
    test(`SER-18 TRN-32 TRN-34 messages go both ways under ${protocol}`, async (t) => {
      const { client, arrival } = await openPoll(t, {}, protocol)
      assert.equal(arrival.serializer, serializer)
      const messages = [1, 2, 3].map((requestId) =>
        encodeMessage(serializer, { type: MessageType.UNSUBSCRIBED, requestId } as Parameters<typeof encodeMessage>[1]),
      )
      if (isBatched) assert.equal(await client.send(joinBatch(messages, serializer.isBinary)), 204)
      else for (const message of messages) assert.equal(await client.send(message), 204)
      for (const message of messages) assert.deepEqual(await arrival.frames.take(), Buffer.from(message))

      for (const message of messages) arrival.transport.send(message)
      const found: Buffer[] = []
      const reader = new BatchReader(serializer.isBinary, (bytes, start, end) => found.push(Buffer.from(bytes.subarray(start, end))))
      for (let count = isBatched ? 1 : 3; count > 0; count--) {
        const { status, headers, body } = await client.ask('receive')
        assert.equal(status, 200)
        const types = { json: 'application/json; charset=utf-8', msgpack: 'application/x-msgpack', cbor: 'application/cbor' }
        assert.equal(headers['content-type'], types[serializer.name as keyof typeof types])
        if (isBatched) reader.read(body, 0, body.length)
        else found.push(body)
      }
      assert.deepEqual(
        found,
        messages.map((message) => Buffer.from(message)),
      )
    })
  }
}

test('TRN-32 receive is held open until a message is there', async (t) => {
  const { client, arrival } = await openPoll(t)
  const answer = client.ask('receive')
  assert.equal(await client.send('[1]'), 204)
  await arrival.frames.take()
  arrival.queue('[2]')
  assert.equal((await answer).body.toString(), '[2]')
})

test('TRN-32 batched, receive returns all that one turn of the loop queued, and what came before it', async (t) => {
  const { client, arrival } = await openPoll(t, {}, 'wamp.2.json.batched')
  arrival.queue('[1]')
  await new Promise((resolve) => setImmediate(resolve))
  arrival.queue('[2]')
  assert.equal((await client.ask('receive')).body.toString(), '[1]\x1e[2]\x1e')
  const answer = client.ask('receive')
  await client.send('["fence"]\x1e')
  arrival.queue('[3]')
  arrival.queue('[4]')
  assert.equal((await answer).body.toString(), '[3]\x1e[4]\x1e')
})

test('TRN-33 when nothing comes, receive ends with 204 and the transport goes on', async (t) => {
  const { client, arrival } = await openPoll(t, { limits: { longPollTimeoutMs: 20 } })
  for (let count = 0; count < 2; count++) {
    const { status, body } = await client.ask('receive')
    assert.deepEqual([status, body.length], [204, 0])
  }
  arrival.queue('[1]')
  assert.equal((await client.ask('receive')).status, 200)
})

test('TRN-33 a second receive finishes the older with 204, or with what waits', async (t) => {
  const { client, arrival } = await openPoll(t)
  const first = client.ask('receive')
  await client.send('["both are under way"]')
  const second = client.ask('receive')
  assert.equal((await first).status, 204)
  arrival.queue('[1]')
  assert.equal((await second).body.toString(), '[1]')
})

test('TRN-35 send and close are answered with 204, or 202 where that is asked for', async (t) => {
  for (const [longPollDoneStatus, status] of [
    [undefined, 204],
    [202, 202],
  ] as const) {
    const { client } = await openPoll(t, { longPollDoneStatus })
    assert.equal(await client.send('[1]'), status)
    assert.equal((await client.ask('close')).status, status)
  }
})

test('TRN-36 SES-24 close ends the transport and finishes a receive that waits; then 404', async (t) => {
  const { client, arrival } = await openPoll(t)
  const receive = client.ask('receive')
  await client.send('["both are under way"]')
  assert.equal((await client.ask('close')).status, 204)
  assert.equal((await receive).status, 204)
  assert.equal(await arrival.closes.take(), 'closed by the client')
  for (const operation of ['receive', 'send', 'close']) {
    const answer = await client.ask(operation)
    assert.equal(answer.status, 404)
    assert.match(errorOf(answer), /There is no transport ".*" any more; POST \/lp\/open/)
  }
})

for (const path of ['', 'nothing', 'open/receive', 'A/receive', 'A/B/receive', 'A/dance', 'receive', '__proto__/receive']) {
  test(`TRN-37 there is no /lp/${path}: 404`, async (t) => {
    const server = await serve(t, LP)
    const answer = await ask({ port: server.port, path: `/lp/${path}` })
    assert.equal(answer.status, 404)
    assert.match(errorOf(answer), /POST \/lp\/open/)
  })
}

test('TRN-37 another method than POST: 405, a body above the limit: 413', async (t) => {
  const { server, client, arrival } = await openPoll(t, { limits: { strangerFrameBytesMax: 600, frameBytesMax: 2000 } })
  for (const path of ['/lp/open', `/lp/${client.transport}/receive`, `/lp/${client.transport}/send`]) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await ask({ port: server.port, path, method })
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST, OPTIONS'])
      assert.match(errorOf(answer), new RegExp(`${method} is not allowed here; use POST`))
    }
  }
  const long = (length: number) => client.ask('send', 'x'.repeat(length))
  assert.match(errorOf(await long(601)), /longer than 600 bytes/)
  assert.equal((await openWith(server, ' '.repeat(601))).status, 413)
  assert.equal((await client.ask('receive', ' '.repeat(2000))).status, 413)
  assert.equal((await long(600)).status, 204)
  arrival.transport.establish!()
  assert.equal((await long(2001)).status, 413)
  assert.equal((await long(2000)).status, 204)
  assert.deepEqual([(await arrival.frames.take()).length, (await arrival.frames.take()).length], [600, 2000])
  await client.close()
})

test('TRN-37 a body of unknown length above the limit: 413', async (t) => {
  const { client, server } = await openPoll(t, { limits: { strangerFrameBytesMax: 600 } })
  const answer = await ask({
    port: server.port,
    path: `/lp/${client.transport}/send`,
    headers: { 'transfer-encoding': 'chunked' },
    body: 'x'.repeat(700),
  })
  assert.equal(answer.status, 413)
})

for (const [path, status] of [
  ['/lp/open', '408'],
  ['/lp/nothing/send', '404'],
] as const) {
  test(`TRN-37 a body that does not end is no reason to keep the connection: ${path} is answered with ${status} and closed`, async (t) => {
    const server = await serve(t, { ...LP, limits: { handshakeTimeoutMs: 100 } })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"protocols"`)
    const answer = await text(socket) // until the router ends it
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} .*\r\n`))
    assert.match(answer, /\r\nConnection: close\r\n/)
  })
}

test('TRN-38 the query parameter x is ignored, nothing is to be kept', async (t) => {
  const { server, client, arrival } = await openPoll(t)
  const opened = await ask({ port: server.port, path: '/lp/open?x=1', body: '{"protocols":["wamp.2.json"]}' })
  assert.equal(opened.status, 200)
  assert.equal((await client.ask('send?x=2', '[1]')).status, 204)
  arrival.queue('[2]')
  const answer = await client.ask('receive?x=3')
  assert.deepEqual([answer.status, answer.headers['cache-control'], opened.headers['cache-control']], [200, 'no-store', 'no-store'])
})

test('TRN-38 browsers of an allowed origin may ask, with credentials', async (t) => {
  const server = await serve(t, { ...LP, allowedOrigins: ['https://*.example.com'] })
  const question = { port: server.port, path: '/lp/open' }
  const body = '{"protocols":["wamp.2.json"]}'
  const headers = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' }
  for (const method of ['OPTIONS', 'POST']) {
    const answer = await ask({ ...question, method, headers, body: method === 'POST' ? body : '' })
    assert.equal(answer.status, method === 'POST' ? 200 : 204)
    assert.equal(answer.headers['access-control-allow-origin'], 'https://app.example.com')
    assert.equal(answer.headers['access-control-allow-credentials'], 'true')
    assert.equal(answer.headers.vary, 'Origin')
    if (method === 'OPTIONS') assert.equal(answer.headers['access-control-allow-headers'], 'Content-Type')
  }
  const other = await ask({ ...question, headers: { Origin: 'https://example.org' }, body })
  assert.equal(other.status, 403)
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  assert.match(await server.notices.take(), /origin https:\/\/example\.org is not allowed/)
  assert.equal((await ask({ ...question, body })).headers['access-control-allow-origin'], undefined)
})

test('TRN-39 more transports than longPollTransportsMax: 503, and a notice', async (t) => {
  const { server, client } = await openPoll(t, { limits: { longPollTransportsMax: 1 } })
  await assert.rejects(
    LongPollClient.open(server.port, ['wamp.2.json']),
    (error) => error instanceof UpgradeRefused && error.status === 503,
  )
  assert.match(await server.notices.take(), /1 transports are open \(longPollTransportsMax\)/)
  await client.ask('close')
  await LongPollClient.open(server.port, ['wamp.2.json'])
})

test('TRN-02 a session over long-poll, from HELLO to GOODBYE; the last message is received once, then 404', async (t) => {
  const { client, messages } = await openSession(t)
  client.poll()
  assert.match(await messages.take(), /^\[2,/)
  await client.send('[32,1,{},"com.example.topic"]')
  assert.match(await messages.take(), /^\[33,1,/)
  const gone = new Promise<void>((resolve) => (client.onClose = resolve))
  assert.equal(await client.send('[6,{},"wamp.close.close_realm"]'), 204)
  assert.equal(await messages.take(), '[6,{},"wamp.close.goodbye_and_out"]')
  await gone
  assert.equal((await client.ask('send', '[32,2,{},"com.example.topic"]')).status, 404)
})

test('TRN-40 after GOODBYE and ABORT what was said last can be received, message by message; then 404', async (t) => {
  const { client } = await openSession(t)
  const fault = await client.ask('send', 'no message')
  assert.equal(fault.status, 400)
  assert.match(errorOf(fault), /ABORT says how/)
  assert.equal((await client.ask('send', '[32,1,{},"com.example.topic"]')).status, 404)
  assert.match((await client.ask('receive')).body.toString(), /^\[2,/)
  assert.match((await client.ask('receive')).body.toString(), /^\[3,.*protocol_violation/)
  assert.equal((await client.ask('receive')).status, 404)
})

test('TRN-47 sessions on one connection are independent: the same ids, one ends, the other goes on', async (t) => {
  const server = await serveRouter(t, LP)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const addresses = new Set<string>()
  const post = async (path: string, body = ''): Promise<string> => {
    const answer = await ask({ port: server.port, path: `/lp/${path}`, body, agent })
    addresses.add(answer.localAddress)
    return `${answer.status} ${answer.body}`
  }
  const ids: string[] = []
  for (let count = 0; count < 2; count++) {
    const opened = await post('open', '{"protocols":["wamp.2.json"]}')
    ids.push((JSON.parse(opened.slice(4)) as { transport: string }).transport)
  }
  const [one, other] = ids as [string, string]
  for (const id of ids) {
    await post(`${id}/send`, HELLO)
    assert.match(await post(`${id}/receive`), /^200 \[2,/)
    await post(`${id}/send`, '[32,1,{},"com.example.topic"]')
    assert.match(await post(`${id}/receive`), /^200 \[33,1,/)
  }
  await post(`${one}/send`, '[8]')
  assert.match(await post(`${one}/receive`), /^200 \[3,/)
  assert.match(await post(`${one}/receive`), /^404/)
  await post(`${other}/send`, '[16,2,{"acknowledge":true},"com.example.nobody"]')
  assert.match(await post(`${other}/receive`), /^200 \[17,2,/)
  await post(`${other}/close`)
  assert.equal(addresses.size, 1)
})
