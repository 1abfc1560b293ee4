import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCryptosignSeed } from '../../src/auth/cryptosign.ts'
import { toHex } from '../../src/auth/hex.ts'
import { UsageError } from '../../src/index.ts'
import { answerOf, crypto } from './support.ts'

// Made for this test by `ssh-keygen -t ed25519 -N '' -C 'test key'`; the seed as another program reads it from there.
const FILE = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACAHdT/jSh3sIWriIqKqmq/KeM2vhLLEbH20gN07Tjsu+AAAAJDCjeJIwo3i
SAAAAAtzc2gtZWQyNTUxOQAAACAHdT/jSh3sIWriIqKqmq/KeM2vhLLEbH20gN07Tjsu+A
AAAEBDlSpZQ5LGURWGVYNcMg+q9MtXIa71C6VcuPvB0gvBtwd1P+NKHewhauIioqqar8p4
za+EssRsfbSA3TtOOy74AAAACHRlc3Qga2V5AQIDBAU=
-----END OPENSSH PRIVATE KEY-----
`
const SEED = '43952a594392c651158655835c320faaf4cb5721aef50ba55cb8fbc1d20bc1b7'

const number = (value: number): Buffer => Buffer.from([0, 0, value >> 8, value & 255])
const field = (content: string | Uint8Array): Buffer => Buffer.concat([number(content.length), Buffer.from(content as string)])
const armour = (body: Uint8Array): string =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(body).toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`
const PUBLIC = Buffer.from('07753fe34a1dec216ae222a2aa9aafca78cdaf84b2c46c7db480dd3b4e3b2ef8', 'hex')

/** The file of the test key, parts of it replaced. */
function keyFile(parts: { [name: string]: string | Uint8Array } = {}): string {
  const type = parts['type'] ?? 'ssh-ed25519'
  const pair = parts['pair'] ?? Buffer.concat([Buffer.from(SEED, 'hex'), PUBLIC])
  const checks = parts['checks'] ?? Buffer.from([1, 2, 3, 4, 1, 2, 3, 4])
  const secret = [
    checks,
    field(type),
    field(parts['inner'] ?? PUBLIC),
    field(pair),
    field('comment'),
    parts['padding'] ?? Buffer.from([1, 2, 3]),
  ]
  const outer = Buffer.concat([field(type), field(parts['outer'] ?? PUBLIC)])
  const [cipher, derivation] = [field(parts['cipher'] ?? 'none'), field(parts['derivation'] ?? 'none')]
  const head = [parts['magic'] ?? 'openssh-key-v1\0', cipher, derivation, field(''), parts['count'] ?? number(1), field(outer)]
  const all = [...head, field(Buffer.concat(secret.map((each) => Buffer.from(each as string)))), parts['end'] ?? '']
  return armour(Buffer.concat(all.map((each) => Buffer.from(each as string))))
}

function refused(key: unknown, text: RegExp): void {
  assert.throws(
    () => readCryptosignSeed(key as string, 'key of "device1"'),
    (error) => {
      assert.ok(error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT', String(error))
      assert.match(error.message, text)
      assert.match(error.message, /^Cannot read the key of "device1": /)
      if (typeof key === 'string' && key.length > 0) assert.ok(!error.message.includes(key), 'the key is not shown')
      return true
    },
  )
}

test('a seed is 32 bytes, 64 hexadecimal digits or an OpenSSH file', async () => {
  for (const key of [Buffer.from(SEED, 'hex'), SEED, SEED.toUpperCase(), ` ${SEED}\n`, FILE, FILE.replaceAll('\n', '\r\n'), keyFile()]) {
    assert.equal(toHex(readCryptosignSeed(key)), SEED)
  }
  const bytes = Buffer.from(SEED, 'hex')
  const seed = readCryptosignSeed(bytes)
  bytes.fill(0)
  assert.equal(toHex(seed), SEED, 'it is a copy')
  const publicKey = await answerOf<Uint8Array>((done) => crypto.ed25519PublicKey(readCryptosignSeed(FILE), done))
  assert.equal(toHex(publicKey), PUBLIC.toString('hex'))
})

test('what is no key is refused, and never shown', () => {
  const wrong = [
    '',
    SEED.slice(1),
    `${SEED}00`,
    `0x${SEED.slice(2)}`,
    'secret'.repeat(10),
    new Uint8Array(31),
    new Uint8Array(64),
    null,
    7,
    {},
  ]
  for (const key of wrong) refused(key, /it must be 32 bytes, 64 hexadecimal digits, or the text of an OpenSSH/)
})

test('an OpenSSH file that is damaged, encrypted or of another type is refused with the reason', () => {
  refused(FILE.slice(0, 200), /must be the whole text/)
  refused(FILE.replace('-----END', `${'A'.repeat(8192)}-----END`), /at most 8192 characters/)
  refused(FILE.replace('b3Blb', '!!!!!'), /there is no OpenSSH key/)
  refused(armour(Buffer.from('something else')), /there is no OpenSSH key/)
  refused(keyFile({ magic: 'openssh-key-v2\0' }), /there is no OpenSSH key/)
  refused(keyFile({ cipher: 'aes256-ctr', derivation: 'bcrypt' }), /it has a passphrase/)
  refused(keyFile({ count: number(2) }), /exactly one key/)
  refused(keyFile({ end: 'x' }), /cut or has bytes behind its end/)
  refused(keyFile({ type: 'ssh-rsa' }), /its type must be ssh-ed25519/)
  refused(keyFile({ outer: PUBLIC.subarray(1) }), /its type must be ssh-ed25519/)
  const unfitting: { [name: string]: Uint8Array }[] = [
    { checks: Buffer.from([1, 2, 3, 4, 1, 2, 3, 5]) },
    { padding: Buffer.from([1, 2, 4]) },
    { inner: Buffer.alloc(32) },
    { outer: Buffer.alloc(32) },
    { pair: Buffer.alloc(64) },
    { pair: Buffer.from(SEED, 'hex') },
  ]
  for (const parts of unfitting) refused(keyFile(parts), /its parts do not fit together/)
})

test('an OpenSSH file cut or changed at any place is read as the same key or refused, never anything else (property)', () => {
  const body = Buffer.from(keyFile().split('\n')[1]!, 'base64')
  for (let length = 0; length < body.length - 3; length++) refused(armour(body.subarray(0, length)), /./)
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(254), (at, by) => {
      const changed = Buffer.from(body)
      changed[at]! ^= by + 1
      try {
        assert.equal(readCryptosignSeed(armour(changed)).length, 32)
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error))
      }
    }),
    { numRuns: 500 },
  )
})
