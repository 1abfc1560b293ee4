// Reads what was inside a payload. It comes from outside like any frame, so it is read as the argument of an EVENT: walked,
// bounded and checked by the decoder that every frame goes through.

import { cborSerializer, type Dict, jsonSerializer, msgpackSerializer, type Payload, type Serializer } from '@crosspoint/protocol'
import { isDict } from '@crosspoint/protocol/internal'

const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0))

/** The bytes of `[36, 1, 1, {}, [` and of what closes it, by serializer. */
const SHELLS: ReadonlyMap<Serializer, readonly [readonly number[], readonly number[]]> = new Map([
  [jsonSerializer, [ascii('[36,1,1,{},['), ascii(']]')]],
  [msgpackSerializer, [[0x95, 36, 1, 1, 0x80, 0x91], []]],
  [cborSerializer, [[0x85, 0x18, 36, 1, 1, 0xa0, 0x81], []]],
])

export interface Content {
  readonly uri: unknown
  readonly args: readonly unknown[]
  readonly kwargs: Dict
}

/** A dictionary with `args` and `kwargs`, and perhaps a `uri`; `undefined` when it is anything else. Null and absent are empty. */
export function readContent(serializer: Serializer, bytes: Uint8Array): Content | undefined {
  const [before, after] = SHELLS.get(serializer)!
  try {
    const message = serializer.decode(Uint8Array.from([...before, ...bytes, ...after])) as { payload: Payload }
    const values = message.payload.read().args
    if (values.length !== 1 || !isDict(values[0])) return undefined
    const { uri, args, kwargs } = values[0]
    if (!Array.isArray(args ?? []) || !isDict(kwargs ?? {})) return undefined
    return { uri, args: (args ?? []) as unknown[], kwargs: (kwargs ?? {}) as Dict }
  } catch {
    return undefined
  }
}
