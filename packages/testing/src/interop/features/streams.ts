// Calls that take their time: progress, both ways, cancelling and time limits.

import assert from 'node:assert/strict'
import { PeerError } from '../line-protocol.ts'
import type { Actor, Stage } from '../stage.ts'
import { failsWith, same } from './assert.ts'

export const STREAMS: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  async 'progress received'(stage) {
    const [subject, other, count] = [await stage.subject(), await stage.other(), stage.uri('count')]
    await other.register(count, 'count')
    const { args, progress } = await subject.call(count, [3], { progress: true })
    same({ args, progress }, { args: ['done'], progress: [[1], [2], [3]] })
  },
  async 'progress sent'(stage) {
    const [subject, other, count] = [await stage.subject(), await stage.other(), stage.uri('count')]
    await subject.register(count, 'count')
    const { args, progress } = await other.call(count, [3], { progress: true })
    same({ args, progress }, { args: ['done'], progress: [[1], [2], [3]] })
  },
  async 'progressive call sent'(stage) {
    const [subject, other, sum] = [await stage.subject(), await stage.other(), stage.uri('sum')]
    await other.register(sum, 'sum')
    same((await subject.call(sum, [], { chunks: [[1], [2], [4]] })).args, [7])
  },
  async 'progressive call received'(stage) {
    const [subject, other, sum] = [await stage.subject(), await stage.other(), stage.uri('sum')]
    await subject.register(sum, 'sum')
    same((await other.call(sum, [], { chunks: [[1], [2], [4]] })).args, [7])
  },
  async 'cancel, mode kill'(stage) {
    const { other, slow, outcome } = await cancelled(stage, 'kill')
    await other.told('interrupted', slow)
    // The callee's last word may be its result.
    assert.ok(['stopped', 'wamp.error.canceled'].includes(await outcome), await outcome)
  },
  async 'cancel, mode killnowait'(stage) {
    const { other, slow, outcome } = await cancelled(stage, 'killnowait')
    assert.equal(await outcome, 'wamp.error.canceled')
    await other.told('interrupted', slow)
  },
  async 'cancel, mode skip'(stage) {
    const { subject, other, slow, outcome } = await cancelled(stage, 'skip')
    assert.equal(await outcome, 'wamp.error.canceled')
    // An INTERRUPT would arrive before this invocation.
    const echo = stage.uri('echo')
    await other.register(echo, 'echo')
    await subject.call(echo)
    assert.equal(other.wasTold('interrupted', slow), false, 'the callee was interrupted')
  },
  async interrupted(stage) {
    const [subject, other, slow] = [await stage.subject(), await stage.other(), stage.uri('slow')]
    await subject.register(slow, 'slow')
    const { id, answer } = other.begin(slow, [], { cancel_mode: 'kill' })
    await subject.told('invoked', slow)
    await other.cancel(id, 'kill')
    await subject.told('interrupted', slow)
    const outcome = await outcomeOf(answer)
    assert.ok(['stopped', 'wamp.error.canceled'].includes(outcome), outcome)
  },
  async timeout(stage) {
    const [subject, other, slow] = [await stage.subject(), await stage.other(), stage.uri('slow')]
    await other.register(slow, 'slow')
    await failsWith('wamp.error.timeout', subject.call(slow, [], { options: { timeout: 100 } }))
  },
}

/** A call of a slow procedure of the other side, cancelled when it has arrived. */
async function cancelled(stage: Stage, mode: string): Promise<{ subject: Actor; other: Actor; slow: string; outcome: Promise<string> }> {
  const [subject, other, slow] = [await stage.subject(), await stage.other(), stage.uri('slow')]
  await other.register(slow, 'slow')
  const { id, answer } = subject.begin(slow, [], { cancel_mode: mode })
  const outcome = outcomeOf(answer)
  // Awaited by the caller; a library that cannot do it says so at once.
  const early = outcome.then((ended) => Promise.reject(new Error(`the call ended with ${ended} before it was cancelled`)))
  early.catch(() => {})
  await Promise.race([other.told('invoked', slow), early])
  await subject.cancel(id, mode)
  return { subject, other, slow, outcome }
}

/** The result, or the URI of the error. */
async function outcomeOf(answer: Promise<unknown>): Promise<string> {
  try {
    return String((((await answer) as { args: unknown[] }).args ?? [])[0])
  } catch (error) {
    if (error instanceof PeerError) return error.uri
    throw error
  }
}
