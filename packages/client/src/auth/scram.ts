// WAMP-SCRAM (AUTH-35 … AUTH-46): client and router prove to each other that they know the password, or a key made of it.

import { type Dict, UsageError } from '@crosspoint/protocol'
import {
  answerScram,
  drawScramNonce,
  isDict,
  isScramBinding,
  isScramVerifier,
  readScramChallenge,
  type ScramBinding,
  type ScramChannel,
  type ScramKeys,
  type ScramTask,
  saslprep,
  scramClientKeys,
  scramHelloExtra,
} from '@crosspoint/protocol/internal'
import type { AuthAttempt, AuthContext, AuthMethod, Secret } from '../authentication.ts'
import { clientCrypto, compute } from './client-crypto.ts'
import { checkAuthid, secretOf, text } from './secret.ts'

export interface ScramOptions {
  readonly authid: string
  /** The password, or how to get it; asked when the router asks for it. Prepared with SASLprep (AUTH-42). */
  readonly password: Secret<string>
  /**
   * Binds the login to this TLS connection, so that nobody in between can pass it on: both ends must see the same one. The
   * transport must have it (Node; `tls-unique` up to TLS 1.2), the router must know it. Default: none.
   */
  readonly channelBinding?: ScramBinding | undefined
}

/**
 * Logs in with a password that the router does not know, and lets the router prove itself, too. The password never travels, and
 * a router with cheap parameters (`SCRAM_LIMITS`) gets no proof to guess it from. The keys are kept as long as salt and cost stay,
 * so that coming back costs nothing.
 *
 * @throws UsageError `ERR_INVALID_ARGUMENT` when authid or password is empty or has characters that SASLprep prohibits, or the
 *   channel binding is unknown
 * @example
 * new Client({ url, auth: [scram({ authid: 'peter', password: () => askUser('Password?') })] })
 */
export function scram(options: ScramOptions): AuthMethod {
  const authid = checkAuthid(options.authid, 'scram')
  saslprep(authid, 'query', 'authid')
  const { channelBinding } = options
  if (channelBinding !== undefined && !isScramBinding(channelBinding)) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `scram has no channel binding "${channelBinding}"`)
  }
  const ask = secretOf(options.password, 'password', (value, what) => {
    saslprep(text(value, what), 'query', what)
    return value
  })
  const keys = new KeyCache()
  return { method: 'wamp-scram', authid, begin: (context) => begin(context, authid, ask, channelBinding, keys) }
}

function begin(
  context: AuthContext,
  authid: string,
  ask: () => Promise<string>,
  binding: ScramBinding | undefined,
  keys: KeyCache,
): AuthAttempt {
  // What is computed here answers at once and cannot fail.
  const crypto = clientCrypto(() => {})
  const channel = binding && channelOf(context, binding)
  const clientNonce = drawScramNonce(crypto)
  let expected: Uint8Array | undefined
  return {
    authextra: scramHelloExtra(clientNonce, binding),
    async answer(extra) {
      const task = readScramChallenge(extra, clientNonce)
      if ('fault' in task) throw new UsageError('ERR_REFUSED', task.fault) // AUTH-43
      const answer = answerScram(crypto, { authid, clientNonce, channel }, await keys.keysOf(await ask(), task), task)
      expected = answer.expected
      return answer
    },
    verify({ authextra }: Dict) {
      if (expected !== undefined && isScramVerifier(crypto, expected, isDict(authextra) ? authextra : undefined)) return
      throw new UsageError('ERR_REFUSED', 'The router did not prove that it knows the keys of this user: WELCOME has no right verifier')
    },
  }
}

function channelOf(context: AuthContext, type: ScramBinding): ScramChannel {
  const data = context.channelId(type)
  if (data === undefined) throw new UsageError('ERR_INVALID_ARGUMENT', `This connection has no "${type}", to which scram is to bind`)
  return { type, data }
}

/** The keys that were made last. */
class KeyCache {
  #of = ''
  #keys: ScramKeys | undefined

  async keysOf(password: string, task: ScramTask): Promise<ScramKeys> {
    const of = JSON.stringify([password, task.salt, task.cost])
    if (this.#of === of && this.#keys !== undefined) return this.#keys
    const keys = (await compute<ScramKeys | undefined>((crypto, done) => scramClientKeys(crypto, password, task, done)))!
    this.#of = of
    this.#keys = keys
    return keys
  }
}
