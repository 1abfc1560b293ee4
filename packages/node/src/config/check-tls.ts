// What the shape of `tls` cannot say: files that must be there and hold PEM text, keys that must belong to their certificates and be
// nobody else's to read.

import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { modeFault } from '../file-modes.ts'
import type { ConfigPath, Issue } from './issue.ts'
import type { TlsConfig } from './schema.ts'
import type { TransportView } from './view.ts'

const DHPARAM = '-----BEGIN DH PARAMETERS-----'

export function checkTls(view: TransportView, file: string): Issue[] {
  const endpoint = view.config.endpoint
  if (endpoint.type !== 'tcp' || endpoint.tls === undefined) return []
  const tls = endpoint.tls
  const path = [...view.path, 'endpoint', 'tls']
  const pairs = [
    { pair: tls, at: path },
    ...(tls.certificates ?? []).map((pair, index) => ({ pair, at: [...path, 'certificates', index] })),
  ]
  const issues = [...pairs.flatMap(({ pair, at }) => checkPair(pair, at, file)), ...checkAuthorities(tls, path, file)]
  if (tls.ciphers !== undefined && failureOf({ ciphers: tls.ciphers }) !== undefined) {
    const message = 'OpenSSL knows none of these ciphers; give names such as "ECDHE-RSA-AES128-GCM-SHA256", separated by colons'
    issues.push({ path: [...path, 'ciphers'], value: tls.ciphers, message })
  }
  if (tls.dhparam !== undefined) {
    const text = readPem(tls.dhparam, [...path, 'dhparam'], file, issues)
    // What is something else, Node would not say and not use.
    const failure = text?.includes(DHPARAM) === false ? `no ${DHPARAM} in it` : text && failureOf({ dhparam: text })
    if (failure !== undefined) {
      const message = `holds no Diffie-Hellman parameters that can be used (${failure}); make them with \`openssl dhparam 2048\``
      issues.push({ path: [...path, 'dhparam'], value: tls.dhparam, message })
    }
  }
  return issues
}

function checkPair(pair: Pick<TlsConfig, 'key' | 'certificate' | 'chain_certificates'>, path: ConfigPath, file: string): Issue[] {
  const issues: Issue[] = []
  const key = readPem(pair.key, [...path, 'key'], file, issues)
  if (key !== undefined) issues.push(...checkMode(pair.key, [...path, 'key'], file))
  const cert = readPem(pair.certificate, [...path, 'certificate'], file, issues)
  pair.chain_certificates?.forEach((name, index) => void readPem(name, [...path, 'chain_certificates', index], file, issues))
  if (key === undefined || cert === undefined) return issues
  const failure = failureOf({ key, cert })
  if (failure === undefined) return issues
  const message = `key and certificate cannot be used (${failure}); they must be PEM files that belong together`
  return [...issues, { path, value: { key: pair.key, certificate: pair.certificate }, message }]
}

function checkMode(name: string, path: ConfigPath, file: string): Issue[] {
  const found = resolve(dirname(file), name)
  const message = modeFault(found, statSync(found).mode)
  return message === undefined ? [] : [{ path, value: name, message }]
}

function checkAuthorities(tls: TlsConfig, path: ConfigPath, file: string): Issue[] {
  const issues: Issue[] = []
  tls.ca_certificates?.forEach((name, index) => {
    const at = [...path, 'ca_certificates', index]
    const text = readPem(name, at, file, issues)
    if (text === undefined || isCertificate(text)) return
    issues.push({ path: at, value: name, message: 'holds no certificate; it must be that of an authority, or a list of them' })
  })
  if (tls.clientCertificates !== undefined && tls.ca_certificates === undefined) {
    const message = 'needs ca_certificates, which say whose certificates are good; add them, or remove this'
    issues.push({ path: [...path, 'clientCertificates'], value: tls.clientCertificates, message })
  }
  return issues
}

/** The text of a file; undefined when there is an issue with it. */
function readPem(name: string, path: ConfigPath, file: string, issues: Issue[]): string | undefined {
  try {
    const text = readFileSync(resolve(dirname(file), name), 'utf8')
    if (text.includes('-----BEGIN ')) return text
    issues.push({ path, value: name, message: 'is no PEM file; it must hold a line that begins with -----BEGIN' })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const message = `cannot be read (${code}); it must be a PEM file, its path relative to the configuration file`
    issues.push({ path, value: name, message })
  }
  return undefined
}

/** Why OpenSSL does not take it. */
function failureOf(options: SecureContextOptions): string | undefined {
  try {
    createSecureContext(options)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}
