// What of a request's Options goes on into the Details of what is sent onward, beyond what only one role knows.

import type { Dict } from '@crosspoint/protocol'

/** In place of `disclose_me: true` where the client did not ask for it: a permission of its role says so. No client can send it. */
export const DISCLOSED_BY_ROLE = 'by_role'

/** Whether callees and subscribers are told who it is, by the wish of the client or by its role. */
export function isDisclosed(options: Dict): boolean {
  const disclose = options['disclose_me']
  return disclose === true || disclose === DISCLOSED_BY_ROLE
}

/** Payload passthru mode (PPT-01) and its older form (PPT-16): keys that the router hands on and never looks into. */
const PPT_KEYS = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const
const ENC_KEYS = ['enc_algo', 'enc_serializer', 'enc_key'] as const

/** Whether the payload is for the far end only: `ppt_scheme` is there and not empty. */
export function isPassthru(options: Dict): boolean {
  const scheme = options['ppt_scheme']
  return typeof scheme === 'string' && scheme !== ''
}

/** Copies the keys that mark a payload for the far end; without `ppt_scheme` the others mean nothing (PPT-14). */
export function copyPassthru(options: Dict, details: Record<string, unknown>): void {
  if (isPassthru(options)) copy(PPT_KEYS, options, details)
  if (typeof options['enc_algo'] === 'string') copy(ENC_KEYS, options, details)
}

/** Whether there is anything for `copyPassthru` to copy. */
export function hasPassthru(options: Dict): boolean {
  return isPassthru(options) || typeof options['enc_algo'] === 'string'
}

function copy(keys: readonly string[], options: Dict, details: Record<string, unknown>): void {
  for (const key of keys) if (options[key] !== undefined) details[key] = options[key]
}
