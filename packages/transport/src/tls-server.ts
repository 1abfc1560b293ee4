// The TLS side of a listener: one set of keys, certificates and rules. It never listens; the listener hands it connections, and
// makes another one when certificates change.

import { constants, X509Certificate } from 'node:crypto'
import { createSecureContext, createServer, DEFAULT_CIPHERS, type SecureContext, type Server } from 'node:tls'
import type { TlsOptions } from './options.ts'

/** What Node.js has for TLS 1.3, which a list of ciphers without any of them would turn off. */
const CIPHERS_OF_TLS_1_3 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'

/** Without those of TLS 1.2 whose key exchange is RSA: who gets the key of the certificate later could read all that was recorded. */
const CIPHERS_WITH_FORWARD_SECRECY = `${DEFAULT_CIPHERS}:!kRSA`

interface Named {
  readonly certificate: X509Certificate
  readonly context: SecureContext
}

/** Throws what OpenSSL says when key and certificate do not fit together, or a text is no PEM. */
export function createTlsServer(tls: TlsOptions, handshakeTimeoutMs: number): Server {
  const rules = {
    ca: tls.ca,
    ciphers: ciphersOf(tls),
    dhparam: tls.dhparam,
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION, // what a login is bound to must not change (AUTH-46)
    sessionIdContext: 'crosspoint', // the same for every name, so that a session with a client certificate can be resumed
  } as const
  const named: readonly Named[] = [tls, ...(tls.certificates ?? [])].map(({ key, cert }) => ({
    certificate: new X509Certificate(cert),
    context: createSecureContext({ ...rules, key, cert }),
  }))
  return createServer({
    ...rules,
    key: tls.key,
    cert: tls.cert,
    requestCert: tls.ca !== undefined,
    rejectUnauthorized: tls.ca !== undefined && tls.clientCertificates !== 'wanted',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeTimeoutMs,
    SNICallback: (name, done) => done(null, contextFor(name, named)),
  })
}

function ciphersOf({ ciphers }: TlsOptions): string {
  if (ciphers === undefined) return CIPHERS_WITH_FORWARD_SECRECY
  if (ciphers.split(':').some((one) => one.startsWith('TLS_'))) return ciphers
  return `${CIPHERS_OF_TLS_1_3}:${ciphers}`
}

/** The certificate with that very name, else the one with a wildcard for it, else the first (RFC 6066, 3). */
function contextFor(name: string, named: readonly Named[]): SecureContext {
  const find = (wildcards: boolean) =>
    named.find(({ certificate }) => certificate.checkHost(name, { wildcards, partialWildcards: false, subject: 'default' }) !== undefined)
  // What is no host name is for no certificate, and nothing to ask OpenSSL about.
  const found = /^[a-z0-9._-]+$/i.test(name) ? (find(false) ?? find(true)) : undefined
  return (found ?? named[0]!).context
}
