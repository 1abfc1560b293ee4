// The client's cryptography, with all that the platform has and with the scripts that stand in for what it lacks.

import assert from 'node:assert/strict'
import nodeModule from 'node:crypto'
import { describe, test } from 'node:test'
import {
  answerScram,
  type Crypto,
  readHex,
  type ScramKeys,
  scramClientKeys,
  signCryptosign,
  signWampcra,
  toHex,
  wampcraKey,
} from '@crosspoint/protocol/internal'
import { nodeCrypto } from '../../../node/src/crypto.ts'
import { SIGNATURE_VECTORS } from '../../../protocol/test/auth/cryptosign-vectors.ts'
import { clientCrypto, compute, type Means, type NativeArgon2, type Subtle } from '../../src/auth/client-crypto.ts'

const subtle = globalThis.crypto.subtle as unknown as Subtle
const node = nodeModule as NativeArgon2
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** A browser whose Web Cryptography has everything but Ed25519. */
function withoutEd25519(fail: () => Promise<object>): Subtle {
  return {
    importKey: (...parameters) => (parameters[2] === 'Ed25519' ? fail() : subtle.importKey(...parameters)),
    exportKey: (...parameters) => subtle.exportKey(...parameters),
    deriveBits: (...parameters) => subtle.deriveBits(...parameters),
    sign: () => Promise.reject(new Error('not to be reached')),
    verify: () => Promise.reject(new Error('not to be reached')),
  }
}
const unsupported = () => Promise.reject(new DOMException('Unrecognized name', 'NotSupportedError'))
const brokenArgon2: NativeArgon2 = {
  argon2() {
    throw new Error('this OpenSSL has no Argon2')
  },
}

const PLATFORMS: readonly { readonly name: string; readonly means: Means }[] = [
  { name: 'Node', means: { subtle, node } },
  { name: 'a browser', means: { subtle, node: undefined } },
  { name: 'a browser without Ed25519', means: { subtle: withoutEd25519(unsupported), node: undefined } },
  { name: 'a browser with an Ed25519 that gives no public key', means: { subtle: withoutEd25519(async () => ({})), node: undefined } },
  { name: 'a page that is not secure', means: { subtle: undefined, node: undefined } },
  { name: 'a Node without Argon2', means: { subtle, node: brokenArgon2 } },
]

for (const { name, means } of PLATFORMS) {
  const on = <Value>(run: (crypto: Crypto, done: (value: Value) => void) => void): Promise<Value> =>
    new Promise((resolve, reject) => run(clientCrypto(reject, means), resolve))

  describe(name, () => {
    test('AUTH-24 AUTH-29 the salted key of WAMP-CRA is a Base64 text, and signs as the specification prints', async () => {
      const salting = { salt: 'salt123', iterations: 1000, keylen: 32 }
      const key = await on<Uint8Array | undefined>((crypto, done) => wampcraKey(crypto, 'secret1', salting, done))
      assert.equal(Buffer.from(key!).toString(), '64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc=')
      const challenge =
        '{"nonce": "LHRTC9zeOIrt_9U3", "authprovider": "userdb", "authid": "peter", "timestamp": "2014-06-22T16:36:25.448Z", ' +
        '"authrole": "user", "authmethod": "wampcra", "session": 3251278072152162}'
      const signature = await on<string>((crypto, done) => done(signWampcra(crypto, key!, challenge)))
      assert.equal(signature, 'gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI=')
    })

    const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
    const SCRAM = [
      {
        ids: 'AUTH-51',
        password: 'pencil',
        salt,
        cost: { kdf: 'pbkdf2', iterations: 4096, memory: null },
        proof: 'Rf2QqO2Br6q4ACNfzGdEztwbuVqftqnkFnuBpBnm2Nk=',
        verifier: 'kTgOL4qXJeuUo2Ht0ucp65vhZxoKy5H67ddP2vRHI3A=',
      },
      {
        ids: 'AUTH-41 AUTH-52',
        password: 'p4ssw0rd',
        salt: 'MTIzNDU2Nzg5MGFiY2RlZg==',
        cost: { kdf: 'argon2id13', iterations: 32, memory: 512 },
        proof: 'oxn1pyJXjQk1GaxA130Fg1LJS1x4hwM6X2cEBWCvjck=',
        verifier: '63807iSFVsZF77yT4cwJLDQ2zJC/yzTcErO1ryopQ1Y=',
      },
    ] as const
    for (const vector of SCRAM) {
      test(`${vector.ids} the answer of SCRAM with ${vector.cost.kdf}`, async () => {
        const task = {
          nonce: 'egVDf3DMJh0=SBmkFIh7sSo=',
          salt: vector.salt,
          saltBytes: Uint8Array.from(Buffer.from(vector.salt, 'base64')),
          cost: vector.cost,
        }
        const keys = await on<ScramKeys | undefined>((crypto, done) => scramClientKeys(crypto, vector.password, task, done))
        const client = { authid: 'user', clientNonce: 'egVDf3DMJh0=', channel: undefined }
        const answer = answerScram(clientCrypto(assert.fail, means), client, keys!, task)
        assert.equal(answer.signature, vector.proof)
        assert.equal(Buffer.from(answer.expected).toString('base64'), vector.verifier)
      })
    }

    for (const { id, seed, publicKey, challenge, channelId, signature } of SIGNATURE_VECTORS) {
      test(`${id} public key, signature and check of cryptosign`, async () => {
        const channel = channelId === undefined ? undefined : bytes(channelId)
        const key = await on<Uint8Array>((crypto, done) => crypto.ed25519PublicKey(bytes(seed), done))
        assert.equal(toHex(key), publicKey)
        const signed = await on<string>((crypto, done) => signCryptosign(crypto, bytes(seed), bytes(challenge), channel, done))
        assert.equal(signed.slice(0, 128), signature)
        const message = readHex(signed.slice(128), 32)!
        const verify = (of: Uint8Array, by: string) =>
          on<boolean>((crypto, done) => crypto.ed25519Verify(bytes(by), of, bytes(signature), done))
        assert.equal(await verify(message, publicKey), true)
        assert.equal(
          await verify(message.toReversed(), publicKey),
          message.every((byte) => byte === message[0]),
        )
        assert.equal(await verify(message, 'ff'.repeat(32)), false, 'no point of the curve')
      })
    }

    test('derived keys of every length are those of Node', async () => {
      for (const length of [1, 20, 32, 33, 64]) {
        const derive = (crypto: Crypto) =>
          new Promise<string>((resolve) => crypto.pbkdf2Sha256(text('pässword'), text('salt'), 3, length, (key) => resolve(toHex(key!))))
        assert.equal(await derive(clientCrypto(assert.fail, means)), await derive(nodeCrypto))
      }
    })
  })
}

test('AUTH-07 what is equal, whatever the lengths', () => {
  const { isEqual } = clientCrypto(assert.fail)
  assert.equal(isEqual(text('abc'), text('abc')), true)
  assert.equal(isEqual(text(''), text('')), true)
  for (const other of ['abd', 'ab', 'abcd', '', 'abc\0']) assert.equal(isEqual(text('abc'), text(other)), false, other)
  assert.equal(isEqual(text('ab\0'), text('ab')), false)
})

test('random bytes come in any length and differ', () => {
  const { randomBytes } = clientCrypto(assert.fail)
  assert.equal(randomBytes(24).length, 24)
  assert.notDeepEqual(randomBytes(16), randomBytes(16))
})

test('what fails on the way rejects, whether thrown, failing later, or thrown by the callback', async () => {
  await assert.rejects(
    compute(() => {
      throw new Error('at once')
    }),
    /at once/,
  )
  const failing: Means = { subtle: { ...withoutEd25519(unsupported), importKey: () => Promise.reject('later') }, node: undefined }
  const failed = new Promise<Error>((resolve) => {
    clientCrypto(resolve, failing).pbkdf2Sha256(text('p'), text('s'), 1, 32, () => assert.fail('there is no key'))
  })
  assert.match((await failed).message, /later/)
  await assert.rejects(
    compute((crypto) =>
      crypto.ed25519PublicKey(new Uint8Array(32), () => {
        throw new Error('in the callback')
      }),
    ),
    /in the callback/,
  )
})
