import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MatchPolicy } from '@crosspoint/protocol'
import { SeededRandom } from '@crosspoint/testing'
import fc from 'fast-check'
import { PatternIndex } from '../src/index.ts'

interface Pattern {
  readonly uri: string
  readonly match: MatchPolicy
}

// Few letters, so that patterns and URIs meet often.
const literal = fc.constantFrom('a', 'b', 'ab')
const uri = fc.array(literal, { minLength: 1, maxLength: 5 }).map((components) => components.join('.'))
const wildcard = fc.array(fc.oneof(literal, fc.constant('')), { minLength: 1, maxLength: 5 }).map((components) => components.join('.'))
const prefix = fc.tuple(uri, fc.nat(9)).map(([text, length]) => text.slice(0, length))
const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  uri.map((text): Pattern => ({ uri: text, match: 'exact' })),
  prefix.map((text): Pattern => ({ uri: text, match: 'prefix' })),
  wildcard.map((text): Pattern => ({ uri: text, match: 'wildcard' })),
)
const patterns = fc.uniqueArray(pattern, { maxLength: 40, selector: ({ uri: text, match }) => `${match} ${text}` })

function matches({ uri: text, match }: Pattern, candidate: string): boolean {
  if (match === 'exact') return text === candidate
  if (match === 'prefix') return candidate.startsWith(text)
  const wanted = text.split('.')
  const given = candidate.split('.')
  return wanted.length === given.length && wanted.every((component, at) => component === '' || component === given[at])
}

/** Whether `one` beats `other` for a URI that both match, word for word as RPC-114, RPC-115 and RPC-116 say it. */
function beats(one: Pattern, other: Pattern): boolean {
  const ORDER: readonly MatchPolicy[] = ['exact', 'prefix', 'wildcard']
  if (one.match !== other.match) return ORDER.indexOf(one.match) < ORDER.indexOf(other.match)
  if (one.match === 'prefix') return one.uri.length > other.uri.length
  const [ones, others] = [literalRuns(one.uri), literalRuns(other.uri)]
  const at = ones.findIndex((length, index) => length !== others[index])
  return ones[at]! > (others[at] ?? -1)
}

/** How many literal components stand before the first wildcard, between the first and the second, and so on. */
function literalRuns(text: string): number[] {
  const runs = [0]
  for (const component of text.split('.')) {
    if (component === '') runs.push(0)
    else runs[runs.length - 1]!++
  }
  return runs
}

function filled(all: readonly Pattern[]): PatternIndex<Pattern> {
  const index = new PatternIndex<Pattern>()
  for (const each of all) index.add(each.uri, each.match, each)
  return index
}

describe('a pattern index agrees with a loop over all patterns', () => {
  test('URI-15 URI-16 every pattern that matches is found, each once', () => {
    fc.assert(
      fc.property(patterns, fc.array(uri, { minLength: 1, maxLength: 20 }), (all, candidates) => {
        const index = filled(all)
        for (const candidate of [...candidates, ...candidates]) {
          const found = index.matchAll(candidate)
          assert.deepEqual(new Set(found), new Set(all.filter((each) => matches(each, candidate))), candidate)
          assert.equal(found.length, new Set(found).size, candidate)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('RPC-114 RPC-115 RPC-116 the best match is the one that beats all others', () => {
    fc.assert(
      fc.property(patterns, fc.array(uri, { minLength: 1, maxLength: 20 }), (all, candidates) => {
        const index = filled(all)
        for (const candidate of candidates) {
          const found = all.filter((each) => matches(each, candidate))
          const best = found.find((each) => found.every((other) => other === each || beats(each, other)))
          assert.equal(found.length === 0, best === undefined, 'the order is total')
          assert.equal(index.matchBest(candidate), best, candidate)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('in any order of adding and removing, with lookups between, and it ends empty', () => {
    const step = fc.record({ kind: fc.constantFrom('add', 'add', 'remove', 'remove unknown'), pattern, at: fc.nat(100) })
    const candidates = fc.array(uri, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), candidates, (steps, uris) => {
        const index = new PatternIndex<Pattern>()
        const present = new Map<string, Pattern>()
        const check = (): void => {
          const all = [...present.values()]
          assert.equal(index.size, all.length)
          const hasPatterns = all.some(({ match }) => match !== 'exact')
          assert.equal(index.hasPatterns, hasPatterns)
          for (const each of uris) assert.deepEqual(new Set(index.matchAll(each)), new Set(all.filter((other) => matches(other, each))))
        }
        for (const { kind, pattern: drawn, at } of steps) {
          const all = [...present.values()]
          const chosen = kind === 'remove' && all.length > 0 ? all[at % all.length]! : drawn
          const key = `${chosen.match} ${chosen.uri}`
          if (kind !== 'add') {
            present.delete(key)
            index.remove(chosen.uri, chosen.match)
          } else if (!present.has(key)) {
            present.set(key, chosen)
            index.add(chosen.uri, chosen.match, chosen)
          }
          assert.equal(index.get(chosen.uri, chosen.match), present.get(key))
          check()
        }
        for (const { uri: text, match } of present.values()) index.remove(text, match)
        present.clear()
        check()
        for (const each of uris) assert.equal(index.matchBest(each), undefined)
      }),
      { numRuns: 500 },
    )
  })
})

test('URI-15 URI-16 the examples of the specification', () => {
  const index = new PatternIndex<string>()
  index.add('com.myapp.topic.emergency', 'prefix', 'prefix')
  index.add('com.myapp..userevent', 'wildcard', 'wildcard')
  for (const rest of ['', '.11', '-low', '.category.severe']) {
    assert.deepEqual(index.matchAll(`com.myapp.topic.emergency${rest}`), ['prefix'])
  }
  assert.deepEqual(index.matchAll('com.myapp.topic.emerge'), [])
  assert.deepEqual(index.matchAll('com.myapp.foo.userevent'), ['wildcard'])
  for (const other of ['com.myapp.foo.userevent.bar', 'com.myapp.foo.user', 'com.myapp2.foo.userevent']) {
    assert.deepEqual(index.matchAll(other), [])
  }
})

test('broker order: exact, then prefixes from long to short, then wildcards', () => {
  const index = new PatternIndex<string>()
  index.add('a..c', 'wildcard', 'wildcard')
  index.add('a', 'prefix', 'short')
  index.add('a.b', 'prefix', 'long')
  index.add('a.b.c', 'exact', 'exact')
  assert.deepEqual(index.matchAll('a.b.c'), ['exact', 'long', 'short', 'wildcard'])
})

/** Milliseconds for one round of lookups: the least of several, so that what else the machine does counts little. */
function quickest(index: PatternIndex<number>, uris: readonly string[]): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 7; round++) {
    const began = performance.now()
    for (const each of uris) {
      index.matchAll(each)
      index.matchBest(each)
    }
    least = Math.min(least, performance.now() - began)
  }
  return least
}

test('100 000 exact entries and 10 000 wildcard patterns are matched in less than 20 times the time of 100 patterns', () => {
  const seed = 7
  const random = new SeededRandom(seed)
  const component = (kinds: number) => `c${random.below(kinds)}`
  const newUri = () => `com.${component(100)}.${component(100)}.${component(10)}`
  const build = (exact: number, wildcards: number): PatternIndex<number> => {
    const index = new PatternIndex<number>()
    const used = new Set<string>()
    for (let entry = 0; used.size < exact; entry++) {
      const text = `${newUri()}.${entry}`
      used.add(text)
      index.add(text, 'exact', entry)
    }
    for (let entry = 0; index.size < exact + wildcards; entry++) {
      const components = newUri().split('.')
      components[1 + random.below(3)] = ''
      const text = components.join('.')
      if (used.has(text)) continue
      used.add(text)
      index.add(text, 'wildcard', entry)
    }
    return index
  }
  // More different URIs than the index remembers, so that lookups are lookups.
  const uris = Array.from({ length: 20_000 }, newUri)
  const few = quickest(build(100, 100), uris)
  const many = quickest(build(100_000, 10_000), uris)
  assert.ok(many < 20 * few, `seed ${seed}: ${many.toFixed(1)} ms against ${few.toFixed(1)} ms`)
})
