import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ID_MAX } from '@crosspoint/protocol'
import { nextRequestId } from '@crosspoint/protocol/internal'
import fc from 'fast-check'
import { RequestTable } from '../src/request-table.ts'

type Record = { readonly id: number }

/** Does the same to a table and to a Map and compares them after every step. */
class Pair {
  readonly table = new RequestTable<Record>()
  readonly map = new Map<number, Record>()

  add(id: number): void {
    if (this.map.has(id)) return // the table's condition
    const record = { id }
    this.map.set(id, record)
    this.table.add(id, record)
    this.#compare(id)
  }
  delete(id: number): void {
    this.map.delete(id)
    this.table.delete(id)
    this.#compare(id)
  }
  #compare(id: number): void {
    assert.equal(this.table.get(id), this.map.get(id))
    assert.equal(this.table.size, this.map.size)
  }
  /** Everything at once. */
  check(): void {
    for (const [id, record] of this.map) assert.equal(this.table.get(id), record)
    const values = this.table.values()
    assert.equal(values.length, this.map.size)
    assert.deepEqual(new Set(values), new Set(this.map.values()))
  }
}

const step = <Id>(id: fc.Arbitrary<Id>) => fc.record({ kind: fc.constantFrom('add', 'add', 'get', 'delete', 'check'), id })

describe('a request table agrees with a Map', () => {
  const arbitrary = fc.oneof(
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 40 }).map((id) => id * 2 ** 20), // all in one slot
    fc.integer({ min: 0, max: 40 }).map((id) => ID_MAX - id),
    fc.integer({ min: 0, max: 3 }).map((id) => 2 ** 31 - 1 + id),
    fc.integer({ min: 0, max: 3 }).map((id) => 2 ** 32 - 1 + id),
  )

  test('ID-09 with ids in any order', () => {
    fc.assert(
      fc.property(fc.array(step(arbitrary), { maxLength: 200 }), (steps) => {
        const pair = new Pair()
        for (const { kind, id } of steps) {
          if (kind === 'add') pair.add(id)
          else if (kind === 'delete') pair.delete(id)
          else if (kind === 'get') assert.equal(pair.table.get(id), pair.map.get(id))
          else pair.check()
        }
        pair.check()
        for (const id of pair.map.keys()) pair.delete(id)
        assert.deepEqual(pair.table.values(), [])
      }),
      { numRuns: 500 },
    )
  })

  test('ID-04 with ids that count up, also over the end of the range, deleted in any order', () => {
    const start = fc.oneof(
      fc.constant(1),
      fc.integer({ min: 0, max: 100 }).map((before) => ID_MAX - before),
    )
    const moves = fc.array(fc.oneof(fc.constant('add' as const), fc.nat(50)), { maxLength: 300 })
    fc.assert(
      fc.property(start, moves, (first, all) => {
        const pair = new Pair()
        let id = first
        for (const move of all) {
          if (move === 'add') {
            pair.add(id)
            id = nextRequestId(id)
          } else {
            const present = [...pair.map.keys()]
            if (present.length > 0) pair.delete(present[move % present.length]!)
          }
        }
        pair.check()
      }),
      { numRuns: 300 },
    )
  })
})

test('an id that is not there is not there: before the first, after the last, beside a taken slot', () => {
  const table = new RequestTable<Record>()
  assert.equal(table.get(1), undefined)
  table.delete(1)
  table.add(1, { id: 1 })
  for (const other of [2, 17, 2 ** 32 + 1]) {
    assert.equal(table.get(other), undefined)
    table.delete(other)
  }
  assert.equal(table.size, 1)
  table.delete(1)
  table.delete(1)
  assert.equal(table.size, 0)
})

test('very many ids that fall on one slot are kept and listed', () => {
  const pair = new Pair()
  for (let id = 1; id <= 200_000; id++) pair.add(id * 2 ** 22)
  pair.check()
})

test('a table that was full gives its memory back when it is empty', () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const heap = (): number => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const record = { id: 0 }
  const tables = Array.from({ length: 100 }, () => new RequestTable<Record>())
  const each = (act: (table: RequestTable<Record>, id: number) => void): void => {
    for (const table of tables) for (let id = 1; id <= 10_000; id++) act(table, id)
  }
  const before = heap()
  each((table, id) => table.add(id, record))
  const full = heap() - before
  each((table, id) => table.delete(id))
  const empty = heap() - before
  assert.ok(full > 10_000_000, `full: ${full} bytes`)
  assert.ok(empty < full / 20, `empty: ${empty} bytes, full: ${full} bytes`)
  tables[0]!.add(10_001, record)
  assert.equal(tables[0]!.get(10_001), record, 'it can be used again')
})
