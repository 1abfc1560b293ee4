import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNumber, formatTable, median, type Sample, spread, summarise } from '../../../bench/report.ts'

/** One sample of calls per second; what a test does not care about is the same everywhere. */
function sample(round: number, router: string, value: number, more: Partial<Sample> = {}): Sample {
  const common = { case: 'calls', metric: 'calls/s', unit: 'calls/s', isLowerBetter: false, generatorCpu: 0.5, routerCpu: 1 }
  return { ...common, round, router, isFloor: router === 'floor', value, ...more }
}

test('the median is the middle value, or the mean of the two middle ones, in numerical order', () => {
  assert.equal(median([7]), 7)
  assert.equal(median([100, 20, 3]), 20)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.throws(() => median([]), RangeError)
})

test('taking a spread leaves the values in their order', () => {
  const values = [3, 1, 2]
  assert.deepEqual(spread(values), { median: 2, min: 1, max: 3 })
  assert.deepEqual(values, [3, 1, 2])
})

test('ratios are taken within each round before their median is', () => {
  const rows = summarise([
    sample(1, 'crosspoint', 300),
    sample(1, 'floor', 100),
    sample(2, 'floor', 200),
    sample(2, 'crosspoint', 400),
    sample(3, 'crosspoint', 90),
    sample(3, 'floor', 10),
  ])
  const crosspoint = rows.find((row) => row.router === 'crosspoint')!
  assert.deepEqual(crosspoint.ratios, [3, 2, 9])
  assert.deepEqual(crosspoint.ratio, { median: 3, min: 2, max: 9 }) // the ratio of the medians would be 300 / 100 too, that of the means not
  assert.deepEqual(crosspoint.value, { median: 300, min: 90, max: 400 })
  assert.deepEqual(rows.find((row) => row.router === 'floor')!.ratio, { median: 1, min: 1, max: 1 })
})

test('the ratio of medians is not what is reported', () => {
  const rows = summarise(
    [1, 2, 3].flatMap((round) => [sample(round, 'floor', [10, 20, 40][round - 1]!), sample(round, 'a', [40, 20, 10][round - 1]!)]),
  )
  assert.deepEqual(rows[1]!.ratios, [4, 1, 0.25])
  assert.equal(rows[1]!.ratio!.median, 1)
  assert.equal(rows[1]!.ratio!.max, 4)
})

test('a round that lacks one side, or whose floor is zero, has no ratio; with none at all there is no ratio', () => {
  const rows = summarise([sample(1, 'a', 10), sample(2, 'a', 20), sample(2, 'floor', 5), sample(3, 'a', 30), sample(3, 'floor', 0)])
  assert.deepEqual(rows.find((row) => row.router === 'a')!.ratios, [4])
  assert.deepEqual(rows.find((row) => row.router === 'a')!.values, [10, 20, 30])
  const alone = summarise([sample(1, 'a', 10), sample(1, 'floor', 5, { case: 'events' })])
  assert.equal(alone.find((row) => row.router === 'a')!.ratio, undefined)
})

test('cases and metrics are kept apart, also against the floor', () => {
  const rows = summarise([
    sample(1, 'floor', 2, { case: 'latency', metric: 'p50' }),
    sample(1, 'floor', 4, { case: 'latency', metric: 'p99' }),
    sample(1, 'a', 3, { case: 'latency', metric: 'p50' }),
    sample(1, 'a', 3, { case: 'latency', metric: 'p99' }),
  ])
  assert.deepEqual(
    rows.map((row) => [row.router, row.metric, row.ratio!.median]),
    [
      ['floor', 'p50', 1],
      ['floor', 'p99', 1],
      ['a', 'p50', 1.5],
      ['a', 'p99', 0.75],
    ],
  )
})

test('numbers are grouped in thousands and small ones keep three digits', () => {
  assert.equal(formatNumber(1234567.8), '1 234 568')
  assert.equal(formatNumber(999.6), '1 000')
  assert.equal(formatNumber(100), '100')
  assert.equal(formatNumber(15.678), '15.7')
  assert.equal(formatNumber(0.07649), '0.0765')
  assert.equal(formatNumber(0), '0')
})

test('the table has one block for each case and metric, its columns aligned, its direction named', () => {
  const rows = summarise([
    sample(1, 'crosspoint', 300_000, { generatorCpu: 0.61 }),
    sample(1, 'floor', 200_000),
    sample(1, 'fox-wamp', 90.123, { case: 'latency', metric: 'p50', unit: 'ms', isLowerBetter: true }),
  ])
  assert.equal(
    formatTable(rows),
    [
      'calls: calls/s',
      '  router       median          min–max  to the floor    min–max  router CPU  load CPU',
      '  crosspoint  300 000  300 000–300 000          1.50  1.50–1.50       100 %      61 %',
      '  floor       200 000  200 000–200 000          1.00  1.00–1.00       100 %      50 %',
      '',
      'latency: p50, ms (less is better)',
      '  router    median    min–max  to the floor  min–max  router CPU  load CPU',
      '  fox-wamp    90.1  90.1–90.1             –        –       100 %      50 %',
      '',
    ].join('\n'),
  )
})
