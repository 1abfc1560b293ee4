// What was heard on its way is sent again.

import type { Dict } from '@crosspoint/protocol'
import {
  answerScram,
  readHex,
  readScramChallenge,
  readTotpSecret,
  type ScramKeys,
  scramClientKeys,
  signCryptosign,
  signWampcra,
  totpCode,
  totpStepAt,
  utf8Encode,
} from '@crosspoint/protocol/internal'
import { staticPrincipals, ticket, totpSecondStep } from '@crosspoint/router'
import { answerNow, TestCrypto } from '../test-crypto.ts'
import { type Attack, group, must } from './attack.ts'
import { DENIED, PASSWORD, PEOPLE, pubkeyOf, refusedWith, SEED_OF_EVE, SEED_OF_JOE, Stage } from './stage.ts'

const tools = new TestCrypto(2)
const CRA = { authmethods: ['wampcra'], authid: 'joe' }
const SIGN = { authmethods: ['cryptosign'], authextra: { pubkey: pubkeyOf(SEED_OF_JOE) } }
const NONCE = 'egVDf3DMJh0SBmkFIh7sSo=='
const SCRAM = { authmethods: ['wamp-scram'], authid: 'joe', authextra: { nonce: NONCE } }

const signed = (extra: Dict, seed = SEED_OF_JOE, channelId?: Uint8Array): string =>
  answerNow<string>((done) => signCryptosign(tools, seed, readHex(extra['challenge'], 32)!, channelId, done))

function proven(extra: Dict): { readonly signature: string; readonly extra: Dict } {
  const task = readScramChallenge(extra, NONCE)
  if ('fault' in task) throw new Error(task.fault)
  const keys = answerNow<ScramKeys | undefined>((done) => scramClientKeys(tools, PASSWORD, task, done))!
  return answerScram(tools, { authid: 'joe', clientNonce: NONCE, channel: undefined }, keys, task)
}

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

export const replay: readonly Attack[] = group('Replay', [
  {
    name: 'WAMP-CRA signature',
    tried: 'the signature of a login that was heard, for the next challenge of the same user',
    defence: 'a new nonce in every challenge; the router takes the signature of its own challenge only',
    run() {
      const stage = new Stage()
      const heard = stage.challenged(CRA)
      const signature = signWampcra(tools, utf8Encode('joe-secret'), heard.extra['challenge'] as string)
      must(heard.visitor.ask(5, signature, {})[0] === 2, 'joe was to get in')
      const { visitor } = stage.challenged(CRA)
      return refusedWith(visitor.say(5, signature, {}), DENIED)
    },
  },
  {
    name: 'SCRAM proof',
    tried: 'proof and nonce of a login that was heard; then the old proof with the nonce of the new challenge',
    defence: 'the proof covers the nonces of both sides',
    run() {
      const stage = new Stage()
      const heard = stage.challenged(SCRAM)
      const answer = proven(heard.extra)
      must(heard.visitor.ask(5, answer.signature, answer.extra)[0] === 2, 'joe was to get in')
      const again = stage.challenged(SCRAM)
      refusedWith(again.visitor.say(5, answer.signature, answer.extra), DENIED)
      const renewed = stage.challenged(SCRAM)
      return refusedWith(renewed.visitor.say(5, answer.signature, { ...answer.extra, nonce: renewed.extra['nonce'] }), DENIED)
    },
  },
  {
    name: 'cryptosign signature',
    tried: 'signature and message of a login that was heard, as they were, for a new challenge',
    defence: 'the message behind the signature must be the challenge that was sent (AUTH-63)',
    run() {
      const stage = new Stage()
      const heard = stage.challenged(SIGN)
      const signature = signed(heard.extra)
      must(heard.visitor.ask(5, signature, {})[0] === 2, 'joe was to get in')
      return refusedWith(stage.challenged(SIGN).visitor.say(5, signature, {}), DENIED)
    },
  },
  {
    name: 'cryptosign signature with another message',
    tried: 'the old signature with the new challenge behind it; then the signature of another key with the right challenge',
    defence: 'what is checked is the signature of the challenge that was sent',
    run() {
      const stage = new Stage()
      const heard = stage.challenged(SIGN)
      const old = signed(heard.extra)
      const next = stage.challenged(SIGN)
      refusedWith(next.visitor.say(5, old.slice(0, 128) + String(next.extra['challenge']), {}), DENIED)
      const third = stage.challenged(SIGN)
      return refusedWith(third.visitor.say(5, signed(third.extra, SEED_OF_EVE), {}), DENIED)
    },
  },
  {
    name: 'a login passed on between two TLS connections',
    tried: 'somebody in between takes the challenge of the router to the client and its answer back; both asked for channel binding',
    defence: 'the client signs the challenge bound to its own connection, which is not the one that the router has',
    run() {
      const stage = new Stage()
      const bound = { ...SIGN, authextra: { ...SIGN.authextra, channel_binding: 'tls-exporter' } }
      const { visitor, extra } = stage.challenged(bound, { channelId: () => new Uint8Array(32).fill(1) })
      must(extra['channel_binding'] === 'tls-exporter', 'the router was to bind')
      return refusedWith(visitor.say(5, signed(extra, SEED_OF_JOE, new Uint8Array(32).fill(2)), {}), DENIED)
    },
  },
  {
    name: 'challenge of another connection',
    tried: 'two connections at once as the same user; each sends the answer to the challenge of the other',
    defence: 'a challenge belongs to its connection',
    run() {
      const stage = new Stage()
      const [one, other] = [stage.challenged(SIGN), stage.challenged(SIGN)]
      refusedWith(one.visitor.say(5, signed(other.extra), {}), DENIED)
      return refusedWith(other.visitor.say(5, signed(one.extra), {}), DENIED)
    },
  },
  {
    name: 'one-time code',
    tried: 'the ticket and the code of the second step, both heard, within the same half minute',
    defence: 'each code lets in once, and none that is older than the last',
    run() {
      const principals = { joe: { ticket: 'joe-ticket', role: 'user', totp: SECRET } }
      const stage = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, staticPrincipals(principals))] })
      const login = { ...stage.login, secondStep: totpSecondStep(stage.crypto, stage.clock) }
      Object.assign(stage.login, login)
      const secret = readTotpSecret(SECRET)
      if ('fault' in secret) throw new Error(secret.fault)
      const code = totpCode(tools, secret.bytes, totpStepAt(stage.clock.now()))
      const enter = () => stage.challenged({ authmethods: ['ticket'], authid: 'joe' }).visitor
      const first = enter()
      must(first.ask(5, 'joe-ticket', {})[1] === 'totp', 'a code was to be asked for')
      must(first.ask(5, code, {})[0] === 2, 'joe was to get in')
      const second = enter()
      second.ask(5, 'joe-ticket', {})
      return refusedWith(second.say(5, code, {}), DENIED)
    },
  },
  {
    name: 'what the router stores',
    tried: 'a copy of the database: the stored key and the server key of SCRAM as a proof, the hash of a ticket as the ticket',
    defence: 'stored keys and hashes check a proof, and are none',
    run() {
      const hashed = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, staticPrincipals(PEOPLE.hashed))] })
      const asTicket = hashed.challenged({ authmethods: ['ticket'], authid: 'joe' })
      refusedWith(asTicket.visitor.say(5, PEOPLE.hashed['joe']!['ticket-hash'], {}), DENIED)
      const stage = new Stage()
      const stored = PEOPLE['wamp-scram']['joe']!
      const attempt = (proof: unknown) => {
        const { visitor, extra } = stage.challenged(SCRAM)
        return refusedWith(visitor.say(5, proof, { nonce: extra['nonce'], channel_binding: null, cbind_data: null }), DENIED)
      }
      attempt(stored['stored-key'])
      return attempt(stored['server-key'])
    },
  },
])
