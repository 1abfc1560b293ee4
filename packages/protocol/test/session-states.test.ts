import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TRANSITIONS } from '../src/index.ts'

test('STA-01 STA-02 STA-03 the table has the fourteen transitions of the chart, each once', () => {
  assert.deepEqual(
    TRANSITIONS.map((transition) => transition.number),
    Array.from({ length: 14 }, (_, index) => index + 1),
  )
  const leaving = TRANSITIONS.map(({ from, on }) => `${from} ${on}`)
  assert.equal(new Set(leaving).size, leaving.length, 'an input leads to one state')
})

test('STA-01 STA-02 every state but failed can be left, and every one can be reached from closed', () => {
  const reached = new Set(['closed'])
  for (let round = 0; round < TRANSITIONS.length; round++) for (const { from, to } of TRANSITIONS) if (reached.has(from)) reached.add(to)
  assert.deepEqual([...reached].sort(), ['challenging', 'closed', 'closing', 'established', 'establishing', 'failed', 'shutting_down'])
  for (const state of reached)
    assert.equal(
      TRANSITIONS.some(({ from }) => from === state),
      state !== 'failed',
      state,
    )
})
