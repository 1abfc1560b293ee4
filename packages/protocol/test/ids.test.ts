import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ID_MAX, isId } from '../src/index.ts'
import { nextRequestId } from '../src/internal.ts'

test('ID-01 ID-12 ids are integers of 1 … 2^53', () => {
  for (const id of [1, 2, 2 ** 31, 2 ** 53 - 1, 2 ** 53]) assert.ok(isId(id))
  for (const wrong of [0, -1, 1.5, 2 ** 53 + 2, Number.NaN, Number.POSITIVE_INFINITY, '1', true, null, undefined, 1n, [], {}])
    assert.ok(!isId(wrong))
})

test('ID-04 session scope ids count from 1 in steps of 1, and after 2^53 comes 1', () => {
  assert.equal(nextRequestId(0), 1)
  assert.equal(nextRequestId(1), 2)
  assert.equal(nextRequestId(ID_MAX - 1), ID_MAX)
  assert.equal(nextRequestId(ID_MAX), 1)
})
