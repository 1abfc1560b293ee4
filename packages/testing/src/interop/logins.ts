// Who may log in at the routers of the interop run, as Crossbar.io's configuration has it, and with what. Nothing here is a secret.

import { createHash, createPrivateKey, createPublicKey, pbkdf2Sync } from 'node:crypto'
import type { LoginWith } from './line-protocol.ts'

const TICKET = 'the ticket of joe'
const SECRET = 'the secret of joe'
const PASSWORD = 'the password of jane'
const SALTING = { salt: 'salt of jane', iterations: 1000, keylen: 32 }
const SEED = createHash('sha256').update('the private key of joe').digest()
const BOUND_SEED = createHash('sha256').update('the private key of jim').digest()
const OTHER_SEED = createHash('sha256').update('the private key of somebody else').digest()
/** The frame of PKCS #8 around the seed of an Ed25519 key. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

export const ROLE = 'user'

function publicKeyOf(seed: Buffer): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
}

function cryptosignOf(authid: string, seed: Buffer): LoginWith {
  return { method: 'cryptosign', authid, secret: seed.toString('hex'), public_key: publicKeyOf(seed) }
}

const BOUND = { authorized_keys: [publicKeyOf(BOUND_SEED)], role: ROLE }

/** For `auth` of a transport, as the programs of other routers are told. */
export const AUTH = {
  anonymous: { type: 'static', role: 'anonymous' },
  ticket: { type: 'static', principals: { joe: { ticket: TICKET, role: ROLE } } },
  wampcra: {
    type: 'static',
    users: {
      joe: { secret: SECRET, role: ROLE },
      jane: {
        secret: pbkdf2Sync(PASSWORD, SALTING.salt, SALTING.iterations, SALTING.keylen, 'sha256').toString('base64'),
        ...SALTING,
        role: ROLE,
      },
    },
  },
  cryptosign: { type: 'static', principals: { joe: { authorized_keys: [publicKeyOf(SEED)], role: ROLE }, jim: BOUND } },
}

/** For our router: who is to log in bound to TLS must not get in otherwise. */
export const OUR_AUTH = {
  ...AUTH,
  cryptosign: { ...AUTH.cryptosign, principals: { ...AUTH.cryptosign.principals, jim: { ...BOUND, 'channel-binding': 'required' } } },
}

const { joe, jane } = AUTH.wampcra.users

/** For Crossbar.io, which has the password itself in store and derives the key whenever somebody logs in. */
export const CROSSBAR_AUTH = { ...AUTH, wampcra: { type: 'static', users: { joe, jane: { ...jane, secret: PASSWORD } } } }

/** What clients log in with. */
export const LOGINS = {
  ticket: { method: 'ticket', authid: 'joe', secret: TICKET },
  wampcra: { method: 'wampcra', authid: 'joe', secret: SECRET },
  saltedWampcra: { method: 'wampcra', authid: 'jane', secret: PASSWORD },
  cryptosign: cryptosignOf('joe', SEED),
  otherKey: cryptosignOf('joe', OTHER_SEED),
  bound: { ...cryptosignOf('jim', BOUND_SEED), channel_binding: 'tls-unique' },
  scram: { method: 'wamp-scram', authid: 'joe', secret: PASSWORD },
  anonymous: { method: 'anonymous', authid: '', secret: '' },
} as const satisfies { readonly [name: string]: LoginWith }
