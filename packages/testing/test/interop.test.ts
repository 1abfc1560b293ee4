import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENTS } from '../src/interop/clients.ts'
import type { Check } from '../src/interop/combination.ts'
import { FAULTS, type Fault } from '../src/interop/faults.ts'
import { FEATURES, PAIR_FEATURES } from '../src/interop/features/all.ts'
import { fromLine, toLine } from '../src/interop/line-protocol.ts'
import { matrixPage, sectionText } from '../src/interop/matrix.ts'
import { type Section, strayFaults, surprises } from '../src/interop/outcome.ts'
import { PAIRS } from '../src/interop/pairs.ts'
import { PAIRS_SECTION } from '../src/interop/plan.ts'
import { ROUTERS } from '../src/interop/routers.ts'

const ok = (feature: string): Check => ({ feature, state: 'ok', detail: '' })
const fails = (feature: string, detail = 'it broke'): Check => ({ feature, state: 'fails', detail })
const lacks = (feature: string, detail = 'it has none'): Check => ({ feature, state: 'lacks', detail, by: 'lib|rary 1.0' })
const sectionOf = (columns: { readonly [name: string]: readonly Check[] }): Section => ({
  name: 'lib|rary 1.0',
  remarks: [],
  columns: Object.entries(columns).map(([name, checks]) => ({ name, checks })),
})
const slow: Fault = { of: 'lib|rary 1.0', features: ['call'], on: ['JSON'], says: 'it is slow' }

test('interop: a failure that nobody recorded is a surprise, in its own column only', () => {
  const section = sectionOf({ 'WebSocket JSON': [fails('call')], 'WebSocket CBOR': [fails('call')] })
  assert.deepEqual(surprises(section, [slow]), ['lib|rary 1.0, WebSocket CBOR, call: it broke'])
})

test('interop: a recorded fault that does not show is a surprise, unless it comes and goes', () => {
  const section = sectionOf({ 'WebSocket JSON': [ok('call')] })
  assert.deepEqual(surprises(section, [slow]), ['lib|rary 1.0, WebSocket JSON, call: recorded as a fault, but it passes'])
  assert.deepEqual(surprises(section, [{ ...slow, sometimes: true }]), [])
  const lacking = sectionOf({ 'WebSocket JSON': [lacks('call')] })
  assert.deepEqual(surprises(lacking, [slow]), ['lib|rary 1.0, WebSocket JSON, call: recorded as a fault, but lacking: it has none'])
})

test('interop: what passes and what a library lacks is no surprise', () => {
  assert.deepEqual(surprises(sectionOf({ 'WebSocket JSON': [ok('call'), lacks('cancel')] }), []), [])
})

test('interop: a recorded fault of a feature or column that is not there is stray', () => {
  const section = sectionOf({ 'WebSocket CBOR': [ok('call')] })
  assert.deepEqual(strayFaults([section], [slow]), ['lib|rary 1.0, call: recorded as a fault, but not tried'])
  assert.deepEqual(strayFaults([section], [{ ...slow, on: ['CBOR'] }]), [])
  assert.deepEqual(strayFaults([], [slow]), [], 'sections that were not run say nothing')
})

test('interop: a section shows the features that are not ok everywhere, with one note per sentence', () => {
  const section = sectionOf({
    'WebSocket JSON': [ok('join'), fails('call'), lacks('cancel')],
    'WebSocket CBOR': [ok('join'), ok('call'), lacks('cancel')],
  })
  assert.equal(
    sectionText(section, [slow]),
    `### lib|rary 1.0

1 of 3 features are ok in all 2. The others:

| | WebSocket JSON | WebSocket CBOR |
| --- | --- | --- |
| call | fails [1] | ok |
| cancel | lacks [2] | lacks [2] |

1. It is slow.
2. It has none.
`,
  )
})

test('interop: a fault that comes and goes looks the same whether it shows or not', () => {
  const sometimes: Fault = { ...slow, sometimes: true }
  const texts = [ok('call'), fails('call')].map((check) => sectionText(sectionOf({ 'WebSocket JSON': [check] }), [sometimes]))
  assert.match(texts[0]!, /\| call \| sometimes \[1\] \|/)
  assert.equal(texts[0], texts[1])
})

test('interop: in a section of pairs, what is lacking names the library', () => {
  const section = { ...sectionOf({ 'one with two': [lacks('call')] }), name: 'pairs' }
  assert.match(sectionText(section, []), /1\. With lib\|rary 1\.0: it has none\./)
})

test('interop: the overview of a chapter says partly where columns differ, and its heads keep their bars', () => {
  const one = sectionOf({ 'WebSocket JSON': [fails('call')], 'WebSocket CBOR': [ok('call')] })
  const two: Section = { ...sectionOf({ 'WebSocket JSON': [ok('call')] }), name: 'other 2.0' }
  const page = matrixPage([{ heading: 'Clients', says: 'Tried.', sections: [one, two] }], [slow])
  assert.match(page, /\| \| lib\\\|rary 1\.0 \| other 2\.0 \|\n\| --- \| --- \| --- \|\n\| call \| partly \| ok \|/)
  assert.ok(page.includes(sectionText(one, [slow])), 'a section stands in the page as a run of it alone prints it')
})

test('interop: every recorded fault is of something that is tried, and of its features', () => {
  const sections = new Map<string, readonly string[]>([
    ...[...CLIENTS, ...ROUTERS].map(({ name }) => [name, Object.keys(FEATURES)] as const),
    [PAIRS_SECTION, PAIR_FEATURES],
  ])
  for (const { of, features } of FAULTS) {
    assert.ok(sections.has(of), of)
    for (const feature of features) assert.ok(sections.get(of)!.includes(feature), `${of}: ${feature}`)
  }
})

test('interop: every feature of pairs is a feature, every side of a pair a client', () => {
  for (const feature of PAIR_FEATURES) assert.ok(feature in FEATURES, feature)
  for (const { client, link } of PAIRS.flat()) {
    const found = CLIENTS.find(({ name }) => name === client)
    assert.ok(
      found?.speaks.some(([transport, serializer]) => transport === link[0] && serializer === link[1]),
      `${client} over ${link.join(' ')}`,
    )
  }
})

test('interop: values keep their kind on the line', () => {
  const values = [1, 2n ** 53n, -(2n ** 60n), new Uint8Array([0, 255]), 'a', null, [true, { n: 2n ** 64n }]]
  assert.deepEqual(fromLine(JSON.parse(JSON.stringify(toLine(values)))), values)
  assert.equal(toLine(5n), 5, 'an integer that a number holds is one')
})
