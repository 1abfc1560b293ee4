// The schema of `tls` at an endpoint: Crossbar's names, and ours for several certificates and for clients that may have none.

import { choice, list, object, text } from './schema-parts.ts'

const pemFile = (description: string) => text('the path of a PEM file', description)
const PEM = 'Path of a PEM file.'

const pair = {
  key: pemFile('Private key: path of a PEM file, relative to the configuration file.'),
  certificate: pemFile('Certificate: path of a PEM file.'),
  chain_certificates: list(pemFile(PEM), 'Intermediate certificates: paths of PEM files.').optional(),
}

export const tlsSchema = object(
  {
    ...pair,
    certificates: list(
      object(pair, 'A further certificate.'),
      'Further certificates, for clients that ask for a name (SNI) which the first has not. Names with wildcards count after exact ones.',
    ).optional(),
    ca_certificates: list(
      pemFile(PEM),
      'Authorities for client certificates: paths of PEM files. When given, clients are asked for a certificate that one of them signed.',
    ).optional(),
    clientCertificates: choice(
      ['required', 'wanted'],
      'Whether a client without such a certificate is cut off, or comes in as one that has none. Default: required, as in Crossbar.',
    ).optional(),
    ciphers: text(
      'names of ciphers, separated by colons',
      'Ciphers as OpenSSL names them, separated by colons, in order of preference. Without any of TLS 1.3 (TLS_…), those of TLS 1.3 stay as they are. Default: those of Node.js with forward secrecy.',
    ).optional(),
    dhparam: pemFile('Diffie-Hellman parameters: path of a PEM file. Default: none, so no DHE ciphers; ECDHE needs none.').optional(),
  },
  'TLS 1.2 and 1.3 with certificates of your own. The files are read again when they change, or on SIGHUP, without dropping connections.',
)
