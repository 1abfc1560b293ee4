import {
  cborSerializer,
  flatbuffersSerializer,
  jsonSerializer,
  msgpackSerializer,
  plainUbjsonSerializer,
  type Serializer,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import type { SerializerName } from './config/resolved.ts'

/** The serializers by the names that configurations use. */
export const SERIALIZERS: { readonly [name in SerializerName]: Serializer } = Object.freeze({
  json: jsonSerializer,
  msgpack: msgpackSerializer,
  cbor: cborSerializer,
  ubjson: ubjsonSerializer,
  'ubjson-plain': plainUbjsonSerializer,
  flatbuffers: flatbuffersSerializer,
})
