// autobahn-js at the end of the line protocol (README.md): `node autobahn-js-peer.mjs PORT websocket|rawsocket json|msgpack|cbor`.
import { createRequire } from 'node:module'
import { PeerError, say, serve, toLine, Unsupported } from './line-protocol.mjs'

const require = createRequire(import.meta.url)
const autobahn = require('autobahn')
const { version } = require('autobahn/package.json')
const [port, transport, serializer] = process.argv.slice(2)
const SERIALIZERS = { json: 'JSONSerializer', msgpack: 'MsgpackSerializer', cbor: 'CBORSerializer' }
const sessions = new Map()
const calls = new Map()

/** Values on their way to the library. */
function outgoing(value) {
  // It throws inside, and the promise of the call never settles.
  if (serializer !== 'cbor' && hasBigInt(value)) throw new Unsupported(`with ${serializer} it cannot send integers beyond 2^53`)
  return value
}

function hasBigInt(value) {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint'
  return Object.values(value).some(hasBigInt)
}

/** The options of a connection that logs in. */
function loginOf({ method, authid, secret, channel_binding: binding }) {
  if (binding !== undefined) throw new Unsupported('it has no channel binding')
  switch (method) {
    case 'ticket':
      return { authmethods: ['ticket'], authid, onchallenge: () => secret }
    case 'wampcra':
      return {
        authmethods: ['wampcra'],
        authid,
        onchallenge: (_session, _method, extra) => autobahn.auth_cra.sign(keyOf(secret, extra), extra.challenge),
      }
    case 'cryptosign': {
      const pair = autobahn.nacl.sign.keyPair.fromSeed(new Uint8Array(Buffer.from(secret, 'hex')))
      const authextra = { pubkey: autobahn.auth_cryptosign.public_key(pair) }
      const onchallenge = (_session, _method, extra) => autobahn.auth_cryptosign.sign_challenge(pair, extra)
      return { authmethods: ['cryptosign'], authid, authextra, onchallenge }
    }
    case 'anonymous':
      return { authmethods: ['of nobody', 'anonymous'] }
  }
  throw new Unsupported('it has no SCRAM')
}

function keyOf(secret, { salt, iterations, keylen }) {
  return salt === undefined ? secret : autobahn.auth_cra.derive_key(secret, salt, iterations, keylen)
}

const procedures = {
  echo: () => (args, kwargs) => new autobahn.Result(args, kwargs),
  fail: () => () => {
    throw new autobahn.Error('com.example.failed', ['no', 7], { code: 3 })
  },
  answer:
    ({ answer }) =>
    () =>
      answer,
  caller: () => (_args, _kwargs, details) => details.caller ?? null,
  procedure: () => (_args, _kwargs, details) => details.procedure ?? null,
  count: () => (args, _kwargs, details) => {
    for (let n = 1; n <= args[0] && details.progress; n++) details.progress([n])
    return 'done'
  },
  sum: () => {
    throw new Unsupported('it has no progressive calls')
  },
  slow: () => {
    throw new Unsupported('as a callee it is not told about interrupts')
  },
}

const commands = {
  join({ session, realm, login }) {
    const made = new autobahn.serializer[SERIALIZERS[serializer]]()
    const websocket = { type: 'websocket', url: `ws://127.0.0.1:${port}/ws`, serializers: [made] }
    const rawsocket = { type: 'rawsocket', host: '127.0.0.1', port: Number(port) }
    const given = login === undefined ? {} : loginOf(login)
    const transports = [transport === 'websocket' ? websocket : rawsocket]
    const link = new autobahn.Connection({ transports, realm, max_retries: 0, ...given })
    return new Promise((resolve, reject) => {
      link.onopen = (opened) => {
        sessions.set(session, { link, session: opened, subscriptions: new Map(), registrations: new Map() })
        resolve({ id: opened.id })
      }
      link.onclose = (reason, details) => {
        reject(new PeerError(details?.reason ?? 'peer.error', [reason]))
        return true
      }
      link.open()
    })
  },
  leave({ session }) {
    const { link } = sessions.get(session)
    return new Promise((resolve) => {
      link.onclose = (_why, details) => {
        resolve({ reason: details.reason })
        return true
      }
      link.close()
    })
  },
  async subscribe({ session, topic, options }) {
    const entry = sessions.get(session)
    const heard = (args, kwargs, details) =>
      say({
        event: topic,
        session,
        args: toLine(args ?? []),
        kwargs: toLine(kwargs ?? {}),
        details: toLine({ topic: details.topic, publisher: details.publisher, publication: details.publication }),
      })
    entry.subscriptions.set(topic, await entry.session.subscribe(topic, heard, options))
    return {}
  },
  async unsubscribe({ session, topic }) {
    await sessions.get(session).subscriptions.get(topic).unsubscribe()
    return {}
  },
  async publish({ session, topic, args, kwargs, options }) {
    const publication = await sessions.get(session).session.publish(topic, outgoing(args), outgoing(kwargs), options)
    return { publication: publication?.id }
  },
  async register(command) {
    const entry = sessions.get(command.session)
    const endpoint = procedures[command.run](command)
    entry.registrations.set(command.procedure, await entry.session.register(command.procedure, endpoint, command.options))
    return {}
  },
  async unregister({ session, procedure }) {
    await sessions.get(session).registrations.get(procedure).unregister()
    return {}
  },
  async call({ id, session, procedure, args, kwargs, options, progress, chunks }) {
    if (chunks !== undefined) throw new Unsupported('it has no progressive calls')
    const steps = []
    const wanted = progress ? { ...options, receive_progress: true } : options
    const call = sessions.get(session).session.call(procedure, outgoing(args), outgoing(kwargs), wanted)
    calls.set(id, call)
    const result = await call.then(
      (value) => value,
      (error) => Promise.reject(error),
      (step) => steps.push(isResult(step) ? step.args : [step]),
    )
    // One positional result alone comes bare.
    if (!isResult(result)) return { args: [result ?? null], kwargs: {}, progress: steps }
    return { args: result.args ?? [], kwargs: result.kwargs ?? {}, progress: steps }
  },
  cancel({ call, mode }) {
    calls.get(call).cancel({ mode })
    return {}
  },
}

const isResult = (value) => value instanceof autobahn.Result

serve(version, commands, (thrown) => typeof thrown?.error === 'string' && new PeerError(thrown.error, thrown.args, thrown.kwargs))
