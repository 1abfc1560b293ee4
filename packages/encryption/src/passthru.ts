// Payload passthru mode (section 11 of the requirements): args and kwargs are serialized by themselves, encrypted if there is
// a key, and travel as one binary argument. The router hands it on with the `ppt_*` keys that say what it is.

import type { PayloadCodec } from '@crosspoint/client'
import { cborSerializer, jsonSerializer, msgpackSerializer, Payload, type Serializer, type Uri, UsageError } from '@crosspoint/protocol'
import { utf8Encode } from '@crosspoint/protocol/internal'
import { gcm } from '@noble/ciphers/aes.js'
import { randomBytes } from '@noble/ciphers/utils.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { keyFromBase64 } from './base64.ts'
import { open as openBox, seal as sealBox } from './box.ts'
import { readContent } from './content.ts'
import { withOptions } from './cryptobox.ts'

const SERIALIZERS: { readonly [name: string]: Serializer } = { cbor: cborSerializer, json: jsonSerializer, msgpack: msgpackSerializer }
const CIPHERS = ['xsalsa20poly1305', 'aes256gcm'] as const
type Cipher = (typeof CIPHERS)[number]
const GCM_NONCE_BYTES = 12
const SERIALIZERS_OF: { readonly [scheme: string]: readonly string[] } = { wamp: ['cbor'], mqtt: ['native', 'json', 'msgpack', 'cbor'] }

/** A key for payloads: a secret, and the id that says which it is. */
export interface DataKey {
  /** `0x` and 40 hex digits, from the secret's public key (PPT-12). */
  readonly id: string
  /** 32 bytes. */
  readonly secret: Uint8Array
}

/** The data key with this secret, 32 bytes in Base64. Throws `ERR_INVALID_ARGUMENT`. */
export function dataKey(secret: string): DataKey {
  const bytes = keyFromBase64(secret, 'The secret of a data key')
  return { id: keyId(x25519.getPublicKey(bytes)), secret: bytes }
}

/** The last 20 bytes of the SHA-256 of a public key, with the checksum of EIP-55 in the case of its letters (PPT-12). */
function keyId(publicKey: Uint8Array): string {
  const digits = toHex(sha256(publicKey).subarray(12))
  const sum = toHex(keccak_256(utf8Encode(digits)))
  return `0x${Array.from(digits, (digit, at) => (Number.parseInt(sum[at]!, 16) >= 8 ? digit.toUpperCase() : digit)).join('')}`
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface PassthruOptions {
  /** `wamp` (end-to-end encryption), `mqtt`, or one of your own that begins with `x_`. */
  readonly scheme: string
  /** `cbor` for `wamp`; `native`, `json`, `msgpack` or `cbor` for others; `native` leaves args and kwargs as they are. Default: `cbor`, for `mqtt` `native`. */
  readonly serializer?: string | undefined
  /** Needed for `wamp`, not allowed for `mqtt`. Default for `wamp`: `xsalsa20poly1305`. */
  readonly cipher?: Cipher | undefined
  /** The key for messages about a URI; without one they travel in the clear, or for `wamp` not at all encrypted. */
  readonly keyFor?: ((uri: Uri) => DataKey | undefined) | undefined
  /** The key with this id, for what arrives. */
  readonly keyById?: ((id: string) => DataKey | undefined) | undefined
}

/**
 * A codec for `ClientOptions.payloadCodec` that sends payloads in passthru mode, and reads what arrives in it. What it cannot
 * read is not delivered: an event is dropped, a call fails (PPT-14).
 * @throws `ERR_INVALID_ARGUMENT` for a combination that the specification does not allow (PPT-10).
 *
 * @example
 * const key = dataKey(secret)
 * const codec = passthru({ scheme: 'wamp', keyFor: () => key, keyById: (id) => (id === key.id ? key : undefined) })
 * const client = new Client({ url, payloadCodec: codec })
 */
export function passthru(options: PassthruOptions): PayloadCodec {
  const { scheme } = options
  const serializer = options.serializer ?? (scheme === 'mqtt' ? 'native' : 'cbor')
  const cipher = options.cipher ?? (scheme === 'wamp' ? 'xsalsa20poly1305' : undefined)
  check(scheme, serializer, cipher, options)
  return {
    features: ['payload_passthru_mode'],

    seal(message, uri) {
      const key = cipher === undefined ? undefined : options.keyFor?.(uri)
      if (cipher !== undefined && key === undefined) return message
      const how: Record<string, unknown> = { ppt_scheme: scheme, ppt_serializer: serializer }
      if (key !== undefined) Object.assign(how, { ppt_cipher: cipher, ppt_keyid: key.id })
      if (serializer === 'native') return { ...message, ...withOptions(message, how) }
      const plain = SERIALIZERS[serializer]!.encodePayload([message.payload.read()])
      const bytes = key === undefined ? plain : encrypt(cipher!, key.secret, plain)
      return { ...message, ...withOptions(message, how), payload: Payload.of([bytes]) }
    },

    open(message) {
      const { ppt_serializer, ppt_cipher, ppt_keyid } = message.details
      if (ppt_serializer === 'native' && ppt_cipher === undefined) return message
      const bytes = onlyArgument(message.payload)
      const known = typeof ppt_serializer === 'string' ? SERIALIZERS[ppt_serializer] : undefined
      if (bytes === undefined || known === undefined) return undefined
      const key = typeof ppt_keyid === 'string' ? options.keyById?.(ppt_keyid) : undefined
      const plain = ppt_cipher === undefined ? bytes : key && decrypt(ppt_cipher, key.secret, bytes)
      const content = plain && readContent(known, plain) // PPT-08
      return content && { ...message, payload: Payload.of(content.args, content.kwargs) }
    },
  }
}

function check(scheme: string, serializer: string, cipher: Cipher | undefined, { keyFor }: PassthruOptions): void {
  const refuse = (why: string): never => {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot use payload passthru: ${why}`)
  }
  const allowed = SERIALIZERS_OF[scheme] ?? (scheme.startsWith('x_') ? ['native', ...Object.keys(SERIALIZERS)] : undefined)
  if (allowed === undefined) return refuse(`scheme must be "wamp", "mqtt" or begin with "x_", not "${scheme}"`)
  if (!allowed.includes(serializer)) refuse(`the scheme ${scheme} takes the serializers ${allowed.join(', ')}, not "${serializer}"`)
  if (cipher !== undefined && !CIPHERS.includes(cipher)) refuse(`cipher must be one of ${CIPHERS.join(', ')}, not "${String(cipher)}"`)
  if (cipher !== undefined && (scheme === 'mqtt' || serializer === 'native')) refuse(`${scheme} with ${serializer} has no cipher`)
  if (cipher !== undefined && keyFor === undefined) refuse('a cipher needs keyFor')
}

function encrypt(cipher: Cipher, secret: Uint8Array, plain: Uint8Array): Uint8Array {
  if (cipher === 'xsalsa20poly1305') return sealBox(secret, plain)
  const nonce = randomBytes(GCM_NONCE_BYTES)
  const sealed = gcm(secret, nonce).encrypt(plain)
  const bytes = new Uint8Array(nonce.length + sealed.length)
  bytes.set(nonce)
  bytes.set(sealed, nonce.length)
  return bytes
}

function decrypt(cipher: unknown, secret: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  if (cipher === 'xsalsa20poly1305') return openBox(secret, bytes)
  if (cipher !== 'aes256gcm' || bytes.length < GCM_NONCE_BYTES + 16) return undefined
  try {
    return gcm(secret, bytes.subarray(0, GCM_NONCE_BYTES)).decrypt(bytes.subarray(GCM_NONCE_BYTES))
  } catch {
    return undefined
  }
}

/** The one binary argument of a passed-through payload (PPT-07). */
function onlyArgument(payload: Payload): Uint8Array | undefined {
  const { args, kwargs } = payload.read()
  const [bytes] = args
  return args.length === 1 && Object.keys(kwargs).length === 0 && bytes instanceof Uint8Array ? bytes : undefined
}
