// What TLS knows of a connection that a login can use: the data that it can be bound to (AUTH-46, AUTH-65, AUTH-66), and the
// certificate that the client showed.
//
//   tls-exporter          RFC 9266: TLS 1.3, or TLS 1.2 with the extended master secret (RFC 7627)
//   tls-unique            RFC 5929, 3: the first Finished of a full handshake, which is the client's; TLS 1.2
//   tls-unique-router     the other Finished of the same handshake
//   tls-server-end-point  RFC 5929, 4: a hash of the server's certificate

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ChannelBinding } from '@crosspoint/protocol'
import { elementAt, elementsOf } from './der.ts'
import type { ClientCertificate } from './options.ts'

/** Which end of the connection this process is. */
export type Side = 'client' | 'server'

const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'
const EXPORTER_BYTES = 32

/** The raw data of a type of channel binding; undefined when the connection has none of that type that can be relied on, or is over. */
export function channelIdOf(socket: Socket, side: Side, type: ChannelBinding): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket) || socket.destroyed) return undefined
  switch (type) {
    case 'tls-exporter':
      if (socket.getProtocol() !== 'TLSv1.3' && !hasExtendedMasterSecret(socket)) return undefined
      return copy(socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)))
    case 'tls-unique':
      return finished(socket, side === 'client')
    case 'tls-unique-router':
      return finished(socket, side === 'server')
    case 'tls-server-end-point':
      return serverEndPoint(socket, side)
  }
}

/** A Finished message of this handshake: the one that this side sent, or the other's. */
function finished(socket: TLSSocket, isOurs: boolean): Uint8Array | undefined {
  // In TLS 1.3 it binds nothing, and in a resumed session somebody in between can make two connections have the same one.
  if (socket.getProtocol() !== 'TLSv1.2' || socket.isSessionReused()) return undefined
  return copy(isOurs ? socket.getFinished() : socket.getPeerFinished())
}

/** Node does not tell, but the session as OpenSSL writes it does: `flags [13] INTEGER`, whose lowest bit it is. */
function hasExtendedMasterSecret(socket: TLSSocket): boolean {
  const session = socket.getSession()
  if (session === undefined) return false
  // On the client's side, Node may put the name of the server before it; the session is the SEQUENCE that takes all the rest.
  for (let start = session.indexOf(SEQUENCE); start >= 0; start = session.indexOf(SEQUENCE, start + 1)) {
    const [whole] = elementsOf(session, { start, end: session.length })
    if (whole?.end !== session.length) continue
    const flags = elementsOf(session, whole).find(({ tag }) => tag === FLAGS)
    return flags !== undefined && (session[flags.end - 1]! & 1) === 1
  }
  return false
}
const SEQUENCE = 0x30
const FLAGS = 0xad

function serverEndPoint(socket: TLSSocket, side: Side): Uint8Array | undefined {
  // A server that resumes a session does not look again which of its certificates that one began with.
  if (socket.isSessionReused()) return undefined
  // Not getPeerX509Certificate(), which on the client's side finds the certificate only once.
  const raw = side === 'server' ? socket.getX509Certificate()?.raw : socket.getPeerCertificate().raw
  const hash = raw && endPointHash(raw)
  return hash === undefined ? undefined : copy(createHash(hash).update(raw!).digest())
}

// Object identifiers as DER has them, in hexadecimal digits.
const RSA = '2a864886f70d0101' // 1.2.840.113549.1.1
const ECDSA = '2a8648ce3d0403' // 1.2.840.10045.4.3
const HASH = '60864801650304' // 2.16.840.1.101.3.4
const END_POINT_HASHES: { readonly [identifier: string]: string } = {
  [`${RSA}04`]: 'sha256', // of MD5
  [`${RSA}05`]: 'sha256', // of SHA-1
  [`${RSA}0b`]: 'sha256',
  [`${RSA}0c`]: 'sha384',
  [`${RSA}0d`]: 'sha512',
  '2a8648ce3d0401': 'sha256', // of ECDSA with SHA-1
  [`${ECDSA}02`]: 'sha256',
  [`${ECDSA}03`]: 'sha384',
  [`${ECDSA}04`]: 'sha512',
  [`${HASH}0201`]: 'sha256',
  [`${HASH}0202`]: 'sha384',
  [`${HASH}0203`]: 'sha512',
}
const RSA_PSS = `${RSA}0a`

/**
 * The hash for `tls-server-end-point`: that of the certificate's signature, SHA-256 in place of weaker ones; undefined for
 * signatures that have none, such as Ed25519 (RFC 5929, 4.1).
 */
export function endPointHash(certificate: Uint8Array): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm, parameters }, signature }
  const identifier = hexAt(certificate, [0, 1, 0])
  if (identifier !== RSA_PSS) return END_POINT_HASHES[identifier]
  // RSASSA-PSS-params ::= SEQUENCE { [0] SEQUENCE { algorithm … } DEFAULT sha1, [1] … }
  if (elementAt(certificate, [0, 1, 1, 0])?.tag !== 0xa0) return 'sha256'
  return END_POINT_HASHES[hexAt(certificate, [0, 1, 1, 0, 0, 0])]
}

function hexAt(bytes: Uint8Array, path: readonly number[]): string {
  const { start, end } = elementAt(bytes, path) ?? { start: 0, end: 0 }
  return Buffer.from(bytes.subarray(start, end)).toString('hex')
}

/** The certificate of the client, if it showed one and an authority of ours signed it. */
export function clientCertificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || socket.destroyed || !socket.authorized) return undefined
  const { raw, subject } = socket.getPeerCertificate()
  if (raw === undefined) return undefined // a session resumed without one counts as authorized, too
  // Of several common names none is the name.
  const commonName: unknown = subject.CN
  return { sha1: digest('sha1', raw), sha256: digest('sha256', raw), commonName: typeof commonName === 'string' ? commonName : undefined }
}

function digest(hash: string, bytes: Uint8Array): string {
  return createHash(hash).update(bytes).digest('hex')
}

/** Bytes of our own, since those of a Buffer may lie in memory that others use. */
function copy(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : new Uint8Array(bytes)
}
