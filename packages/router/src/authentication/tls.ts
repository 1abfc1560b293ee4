// TLS client certificates: who it is was shown before HELLO, and TLS has checked that the client has the key and that the endpoint's
// authorities signed the certificate. What is left is to know whose it is.

import type { Authenticator, ClientCertificate } from './authenticator.ts'
import { identityOf } from './identity.ts'
import { fingerprintsOf, isLookupFailure, lookUp, type Principal, type PrincipalSource } from './principals.ts'
import { denied, failed, lookupFailed } from './refusals.ts'

/**
 * Certificates of the principals of a source, which have `certificate-sha256` or `certificate-sha1`: the fingerprint in hexadecimal
 * digits of any case, with colons or without. Connections without a certificate go on with the client's next method. With an authid
 * in HELLO the certificate must be that principal's; without one it says who it is, if it is that of one principal only.
 *
 * @param source where principals are looked up, at HELLO, by certificate and authid
 * @example
 * tls(staticPrincipals({ sensor7: { 'certificate-sha256': '9F:86:D0:81:…', role: 'sensor' } }))
 */
export function tls(source: PrincipalSource): Authenticator {
  return {
    method: 'tls',
    begin(request, next) {
      const { authid, link } = request
      const { certificate } = link
      if (certificate === undefined) return next({ type: 'skip', cause: 'the connection has no client certificate' })
      lookUp(source, { authmethod: 'tls', authid, certificate, request }, (found) => {
        if (isLookupFailure(found)) return next(lookupFailed(found))
        const who = authid === undefined ? 'exactly one principal' : `"${authid}"`
        if (found === undefined || (source.checksCertificates !== true && !hasCertificate(found, certificate))) {
          return next(denied(`the certificate with SHA-256 ${certificate.sha256} is not that of ${who}`))
        }
        const identity = identityOf(found, request, source, 'tls', authid ?? certificate.commonName)
        if (typeof identity === 'string') next(failed(`tls with the certificate ${certificate.sha256}: ${identity}`))
        else next({ type: 'accept', identity, principal: found })
      })
    },
  }
}

/** Whether all fingerprints that the principal has are those of the certificate, and it has any. */
function hasCertificate(principal: Principal, { sha1, sha256 }: ClientCertificate): boolean {
  const fingerprints = fingerprintsOf(principal)
  return fingerprints.length > 0 && fingerprints.every((each) => each === sha256 || each === sha1)
}
