// From HELLO to WELCOME or ABORT (sections 4.1 and 4.4 of the requirements).

import { type Dict, EMPTY_DICT, ErrorUri, type Hello, isValidUri, ProtocolViolation, type Random, type Uri } from '@crosspoint/protocol'
import { type Announcement, announceRoles, CLIENT_ROLES, readRoles, shown } from '@crosspoint/protocol/internal'

/** What this router can do, announced in every WELCOME (FEA-10, FEA-13). */
export const ROUTER_FEATURES = {
  broker: [
    'event_history',
    'event_retention',
    'pattern_based_subscription',
    'payload_passthru_mode',
    'payload_transparency',
    'publication_trustlevels',
    'publisher_exclusion',
    'publisher_identification',
    'session_meta_api',
    'sharded_subscription',
    'shareded_subscriptions',
    'subscriber_blackwhite_listing',
    'subscription_meta_api',
    'subscription_revocation',
  ],
  dealer: [
    'call_canceling',
    'call_reroute',
    'call_timeout',
    'call_trustlevels',
    'caller_identification',
    'pattern_based_registration',
    'payload_passthru_mode',
    'payload_transparency',
    'progressive_call_invocations',
    'progressive_call_results',
    'registration_meta_api',
    'registration_revocation',
    'session_meta_api',
    'sharded_registration',
    'shared_registration',
    'testament_meta_api',
  ],
} as const

const ROLES: Dict = Object.freeze(withReflection(announceRoles(ROUTER_FEATURES)))

/** Reflection stands in the role itself, not among its features (FEA-15). */
function withReflection(roles: Dict): Dict {
  return Object.fromEntries(Object.entries(roles).map(([role, details]) => [role, { ...(details as Dict), reflection: true }]))
}

/** Why a HELLO is refused: the reason of the ABORT and its message. */
export interface Refusal {
  readonly reason: Uri
  readonly message: string
}

/** Checks the realm element of a HELLO against the realms that exist; the realm's name, or why not. */
export function checkRealm(hello: Hello, exists: (name: Uri) => boolean): Uri | Refusal {
  const name = hello.realm
  if (name === null) return { reason: ErrorUri.noSuchRealm, message: 'This router does not choose realms; HELLO must name one' } // SES-09
  if (!isValidUri(name)) return { reason: ErrorUri.invalidUri, message: `${shown(name)} is not a valid URI for a realm` } // URI-14
  if (!exists(name)) return { reason: ErrorUri.noSuchRealm, message: `There is no realm ${shown(name)} here` } // SES-08
  return name
}

/** Reads roles and features and the wish for authentication. Throws `ProtocolViolation` for a malformed HELLO. */
export function readHello(hello: Hello): Announcement | Refusal {
  const roles = readRoles(hello.details, CLIENT_ROLES)
  const methods = hello.details['authmethods']
  if (methods === undefined || methods === null) return roles
  if (!Array.isArray(methods) || !methods.every((method) => typeof method === 'string')) {
    throw new ProtocolViolation(`HELLO.Details.authmethods must be a list of strings, not ${shown(methods)}`)
  }
  if (methods.length > 0 && !methods.includes('anonymous')) {
    return { reason: ErrorUri.noMatchingAuthMethod, message: `Only anonymous is accepted here; the client offers ${methods.join(', ')}` }
  }
  return roles
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'reason' in value && 'message' in value
}

/** A random authid for an anonymous session (SES-13). */
export function randomAuthid(random: Random): string {
  return `${random.id().toString(36)}${random.id().toString(36)}`.slice(0, 16)
}

/** The Details of WELCOME (SES-13), with what only some sessions are told. */
export function welcomeDetails(realm: Uri, authid: string, authrole: string, agent: string, more: Dict = EMPTY_DICT): Dict {
  return { realm, authid, authrole, authmethod: 'anonymous', authprovider: 'static', agent, roles: ROLES, ...more }
}
