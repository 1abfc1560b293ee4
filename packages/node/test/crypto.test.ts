import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeCrypto } from '../src/crypto.ts'
import { DERIVATIONS_AT_ONCE_MAX, DERIVATIONS_WAITING_MAX } from '../src/derivations.ts'

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes!).toString('hex')
const bytes = (text: string): Buffer => Buffer.from(text)
const answerOf = <T>(start: (done: (value: T) => void) => void): Promise<T> => new Promise((resolve) => start(resolve))

test('digest and HMAC with SHA-256 (FIPS 180-2 example, RFC 4231 case 2)', () => {
  assert.equal(hex(nodeCrypto.sha256(bytes('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  const mac = nodeCrypto.hmacSha256(bytes('Jefe'), bytes('what do ya want for nothing?'))
  assert.equal(hex(mac), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})

test('random bytes have the length asked for and differ', () => {
  assert.equal(nodeCrypto.randomBytes(24).length, 24)
  assert.notDeepEqual(nodeCrypto.randomBytes(16), nodeCrypto.randomBytes(16))
})

test('isEqual compares content, and different lengths are unequal', () => {
  assert.equal(nodeCrypto.isEqual(Uint8Array.of(1, 2), Buffer.from([1, 2])), true)
  assert.equal(nodeCrypto.isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false)
  assert.equal(nodeCrypto.isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)), false)
  assert.equal(nodeCrypto.isEqual(new Uint8Array(0), new Uint8Array(0)), true)
})

test('PBKDF2-HMAC-SHA256 (RFC 7914 section 11)', async () => {
  const key = await answerOf<Uint8Array | undefined>((done) => nodeCrypto.pbkdf2Sha256(bytes('passwd'), bytes('salt'), 1, 64, done))
  const expected =
    '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc' + '49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783'
  assert.equal(hex(key), expected)
})

test('AUTH-54 Argon2id runs off the event loop', async () => {
  assert.equal(nodeCrypto.hasArgon2id, true)
  let hasAnswered = false
  const answer = answerOf<Uint8Array | undefined>((done) =>
    nodeCrypto.argon2id(bytes('p4ssw0rd'), bytes('1234567890abcdef'), { iterations: 32, memoryKiB: 512, length: 32 }, (key) => {
      hasAnswered = true
      done(key)
    }),
  )
  assert.equal(hasAnswered, false)
  assert.equal(hex(await answer), 'ee4a8acf9d5958354fb79a95ae20692d05e42591ba49fae85eb6700e8b0ed293')
})

test('Ed25519 (RFC 8032 section 7.1, test 2), and what is no key or signature', async () => {
  const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex')
  const publicKey = await answerOf<Uint8Array>((done) => nodeCrypto.ed25519PublicKey(seed, done))
  assert.equal(hex(publicKey), '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const signature = await answerOf<Uint8Array>((done) => nodeCrypto.ed25519Sign(seed, Uint8Array.of(0x72), done))
  assert.equal(
    hex(signature),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' + '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  const isValid = (key: Uint8Array, message: Uint8Array, proof: Uint8Array): Promise<boolean> =>
    answerOf((done) => nodeCrypto.ed25519Verify(key, message, proof, done))
  assert.equal(await isValid(publicKey, Uint8Array.of(0x72), signature), true)
  assert.equal(await isValid(publicKey, Uint8Array.of(0x73), signature), false)
  assert.equal(await isValid(publicKey, Uint8Array.of(0x72), signature.subarray(1)), false)
  assert.equal(await isValid(Buffer.alloc(32, 255), Uint8Array.of(0x72), signature), false)
  assert.equal(await isValid(publicKey.subarray(1), Uint8Array.of(0x72), signature), false)
})

test('few derivations run at a time, others wait in order up to the limit, and are refused at once beyond it', async () => {
  const order: number[] = []
  const refused: number[] = []
  const asked = DERIVATIONS_AT_ONCE_MAX + DERIVATIONS_WAITING_MAX + 3
  let isSynchronous = true
  await new Promise<void>((resolve) => {
    for (let i = 0; i < asked; i++) {
      nodeCrypto.pbkdf2Sha256(bytes('password'), bytes('salt'), 1000, 32, (key) => {
        if (key === undefined) {
          assert.ok(isSynchronous)
          refused.push(i)
        } else order.push(i)
        if (order.length + refused.length === asked) resolve()
      })
    }
    isSynchronous = false
  })
  assert.deepEqual(refused, [asked - 3, asked - 2, asked - 1])
  assert.equal(order.length, DERIVATIONS_AT_ONCE_MAX + DERIVATIONS_WAITING_MAX)
  // Whatever has an answer was started after all before it, of which at most those that ran beside it are not answered yet.
  for (const [place, i] of order.entries()) {
    const before = order.slice(0, place).filter((other) => other < i).length
    assert.ok(i - before < DERIVATIONS_AT_ONCE_MAX, `${order}`)
  }
  const again = await answerOf<Uint8Array | undefined>((done) => nodeCrypto.pbkdf2Sha256(bytes('password'), bytes('salt'), 1, 32, done))
  assert.equal(again?.length, 32, 'there is room again')
})

test('parameters out of range make no key and take no place', async () => {
  for (let i = 0; i < DERIVATIONS_AT_ONCE_MAX + 1; i++) {
    const none = await answerOf<Uint8Array | undefined>((done) => nodeCrypto.pbkdf2Sha256(bytes('password'), bytes('salt'), 0, 32, done))
    assert.equal(none, undefined)
  }
  const key = await answerOf<Uint8Array | undefined>((done) => nodeCrypto.pbkdf2Sha256(bytes('password'), bytes('salt'), 1, 32, done))
  assert.equal(key?.length, 32)
})
