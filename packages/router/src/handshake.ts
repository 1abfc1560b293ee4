// From HELLO to WELCOME or ABORT (sections 4.1 and 4.4 of the requirements).

import { type Dict, EMPTY_DICT, ErrorUri, type Hello, isValidUri, ProtocolViolation, type Uri } from '@crosspoint/protocol'
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

/**
 * Checks the realm element of a HELLO against the realms that exist; the realm's name, or why not.
 * @param mayChoose whether the login may find a realm where the client names none
 */
export function checkRealm(hello: Hello, exists: (name: Uri) => boolean, mayChoose: boolean): Uri | null | Refusal {
  const name = hello.realm
  if (name === null && mayChoose) return null
  if (name === null) return { reason: ErrorUri.noSuchRealm, message: 'This router does not choose realms; HELLO must name one' } // SES-09
  if (!isValidUri(name)) return { reason: ErrorUri.invalidUri, message: `${shown(name)} is not a valid URI for a realm` } // URI-14
  if (!exists(name)) return { reason: ErrorUri.noSuchRealm, message: `There is no realm ${shown(name)} here` } // SES-08
  return name
}

/** What a HELLO says beside its realm. */
export interface ReadHello {
  readonly roles: Announcement
  /** In the client's order; none is "anonymous" (AUTH-03). */
  readonly authmethods: readonly string[]
  readonly authid: string | undefined
  readonly authextra: Dict
}

/** What is kept of an authid, by which failed logins are counted. */
const AUTHID_CHARS_MAX = 256
const AUTHMETHODS_MAX = 32

/** Reads roles and features and the wish for authentication. Throws `ProtocolViolation` for a malformed HELLO. */
export function readHello({ details }: Hello): ReadHello {
  const roles = readRoles(details, CLIENT_ROLES)
  const authmethods = details['authmethods'] ?? []
  const authid = details['authid'] ?? undefined
  const authextra = details['authextra'] ?? EMPTY_DICT
  if (!Array.isArray(authmethods) || authmethods.length > AUTHMETHODS_MAX || !authmethods.every((each) => typeof each === 'string')) {
    throw new ProtocolViolation(`HELLO.Details.authmethods must be a list of at most ${AUTHMETHODS_MAX} strings, not ${shown(authmethods)}`)
  }
  if (authid !== undefined && (typeof authid !== 'string' || authid.length > AUTHID_CHARS_MAX)) {
    throw new ProtocolViolation(`HELLO.Details.authid must be a string of at most ${AUTHID_CHARS_MAX} characters, not ${shown(authid)}`)
  }
  if (typeof authextra !== 'object' || authextra === null || Array.isArray(authextra)) {
    throw new ProtocolViolation(`HELLO.Details.authextra must be a dictionary, not ${shown(authextra)}`)
  }
  return { roles, authmethods, authid, authextra: authextra as Dict }
}

/** Why a HELLO is refused where sessions do not log in; undefined when it is not (ERR-18). */
export function refuseMethods(authmethods: readonly string[]): Refusal | undefined {
  if (authmethods.length === 0 || authmethods.includes('anonymous')) return undefined
  const message = `Only anonymous is accepted here; the client offers ${shown(authmethods.join(', '))}`
  return { reason: ErrorUri.noMatchingAuthMethod, message }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'reason' in value && 'message' in value
}

/** Who is welcomed. */
interface Welcomed {
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string
  readonly authprovider: string
  readonly authextra: Dict | undefined
}

/** The Details of WELCOME (SES-13, AUTH-05), with what only some sessions are told. */
export function welcomeDetails(realm: Uri, who: Welcomed, agent: string, more: Dict = EMPTY_DICT): Dict {
  const { authid, authrole, authmethod, authprovider, authextra } = who
  const details = { realm, authid, authrole, authmethod, authprovider, agent, roles: ROLES, ...more }
  return authextra === undefined ? details : { ...details, authextra }
}
