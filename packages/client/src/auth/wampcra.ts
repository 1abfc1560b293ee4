// WAMP-CRA (AUTH-20 … AUTH-28): the router sends a text, the client signs it with a shared secret, which never travels.

import { type Dict, UsageError } from '@crosspoint/protocol'
import { readWampcraChallenge, signWampcra, utf8Encode, type WampcraSalting, wampcraKey } from '@crosspoint/protocol/internal'
import type { AuthMethod, Secret } from '../authentication.ts'
import { compute } from './client-crypto.ts'
import { checkAuthid, secretOf, text } from './secret.ts'

/** Exactly one of `secret`, `key` and `sign`. */
export interface WampcraOptions {
  readonly authid: string
  /** What the user knows. With a salted login the key is derived from it, with as many iterations as the router says. */
  readonly secret?: Secret<string> | undefined
  /** The derived key, Base64 text as the router has it in store: saves a device the derivation. */
  readonly key?: Secret<string> | undefined
  /**
   * Signs elsewhere (AUTH-28): gets `CHALLENGE.Extra.challenge` exactly as received and the whole Extra; gives the Base64 of
   * HMAC-SHA256. When it throws, the client tries again later.
   */
  readonly sign?: ((challenge: string, extra: Dict) => string | Promise<string>) | undefined
}

/**
 * Logs in by signing a challenge with a shared secret. Without a salt the router has the secret in store; with one it has a key
 * derived from it.
 *
 * @throws UsageError `ERR_INVALID_ARGUMENT` when the authid or the secret is empty, or there is not exactly one of the three
 * @example
 * new Client({ url, auth: [wampcra({ authid: 'peter', secret: () => askUser('Password?') })] })
 */
export function wampcra(options: WampcraOptions): AuthMethod {
  const authid = checkAuthid(options.authid, 'wampcra')
  const sign = signerOf(options)
  const answer = async (extra: Dict) => {
    const task = readWampcraChallenge(extra)
    if ('fault' in task) throw new UsageError('ERR_REFUSED', task.fault)
    return { signature: await sign(task.challenge, task.salting, extra) }
  }
  return { method: 'wampcra', authid, begin: () => ({ answer }) }
}

type Signer = (challenge: string, salting: WampcraSalting | undefined, extra: Dict) => Promise<string>

function signerOf({ secret, key, sign }: WampcraOptions): Signer {
  if ([secret, key, sign].filter((way) => way !== undefined).length !== 1) {
    throw new UsageError('ERR_INVALID_ARGUMENT', 'wampcra needs exactly one of "secret", "key" and "sign"')
  }
  if (sign !== undefined) {
    return async (challenge, _salting, extra) => secretOf(() => sign(challenge, extra), 'signature', text)()
  }
  if (key !== undefined) {
    const ask = secretOf(key, 'key', text)
    return async (challenge) => signed(utf8Encode(await ask()), challenge)
  }
  const ask = secretOf(secret!, 'secret', text)
  return async (challenge, salting) => {
    const known = await ask()
    return signed((await compute<Uint8Array | undefined>((crypto, done) => wampcraKey(crypto, known, salting, done)))!, challenge)
  }
}

function signed(key: Uint8Array, challenge: string): Promise<string> {
  return compute((crypto, done) => done(signWampcra(crypto, key, challenge)))
}
