// The files of TLS at an endpoint: where they are, and what is in them, at the start and whenever they change.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { KeyPair, TlsOptions } from '@crosspoint/transport'
import type { TlsConfig } from './schema.ts'

interface PairFiles {
  readonly key: string
  /** The certificate, and its chain after it. */
  readonly certificates: readonly string[]
}

/** All paths are absolute. */
export interface TlsFiles {
  /** The first is for clients that ask for no name, or for one that none has. */
  readonly pairs: readonly PairFiles[]
  readonly authorities: readonly string[] | undefined
  readonly dhparam: string | undefined
  readonly clientCertificates: TlsOptions['clientCertificates']
  readonly ciphers: string | undefined
}

/** `file` is the absolute path of the configuration. */
export function tlsFilesOf(tls: TlsConfig, file: string): TlsFiles {
  const at = (name: string): string => resolve(dirname(file), name)
  const pairOf = ({ key, certificate, chain_certificates = [] }: Pick<TlsConfig, 'key' | 'certificate' | 'chain_certificates'>) => ({
    key: at(key),
    certificates: [certificate, ...chain_certificates].map(at),
  })
  return {
    pairs: [tls, ...(tls.certificates ?? [])].map(pairOf),
    authorities: tls.ca_certificates?.map(at),
    dhparam: tls.dhparam === undefined ? undefined : at(tls.dhparam),
    clientCertificates: tls.clientCertificates,
    ciphers: tls.ciphers,
  }
}

/** Reads them all. Throws when one cannot be read. */
export function readTls({ pairs, authorities, dhparam, clientCertificates, ciphers }: TlsFiles): TlsOptions {
  const read = (paths: readonly string[]): string => paths.map((path) => readFileSync(path, 'utf8')).join('\n')
  const [first, ...others] = pairs.map(({ key, certificates }): KeyPair => ({ key: read([key]), cert: read(certificates) }))
  return {
    ...first!,
    certificates: others,
    ca: authorities && read(authorities),
    clientCertificates,
    ciphers,
    dhparam: dhparam === undefined ? undefined : read([dhparam]),
  }
}
