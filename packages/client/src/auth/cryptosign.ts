// Cryptosign (AUTH-60 … AUTH-68): the client signs a challenge with its Ed25519 key, the router knows the public one. With
// channel binding the signature holds on this TLS connection only; with the router's keys, the router must sign as well.

import { type ChannelBinding, type Dict, UsageError } from '@crosspoint/protocol'
import {
  type BindingWish,
  CRYPTOSIGN_BYTES,
  type CryptosignTask,
  type CryptosignVerdict,
  checkRouterProof,
  cryptosignMessage,
  cryptosignText,
  drawCryptosignChallenge,
  readCryptosignChallenge,
  readCryptosignSeed,
  readHex,
  toHex,
} from '@crosspoint/protocol/internal'
import type { AuthAnswer, AuthAttempt, AuthContext, AuthMethod, Secret } from '../authentication.ts'
import { clientCrypto, compute } from './client-crypto.ts'
import { checkAuthid, secretOf } from './secret.ts'

/** Either `privateKey`, or `sign` and `publicKey`. */
export interface CryptosignOptions {
  /** A seed of 32 bytes, 64 hexadecimal digits, or the text of an OpenSSH Ed25519 key without passphrase; asked for each session. */
  readonly privateKey?: Secret<string | Uint8Array> | undefined
  /** Signs elsewhere, in a hardware module or an agent: gets 32 bytes, gives 64. When it throws, the client tries again later. */
  readonly sign?: ((message: Uint8Array) => Uint8Array | Promise<Uint8Array>) | undefined
  /** What `sign` signs for: 32 bytes or 64 hexadecimal digits. */
  readonly publicKey?: string | Uint8Array | undefined
  /** Default: the router knows it from the key. */
  readonly authid?: string | undefined
  /**
   * The public keys of routers that are trusted, 32 bytes or 64 hexadecimal digits each: the router must sign a challenge with one
   * of them (AUTH-67). This holds when cryptosign is the login; do not offer `anonymous()` beside it, which proves nothing.
   * Default: the router need not prove itself.
   */
  readonly routerKeys?: readonly (string | Uint8Array)[] | undefined
  /**
   * Binds the login to this TLS connection, so that nobody in between can pass the signature on. Only in Node, `tls-unique` up to
   * TLS 1.2. Where transport or router have no such thing it goes on without, unless required. Default: none.
   */
  readonly channelBinding?: 'tls-unique' | 'tls-exporter' | undefined
  /** Gives up when the login cannot be bound. Default: false. */
  readonly requireChannelBinding?: boolean | undefined
  /**
   * Which Finished message of TLS is meant by `tls-unique`: the client's as RFC 5929 has it, or the router's as Crossbar.io and
   * Autobahn|Python have it (AUTH-66). Default: `rfc`.
   */
  readonly tlsUnique?: 'rfc' | 'router' | undefined
}

/**
 * Logs in with a private key, which never travels.
 *
 * @throws UsageError `ERR_INVALID_ARGUMENT` when a key cannot be read (it is never shown), or options do not fit together
 * @example
 * new Client({ url, auth: [cryptosign({ privateKey: () => readFile('id_ed25519', 'utf8'), routerKeys: ['d75a98…'] })] })
 */
export function cryptosign(options: CryptosignOptions): AuthMethod {
  const settings: Settings = {
    signer: signerOf(options),
    routerKeys: options.routerKeys?.map((key, i) => readPublicKey(key, `routerKeys[${i}]`)),
    wish: wishOf(options),
    channelType: options.channelBinding === 'tls-unique' && options.tlsUnique === 'router' ? 'tls-unique-router' : options.channelBinding,
  }
  if (settings.routerKeys?.length === 0) throw invalid('cryptosign needs at least one key in "routerKeys", or no "routerKeys" at all')
  const authid = options.authid === undefined ? undefined : checkAuthid(options.authid, 'cryptosign')
  return { method: 'cryptosign', authid, begin: (context) => begin(settings, context) }
}

/** Who signs, found for each session. */
interface Signer {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Promise<Uint8Array>
}

interface Settings {
  readonly signer: () => Promise<Signer>
  readonly routerKeys: readonly Uint8Array[] | undefined
  readonly wish: BindingWish | undefined
  /** What the transport calls it. */
  readonly channelType: ChannelBinding | undefined
}

async function begin({ signer, routerKeys, wish: wanted, channelType }: Settings, context: AuthContext): Promise<AuthAttempt> {
  const channelId = channelType && (await channelIdOf(context, channelType))
  if (channelId === undefined && wanted?.isRequired) throw refused(`This connection has no "${wanted.type}", which is required`)
  const wish = channelId && wanted
  const { publicKey, sign } = await signer()
  const challenge = routerKeys && drawCryptosignChallenge(clientCrypto(() => {}))
  let isProven = routerKeys === undefined
  const authextra: Record<string, unknown> = { pubkey: toHex(publicKey) }
  if (wish !== undefined) authextra['channel_binding'] = wish.type
  if (challenge !== undefined) authextra['challenge'] = toHex(challenge)

  return {
    authextra,
    async answer(extra: Dict): Promise<AuthAnswer> {
      const task = readCryptosignChallenge(extra, wish)
      if ('fault' in task) throw refused(task.fault)
      const boundTo = task.channelBinding === undefined ? undefined : channelId
      if (routerKeys !== undefined) await checkRouter(task, routerKeys, challenge!, boundTo)
      isProven = true
      const message = cryptosignMessage(task.challenge, boundTo)
      return { signature: cryptosignText(await sign(message), message) }
    },
    verify() {
      if (!isProven) throw refused('The router let us in without a challenge, and so without proving itself as "routerKeys" want')
    },
  }
}

/** 32 bytes (AUTH-66): of `tls-unique` the hash, of `tls-exporter` what TLS gives. */
async function channelIdOf(context: AuthContext, type: ChannelBinding): Promise<Uint8Array | undefined> {
  const data = context.channelId(type)
  return data === undefined || type === 'tls-exporter' ? data : compute((crypto, done) => done(crypto.sha256(data)))
}

async function checkRouter(
  { proof }: CryptosignTask,
  routerKeys: readonly Uint8Array[],
  challenge: Uint8Array,
  channelId: Uint8Array | undefined,
): Promise<void> {
  const verdict = await compute<CryptosignVerdict>((crypto, done) =>
    checkRouterProof(crypto, proof, routerKeys, challenge, channelId, done),
  )
  if (verdict !== 'valid')
    throw refused(`The router did not prove itself: ${proof === undefined ? 'it sent no signature' : FAULTS[verdict]}`)
}

const FAULTS: { readonly [verdict in Exclude<CryptosignVerdict, 'valid'>]: string } = {
  malformed: 'its signature is malformed',
  other_challenge: 'its signature is over another challenge',
  wrong_signature: 'its signature is wrong',
  unknown_key: 'its key is none of "routerKeys"',
}

function signerOf({ privateKey, sign, publicKey }: CryptosignOptions): () => Promise<Signer> {
  const isElsewhere = sign !== undefined && publicKey !== undefined && privateKey === undefined
  if (isElsewhere) {
    const key = readPublicKey(publicKey, 'publicKey')
    const signElsewhere = (message: Uint8Array) => secretOf(() => sign(message), 'signature', readSignature)()
    return async () => ({ publicKey: key, sign: signElsewhere })
  }
  if (privateKey === undefined || sign !== undefined || publicKey !== undefined) {
    throw invalid('cryptosign needs either "privateKey" or both "sign" and "publicKey"')
  }
  const ask = secretOf(privateKey, 'private key', readCryptosignSeed)
  return async () => {
    const seed = await ask()
    return {
      publicKey: await compute<Uint8Array>((crypto, done) => crypto.ed25519PublicKey(seed, done)),
      sign: (message) => compute<Uint8Array>((crypto, done) => crypto.ed25519Sign(seed, message, done)),
    }
  }
}

function wishOf({
  channelBinding: type,
  requireChannelBinding: isRequired = false,
  tlsUnique,
}: CryptosignOptions): BindingWish | undefined {
  if (tlsUnique !== undefined && type !== 'tls-unique') throw invalid('"tlsUnique" is for the channel binding "tls-unique"')
  if (type === undefined && isRequired) throw invalid('"requireChannelBinding" needs "channelBinding"')
  if (type === undefined || type === 'tls-unique' || type === 'tls-exporter') return type && { type, isRequired }
  throw invalid(`cryptosign has no channel binding "${type}"; it has "tls-unique" and "tls-exporter"`)
}

function readPublicKey(key: unknown, what: string): Uint8Array {
  const bytes = key instanceof Uint8Array ? new Uint8Array(key) : readHex(key, CRYPTOSIGN_BYTES)
  if (bytes?.length === CRYPTOSIGN_BYTES) return bytes
  throw invalid(`Cannot read "${what}": a public key is 32 bytes or 64 hexadecimal digits`)
}

const SIGNATURE_BYTES = 64

function readSignature(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length === SIGNATURE_BYTES) return value
  throw invalid(`"sign" must give ${SIGNATURE_BYTES} bytes`)
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message)
}

function refused(message: string): UsageError {
  return new UsageError('ERR_REFUSED', message)
}
