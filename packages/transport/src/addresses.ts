// What connections are called.

import type { Socket } from 'node:net'

const unixKeys = new WeakMap<Socket, string>()
let unixCount = 0

/** What tells two connections of one listener apart: for TCP the address of the peer, also through TLS. */
export function keyOf(socket: Socket): string {
  if (socket.remotePort !== undefined) return `${socket.remoteAddress}:${socket.remotePort}`
  const known = unixKeys.get(socket)
  if (known !== undefined) return known
  const key = `unix#${++unixCount}`
  unixKeys.set(socket, key)
  return key
}

/** "127.0.0.1:51234", or "unix". */
export function peerOf(socket: Socket): string {
  return socket.remotePort === undefined ? 'unix' : `${socket.remoteAddress}:${socket.remotePort}`
}
