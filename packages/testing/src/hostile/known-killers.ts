// What has killed other routers, or what they took for good: each ends its own connection, or is refused, and a fresh client
// gets in after it.

import { MessageType, type Serializer } from '@crosspoint/protocol'
import { type Check, type Finding, until } from './check.ts'
import { OFFERED_FORMATS } from './corpus.ts'
import { ALL_ROLES, abortFault, decodeList, encodeList } from './good-talk.ts'
import { type RouterProcess, withRouter } from './router-process.ts'
import { KINDS, type Kind, ListSession, openLine } from './socket-line.ts'

const SERIALIZERS: readonly Serializer[] = OFFERED_FORMATS.map(({ serializer }) => serializer)

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

/** Sends the lists; gives the last answer, once the connection is closed or answered all there is to answer. */
async function lastAnswer(port: number, kind: Kind, serializer: Serializer, lists: readonly (readonly unknown[])[]): Promise<unknown[]> {
  const line = await openLine(port, kind, serializer)
  const answers: unknown[][] = []
  let isAlive = false
  line.onFrame = (frame) => answers.push(decodeList(serializer, frame))
  line.onPong = () => (isAlive = true)
  for (const list of lists) line.send(encodeList(serializer, list))
  line.ping()
  await until('an answer', () => line.isClosed || (isAlive && answers.length > 0))
  line.close()
  return answers.at(-1) ?? []
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
  const findings = [await fourOctets(router)]
  for (const { what, lists, wanted } of KILLERS) {
    const faults: string[] = []
    for (const kind of KINDS) {
      for (const serializer of SERIALIZERS) {
        const fault = judge(await lastAnswer(router.port, kind, serializer, lists), wanted)
        if (fault !== undefined) faults.push(`${kind}, ${serializer.name}: ${fault}`)
      }
    }
    findings.push(finding(what, faults))
  }
  const fresh = await ListSession.open(router.port, 'websocket')
  fresh.close()
  return findings
}

export const knownKillers: Check = { name: 'killers', run: () => withRouter(attack) }
