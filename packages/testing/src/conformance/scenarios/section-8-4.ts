// Section 8.4 of the requirements: WAMP-SCRAM. The password of user is "pencil"; the client's part is computed with what the client
// package uses.

import {
  answerScram,
  makeScramCredentials,
  readScramChallenge,
  type ScramChannel,
  type ScramCredentials,
  type ScramKeys,
  scramClientKeys,
  scramCredentialsDict,
} from '@crosspoint/protocol/internal'
import { scram, staticPrincipals } from '@crosspoint/router'
import { answerNow, TestCrypto } from '../../test-crypto.ts'
import { DENIED, denied, FAILED, hello, MOCK_SECRET, methods, refused, welcome } from '../login-steps.ts'
import {
  any,
  attach,
  bind,
  containing,
  expect,
  type Kept,
  made,
  ref,
  type Scenario,
  type ScenarioOptions,
  scenario,
  send,
  where,
} from '../scenario.ts'

const crypto = new TestCrypto(1)
const PASSWORD = 'pencil'
const NONCE = 'egVDf3DMJh0SBmkFIh7sSo=='
const ARGON2 = { kdf: 'argon2id13', iterations: 32, memory: 512 } as const // AUTH-52
const PBKDF2 = { kdf: 'pbkdf2', iterations: 4096, memory: null } as const

type Cost = typeof ARGON2 | typeof PBKDF2
const credentials = (cost: Cost): ScramCredentials =>
  answerNow<ScramCredentials | undefined>((done) => makeScramCredentials(crypto, PASSWORD, cost, done))!
const stored = credentials(PBKDF2)
const argon = credentials(ARGON2)

const loginOf = (made: ScramCredentials): ScenarioOptions => ({
  login: methods(({ crypto: own }) => [
    scram(own, staticPrincipals({ user: { ...scramCredentialsDict(made), role: 'user', extra: { team: 7 } } }), {
      mockSecret: MOCK_SECRET,
    }),
  ]),
})
const pbkdf2 = loginOf(stored)

const UNIQUE: ScramChannel = { type: 'tls-unique', data: new Uint8Array(12).fill(3) }
const overTls = { channelId: (type: string) => (type === UNIQUE.type ? UNIQUE.data : undefined) }

const wish = (who: string, authextra: object = { nonce: NONCE }, authid = 'user') =>
  hello(who, { authmethods: ['wamp-scram'], authid, authextra })
const challenged = (who: string) => expect(who, 4, 'wamp-scram', bind('extra'))

const keysOf = new Map<unknown, ScramKeys>()
/** AUTHENTICATE of one who knows `password`, for the challenge that was kept. */
function answer(kept: Kept, password: string, authid: string, channel?: ScramChannel) {
  const task = readScramChallenge(kept('extra') as never, NONCE)
  if ('fault' in task) throw new Error(task.fault)
  const known = `${password} ${task.salt}`
  const keys = keysOf.get(known) ?? answerNow<ScramKeys | undefined>((done) => scramClientKeys(crypto, password, task, done))!
  keysOf.set(known, keys)
  return answerScram(crypto, { authid, clientNonce: NONCE, channel }, keys, task)
}
const proof = (password = PASSWORD, authid = 'user', channel?: ScramChannel) =>
  made('the proof', (kept) => answer(kept, password, authid, channel).signature)
const extra = (changes: object = {}) => made('the extra', (kept) => ({ ...answer(kept, PASSWORD, 'user').extra, ...changes }))
const extraWithNonce = (name: string) => made('the extra', (kept) => ({ ...answer(kept, PASSWORD, 'user').extra, nonce: kept(name) }))
const verifier = made('the verifier', (kept) => Buffer.from(answer(kept, PASSWORD, 'user').expected).toString('base64'))
const wrongProof = { scram: 'invalid-proof' }

const exchange: readonly Scenario[] = [
  scenario(
    'AUTH-35',
    'authid and nonce are required, channel_binding is null, absent or known',
    [
      attach('a'),
      hello('a', { authmethods: ['wamp-scram'], authextra: { nonce: NONCE } }),
      ...refused('a', FAILED),
      attach('b'),
      wish('b', {}),
      ...refused('b', FAILED),
      attach('c'),
      wish('c', { nonce: 'with,comma' }),
      ...refused('c', FAILED),
      attach('d'),
      wish('d', { nonce: NONCE, channel_binding: null }),
      challenged('d'),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-36',
    'nonce of both, salt, kdf, iterations, memory',
    [
      attach('a'),
      wish('a'),
      expect('a', 4, 'wamp-scram', {
        nonce: where('the client’s nonce and more', (value) => String(value).startsWith(NONCE) && String(value).length > NONCE.length + 15),
        salt: stored.salt,
        ...PBKDF2,
      }),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-36',
    'the server’s part of the nonce is new each time',
    [
      attach('a'),
      wish('a'),
      expect('a', 4, 'wamp-scram', containing({ nonce: bind('first') })),
      attach('b'),
      wish('b'),
      expect('b', 4, 'wamp-scram', containing({ nonce: bind('second') })),
      send(
        'b',
        5,
        made('a wrong proof, once the nonces are found to differ', (kept) => (kept('first') === kept('second') ? 0 : 'x')),
        {},
      ),
      ...refused('b', DENIED),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-37',
    'proof, nonce and channel data',
    [attach('a'), wish('a'), challenged('a'), send('a', 5, proof(), extra()), welcome('a')],
    pbkdf2,
  ),
  scenario(
    'AUTH-38',
    'WELCOME has the verifier beside the extra of the principal',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, proof(), extra()),
      welcome('a', { authid: 'user', authrole: 'user', authmethod: 'wamp-scram', authextra: { team: 7, verifier } }),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-39',
    'the password opens, another one does not',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, proof(), extra()),
      welcome('a'),
      attach('b'),
      wish('b'),
      challenged('b'),
      send('b', 5, proof('pencils'), extra()),
      ...denied('b', wrongProof),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-40',
    'the proof is over the authid too: that of another name is wrong',
    [attach('a'), wish('a'), challenged('a'), send('a', 5, proof(PASSWORD, 'user2'), extra()), ...denied('a', wrongProof)],
    pbkdf2,
  ),
  scenario(
    'AUTH-41',
    'Argon2id',
    [
      attach('a'),
      wish('a'),
      expect('a', 4, 'wamp-scram', containing({ ...ARGON2, salt: argon.salt })),
      attach('b'),
      wish('b'),
      challenged('b'),
      send('b', 5, proof(), extra()),
      welcome('b'),
    ],
    loginOf(argon),
  ),
  scenario(
    'AUTH-42',
    'the authid is prepared: a soft hyphen counts for nothing',
    [
      attach('a'),
      wish('a', { nonce: NONCE }, 'us\u00ader'),
      challenged('a'),
      send('a', 5, proof(PASSWORD, 'us\u00ader'), extra()),
      welcome('a', { authid: 'user' }),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-48',
    'what the router stores does not log in: neither the stored key nor the server key is a proof',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, Buffer.from(stored.storedKey).toString('base64'), extra()),
      ...denied('a', wrongProof),
      attach('b'),
      wish('b'),
      challenged('b'),
      send('b', 5, Buffer.from(stored.serverKey).toString('base64'), extra()),
      ...denied('b', wrongProof),
    ],
    pbkdf2,
  ),
]

const checks: readonly Scenario[] = [
  scenario(
    'AUTH-44',
    'a wrong nonce, channel_binding or cbind_data, and what is no proof',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, proof(), extra({ nonce: NONCE })),
      ...denied('a', { scram: 'other-error' }),
      attach('b'),
      wish('b'),
      challenged('b'),
      send('b', 5, proof(), extra({ channel_binding: 'tls-unique' })),
      ...denied('b', { scram: 'channel-bindings-dont-match' }),
      attach('c'),
      wish('c'),
      challenged('c'),
      send('c', 5, proof(), extra({ cbind_data: 'AAAA' })),
      ...denied('c', { scram: 'channel-bindings-dont-match' }),
      attach('d'),
      wish('d'),
      challenged('d'),
      send('d', 5, 'no proof', extra()),
      ...denied('d', { scram: 'invalid-encoding' }),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-44',
    'a proof of an earlier login is worth nothing',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, proof(), extra()),
      welcome('a'),
      attach('b'),
      wish('b'),
      expect('b', 4, 'wamp-scram', containing({ nonce: bind('nonce') })),
      // `extra` is still that of the first challenge, and so is the proof.
      send('b', 5, proof(), extraWithNonce('nonce')),
      ...refused('b', DENIED),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-44',
    'bound to the channel: the data of this connection opens, that of another does not',
    [
      attach('a', undefined, overTls),
      wish('a', { nonce: NONCE, channel_binding: 'tls-unique' }),
      challenged('a'),
      send('a', 5, proof(PASSWORD, 'user', UNIQUE), extra({ channel_binding: 'tls-unique', cbind_data: 'AwMDAwMDAwMDAwMD' })),
      welcome('a'),
      attach('b', undefined, overTls),
      wish('b', { nonce: NONCE, channel_binding: 'tls-unique' }),
      challenged('b'),
      send(
        'b',
        5,
        proof(PASSWORD, 'user', { ...UNIQUE, data: new Uint8Array(12) }),
        extra({ channel_binding: 'tls-unique', cbind_data: 'AAAAAAAAAAAAAAAA' }),
      ),
      ...denied('b', { scram: 'channel-bindings-dont-match' }),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-45',
    'a type of channel binding that is not there',
    [
      attach('a', undefined, overTls),
      wish('a', { nonce: NONCE, channel_binding: 'tls-server-end-point' }),
      ...refused('a', FAILED, containing({ scram: 'unsupported-channel-binding-type' })),
      attach('b'),
      wish('b', { nonce: NONCE, channel_binding: 'tls-unique' }),
      ...refused('b', FAILED, containing({ scram: 'unsupported-channel-binding-type' })),
      attach('c'),
      wish('c', { nonce: NONCE, channel_binding: 'carrier-pigeon' }),
      ...refused('c', FAILED, any),
    ],
    pbkdf2,
  ),
  scenario(
    'AUTH-46',
    'an unknown user is challenged with the cost of known ones and a salt of its own, and told what a wrong password is told',
    [
      attach('a'),
      wish('a', { nonce: NONCE }, 'nobody'),
      expect('a', 4, 'wamp-scram', { nonce: any, salt: bind('salt'), ...PBKDF2 }),
      attach('b'),
      wish('b', { nonce: NONCE }, 'nobody'),
      expect('b', 4, 'wamp-scram', { nonce: any, salt: ref('salt'), ...PBKDF2 }),
      attach('c'),
      wish('c', { nonce: NONCE }, 'nobody'),
      challenged('c'),
      send('c', 5, proof(PASSWORD, 'nobody'), extra()),
      ...denied('c', wrongProof),
    ],
    pbkdf2,
  ),
]

export const scenarios: readonly Scenario[] = [...exchange, ...checks]
