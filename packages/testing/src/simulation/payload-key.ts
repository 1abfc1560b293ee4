// A payload as a text that is the same for equal payloads, whatever serializer they came in.

import type { Payload } from '@crosspoint/protocol'
import type { ModelSession } from './model/state.ts'

export function payloadKey(payload: Payload): string {
  if (payload.count === 0) return ''
  const { args, kwargs } = payload.read()
  return JSON.stringify([args, kwargs], (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

/**
 * Whether a message with this payload is longer than its receiver accepts; for one that is away, that shows when it is back. Payloads
 * are drawn so that the few bytes of the rest of a message do not matter.
 */
export function isTooLong(key: string, { link, resume }: Pick<ModelSession, 'link' | 'resume'>): boolean {
  return resume?.isDetached !== true && key.length > (link.frameBytesMax ?? Number.POSITIVE_INFINITY)
}
