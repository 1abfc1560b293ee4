import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SASLPREP_CHARS_MAX, type SaslprepUse, saslprep } from '../../src/auth/saslprep.ts'
import { UsageError } from '../../src/index.ts'

function refused(text: string, why: RegExp, use: SaslprepUse = 'query'): void {
  assert.throws(
    () => saslprep(text, use, 'password'),
    (error) => {
      assert.ok(error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT', String(error))
      assert.match(error.message, why)
      assert.match(error.message, /^Cannot use the password: /)
      assert.ok(text === '' || !error.message.includes(text), 'a password is not shown')
      return true
    },
    JSON.stringify(text),
  )
}
const prepared = (text: string): string => saslprep(text, 'stored', 'password')

test('the examples of RFC 4013 section 3', () => {
  assert.equal(prepared('I\u00adX'), 'IX')
  assert.equal(prepared('user'), 'user')
  assert.equal(prepared('USER'), 'USER')
  assert.equal(prepared('\u00aa'), 'a')
  assert.equal(prepared('\u2168'), 'IX')
  refused('\u0007', /prohibits/)
  refused('\u0627\u0031', /right to left/)
})

test('what looks alike becomes the same: composed and decomposed, full width, spaces, invisible characters', () => {
  assert.equal(prepared('Zu\u0308rich'), 'Z\u00fcrich')
  assert.equal(prepared('\uff50\uff41\uff53\uff53'), 'pass')
  for (const space of '\u00a0\u1680\u2000\u200b\u202f\u205f\u3000') assert.equal(prepared(`a${space}b`), 'a b')
  for (const invisible of '\u00ad\u034f\u1806\u180b\u200c\u200d\u2060\ufe0f\ufeff') assert.equal(prepared(`a${invisible}b`), 'ab')
  assert.equal(prepared(' two  spaces '), ' two  spaces ')
})

test('a character of each prohibited table is refused', () => {
  const tables = {
    'C.2.1': '\0\t\n\u001f\u007f',
    'C.2.2': '\u0080\u009f\u06dd\u070f\u180e\u2028\u2029\u2061\u2063\u206a\u206f\ufff9\ufffc\u{1d173}\u{1d17a}',
    'C.3': '\ue000\uf8ff\u{f0000}\u{10fffd}',
    'C.4': '\ufdd0\ufdef\uffff\u{1fffe}\u{10ffff}',
    'C.6 C.7': '\ufffd\u2ff0\u2ffb',
    'C.8': '\u200e\u200f\u202a\u202e',
    'C.9': '\u{e0001}\u{e0020}\u{e007f}',
  }
  for (const text of Object.values(tables)) for (const character of text) refused(`a${character}b`, /prohibits/)
  for (const half of ['\ud800', '\udfff']) refused(`a${half}b`, /prohibits/)
})

test('text from right to left is framed by it and has no letter of the other direction', () => {
  for (const text of ['\u0627', '\u0627\u0628', '\u06271\u0628', '\u05d0 - \u05d1', '\u05d0\u00b2\u05d1']) {
    assert.equal(prepared(text), text.normalize('NFKC'))
  }
  for (const text of ['\u06271', '1\u0627', '\u0627\u0628.', '\u0627a\u0628', 'a\u0627', '\u05d0\u3042\u05d1', '\u05d0\u{1d400}\u05d1']) {
    refused(text, /right to left/)
  }
})

test('a code point that Unicode has not assigned may be asked for and not stored', () => {
  const text = 'a\u0378b'
  assert.equal(saslprep(text, 'query', 'password'), text)
  refused(text, /does not know/, 'stored')
  assert.equal(prepared('🙂'), '🙂')
})

test('an empty text, or one that becomes empty, and one that is too long are refused', () => {
  refused('', /it is empty/)
  refused('\u00ad\u200d', /it is empty/)
  assert.equal(prepared('x'.repeat(SASLPREP_CHARS_MAX)).length, SASLPREP_CHARS_MAX)
  refused('x'.repeat(SASLPREP_CHARS_MAX + 1), /it has 1025 characters, and at most 1024/)
})

test('preparing is refused with a UsageError or gives a text that it leaves as it is (property)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
      let once: string
      try {
        once = saslprep(text, 'query', 'password')
      } catch (error) {
        assert.ok(error instanceof UsageError)
        return
      }
      assert.equal(once, once.normalize('NFKC'))
      assert.equal(saslprep(once, 'query', 'password'), once)
    }),
    { numRuns: 2000 },
  )
})
