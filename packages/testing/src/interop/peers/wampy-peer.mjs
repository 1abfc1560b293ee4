// wampy.js at the end of the line protocol (README.md): `node wampy-peer.mjs FOLDER PORT websocket json|msgpack|cbor`, where FOLDER has
// node_modules with wampy in it.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PeerError, say, serve, toLine, Unsupported } from './line-protocol.mjs'

const [folder, port, , serializer] = process.argv.slice(2)
const load = (name) => import(pathToFileURL(createRequire(join(folder, 'from-here.js')).resolve(name)).href)
const { Wampy } = (await load('wampy')).default
const { default: WebSocket } = await load('ws')
const FILES = { json: 'JsonSerializer', msgpack: 'MsgpackSerializer', cbor: 'CborSerializer' }
const Serializer = (await load(`wampy/${FILES[serializer]}.js`))[FILES[serializer]]
const { sign: signWampcra } = await load('wampy/wampcra.js')
const { sign: signCryptosign } = await load('wampy/cryptosign.js')
const sessions = new Map()
const calls = new Map()
const subscriptions = new Map()

const payload = ({ args, kwargs }) => ({ argsList: args ?? [], argsDict: kwargs ?? {} })
const known = (data) => ({ args: data.argsList ?? [], kwargs: data.argsDict ?? {} })

const value = (item) => ({ argsList: [item] })

/** The options of a session that logs in. */
function loginOf({ method, authid, secret, public_key: pubkey, channel_binding: binding }) {
  if (binding !== undefined) throw new Unsupported('it has no channel binding')
  switch (method) {
    case 'ticket':
      return { authid, authmethods: ['ticket'], onChallenge: () => secret }
    case 'wampcra':
      return { authid, authmethods: ['wampcra'], authMode: 'auto', authPlugins: { wampcra: signWampcra(secret) } }
    case 'cryptosign':
      return {
        authid,
        authmethods: ['cryptosign'],
        authextra: { pubkey },
        authMode: 'auto',
        authPlugins: { cryptosign: signCryptosign(secret) },
      }
    case 'anonymous':
      // It offers methods only together with an authid and an answer.
      return { authid: 'anybody', authmethods: ['of nobody', 'anonymous'], onChallenge: () => '' }
  }
  throw new Unsupported('it has no SCRAM')
}

const procedures = {
  echo: () => (data) => ({ argsList: data.argsList, argsDict: data.argsDict }),
  fail: () => () => {
    throw Object.assign(new Error('failed'), { error: 'com.example.failed', argsList: ['no', 7], argsDict: { code: 3 } })
  },
  answer:
    ({ answer }) =>
    () =>
      value(answer),
  caller: () => (data) => value(data.details.caller ?? null),
  procedure: () => (data) => value(data.details.procedure ?? null),
  count: () => (data) => {
    for (let n = 1; n <= data.argsList[0]; n++) data.result_handler({ argsList: [n], options: { progress: true } })
    return value('done')
  },
  sum: () => () => {
    throw new Unsupported('as a callee it answers every chunk of a progressive call as if it were a call of its own')
  },
  slow: () => {
    throw new Unsupported('as a callee it is not told about interrupts')
  },
}

const commands = {
  async join({ session, realm, login }) {
    const given = login === undefined ? {} : loginOf(login)
    const options = { realm, ws: WebSocket, serializer: new Serializer(), autoReconnect: false, ...given }
    const made = new Wampy(`ws://127.0.0.1:${port}/ws`, options)
    await made.connect()
    sessions.set(session, made)
    return { id: made.getSessionId() }
  },
  async leave({ session }) {
    await sessions.get(session).disconnect()
    throw new Unsupported('it does not tell the reason of the GOODBYE')
  },
  async subscribe({ session, topic, options }) {
    const heard = ({ details, ...data }) => {
      const { args, kwargs } = known(data)
      say({ event: topic, session, args: toLine(args), kwargs: toLine(kwargs), details: toLine({ topic, ...details }) })
    }
    // Having subscribed with options, even with none of them, it cannot unsubscribe (faults-of-clients.ts).
    const given = Object.keys(options).length > 0 ? options : undefined
    const { subscriptionKey } = await sessions.get(session).subscribe(topic, heard, given)
    subscriptions.set(`${session} ${topic}`, subscriptionKey)
    return {}
  },
  async unsubscribe({ session, topic }) {
    await sessions.get(session).unsubscribe(subscriptions.get(`${session} ${topic}`))
    return {}
  },
  async publish({ session, topic, options, ...rest }) {
    return { publication: (await sessions.get(session).publish(topic, payload(rest), options)).publicationId }
  },
  async register(command) {
    const { session, procedure, options, run } = command
    await sessions.get(session).register(procedure, procedures[run](command), options)
    return {}
  },
  async unregister({ session, procedure }) {
    await sessions.get(session).unregister(procedure)
    return {}
  },
  async call({ id, session, procedure, options, progress, chunks, ...rest }) {
    const client = sessions.get(session)
    const steps = []
    const advanced = { ...options, ...(progress && { progress_callback: (step) => steps.push(known(step).args) }) }
    const calling = chunks === undefined ? client.call(procedure, payload(rest), advanced) : inChunks(client, procedure, chunks, advanced)
    calls.set(id, { client, request: client.getOpStatus().reqId })
    return { ...known(await calling), progress: steps }
  },
  cancel({ call, mode }) {
    const { client, request } = calls.get(call)
    client.cancel(request, { mode })
    return {}
  },
}

function inChunks(client, procedure, chunks, advanced) {
  const { result, sendData } = client.progressiveCall(procedure, { argsList: chunks[0] }, advanced)
  for (const [index, argsList] of chunks.entries()) {
    if (index > 0) sendData({ argsList }, { progress: index < chunks.length - 1 })
  }
  return result
}

/** It tells the router's URI in `errorUri`, and refuses URIs by itself. */
function errorOf(thrown) {
  if (thrown?.errorUri) return new PeerError(thrown.errorUri, thrown.argsList, thrown.argsDict)
  if (thrown?.constructor?.name === 'UriError') return new PeerError('wamp.error.invalid_uri', [thrown.message])
  return undefined
}

serve(new Wampy().version.replace(/^v/, ''), commands, errorOf)
