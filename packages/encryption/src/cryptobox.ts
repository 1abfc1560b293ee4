// End-to-end encryption as Autobahn|Python has it (PPT-16): the payload is a box in place of args and kwargs, with
// `enc_algo: "cryptobox"` beside it. The box holds JSON: the URI, args and kwargs; the URI is checked, so that a router cannot
// deliver one topic's payload as another's.

import type { PayloadCodec } from '@crosspoint/client'
import { type Dict, jsonSerializer, MessageType, Payload } from '@crosspoint/protocol'
import { open, seal } from './box.ts'
import { readContent } from './content.ts'
import type { KeyRing } from './key-ring.ts'

const OPTIONS: Dict = Object.freeze({ enc_algo: 'cryptobox', enc_serializer: 'json' })

/**
 * A codec for `ClientOptions.payloadCodec` that encrypts what is about URIs with a key in `ring`, and reads what arrives
 * encrypted. What it cannot read is not delivered: an event is dropped, a call fails (PPT-14).
 *
 * @example
 * const client = new Client({ url, payloadCodec: cryptobox(new KeyRing({ 'com.example.secret.': privateKey })) })
 */
export function cryptobox(ring: KeyRing): PayloadCodec {
  return {
    features: ['payload_transparency', 'payload_encryption_cryptobox'],

    seal(message, uri) {
      const isOriginator = message.type === MessageType.CALL || message.type === MessageType.PUBLISH
      const about = message.type === MessageType.ERROR ? message.error : uri
      const secret = ring.secretFor(about, isOriginator)
      if (secret === undefined) return message
      const { args, kwargs } = message.payload.read()
      const plain = jsonSerializer.encodePayload([{ uri: about, args, kwargs }])
      return { ...message, ...withOptions(message, OPTIONS), payload: Payload.opaque(seal(secret, plain)) }
    },

    open(message, uri) {
      const { enc_algo, enc_serializer } = message.details
      const box = message.payload.readOpaque()
      const isOriginator = message.type === MessageType.RESULT || message.type === MessageType.ERROR
      const about = message.type === MessageType.ERROR ? message.error : uri
      const secret = ring.secretFor(about, isOriginator)
      if (enc_algo !== 'cryptobox' || enc_serializer !== 'json' || !(box instanceof Uint8Array) || secret === undefined) return undefined
      const plain = open(secret, box)
      const content = plain && readContent(jsonSerializer, plain)
      if (content === undefined || content.uri !== about) return undefined
      return { ...message, payload: Payload.of(content.args, content.kwargs) }
    },
  }
}

/** The message's options, or of an ERROR its details, with those of the codec. */
export function withOptions(
  message: { readonly options?: Dict; readonly details?: Dict },
  more: Dict,
): { options: Dict } | { details: Dict } {
  return message.options === undefined ? { details: { ...message.details, ...more } } : { options: { ...message.options, ...more } }
}
