// Whether the credentials of principals can be used, by the readers that the router uses at each login: a principal that could never
// log in is told at the start. Also for principals in files.

import {
  CRYPTOSIGN_BYTES,
  readHex,
  readScramCredentials,
  readTicketHash,
  readTotpSecret,
  readWampcraSalting,
  saslprep,
} from '@crosspoint/protocol/internal'
import { fingerprintsOf, keysOf, type LoginPrincipal } from '@crosspoint/router'
import { type ConfigPath, type Issue, pathText } from './issue.ts'
import type { PrincipalMethod } from './schema-auth.ts'

/** What is wrong with a principal: at which key ('' for the principal itself), and what would be right. */
export interface CredentialFault {
  readonly key: string
  readonly message: string
}

const FINGERPRINTS = [
  ['certificate-sha1', 20],
  ['certificate-sha256', 32],
] as const
const KEY = `must be ${2 * CRYPTOSIGN_BYTES} hexadecimal digits, as \`crosspoint keygen\` prints a public key`

/** What is wrong with the credentials of a principal whose shape is right. No message shows a secret. */
export function credentialFaults(method: PrincipalMethod, authid: string, principal: LoginPrincipal): CredentialFault[] {
  const faults = authid === '' ? [{ key: '', message: 'an authid is text that is not empty' }] : []
  const { totp } = principal
  const secret = totp === undefined ? undefined : readTotpSecret(totp)
  if (secret !== undefined && 'fault' in secret) faults.push({ key: 'totp', message: `cannot be read: ${secret.fault}` })
  switch (method) {
    case 'ticket':
      return [...faults, ...ticketFaults(principal)]
    case 'wampcra':
      return [...faults, ...wampcraFaults(principal)]
    case 'scram':
      return [...faults, ...scramFaults(authid, principal)]
    case 'cryptosign':
      return [...faults, ...cryptosignFaults(principal)]
    case 'tls':
      return [...faults, ...tlsFaults(principal)]
  }
}

function ticketFaults({ ticket, 'ticket-hash': hash }: LoginPrincipal): CredentialFault[] {
  if (ticket === undefined && hash === undefined) {
    return [{ key: '', message: 'has no ticket; give ticket-hash, as `crosspoint passwd --method ticket` prints it, or ticket' }]
  }
  if (hash === undefined) return []
  if (ticket !== undefined) return [{ key: 'ticket', message: 'stands beside ticket-hash; only one of the two can hold: remove it' }]
  const read = readTicketHash(hash)
  return 'fault' in read ? [{ key: 'ticket-hash', message: `cannot be read: ${read.fault}` }] : []
}

function wampcraFaults(principal: LoginPrincipal): CredentialFault[] {
  if (principal['salt'] !== undefined) {
    const salting = readWampcraSalting(principal)
    return 'fault' in salting ? [{ key: '', message: `cannot be used: ${salting.fault}` }] : []
  }
  return ['iterations', 'keylen'].flatMap((key) =>
    principal[key] === undefined ? [] : [{ key, message: 'has no meaning without salt; give the salt, or remove it' }],
  )
}

function scramFaults(authid: string, principal: LoginPrincipal): CredentialFault[] {
  if (principal['kdf'] === 'argon2id-13') {
    // AUTH-53
    const message =
      'is an older draft of SCRAM that Crossbar has, and not compatible: its credentials cannot be taken over; make new ones with `crosspoint passwd --method scram`, whose kdf is "argon2id13"'
    return [{ key: 'kdf', message }]
  }
  const credentials = readScramCredentials(principal)
  if ('fault' in credentials) return [{ key: '', message: `cannot be used: ${credentials.fault}` }]
  const prepared = preparedName(authid)
  if (prepared === authid) return []
  const remedy = prepared === undefined ? 'take another' : `write ${JSON.stringify(prepared)}`
  return [{ key: '', message: `is looked up by its authid as SASLprep (RFC 4013) prepares it, and this one would not be found; ${remedy}` }]
}

function preparedName(authid: string): string | undefined {
  try {
    return saslprep(authid, 'stored', 'authid')
  } catch {
    return undefined
  }
}

function cryptosignFaults(principal: LoginPrincipal): CredentialFault[] {
  const keys = (principal['authorized_keys'] ?? []) as readonly unknown[]
  if (keys.length === 0) return [{ key: 'authorized_keys', message: 'must hold at least one public key' }]
  return keys.some((key) => readHex(key, CRYPTOSIGN_BYTES) === undefined) ? [{ key: 'authorized_keys', message: `each ${KEY}` }] : []
}

function tlsFaults(principal: LoginPrincipal): CredentialFault[] {
  if (FINGERPRINTS.every(([key]) => principal[key] === undefined)) {
    return [{ key: '', message: 'has no certificate; give certificate-sha256, or certificate-sha1' }]
  }
  return FINGERPRINTS.flatMap(([key, bytes]) => {
    const value = principal[key]
    if (value === undefined || (typeof value === 'string' && readHex(value.replaceAll(':', ''), bytes) !== undefined)) return []
    return [{ key, message: `must be ${bytes} bytes in hexadecimal digits, with colons or without: AA:BB:…` }]
  })
}

/** Keys and certificates that several principals of a method have: who shows one without an authid could not be known by it. */
export function duplicateCredentials(principals: { readonly [authid: string]: LoginPrincipal }, path: ConfigPath): Issue[] {
  const issues: Issue[] = []
  const seen = new Map<string, ConfigPath>()
  for (const [authid, principal] of Object.entries(principals)) {
    const fingerprints = fingerprintsOf(principal)
    const at = [...path, authid, ...(fingerprints.length === 0 ? ['authorized_keys'] : [])]
    for (const one of [...keysOf(principal), ...fingerprints]) {
      const first = seen.get(one)
      if (first !== undefined) {
        issues.push({ path: at, value: one, message: `is at ${pathText(first)}, too; each must be that of one principal, and stand once` })
      } else seen.set(one, at)
    }
  }
  return issues
}
