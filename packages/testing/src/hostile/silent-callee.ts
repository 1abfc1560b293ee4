// Calls to a callee that never answers: when it is cut, each call gets exactly one answer, and the memory comes back.

import { MessageType } from '@crosspoint/protocol'
import { atMost, type Check, exactly, type Finding, until } from './check.ts'
import { MEGABYTE, type RouterProcess, withRouter } from './router-process.ts'
import { ListSession, SOCKET_KINDS } from './socket-line.ts'

const CALLS = 50_000
const CALLERS = 5
// The first such round may leave the heap and its pools larger, once; an answer kept or built per call costs far more.
const KEPT_BYTES_MAX = 24 * MEGABYTE
// The second one must bring the memory back to where it began.
const PLATEAU_BYTES_MAX = 8 * MEGABYTE
const PER_WRITE = 500

/** One round; gives how many calls were answered other than exactly once, with ERROR if the callee is silent. */
async function round(router: RouterProcess, isSilent: boolean): Promise<number> {
  const callee = await ListSession.open(router.port, 'rawsocket')
  await callee.ask([MessageType.REGISTER, 1, {}, 'com.silent'])
  let invocations = 0
  callee.onMessage = () => void invocations++
  const callers: ListSession[] = []
  const answers: Map<number, number>[] = []
  for (let index = 0; index < CALLERS; index++) {
    const caller = await ListSession.open(router.port, SOCKET_KINDS[index % SOCKET_KINDS.length]!)
    const counts = new Map<number, number>()
    caller.onMessage = (message) => {
      const isError = message[0] === MessageType.ERROR && message[1] === MessageType.CALL
      const id = (isError === isSilent ? message[isError ? 2 : 1] : 0) as number
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    callers.push(caller)
    answers.push(counts)
  }
  const each = CALLS / CALLERS
  for (let from = 1; from <= each; from += PER_WRITE) {
    for (const caller of callers) {
      caller.line.socket.cork()
      for (let id = from; id < from + PER_WRITE; id++) caller.send([MessageType.CALL, id, {}, 'com.silent', [id, 'a value of some length']])
      caller.line.socket.uncork()
    }
    await until('the invocations', () => invocations >= (from + PER_WRITE - 1) * CALLERS, 20_000)
  }
  if (!isSilent) for (let id = 1; id <= CALLS; id++) callee.send([MessageType.YIELD, id, {}, [id]])
  else callee.line.socket.resetAndDestroy()
  await until('the answers', () => answers.every((counts) => counts.size >= each), 30_000).catch(() => {})
  if (!isSilent) callee.line.socket.resetAndDestroy()
  // One more call each, answered last: whatever came twice has come by then.
  for (const caller of callers) await answerOf(caller, each + 1)
  let wrong = 0
  for (const counts of answers) {
    for (let id = 1; id <= each; id++) if (counts.get(id) !== 1) wrong++
    wrong += counts.get(0) ?? 0
  }
  for (const caller of callers) caller.close()
  return wrong
}

async function answerOf(caller: ListSession, id: number): Promise<void> {
  const heard = caller.onMessage
  await new Promise<void>((resolve) => {
    caller.onMessage = (message) => {
      if (message[0] === MessageType.ERROR && message[2] === id) resolve()
      else heard(message)
    }
    caller.send([MessageType.CALL, id, {}, 'com.silent'])
  })
}

async function attack(router: RouterProcess): Promise<Finding[]> {
  // As many calls in flight, but answered: what such traffic leaves resident (pools, compiled code) is not in question.
  await round(router, false)
  const before = await router.settledBytes()
  const findings: Finding[] = []
  const kept: number[] = []
  for (const name of ['first', 'second']) {
    const wrong = await round(router, true)
    kept.push(await router.settledBytes())
    findings.push(exactly(`${name} round of ${CALLS} calls to a callee that is cut: calls not answered exactly once`, wrong, 0, 'calls'))
  }
  const [first, second] = kept as [number, number]
  findings.push(
    atMost(
      `memory kept after the first round, beyond what as many calls left that were answered`,
      (first - before) / MEGABYTE,
      KEPT_BYTES_MAX / MEGABYTE,
      'MB',
      1,
    ),
  )
  findings.push(atMost('memory that the second round added', (second - first) / MEGABYTE, PLATEAU_BYTES_MAX / MEGABYTE, 'MB', 1))
  return findings
}

export const silentCallee: Check = { name: 'silent-callee', run: () => withRouter(attack) }
