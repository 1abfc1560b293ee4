// What has killed other routers, or what they took for good: each ends its own connection, or is refused, and a fresh client
// gets in after it.

import { flatbuffersSerializer, MessageType, type Serializer } from '@crosspoint/protocol'
import { type Check, type Finding, until } from './check.ts'
import { offeredFormats } from './corpus.ts'
import { FLAT_KILLERS } from './flat-killers.ts'
import { ALL_ROLES, abortFault, decodeList, encodeList } from './good-talk.ts'
import { type RouterProcess, withRouter } from './router-process.ts'
import { ALL_KINDS, isSpoken, type Kind, ListSession, openLine, openPeerLine } from './socket-line.ts'

/** Those of a router that was told nothing else. */
const SERIALIZERS: readonly Serializer[] = offeredFormats(0).map(({ serializer }) => serializer)

const hello = [MessageType.HELLO, 'realm1', { roles: ALL_ROLES }]

/** What is sent in a session of its own, and what the last answer has to be. */
const KILLERS: readonly {
  readonly what: string
  readonly lists: readonly (readonly unknown[])[]
  readonly wanted: 'abort' | readonly unknown[]
}[] = [
  { what: '[] as the first message', lists: [[]], wanted: 'abort' },
  { what: '[1, "realm1"] as the first message', lists: [[1, 'realm1']], wanted: 'abort' },
  { what: '[] in a session', lists: [hello, []], wanted: 'abort' },
  { what: 'request id 0', lists: [hello, [MessageType.SUBSCRIBE, 0, {}, 'com.topic']], wanted: 'abort' },
  { what: 'CALL with request id 0', lists: [hello, [MessageType.CALL, 0, {}, 'com.procedure']], wanted: 'abort' },
  { what: 'HELLO twice', lists: [hello, hello], wanted: 'abort' },
  {
    what: 'registering the URI wamp',
    lists: [hello, [MessageType.REGISTER, 1, {}, 'wamp']],
    wanted: [MessageType.ERROR, MessageType.REGISTER, 1, 'wamp.error.invalid_uri'],
  },
  {
    what: 'registering wamp.session.count',
    lists: [hello, [MessageType.REGISTER, 1, {}, 'wamp.session.count']],
    wanted: [MessageType.ERROR, MessageType.REGISTER, 1, 'wamp.error.invalid_uri'],
  },
  {
    what: 'publishing to wamp',
    lists: [hello, [MessageType.PUBLISH, 1, { acknowledge: true }, 'wamp']],
    wanted: [MessageType.ERROR, MessageType.PUBLISH, 1, 'wamp.error.invalid_uri'],
  },
]

/** Sends the frames; gives the last answer, once the connection is closed or answered all there is to answer. */
async function lastAnswer(port: number, kind: Kind, serializer: Serializer, frames: readonly Uint8Array[]): Promise<unknown[]> {
  const line = await openPeerLine(port, kind, serializer)
  const answers: unknown[][] = []
  let isAlive = false
  line.onFrame = (frame) => answers.push(decodeList(serializer, frame))
  line.onPong = () => (isAlive = true)
  for (const frame of frames) line.send(frame)
  line.ping()
  await until('an answer', () => line.isClosed || (isAlive && answers.length > 0))
  line.close()
  return answers.at(-1) ?? []
}

/** The frames of the lists; FlatBuffers has no form for what is no message (FLAT_KILLERS has its own). */
function framesOf(serializer: Serializer, lists: readonly (readonly unknown[])[]): Uint8Array[] | undefined {
  const isMessage = lists.every(([type, first]) => type !== undefined && first !== 0) && lists.every((list) => list.length > 2)
  if (serializer === flatbuffersSerializer && !isMessage) return undefined
  return lists.map((list) => encodeList(serializer, list))
}

function judge(answer: readonly unknown[], wanted: 'abort' | readonly unknown[]): string | undefined {
  if (wanted === 'abort') return answer[0] === MessageType.ABORT ? abortFault(answer) : `the last answer is ${JSON.stringify(answer)}`
  const [type, requestType, request, , error] = answer
  const isWanted = [type, requestType, request, error].every((value, index) => value === wanted[index])
  return isWanted ? undefined : `the answer is ${JSON.stringify(answer)}`
}

/** Four octets that are no frame, after the handshake and in its place: the transport ends alone (PRV-31). */
async function fourOctets(router: RouterProcess): Promise<Finding> {
  const faults: string[] = []
  for (const octets of [Buffer.from([3, 0, 0, 0]), Buffer.from([0x7f, 0, 0, 0]), Buffer.from([0xff, 0xff, 0xff, 0xff])]) {
    const line = await openLine(router.port, 'rawsocket')
    line.sendBytes(octets)
    await until(`the end after ${octets.toString('hex')}`, () => line.isClosed).catch((error: Error) => faults.push(error.message))
    line.close()
  }
  return finding('RawSocket 03 00 00 00 and its like before HELLO', faults)
}

/** An ERROR whose details the caller cannot take: the caller is told in other words, and does not wait for ever. */
async function errorDetails(router: RouterProcess): Promise<Finding> {
  const faults: string[] = []
  const callee = await ListSession.open(router.port, 'websocket')
  const ppt = [
    { ppt_scheme: 'x_own', ppt_serializer: 'x_own' }, // FlatBuffers has no slot for others than its own
    { ppt_scheme: 'x_own', ppt_keyid: 'x'.repeat(2000) }, // the caller accepts 512 bytes
  ]
  const callers = [
    await ListSession.open(router.port, 'rawsocket', flatbuffersSerializer),
    await ListSession.on(await openLine(router.port, 'rawsocket', undefined, 0)),
  ]
  await callee.ask([MessageType.REGISTER, 1, {}, 'com.killers.details'])
  let at = 0
  callee.onMessage = ([, invocation]) =>
    callee.send([MessageType.ERROR, MessageType.INVOCATION, invocation, ppt[at], 'com.killers.error', ['why']])
  for (const caller of callers) {
    let answer: unknown[] = []
    caller.onMessage = (message) => (answer = message)
    caller.send([MessageType.CALL, 1, {}, 'com.killers.details'])
    await until(`the ERROR with ${Object.keys(ppt[at]!)}`, () => answer[0] === MessageType.ERROR, 3000).catch((error: Error) =>
      faults.push(error.message),
    )
    caller.close()
    at++
  }
  callee.close()
  return finding('an ERROR whose details the caller cannot take', faults)
}

function finding(what: string, faults: readonly string[]): Finding {
  const isOk = faults.length === 0
  return {
    what,
    figure: isOk ? 'refused' : `${faults.length} faults`,
    limit: 'its own connection ends or it is refused',
    isOk,
    details: faults,
  }
}

async function attack(router: RouterProcess): Promise<Finding[]> {
  const findings = [await fourOctets(router), await errorDetails(router)]
  for (const { what, lists, wanted } of KILLERS) {
    const faults: string[] = []
    for (const kind of ALL_KINDS) {
      for (const serializer of SERIALIZERS) {
        const frames = framesOf(serializer, lists)
        if (frames === undefined || !isSpoken(kind, serializer)) continue
        const fault = judge(await lastAnswer(router.port, kind, serializer, frames), wanted)
        if (fault !== undefined) faults.push(`${kind}, ${serializer.name}: ${fault}`)
      }
    }
    findings.push(finding(what, faults))
  }
  for (const [what, frame] of Object.entries(FLAT_KILLERS)) {
    const faults: string[] = []
    for (const kind of ALL_KINDS.filter((one) => isSpoken(one, flatbuffersSerializer))) {
      const answer = await lastAnswer(router.port, kind, flatbuffersSerializer, [encodeList(flatbuffersSerializer, hello), frame])
      const fault = judge(answer, 'abort')
      if (fault !== undefined) faults.push(`${kind}: ${fault}`)
    }
    findings.push(finding(`FlatBuffers: ${what}`, faults))
  }
  const fresh = await ListSession.open(router.port, 'websocket')
  fresh.close()
  return findings
}

export const knownKillers: Check = { name: 'killers', run: () => withRouter(attack) }
