// Roles and features as peers announce them in HELLO and WELCOME (SES-02 … SES-05, FEA-02 … FEA-15).

import { ProtocolViolation } from './errors.ts'
import type { Dict } from './messages.ts'

export const CLIENT_ROLES = ['publisher', 'subscriber', 'caller', 'callee'] as const
export const ROUTER_ROLES = ['broker', 'dealer'] as const

/** What a peer announced: a role is present with the set of its features, or absent. */
export type Announcement = { readonly [role: string]: ReadonlySet<string> }

/**
 * Reads `Details.roles`. Unknown roles and features are ignored (SES-03, SES-05); a feature counts only when exactly `true`.
 * Throws `ProtocolViolation` when no known role is announced or a value has the wrong type.
 */
export function readRoles(details: Dict, known: readonly string[]): Announcement {
  const roles = details['roles']
  if (!isDict(roles))
    throw new ProtocolViolation(`Details.roles must be a dictionary with at least one of ${known.join(', ')}, not ${shown(roles)}`)
  const announced: Record<string, ReadonlySet<string>> = {}
  for (const role of known) {
    if (!Object.hasOwn(roles, role)) continue
    announced[role] = readFeatures(role, roles[role])
  }
  if (Object.keys(announced).length === 0) {
    throw new ProtocolViolation(`Details.roles announces none of ${known.join(', ')}`)
  }
  return announced
}

function readFeatures(role: string, value: unknown): ReadonlySet<string> {
  if (!isDict(value)) throw new ProtocolViolation(`Details.roles.${role} must be a dictionary, not ${shown(value)}`)
  const features = new Set<string>()
  const given = value['features']
  if (given === undefined) return features
  if (!isDict(given)) throw new ProtocolViolation(`Details.roles.${role}.features must be a dictionary, not ${shown(given)}`)
  for (const [name, flag] of Object.entries(given)) {
    if (typeof flag !== 'boolean')
      throw new ProtocolViolation(`Details.roles.${role}.features.${name} must be true or false, not ${shown(flag)}`)
    if (flag) features.add(SPELLINGS.get(name) ?? name)
  }
  // Progress without cancelling would leave streams that nobody can stop, so it counts as not announced (FEA-04).
  if (role === 'callee' && !features.has('call_canceling')) {
    features.delete('progressive_call_results')
    features.delete('progressive_call_invocations')
  }
  return features
}

/** Second spellings in the field (FEA-02). */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['call_cancelling', 'call_canceling'],
  ['shareded_subscriptions', 'sharded_subscription'],
])

/** Builds `Details.roles` from the features of each role. */
export function announceRoles(roles: { readonly [role: string]: readonly string[] }): Dict {
  const details: Record<string, unknown> = {}
  for (const [role, features] of Object.entries(roles)) {
    details[role] = { features: Object.fromEntries(features.map((name) => [name, true])) }
  }
  return details
}

export function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** A value as it appears in an error message: short, and safe for a log. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  let text: string
  try {
    text = typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? String(value))
  } catch {
    text = Object.prototype.toString.call(value)
  }
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
