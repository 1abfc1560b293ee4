// Section 8.5 of the requirements: cryptosign. Keys and examples are those of the specification (AUTH-79, AUTH-86).

import { readHex, signCryptosign, toHex } from '@crosspoint/protocol/internal'
import { type CryptosignOptions, cryptosign, type LoginPrincipal, staticPrincipals } from '@crosspoint/router'
import { answerNow, TestCrypto } from '../../test-crypto.ts'
import { denied, FAILED, hello, methods, refused, welcome } from '../login-steps.ts'
import {
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

interface Key {
  readonly seed: Uint8Array
  readonly pubkey: string
}
const keyOf = (seed: string): Key => {
  const bytes = readHex(seed, 32)!
  return { seed: bytes, pubkey: toHex(answerNow<Uint8Array>((done) => crypto.ed25519PublicKey(bytes, done))) }
}
const PHONE = keyOf('4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510')
const LAPTOP = keyOf('d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd')
const OTHER = keyOf('6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b')
const ROUTER = keyOf('4a3838f6fe75251e613329d53fc69b262d5eac97fb1d73bebbaed4015b53c862')

const JOE: LoginPrincipal = { authorized_keys: [PHONE.pubkey, LAPTOP.pubkey], role: 'user' }
const BOB: LoginPrincipal = { authorized_keys: [LAPTOP.pubkey], role: 'user' }
const loginOf = (principals: { readonly [authid: string]: LoginPrincipal }, options: CryptosignOptions = {}): ScenarioOptions => ({
  login: methods(({ crypto: own }) => [cryptosign(own, staticPrincipals(principals), options)]),
})
const people = loginOf({ joe: JOE, bob: BOB })

const wish = (who: string, key: Key, authextra: object = {}, authid?: string) =>
  hello(who, { authmethods: ['cryptosign'], authextra: { pubkey: key.pubkey, ...authextra }, ...(authid !== undefined && { authid }) })

const isChallenge = (value: unknown): boolean => readHex(value, 32) !== undefined
const challenged = (who: string, type: string | null = null) =>
  expect(who, 4, 'cryptosign', { challenge: bind('challenge'), channel_binding: type })

function answer(kept: Kept, key: Key, channelId?: Uint8Array, name = 'challenge'): string {
  return answerNow<string>((done) => signCryptosign(crypto, key.seed, readHex(kept(name), 32)!, channelId, done))
}
const signed = (key: Key, channelId?: Uint8Array, name?: string) => made('the signature', (kept) => answer(kept, key, channelId, name))

const EXPORTED = new Uint8Array(32).fill(5)
const FINISHED = new Uint8Array(12).fill(6)
const overTls = {
  channelId: (type: string) => (type === 'tls-exporter' ? EXPORTED : type === 'tls-unique' ? FINISHED : undefined),
}

const exchange: readonly Scenario[] = [
  scenario(
    'AUTH-60',
    'the authid is optional, the key is not',
    [
      attach('a'),
      wish('a', PHONE),
      challenged('a'),
      send('a', 5, signed(PHONE), {}),
      welcome('a', { authid: 'joe', authrole: 'user', authmethod: 'cryptosign', authprovider: 'static' }),
      attach('b'),
      hello('b', { authmethods: ['cryptosign'], authid: 'joe' }),
      ...refused('b', FAILED),
    ],
    people,
  ),
  scenario(
    'AUTH-61',
    '32 random bytes in hexadecimal digits, and the channel binding in use',
    [
      attach('a'),
      wish('a', PHONE),
      expect('a', 4, 'cryptosign', { challenge: where('64 hexadecimal digits', isChallenge), channel_binding: null }),
    ],
    people,
  ),
  scenario(
    'AUTH-62',
    'the signature and what was signed, bound to the channel where both ask for it',
    [
      attach('a', undefined, overTls),
      wish('a', PHONE, { channel_binding: 'tls-exporter' }),
      challenged('a', 'tls-exporter'),
      send('a', 5, signed(PHONE, EXPORTED), {}),
      welcome('a'),
      attach('b', undefined, overTls),
      wish('b', PHONE, { channel_binding: 'tls-exporter' }),
      challenged('b', 'tls-exporter'),
      send('b', 5, signed(PHONE), {}),
      ...denied('b'),
    ],
    people,
  ),
  scenario(
    'AUTH-63',
    'a signature of another challenge is worth nothing, although it is one',
    [
      attach('a'),
      wish('a', PHONE),
      expect('a', 4, 'cryptosign', containing({ challenge: bind('first') })),
      send('a', 5, signed(PHONE, undefined, 'first'), {}),
      welcome('a'),
      attach('b'),
      wish('b', PHONE),
      challenged('b'),
      send('b', 5, signed(PHONE, undefined, 'first'), {}),
      ...denied('b'),
    ],
    people,
  ),
  scenario(
    'AUTH-63',
    'the old signature with the new challenge behind it is none',
    [
      attach('a'),
      wish('a', PHONE),
      expect('a', 4, 'cryptosign', containing({ challenge: bind('first') })),
      attach('b'),
      wish('b', PHONE),
      challenged('b'),
      send(
        'b',
        5,
        made(
          'the old signature, the new challenge',
          (kept) => answer(kept, PHONE, undefined, 'first').slice(0, 128) + String(kept('challenge')),
        ),
        {},
      ),
      ...denied('b'),
    ],
    people,
  ),
  scenario(
    'AUTH-64',
    'an unknown key, and one that is not of this authid, are challenged and denied',
    [
      attach('a'),
      wish('a', OTHER),
      challenged('a'),
      send('a', 5, signed(OTHER), {}),
      ...denied('a'),
      attach('b'),
      wish('b', PHONE, {}, 'bob'),
      challenged('b'),
      send('b', 5, signed(PHONE), {}),
      ...denied('b'),
    ],
    people,
  ),
  scenario(
    'AUTH-64',
    'a key of two principals says nobody’s name; with the authid it opens',
    [
      attach('a'),
      wish('a', LAPTOP),
      challenged('a'),
      send('a', 5, signed(LAPTOP), {}),
      ...denied('a'),
      attach('b'),
      wish('b', LAPTOP, {}, 'bob'),
      challenged('b'),
      send('b', 5, signed(LAPTOP), {}),
      welcome('b', { authid: 'bob' }),
    ],
    people,
  ),
]

const channels: readonly Scenario[] = [
  scenario(
    'AUTH-65',
    'a connection without the binding goes on without it, and says so',
    [
      attach('a'),
      wish('a', PHONE, { channel_binding: 'tls-exporter' }),
      challenged('a', null),
      send('a', 5, signed(PHONE), {}),
      welcome('a'),
    ],
    people,
  ),
  scenario(
    'AUTH-65',
    'not where the router requires one',
    [
      attach('a'),
      wish('a', PHONE, { channel_binding: 'tls-exporter' }),
      ...refused('a', FAILED),
      attach('b', undefined, overTls),
      wish('b', PHONE),
      ...refused('b', FAILED),
    ],
    loginOf({ joe: JOE }, { channelBinding: 'required' }),
  ),
  scenario(
    'AUTH-66',
    'tls-unique is the SHA-256 of the Finished message; another type is refused',
    [
      attach('a', undefined, overTls),
      wish('a', PHONE, { channel_binding: 'tls-unique' }),
      challenged('a', 'tls-unique'),
      send('a', 5, signed(PHONE, crypto.sha256(FINISHED)), {}),
      welcome('a'),
      attach('b', undefined, overTls),
      wish('b', PHONE, { channel_binding: 'tls-server-end-point' }),
      ...refused('b', FAILED),
    ],
    people,
  ),
  scenario(
    'AUTH-67',
    'the router proves itself to who asks for it, and to nobody else',
    [
      attach('a'),
      wish('a', PHONE, { challenge: 'ff'.repeat(32) }),
      expect('a', 4, 'cryptosign', {
        challenge: bind('challenge'),
        channel_binding: null,
        pubkey: ROUTER.pubkey,
        signature: answerNow<string>((done) => signCryptosign(crypto, ROUTER.seed, new Uint8Array(32).fill(255), undefined, done)),
      }),
      send('a', 5, signed(PHONE), {}),
      welcome('a'),
      attach('b'),
      wish('b', PHONE),
      challenged('b'),
    ],
    loginOf({ joe: JOE }, { routerKey: ROUTER.seed }),
  ),
  scenario(
    'AUTH-67',
    'what the router signed for a client does not log in as the router',
    [
      attach('a'),
      wish('a', ROUTER),
      challenged('a'),
      // The attacker has the router sign that challenge as if it were a client's.
      attach('b'),
      hello('b', { authmethods: ['cryptosign'], authextra: { pubkey: PHONE.pubkey, challenge: ref('challenge') } }),
      expect('b', 4, 'cryptosign', containing({ signature: bind('proof') })),
      send('a', 5, ref('proof'), {}),
      ...denied('a'),
    ],
    loginOf({ joe: JOE, self: { authorized_keys: [ROUTER.pubkey], role: 'admin' } }, { routerKey: ROUTER.seed }),
  ),
  scenario(
    'AUTH-68',
    'malformed keys, challenges and signatures',
    [
      attach('a'),
      hello('a', { authmethods: ['cryptosign'], authextra: { pubkey: 'xy'.repeat(32) } }),
      ...refused('a', FAILED),
      attach('b'),
      hello('b', { authmethods: ['cryptosign'], authextra: { pubkey: 'ab'.repeat(31) } }),
      ...refused('b', FAILED),
      attach('c'),
      wish('c', PHONE, { challenge: 'ff' }),
      ...refused('c', FAILED),
      attach('d'),
      wish('d', PHONE),
      challenged('d'),
      send('d', 5, 'ab'.repeat(95), {}),
      ...refused('d', FAILED),
    ],
    people,
  ),
]

// AUTH-79: key, challenge, channel id and signature of the specification, as a router has to take them.
const VECTORS = [
  [
    'AUTH-80',
    PHONE,
    'ff'.repeat(32),
    undefined,
    'b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03',
  ],
  [
    'AUTH-81',
    LAPTOP,
    'b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d',
    undefined,
    'd4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f',
  ],
  [
    'AUTH-82',
    OTHER,
    'b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2',
    undefined,
    '7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b',
  ],
  [
    'AUTH-83',
    PHONE,
    'ff'.repeat(32),
    '62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff',
    '9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f',
  ],
  [
    'AUTH-84',
    LAPTOP,
    'b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d',
    '62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff',
    '305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01',
  ],
  [
    'AUTH-85',
    OTHER,
    'b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2',
    '62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff',
    'ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608',
  ],
] as const

const vectors: readonly Scenario[] = VECTORS.map(([id, key, challenge, channelId, signature]) => {
  const channel = channelId === undefined ? undefined : readHex(channelId, 32)!
  const drawn = readHex(challenge, 32)!
  const message = channel === undefined ? challenge : toHex(drawn.map((byte, at) => byte ^ channel[at]!))
  return scenario(
    id,
    `the vector of the specification opens${channel === undefined ? '' : ', bound to a channel'}`,
    [
      attach('a', undefined, { channelId: () => channel }),
      wish('a', key, channel === undefined ? {} : { channel_binding: 'tls-exporter' }),
      expect('a', 4, 'cryptosign', { challenge, channel_binding: channel === undefined ? null : 'tls-exporter' }),
      send('a', 5, signature + message, {}),
      welcome('a', { authid: 'vector' }),
    ],
    {
      login: methods(({ crypto: own }) => {
        const drawing = new Proxy(own, { get: (target, name) => (name === 'randomBytes' ? () => drawn : bound(target, name)) })
        return [cryptosign(drawing, staticPrincipals({ vector: { authorized_keys: [key.pubkey] } }))]
      }),
    },
  )
})

/** A method that still knows whose it is. */
function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name)
  return typeof member === 'function' ? member.bind(target) : member
}

export const scenarios: readonly Scenario[] = [...exchange, ...channels, ...vectors]
