// Section 8.3 of the requirements: WAMP-CRA.

import { type RouterCrypto, signWampcra, utf8Encode } from '@crosspoint/protocol/internal'
import { staticPrincipals, wampcra } from '@crosspoint/router'
import { TestCrypto } from '../../test-crypto.ts'
import { denied, FAILED, hello, MOCK_SECRET, methods, refused, welcome } from '../login-steps.ts'
import { advance, any, attach, bind, check, containing, expect, made, ref, type Scenario, scenario, send, where } from '../scenario.ts'

const crypto: RouterCrypto = new TestCrypto(1)

// AUTH-29: the key text of the password "secret1".
const SALTING = { salt: 'salt123', iterations: 1000, keylen: 32 }
const KEY_TEXT = '64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc='
const plain = login({ peter: { secret: 'secret1', role: 'user' } })
const salted = login({ peter: { secret: KEY_TEXT, ...SALTING, role: 'user', extra: { team: 7 } } })

function login(principals: Parameters<typeof staticPrincipals>[0]): NonNullable<Scenario['login']> {
  return methods(({ crypto: own, clock }) => [wampcra(own, staticPrincipals(principals), { mockSecret: MOCK_SECRET, clock })])
}

const wish = (who: string, authid = 'peter') => hello(who, { authmethods: ['wampcra'], authid })
/** The signature of the challenge that was kept under `challenge`. */
const signed = (key: string, challenge = 'challenge') =>
  made('signature', (kept) => signWampcra(crypto, utf8Encode(key), kept(challenge) as string))
const challenged = (who: string, name = 'challenge', extra: object = {}) => expect(who, 4, 'wampcra', { challenge: bind(name), ...extra })

/** A challenge whose text has exactly the seven members of AUTH-21, with these values. */
const textOf = (name: string, wanted: object) =>
  where(name, (value) => {
    const { nonce, timestamp, session, ...rest } = JSON.parse(String(value)) as Record<string, unknown>
    const isTime = typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp)
    const isNew = typeof nonce === 'string' && nonce.length >= 16 && Number.isSafeInteger(session)
    return isTime && isNew && JSON.stringify(Object.entries(rest).sort()) === JSON.stringify(Object.entries(wanted).sort())
  })
const PETER = { authid: 'peter', authrole: 'user', authmethod: 'wampcra', authprovider: 'static' }

export const scenarios: readonly Scenario[] = [
  scenario('AUTH-20', 'without authid', [attach('a'), hello('a', { authmethods: ['wampcra'] }), ...refused('a', FAILED)], { login: plain }),
  scenario(
    'AUTH-21',
    'the challenge is JSON with seven members and nothing else',
    [attach('a'), wish('a'), expect('a', 4, 'wampcra', { challenge: textOf('a challenge of peter', PETER) })],
    { login: plain },
  ),
  scenario(
    'AUTH-21',
    'the session in the challenge is the one of WELCOME',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, signed('secret1'), {}),
      expect(
        'a',
        2,
        made('the session of the challenge', (kept) => (JSON.parse(kept('challenge') as string) as { session: number }).session),
        containing(PETER),
      ),
    ],
    { login: plain },
  ),
  scenario(
    'AUTH-22',
    'the HMAC of the challenge opens, that of another text or with another key does not',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send('a', 5, signed('secret1'), {}),
      welcome('a', PETER),
      attach('b'),
      wish('b'),
      challenged('b'),
      send('b', 5, signed('secret2'), {}),
      ...denied('b'),
      attach('c'),
      wish('c'),
      challenged('c'),
      send(
        'c',
        5,
        made('the signature of a text with a space more', (kept) =>
          signWampcra(crypto, utf8Encode('secret1'), `${String(kept('challenge'))} `),
        ),
        {},
      ),
      ...denied('c'),
    ],
    { login: plain },
  ),
  scenario(
    'AUTH-22',
    'the same bytes in another text are another signature: one Base64 form only',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      send(
        'a',
        5,
        made('the signature without padding', (kept) =>
          signWampcra(crypto, utf8Encode('secret1'), String(kept('challenge'))).replace('=', ''),
        ),
        {},
      ),
      ...denied('a'),
    ],
    { login: plain },
  ),
  scenario('AUTH-23', 'salt, iterations and keylen stand in CHALLENGE', [attach('a'), wish('a'), challenged('a', 'challenge', SALTING)], {
    login: salted,
  }),
  scenario(
    'AUTH-24',
    'the key of a salted secret is the Base64 text of the derived bytes',
    [
      attach('a'),
      wish('a'),
      challenged('a', 'challenge', SALTING),
      send('a', 5, signed(KEY_TEXT), {}),
      welcome('a', { ...PETER, authextra: { team: 7 } }),
      attach('b'),
      wish('b'),
      challenged('b', 'challenge', SALTING),
      send(
        'b',
        5,
        made('signed with the raw bytes', (kept) => signWampcra(crypto, Buffer.from(KEY_TEXT, 'base64'), String(kept('challenge')))),
        {},
      ),
      ...denied('b'),
    ],
    { login: salted },
  ),
  scenario(
    'AUTH-26',
    'an unknown authid is challenged with a salt that is always the same, and denied like a wrong secret',
    [
      attach('a'),
      wish('a', 'nobody'),
      challenged('a', 'challenge', { salt: bind('salt'), iterations: 1000, keylen: 32 }),
      send('a', 5, signed(KEY_TEXT), {}),
      ...denied('a'),
      attach('b'),
      wish('b', 'nobody'),
      challenged('b', 'challenge', { salt: ref('salt'), iterations: 1000, keylen: 32 }),
      attach('c'),
      wish('c', 'somebody'),
      challenged('c', 'challenge', { salt: bind('other'), iterations: 1000, keylen: 32 }),
      send(
        'c',
        5,
        made('nothing, once the salts are found to differ', (kept) => (kept('salt') === kept('other') ? 0 : '')),
        {},
      ),
      ...denied('c'),
    ],
    { login: salted },
  ),
  scenario(
    'AUTH-26',
    'a nonce is new each time, and a signature of an earlier challenge is worth nothing',
    [
      attach('a'),
      wish('a'),
      challenged('a', 'first'),
      send('a', 5, signed('secret1', 'first'), {}),
      welcome('a'),
      attach('b'),
      wish('b'),
      challenged('b', 'second'),
      send('b', 5, signed('secret1', 'first'), {}),
      ...denied('b'),
    ],
    { login: plain },
  ),
  scenario(
    'AUTH-26',
    'the router looks at the time: a right signature after it is too late',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      advance(3_001),
      ...refused('a', FAILED),
      check('nobody is there', (router) => router.peerCount === 0),
    ],
    { login: plain, limits: { loginTimeoutMs: 3_000 } },
  ),
  scenario(
    'AUTH-28',
    'who signs is nobody’s business: the answer may come later, and from elsewhere',
    [
      attach('a'),
      wish('a'),
      challenged('a'),
      attach('b'),
      wish('b'),
      expect('b', 4, 'wampcra', any),
      advance(5_000),
      send('a', 5, signed('secret1'), { signer: 'elsewhere' }),
      welcome('a', PETER),
    ],
    { login: plain },
  ),
]
