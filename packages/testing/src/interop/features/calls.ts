// Calls: both ways, errors, patterns, sharing, disclosure.

import assert from 'node:assert/strict'
import type { Stage } from '../stage.ts'
import { errorOf, failsWith, same } from './assert.ts'

const ARGS = [1, 'zwei', null, true, [1.5, -7, []], { a: { b: [] } }]
const KWARGS = { list: [1, 2], text: 'x', none: null }

export const CALLS: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  async 'call with args and kwargs'(stage) {
    const [subject, other, echo] = [await stage.subject(), await stage.other(), stage.uri('echo')]
    await other.register(echo, 'echo')
    const { args, kwargs } = await subject.call(echo, ARGS, { kwargs: KWARGS })
    same({ args, kwargs }, { args: ARGS, kwargs: KWARGS })
  },
  async 'called with args and kwargs'(stage) {
    const [subject, other, echo] = [await stage.subject(), await stage.other(), stage.uri('echo')]
    await subject.register(echo, 'echo')
    const { args, kwargs } = await other.call(echo, ARGS, { kwargs: KWARGS })
    same({ args, kwargs }, { args: ARGS, kwargs: KWARGS })
  },
  async 'error received'(stage) {
    const [subject, other, fail] = [await stage.subject(), await stage.other(), stage.uri('fail')]
    await other.register(fail, 'fail')
    const { uri, args, kwargs } = await errorOf(subject.call(fail))
    same({ uri, args, kwargs }, { uri: 'com.example.failed', args: ['no', 7], kwargs: { code: 3 } })
  },
  async 'error sent'(stage) {
    const [subject, other, fail] = [await stage.subject(), await stage.other(), stage.uri('fail')]
    await subject.register(fail, 'fail')
    const { uri, args, kwargs } = await errorOf(other.call(fail))
    same({ uri, args, kwargs: { code: kwargs['code'] } }, { uri: 'com.example.failed', args: ['no', 7], kwargs: { code: 3 } })
  },
  async no_such_procedure(stage) {
    const subject = await stage.subject()
    await failsWith('wamp.error.no_such_procedure', subject.call(stage.uri('nobody')))
  },
  async procedure_already_exists(stage) {
    const [subject, other, taken] = [await stage.subject(), await stage.other(), stage.uri('taken')]
    await other.register(taken, 'echo')
    await failsWith('wamp.error.procedure_already_exists', subject.register(taken, 'echo'))
  },
  async invalid_uri(stage) {
    const subject = await stage.subject()
    await failsWith('wamp.error.invalid_uri', subject.call('with space.and#hash'))
  },
  async unregister(stage) {
    const [subject, other, gone] = [await stage.subject(), await stage.other(), stage.uri('gone')]
    await subject.register(gone, 'echo')
    same((await other.call(gone, [1])).args, [1])
    await subject.unregister(gone)
    await failsWith('wamp.error.no_such_procedure', other.call(gone, [1]))
  },
  async 'prefix registration'(stage) {
    const [subject, other, prefix] = [await stage.subject(), await stage.other(), stage.uri('prefix')]
    await subject.register(prefix, 'procedure', { options: { match: 'prefix' } })
    same((await other.call(`${prefix}.one.two`)).args, [`${prefix}.one.two`])
  },
  async 'wildcard registration'(stage) {
    const [subject, other, start] = [await stage.subject(), await stage.other(), stage.uri('wild')]
    await subject.register(`${start}..end`, 'procedure', { options: { match: 'wildcard' } })
    same((await other.call(`${start}.any.end`)).args, [`${start}.any.end`])
  },
  async 'shared registration, round robin'(stage) {
    same(await sharedBy(stage, 'roundrobin'), ['one', 'two', 'one', 'two'])
  },
  async 'shared registration, first'(stage) {
    same(await sharedBy(stage, 'first'), ['one', 'one', 'one', 'one'])
  },
  async 'shared registration, last'(stage) {
    same(await sharedBy(stage, 'last'), ['two', 'two', 'two', 'two'])
  },
  async 'shared registration, random'(stage) {
    const answers = await sharedBy(stage, 'random')
    assert.ok(
      answers.every((answer) => answer === 'one' || answer === 'two'),
      String(answers),
    )
  },
  async 'caller disclosed'(stage) {
    const [subject, other, who] = [await stage.subject(), await stage.other(), stage.uri('who')]
    await other.register(who, 'caller')
    same((await subject.call(who, [], { options: { disclose_me: true } })).args, [subject.id])
  },
  async 'caller seen'(stage) {
    const [subject, other, who] = [await stage.subject(), await stage.other(), stage.uri('who')]
    await subject.register(who, 'caller')
    same((await other.call(who, [], { options: { disclose_me: true } })).args, [other.id])
  },
}

/** Four calls of a procedure that two sessions of the subject have. */
async function sharedBy(stage: Stage, invoke: string): Promise<unknown[]> {
  const [one, two, other, shared] = [await stage.subject(), await stage.second(), await stage.other(), stage.uri('shared')]
  await one.register(shared, 'answer', { answer: 'one', options: { invoke } })
  await two.register(shared, 'answer', { answer: 'two', options: { invoke } })
  const answers: unknown[] = []
  for (let n = 0; n < 4; n++) answers.push((await other.call(shared)).args[0])
  return answers
}
