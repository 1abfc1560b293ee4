// What is wrong with the options of logins by JSON Web Token is said when the node starts.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { jwt } from '../../src/authentication/jwt.ts'
import { type JwtOptions, jwtFaults } from '../../src/authentication/jwt-options.ts'

const SECRET = 's'.repeat(32)
const publicPem = (type: string, options: object) =>
  generateKeyPairSync(type as never, { ...options, publicKeyEncoding: { type: 'spki', format: 'pem' } } as never) as unknown as {
    publicKey: string
  }

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const good: JwtOptions = { audience: 'a', secret: SECRET }

test('options that can be used have no faults', () => {
  const remote = { issuer: 'https://login.example.com/tenant', audience: ['a', 'b'] }
  const each: JwtOptions[] = [
    good,
    { ...good, clockToleranceSeconds: 0, maxAgeSeconds: 1, timeoutMs: 60_000, roles: { x: 'y' }, defaultRole: 'z' },
    {
      audience: 'a',
      keys: [rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string, rsa.publicKey.export({ format: 'jwk' }) as never],
    },
    { ...remote, jwksUri: 'https://login.example.com/keys', algorithms: ['RS256'] },
    { ...remote, jwksUri: 'http://localhost:8080/keys' },
    { ...remote, issuer: 'http://[::1]:8080', discovery: true },
  ]
  for (const options of each) assert.deepEqual(jwtFaults(options), [])
})

const faults: [string, RegExp, object][] = [
  ['audience', /must name the audience/, { audience: undefined }],
  ['audience', /must name the audience/, { audience: [] }],
  ['audience', /must not be empty/, { audience: [''] }],
  ['issuer', /must name the issuer/, { secret: undefined, jwksUri: 'https://x.example/keys' }],
  ['', /must have one of `keys` .* and has none of them/, { secret: undefined, issuer: 'https://x.example' }],
  ['', /and has 2 of them/, { jwksUri: 'https://x.example/keys' }],
  ['jwksUri', /must be an https: address/, { secret: undefined, issuer: 'x', jwksUri: 'http://x.example/keys' }],
  ['jwksUri', /must be an https: address/, { secret: undefined, issuer: 'x', jwksUri: 'http://127.0.0.1.example/keys' }],
  [
    'issuer.1',
    /must be an https: address.*for `discovery`/,
    { secret: undefined, issuer: ['https://x.example', 'http://x.example'], discovery: true },
  ],
  ['issuer', /must have neither query nor fragment/, { secret: undefined, issuer: 'https://x.example?x', discovery: true }],
  ['keys', /must have at least one key/, { secret: undefined, keys: [] }],
  ['keys.0', /must be a public key/, { keys: ['ssh-ed25519 AAAA'] }],
  ['keys.0', /must be a public key/, { keys: [{ kty: 'RSA' }] }],
  ['keys.0', /must be a JSON Web Key or a PEM text/, { keys: [7] }],
  ['keys.0', /is a private key/, { keys: [rsa.privateKey.export({ format: 'pem', type: 'pkcs8' })] }],
  ['keys.0', /is a private key/, { keys: [rsa.privateKey.export({ format: 'jwk' })] }],
  ['keys.0', /a secret belongs into `secret`/, { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
  ['keys.0', /must have at least 2048 bits, and has 1024/, { keys: [publicPem('rsa', { modulusLength: 1024 }).publicKey] }],
  ['keys.0', /must be on P-256, P-384 or P-521, not secp256k1/, { keys: [publicPem('ec', { namedCurve: 'secp256k1' }).publicKey] }],
  ['keys.0', /must be an RSA, EC or Ed25519 key, not x25519/, { keys: [publicPem('x25519', {}).publicKey] }],
  ['secret', /must have at least 32 bytes, and has 31/, { secret: 's'.repeat(31) }],
  ['secret.1', /must have at least 32 bytes, and has 0/, { secret: [SECRET, ''] }],
  ['secret', /a public key is no secret/, { secret: rsa.publicKey.export({ format: 'pem', type: 'spki' }) }],
  ['algorithms', /must have at least one/, { algorithms: [] }],
  ['algorithms.0', /"none" is not among those that are accepted: ES256/, { algorithms: ['none'] }],
  ['algorithms.0', /"toString" is not among/, { algorithms: ['toString'] }],
  ['algorithms.1', /HS512 needs a secret of at least 64 bytes, and the shortest has 32/, { algorithms: ['HS256', 'HS512'] }],
  ['algorithms.0', /needs public keys/, { algorithms: ['RS256'] }],
  [
    'algorithms.0',
    /a public key is never used as one/,
    { secret: undefined, issuer: 'x', jwksUri: 'https://x.example/', algorithms: ['HS256'] },
  ],
  ['clockToleranceSeconds', /from 0 to 3600/, { clockToleranceSeconds: -1 }],
  ['maxAgeSeconds', /from 1 to/, { maxAgeSeconds: 0 }],
  ['timeoutMs', /from 1 to 60000/, { timeoutMs: 1.5 }],
  ['defaultRole', /must not be empty/, { defaultRole: '' }],
  ['roles.admin', /must be the name of a role/, { roles: { admin: '' } }],
]

for (const [index, [path, message, change]] of faults.entries()) {
  test(`fault ${index + 1}: ${path || 'the options'}`, () => {
    const options = { ...good, ...change } as JwtOptions
    const found = jwtFaults(options)
    assert.deepEqual(
      found.map((fault) => fault.path.join('.')),
      [path],
    )
    assert.match(found[0]!.message, message)
    assert.throws(() => jwt(options), { name: 'UsageError', code: 'ERR_CONFIG' })
    assert.ok(!JSON.stringify(found).includes(SECRET))
  })
}
