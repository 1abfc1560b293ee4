import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type CryptosignVerdict,
  checkCryptosign,
  checkRouterProof,
  cryptosignChallengeExtra,
  cryptosignMessage,
  cryptosignText,
  drawCryptosignChallenge,
  type RouterProof,
  readCryptosignChallenge,
  readCryptosignHello,
  readCryptosignSeed,
  signCryptosign,
} from '../../src/auth/cryptosign.ts'
import { toHex } from '../../src/auth/hex.ts'
import { UsageError } from '../../src/index.ts'
import { EXCHANGE_VECTORS, SIGNATURE_VECTORS } from './cryptosign-vectors.ts'
import { answerOf, crypto, NO_TEXTS } from './support.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const optionalBytesOf = (hex: string | undefined): Uint8Array | undefined => (hex === undefined ? undefined : bytesOf(hex))
const publicKeyOf = (seed: Uint8Array): Promise<Uint8Array> => answerOf((done) => crypto.ed25519PublicKey(seed, done))
const sign = (seed: Uint8Array, challenge: Uint8Array, channelId?: Uint8Array): Promise<string> =>
  answerOf((done) => signCryptosign(crypto, seed, challenge, channelId, done))
const check = (key: Uint8Array, challenge: Uint8Array, channelId: Uint8Array | undefined, text: unknown): Promise<CryptosignVerdict> =>
  answerOf((done) => checkCryptosign(crypto, key, challenge, channelId, text, done))
const checkRouter = (
  proof: RouterProof | undefined,
  trusted: Uint8Array[],
  challenge: Uint8Array,
  channelId?: Uint8Array,
): Promise<CryptosignVerdict> => answerOf((done) => checkRouterProof(crypto, proof, trusted, challenge, channelId, done))
const refuses = (act: () => unknown, text: RegExp): void =>
  assert.throws(act, (error) => error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT' && text.test(error.message))

const SEED = bytesOf(SIGNATURE_VECTORS[0]!.seed)
const KEY = bytesOf(SIGNATURE_VECTORS[0]!.publicKey)
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('AUTH-79 there are six vectors of signatures', () => {
  assert.deepEqual(
    SIGNATURE_VECTORS.map(({ id }) => id),
    ['AUTH-80', 'AUTH-81', 'AUTH-82', 'AUTH-83', 'AUTH-84', 'AUTH-85'],
  )
})

for (const { id, seed, publicKey, challenge, channelId, signature } of SIGNATURE_VECTORS) {
  test(`${id} public key, signature and check ${channelId === undefined ? 'without' : 'with'} channel binding`, async () => {
    const channel = optionalBytesOf(channelId)
    assert.equal(toHex(await publicKeyOf(readCryptosignSeed(seed))), publicKey)
    const text = await sign(readCryptosignSeed(seed), bytesOf(challenge), channel)
    assert.equal(text, signature + toHex(cryptosignMessage(bytesOf(challenge), channel)))
    assert.equal(await check(bytesOf(publicKey), bytesOf(challenge), channel, text), 'valid')
    const otherChannel = channel === undefined ? crypto.randomBytes(32) : undefined
    assert.equal(await check(bytesOf(publicKey), bytesOf(challenge), otherChannel, text), 'other_challenge')
  })
}

for (const { name, clientKey, routerKey, channelId, challenge, answer, routerChallenge, routerAnswer } of EXCHANGE_VECTORS) {
  test(`AUTH-86 ${name}: the answers of client and router are valid`, async () => {
    const channel = optionalBytesOf(channelId)
    assert.equal(await check(bytesOf(clientKey), bytesOf(challenge), channel, answer), 'valid')
    if (routerChallenge === undefined) return
    const proof = { publicKey: bytesOf(routerKey), signature: routerAnswer! }
    assert.equal(await checkRouter(proof, [bytesOf(routerKey)], bytesOf(routerChallenge), channel), 'valid')
  })
}

test('what is signed is accepted, and nothing of it may change (property)', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytes32,
      bytes32,
      fc.option(bytes32, { nil: undefined }),
      fc.nat(95),
      fc.nat(254),
      async (seed, challenge, channel, at, by) => {
        const key = await publicKeyOf(seed)
        const text = await sign(seed, challenge, channel)
        assert.match(text, /^[0-9a-f]{192}$/)
        assert.equal(await check(key, challenge, channel, text), 'valid')
        const changed = bytesOf(text)
        changed[at]! ^= by + 1
        assert.equal(await check(key, challenge, channel, toHex(changed)), at < 64 ? 'wrong_signature' : 'other_challenge')
        const otherKey = await publicKeyOf(Uint8Array.from(seed, (byte) => byte ^ 1))
        assert.equal(await check(otherKey, challenge, channel, text), 'wrong_signature')
      },
    ),
    { numRuns: 50 },
  )
})

test('an old answer, valid for its own challenge, is refused for another', async () => {
  const [old, now] = [drawCryptosignChallenge(crypto), drawCryptosignChallenge(crypto)]
  assert.notDeepEqual(old, now)
  const recorded = await sign(SEED, old)
  assert.equal(await check(KEY, old, undefined, recorded), 'valid')
  assert.equal(await check(KEY, now, undefined, recorded), 'other_challenge')
  const patched = recorded.slice(0, 128) + toHex(now)
  assert.equal(await check(KEY, now, undefined, patched), 'wrong_signature')
})

test('an answer that is not 192 hexadecimal digits is malformed', async () => {
  const challenge = drawCryptosignChallenge(crypto)
  const text = await sign(SEED, challenge)
  assert.equal(await check(KEY, challenge, undefined, text.toUpperCase()), 'valid')
  for (const wrong of [...NO_TEXTS, '', text.slice(0, 128), text.slice(1), `${text}00`, ` ${text.slice(1)}`, `${text.slice(0, -1)}g`]) {
    assert.equal(await check(KEY, challenge, undefined, wrong), 'malformed', String(wrong))
  }
})

test('a public key that is no point of the curve verifies nothing', async () => {
  const challenge = drawCryptosignChallenge(crypto)
  for (const key of ['ff'.repeat(32), `02${'00'.repeat(31)}`]) {
    assert.equal(await check(bytesOf(key), challenge, undefined, await sign(SEED, challenge)), 'wrong_signature')
  }
})

test('seeds, challenges, channel ids and signatures of a wrong length are refused, with both lengths named', () => {
  const [good, short] = [new Uint8Array(32), new Uint8Array(12)]
  refuses(() => signCryptosign(crypto, short, good, undefined, () => {}), /a seed of 12 bytes .* must have 32/)
  refuses(() => cryptosignMessage(short, undefined), /a challenge of 12 bytes/)
  refuses(() => cryptosignMessage(good, short), /a channel id of 12 bytes/)
  refuses(() => checkCryptosign(crypto, short, good, undefined, '', () => {}), /a public key of 12 bytes/)
  refuses(() => cryptosignText(good, good), /a signature of 32 bytes .* must have 64/)
})

test('the router reads key, binding and challenge of HELLO', () => {
  const pubkey = toHex(KEY)
  assert.deepEqual(readCryptosignHello({ pubkey }), { publicKey: KEY, channelBinding: undefined, challenge: undefined })
  const full = readCryptosignHello({ pubkey, channel_binding: 'tls-exporter', challenge: 'ab'.repeat(32), trustroot: '0x72' })
  assert.deepEqual(full, { publicKey: KEY, channelBinding: 'tls-exporter', challenge: bytesOf('ab'.repeat(32)) })
  const nulls = readCryptosignHello({ pubkey, channel_binding: null, challenge: null })
  assert.deepEqual(nulls, { publicKey: KEY, channelBinding: undefined, challenge: undefined })
})

test('a malformed HELLO is a fault that names the field', () => {
  const faults = (extra: { [key: string]: unknown } | undefined, text: RegExp): void => {
    const request = readCryptosignHello(extra)
    assert.ok('fault' in request)
    assert.match(request.fault, text)
  }
  const pubkey = toHex(KEY)
  faults(undefined, /pubkey must be 64/)
  for (const wrong of [...NO_TEXTS, '', pubkey.slice(2), `0x${pubkey.slice(2)}`]) faults({ pubkey: wrong }, /pubkey must be 64/)
  for (const wrong of [0, true, {}, [], '', 'tls-server-end-point', 'TLS-UNIQUE'])
    faults({ pubkey, channel_binding: wrong }, /one of tls-unique/)
  for (const wrong of [0, true, {}, [], '', 'ff', pubkey.slice(1)]) faults({ pubkey, challenge: wrong }, /challenge must be 64/)
})

test('the client takes the binding it asked for, or none unless that is required', () => {
  const challenge = drawCryptosignChallenge(crypto)
  const wish = { type: 'tls-exporter', isRequired: false } as const
  const unbound = cryptosignChallengeExtra(challenge, undefined)
  assert.deepEqual(unbound, { challenge: toHex(challenge), channel_binding: null })
  const task = { challenge: Uint8Array.from(challenge), channelBinding: undefined, proof: undefined }
  assert.deepEqual(readCryptosignChallenge(unbound, undefined), task)
  assert.deepEqual(readCryptosignChallenge({ challenge: toHex(challenge) }, wish), task)
  const bound = cryptosignChallengeExtra(challenge, 'tls-exporter')
  assert.deepEqual(readCryptosignChallenge(bound, wish), { ...task, channelBinding: 'tls-exporter' })

  const faults = (extra: { readonly [key: string]: unknown }, asked: Parameters<typeof readCryptosignChallenge>[1], text: RegExp): void => {
    const read = readCryptosignChallenge(extra, asked)
    assert.ok('fault' in read)
    assert.match(read.fault, text)
  }
  faults(bound, undefined, /channel_binding must be null as in HELLO/)
  faults(bound, { type: 'tls-unique', isRequired: false }, /channel_binding must be "tls-unique" as in HELLO/)
  faults(unbound, { ...wish, isRequired: true }, /"tls-exporter" is required/)
  for (const wrong of [...NO_TEXTS, 'ff']) faults({ challenge: wrong }, wish, /challenge must be 64/)
  for (const wrong of [0, '', {}, 'tls-unique']) faults({ ...bound, channel_binding: wrong }, wish, /must be "tls-exporter"/)
  for (const wrong of [0, {}, []]) faults({ ...bound, pubkey: toHex(KEY), signature: wrong }, wish, /signature a string/)
  faults({ ...bound, signature: 'ff' }, wish, /pubkey must be 64/)
})

test('a router proves itself with a key that the client trusts, over this challenge and channel', async () => {
  const [own, channel] = [drawCryptosignChallenge(crypto), crypto.randomBytes(32)]
  const proof = { publicKey: KEY, signature: await sign(SEED, own, channel) }
  const extra = cryptosignChallengeExtra(drawCryptosignChallenge(crypto), 'tls-unique', proof)
  const task = readCryptosignChallenge(extra, { type: 'tls-unique', isRequired: true })
  assert.ok(!('fault' in task))
  const stranger = await publicKeyOf(crypto.randomBytes(32))
  assert.equal(await checkRouter(task.proof, [stranger, KEY], own, channel), 'valid')
  assert.equal(await checkRouter(task.proof, [stranger], own, channel), 'unknown_key')
  assert.equal(await checkRouter(task.proof, [], own, channel), 'unknown_key')
  assert.equal(await checkRouter(undefined, [KEY], own, channel), 'malformed')
  assert.equal(await checkRouter(task.proof, [KEY], drawCryptosignChallenge(crypto), channel), 'other_challenge')
  assert.equal(await checkRouter(task.proof, [KEY], own, undefined), 'other_challenge')
})
