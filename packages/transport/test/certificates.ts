// Certificates for tests, made when they are asked for.

import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import type { Server } from './server.ts'

export interface Pair {
  readonly private: string
  readonly cert: string
}

/** A key and a certificate, by default for localhost, signed by nobody else. */
export function makePair(commonName: string, names: readonly string[] = ['localhost'], algorithm = 'sha256'): Promise<Pair> {
  return generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm,
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [...names.map((value) => ({ type: 2, value }) as const), { type: 7, ip: '127.0.0.1' }],
      },
    ],
  })
}

/** A TLS connection to a server whose certificate is not looked at. */
export function dialTls(server: Server, options: ConnectionOptions & { readonly pair?: Pair } = {}): TLSSocket {
  const { pair, ...others } = options
  const certificate = pair === undefined ? {} : { key: pair.private, cert: pair.cert }
  const where = { host: '127.0.0.1', port: server.port, servername: 'localhost', rejectUnauthorized: false }
  return server.track(connectTls({ ...where, ...certificate, ...others }))
}
