// Those who may log in, and where they are looked up: a configuration, a file, a table, a function, a procedure. A principal is a
// dictionary, as Crossbar.io has it: who it becomes, and the credentials that its method reads.

import type { Dict, Uri } from '@crosspoint/protocol'
import { isDict, shown } from '@crosspoint/protocol/internal'
import type { ClientCertificate, LoginRequest } from './authenticator.ts'

/**
 * Beside the credentials (`ticket`, `ticket-hash`, `secret`, `salt`, `stored-key`, `authorized_keys`, `certificate-sha256` …):
 * who the principal becomes.
 */
export interface Principal extends Dict {
  /** Default: the source's, or "anonymous". */
  readonly role?: string
  /** The realm it joins, whatever it asks for. */
  readonly realm?: Uri
  /** Another authid than the one it was found by. */
  readonly authid?: string
  /** WELCOME.Details.authextra: what every serializer can write, or the login fails. */
  readonly extra?: Dict
  /** The secret of its second step, in Base32 (see `totpSecondStep`). Default: it has none. */
  readonly totp?: string
}

export interface PrincipalQuery {
  /** The method that asks. */
  readonly authmethod: string
  /** Undefined when the client gave none; then what else is known must lead to one principal only. */
  readonly authid: string | undefined
  /** The client's public key, 64 lower-case hexadecimal digits, with cryptosign. */
  readonly pubkey?: string | undefined
  /** The client's certificate, with tls. */
  readonly certificate?: ClientCertificate | undefined
  /** What the client sent as its ticket, for sources that check tickets themselves. */
  readonly ticket?: string | undefined
  readonly request: LoginRequest
}

/** A lookup without an answer. */
export interface LookupFailure {
  readonly failure: string
  /** With which the ABORT is sent, and its message; for dynamic authenticators that say so. Default: `wamp.error.authentication_failed`. */
  readonly reason?: Uri | undefined
  readonly message?: string | undefined
}

export interface PrincipalSource {
  /** WELCOME.Details.authprovider. */
  readonly provider: string
  /** Whether finding somebody by a ticket means that the ticket is right. */
  readonly checksTickets?: boolean | undefined
  /** Whether finding somebody by a certificate means that the certificate is its own. */
  readonly checksCertificates?: boolean | undefined
  /** A principal like the others: what unknown ones are made to look like. Default: what new ones are given. */
  readonly example?: Principal | undefined
  /** Calls `done` once, now or later; with undefined when nobody is known by that. */
  find(query: PrincipalQuery, done: (found: Principal | LookupFailure | undefined) => void): void
}

/**
 * Asks a source. What it throws, and what is no principal, is a failure: a source may be somebody's own, and answer late, where nobody
 * else would catch it.
 *
 * @param done called once
 * @example
 * lookUp(source, { authmethod: 'ticket', authid, ticket, request }, (found) => check(found))
 */
export function lookUp(source: PrincipalSource, query: PrincipalQuery, done: (found: Principal | LookupFailure | undefined) => void): void {
  let isDone = false
  const once = (found: unknown): void => {
    if (isDone) return
    isDone = true
    const isOne = found === undefined || (isDict(found) && isNameOrNone(found['authid']))
    done(isOne ? (found as Principal | undefined) : { failure: `the source answered with ${shown(found)}, which is no principal` })
  }
  try {
    source.find(query, once)
  } catch (error) {
    if (isDone) throw error // not the source's
    once({ failure: `the source failed: ${error instanceof Error ? error.message : 'it threw what is no error'}` })
  }
}

function isNameOrNone(authid: unknown): boolean {
  return authid === undefined || authid === null || typeof authid === 'string'
}

export function isLookupFailure(found: Principal | LookupFailure | undefined): found is LookupFailure {
  return found !== undefined && typeof found['failure'] === 'string'
}

/**
 * Principals that are all in memory.
 *
 * @param principals by authid
 * @param provider for WELCOME; a configuration is "static"
 * @example
 * const source = staticPrincipals({ joe: { ticket: 's3cret', role: 'user' } })
 */
export function staticPrincipals(principals: { readonly [authid: string]: Principal }, provider = 'static'): PrincipalSource {
  const byAuthid = new Map(Object.entries(principals))
  /** The authid of each key and certificate; undefined for one that several principals have. */
  const byKey = new Map<string, string | undefined>()
  const byFingerprint = new Map<string, string | undefined>()
  const own = (index: Map<string, string | undefined>, key: string, authid: string) =>
    index.set(key, index.has(key) && index.get(key) !== authid ? undefined : authid)
  for (const [authid, principal] of byAuthid) {
    for (const key of keysOf(principal)) own(byKey, key, authid)
    for (const fingerprint of fingerprintsOf(principal)) own(byFingerprint, fingerprint, authid)
  }
  return {
    provider,
    example: [...byAuthid.values()][0],
    find({ authid, pubkey, certificate }, done) {
      const byCredential = () => {
        if (pubkey !== undefined) return byKey.get(pubkey)
        return certificate && (byFingerprint.get(certificate.sha256) ?? byFingerprint.get(certificate.sha1))
      }
      const known = authid ?? byCredential()
      const principal = known === undefined ? undefined : byAuthid.get(known)
      done(principal === undefined || principal.authid !== undefined ? principal : { ...principal, authid: known! })
    },
  }
}

/** The public keys of a principal, 64 lower-case hexadecimal digits each. */
export function keysOf(principal: Principal): string[] {
  const { authorized_keys, pubkey } = principal
  const keys = Array.isArray(authorized_keys) ? authorized_keys : pubkey === undefined ? [] : [pubkey]
  return keys.filter((key) => typeof key === 'string').map((key) => key.toLowerCase())
}

/** The fingerprints of a principal's certificate, lower-case hexadecimal digits; SHA-256 before SHA-1. */
export function fingerprintsOf(principal: Principal): string[] {
  const { 'certificate-sha256': sha256, 'certificate-sha1': sha1 } = principal
  return [sha256, sha1].filter((text) => typeof text === 'string').map((text) => text.replaceAll(':', '').toLowerCase())
}
