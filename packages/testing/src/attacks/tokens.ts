// Tokens that nobody signed, or somebody else, or for something else: each is sent to a node that takes tokens.

import { createHmac, type KeyObject, sign } from 'node:crypto'
import type { Dict } from '@crosspoint/protocol'
import { type Attack, group, must } from './attack.ts'
import { AUDIENCE, Caller, ED25519, ISSUER, node, pemOf, RSA, SECRET, STRANGER } from './node.ts'

const DENIED = 'wamp.error.authentication_denied'
const encoded = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const seconds = (): number => Math.floor(Date.now() / 1000)

function claims(changes: Dict = {}): Dict {
  const now = seconds()
  return { iss: ISSUER, aud: AUDIENCE, sub: 'joe', role: 'user', iat: now, exp: now + 300, ...changes }
}

const sent: string[] = []

function token(header: Dict, body: Dict, signer: (text: string) => Buffer): string {
  const text = `${encoded(header)}.${encoded(body)}`
  return `${text}.${signer(text).toString('base64url')}`
}
const signed = (changes: Dict = {}, header: Dict = {}, key: KeyObject = ED25519.privateKey): string =>
  token({ alg: 'EdDSA', typ: 'JWT', ...header }, claims(changes), (text) => sign(null, Buffer.from(text), key))
const macced = (key: string | Buffer, header: Dict = {}, changes: Dict = {}): string =>
  token({ alg: 'HS256', typ: 'JWT', ...header }, claims(changes), (text) => createHmac('sha256', key).update(text).digest())

/** What comes of a token: the authid that is welcomed, or the reason of the ABORT. */
async function show(path: string, text: string, more: object = {}): Promise<string> {
  sent.push(text)
  const caller = await Caller.open(path)
  const [type, method] = await caller.hello({ authmethods: ['jwt'], ...more }).hear()
  must(type === 4 && method === 'jwt', `a token was to be asked for, not ${JSON.stringify([type, method])}`)
  const [kind, details, reason] = await caller.say(5, text, {}).hear()
  caller.cut()
  return kind === 2 ? `WELCOME ${String((reason as Dict)['authid'])}` : `ABORT ${String(reason)} ${Object.keys(details as Dict).join(' ')}`
}

/** Sees that each is refused, without a cause, and that a right one opens. */
async function refuse(path: string, bad: readonly string[], right: string, more: object = {}): Promise<string> {
  for (const [at, text] of bad.entries()) {
    const outcome = await show(path, text, more)
    must(outcome === `ABORT ${DENIED} message`, `token ${at} was to be denied, not ${outcome}`)
  }
  const control = await show(path, right)
  must(control === 'WELCOME joe', `a right token was to open, not ${control}`)
  return `ABORT \`${DENIED}\` for ${bad.length === 1 ? 'it' : `all ${bad.length}`}`
}

const [header, body, signature] = ['a', 'b', 'c'].map((_, at) => (text: string) => text.split('.')[at]!) as [
  (text: string) => string,
  (text: string) => string,
  (text: string) => string,
]

export const tokens: readonly Attack[] = group('Tokens', [
  {
    name: '`alg: none`',
    tried: 'no signature, with `none` in many spellings, with an empty signature, an old one, and none at all',
    defence: 'the algorithm must be one of the configured ones, and none is none',
    run() {
      const names = ['none', 'None', 'NONE', 'nOnE', '', null, undefined]
      const bare = names.map((alg) => `${encoded({ alg, typ: 'JWT' })}.${encoded(claims({ role: 'admin' }))}`)
      return refuse(
        'keys',
        [...bare.map((text) => `${text}.`), ...bare.map((text) => `${text}.${signature(signed())}`), bare[0]!],
        signed(),
      )
    },
  },
  {
    name: 'HS256 with the public key as secret',
    tried: 'the public keys, which everybody has, as the secret of an HMAC: as PEM, DER, JSON Web Key and raw bytes',
    defence: 'a public key is used with its own algorithms only',
    run() {
      const forms = [ED25519.publicKey, RSA.publicKey].flatMap((key) => [
        pemOf(key),
        pemOf(key).trim(),
        key.export({ type: 'spki', format: 'der' }),
        JSON.stringify(key.export({ format: 'jwk' })),
      ])
      const raw = Buffer.from(ED25519.publicKey.export({ format: 'jwk' }).x!, 'base64url')
      return refuse(
        'keys',
        [...forms, raw, '', SECRET].map((key) => macced(key)),
        signed(),
      )
    },
  },
  {
    name: 'another algorithm where a secret is configured',
    tried: 'tokens with EdDSA of a key of one’s own, HMACs with an empty, a short and a wrong secret, HS512',
    defence: 'the secret is used with HS256',
    run() {
      const long = token({ alg: 'HS512' }, claims(), (text) => createHmac('sha512', SECRET).update(text).digest())
      const bad = [
        signed({}, {}, STRANGER.privateKey),
        macced(''),
        macced('secret'),
        macced(`${SECRET} `),
        macced(SECRET, { alg: 'none' }),
        long,
      ]
      return refuse('secret', bad, macced(SECRET))
    },
  },
  {
    name: 'changed claims',
    tried: 'another role or name under the signature of a right token; the signature cut, longer, changed by one bit, of another token',
    defence: 'the signature covers header and claims',
    run() {
      const right = signed()
      const bytes = Buffer.from(signature(right), 'base64url')
      const flipped = Buffer.from(bytes.map((byte, at) => (at === 10 ? byte ^ 1 : byte)))
      const bad = [
        `${header(right)}.${encoded(claims({ role: 'admin' }))}.${signature(right)}`,
        `${header(right)}.${encoded(claims({ sub: 'amy' }))}.${signature(right)}`,
        `${encoded({ alg: 'EdDSA', typ: 'at+jwt' })}.${body(right)}.${signature(right)}`,
        `${header(right)}.${body(right)}.${flipped.toString('base64url')}`,
        `${header(right)}.${body(right)}.${bytes.subarray(0, 63).toString('base64url')}`,
        `${header(right)}.${body(right)}.${Buffer.concat([bytes, bytes]).toString('base64url')}`,
        `${header(right)}.${body(right)}.${signature(signed({ sub: 'amy' }))}`,
        `${header(right)}.${body(right)}`,
        `${right}.`,
      ]
      return refuse('keys', bad, right)
    },
  },
  {
    name: 'a key that the token brings along',
    tried:
      'tokens of a stranger with the own key in `jwk`, at an address in `jku` and `x5u`, in `x5c`, and with paths and queries in `kid`',
    defence: 'keys come from the configuration; what a header says of keys is not followed',
    run() {
      const jwk = STRANGER.publicKey.export({ format: 'jwk' })
      const headers = [
        { jwk },
        { jku: 'http://127.0.0.1:1/keys' },
        { x5u: 'http://127.0.0.1:1/cert' },
        { x5c: [STRANGER.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
        { kid: '../../../../dev/null' },
        { kid: "x' union select 'secret" },
        { kid: { toString: 'x' } },
      ]
      return refuse(
        'keys',
        headers.map((each) => signed({ role: 'admin' }, each, STRANGER.privateKey)),
        signed(),
      )
    },
  },
  {
    name: 'a right token for something else',
    tried: 'another issuer, another audience, none of them; expired, not yet valid, issued tomorrow, without an expiry; an unknown `crit`',
    defence: 'issuer, audience and times are checked, and a token must expire',
    run() {
      const now = seconds()
      const bad = [
        { iss: 'https://login.example.org' },
        { iss: undefined },
        { aud: 'com.example.other' },
        { aud: [] },
        { aud: undefined },
        { exp: now - 300 },
        { exp: undefined },
        { exp: 'never' },
        { nbf: now + 300 },
        { iat: now + 86_400 },
        { sub: undefined },
        { sub: '' },
        { sub: 7 },
        { role: undefined },
        { role: 7 },
      ].map((changes) => signed(changes as Dict))
      return refuse('keys', [...bad, signed({}, { crit: ['unknown'], unknown: 1 })], signed())
    },
  },
  {
    name: 'a right token under another name',
    tried: 'HELLO with the authid of somebody else, and the own token',
    defence: 'an authid in HELLO must be that of the token',
    run: () => refuse('keys', [signed()], signed(), { authid: 'amy' }),
  },
  {
    name: 'what is no token',
    tried: 'nothing, dots, JSON, a token of 17 kB, one in another form, one with spaces around it, one twice',
    defence: 'a token has one form and at most 16 kB',
    run() {
      const right = signed()
      const flat = JSON.stringify({ protected: header(right), payload: body(right), signature: signature(right) })
      const bad = ['', '.', '..', '....', '{}', flat, ` ${right}`, `${right}${right}`, signed({ filler: 'x'.repeat(17_000) })]
      return refuse('keys', bad, right)
    },
  },
  {
    name: 'reading the log',
    tried: 'after all of these, the log of the node: is there a token in it, or a secret?',
    defence: 'refusals are logged with their cause, without what was sent',
    async run() {
      const { log } = await node()
      must(sent.length > 50 && log.split('\n').length > 50, 'the refusals were to be logged')
      for (const text of [...sent, SECRET]) must(text.length < 20 || !log.includes(text), 'a token was not to be in the log')
      for (const part of sent.map((text) => signature(text) ?? '')) must(part.length < 20 || !log.includes(part), 'nor its signature')
      return 'one line for each refusal, none with a token'
    },
  },
])
