// Tokens and cookies that somebody has tampered with at random: no byte may be changed, nothing crashes, and the answer is always the
// same. Failures print their seed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCookieValue, newCookieValue, readCookie, setCookie } from '../../src/authentication/cookies.ts'
import { AUDIENCE, signer, TokenWorld, token } from '../support/tokens.ts'

const ed = await signer('EdDSA', 'key1')

/** A text with one piece of it replaced, taken out, or put in. */
const mutated = (text: string) =>
  fc
    .tuple(
      fc.nat(text.length),
      fc.nat(3),
      fc.oneof(fc.string({ maxLength: 4, unit: 'binary' }), fc.constantFrom('.', '=', '\n', 'A', '%00')),
    )
    .map(([at, gone, come]) => text.slice(0, at) + come + text.slice(at + gone))

test('a token with anything changed is denied, and the operator’s line does not show it', async () => {
  const good = await token(ed)
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated(good), fc.string({ unit: 'binary', maxLength: 2000 })), async (sent) => {
      fc.pre(sent !== good)
      const { type, reason, details, cause } = await new TokenWorld({ audience: AUDIENCE, keys: [ed.publicJwk] }).login(sent)
      assert.deepEqual([type, reason], ['abort', 'wamp.error.authentication_denied'])
      assert.deepEqual(details, { message: 'The credentials are not right' })
      assert.ok(cause !== undefined && !cause.includes(good.split('.')[2]!.slice(0, 40)), cause)
    }),
    { numRuns: 400 },
  )
})

test('a header of cookies, whatever is in it, is read or is not, and never as another cookie', () => {
  const value = newCookieValue()
  const noise = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(fc.oneof(noise, mutated(`theme=dark; cbtid=${value}; lang="de"`), fc.array(noise, { maxLength: 5 })), (header) => {
      const found = readCookie(header, 'cbtid')
      if (found === undefined || !isCookieValue(found)) return
      const texts = typeof header === 'string' ? header : header.join(';')
      assert.match(texts, new RegExp(`cbtid\\s*=\\s*"?${found}`))
    }),
    { numRuns: 20_000 },
  )
})

test('what is set as a cookie is one header line, whatever the path', () => {
  const paths = fc.webPath()
  fc.assert(fc.property(paths, (path) => assert.doesNotMatch(setCookie(newCookieValue(), {}, path, true), /[\r\n]/)))
})
