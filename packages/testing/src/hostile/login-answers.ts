// What somebody answers who is joe, by every method: HELLO.Details, and AUTHENTICATE to a CHALLENGE.

import type { Dict } from '@crosspoint/protocol'
import {
  answerScram,
  readHex,
  readScramChallenge,
  type ScramKeys,
  scramClientKeys,
  signCryptosign,
  signWampcra,
  utf8Encode,
} from '@crosspoint/protocol/internal'
import { PASSWORD, pubkeyOf, SEED_OF_JOE } from '../attacks/stage.ts'
import { answerNow, TestCrypto } from '../test-crypto.ts'

const tools = new TestCrypto(5)
const NONCE = 'egVDf3DMJh0SBmkFIh7sSo=='
let keys: ScramKeys | undefined

export interface LoginAnswer {
  readonly method: string
  readonly hello: Dict
  /** Undefined when the challenge is none of this method, or not to be answered. */
  answer(extra: Dict): readonly [signature: string, extra: Dict] | undefined
}

export const JOE: readonly LoginAnswer[] = [
  { method: 'ticket', hello: { authmethods: ['ticket'], authid: 'joe' }, answer: () => ['joe-ticket', {}] },
  {
    method: 'wampcra',
    hello: { authmethods: ['wampcra'], authid: 'joe' },
    answer: ({ challenge }) => (typeof challenge === 'string' ? [signWampcra(tools, utf8Encode('joe-secret'), challenge), {}] : undefined),
  },
  {
    method: 'wamp-scram',
    hello: { authmethods: ['wamp-scram'], authid: 'joe', authextra: { nonce: NONCE, channel_binding: null } },
    answer(extra) {
      const task = readScramChallenge(extra, NONCE)
      if ('fault' in task) return undefined
      keys ??= answerNow<ScramKeys | undefined>((done) => scramClientKeys(tools, PASSWORD, task, done))!
      const made = answerScram(tools, { authid: 'joe', clientNonce: NONCE, channel: undefined }, keys, task)
      return [made.signature, made.extra]
    },
  },
  {
    method: 'cryptosign',
    hello: { authmethods: ['cryptosign'], authextra: { pubkey: pubkeyOf(SEED_OF_JOE), challenge: 'ab'.repeat(32), channel_binding: null } },
    answer({ challenge }) {
      const bytes = readHex(challenge, 32)
      return bytes && [answerNow<string>((done) => signCryptosign(tools, SEED_OF_JOE, bytes, undefined, done)), {}]
    },
  },
]
