// The answer to one request of a long-poll client, and the bodies of requests.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Serializer } from '@crosspoint/protocol'

const CONTENT_TYPES: { readonly [serializer: string]: string } = {
  json: 'application/json; charset=utf-8',
  msgpack: 'application/x-msgpack',
  cbor: 'application/cbor',
  ubjson: 'application/ubjson',
}

export class Reply {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('error', () => {}) // the client went away; "close" tells
  }

  /** A status without a body. Like every answer, nothing when there has been one. */
  end(status: number): void {
    if (this.#response.headersSent) return
    this.#response.writeHead(status)
    this.#response.end()
  }

  /** Messages. */
  give(serializer: Serializer, body: Uint8Array): void {
    if (this.#response.headersSent) return
    const type = CONTENT_TYPES[serializer.name] ?? 'application/octet-stream'
    this.#response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length })
    this.#response.end(body)
  }

  /** A JSON object. */
  tell(
    status: number,
    value: { readonly [name: string]: unknown },
    headers: { readonly [name: string]: string | readonly string[] } = {},
  ): void {
    if (this.#response.headersSent) return
    const body = Buffer.from(JSON.stringify(value))
    this.#response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length, ...headers })
    this.#response.end(body)
  }

  /** What is wrong with the request, and what would have been right. */
  fail(status: number, error: string, headers: { readonly [name: string]: string } = {}): void {
    // A body that nobody waits for any more must not keep the connection.
    this.tell(status, { error }, isArriving(this.#response.req) ? { ...headers, Connection: 'close' } : headers)
  }

  /** Cuts the connection in the middle of the answer. */
  destroy(): void {
    this.#response.destroy()
  }

  /** Calls `call` once, when the answer has left, or the connection was lost before; `hasLeft` tells which. */
  onClosed(call: (hasLeft: boolean) => void): void {
    this.#response.once('close', () => call(this.#response.writableFinished))
  }
}

/** Whether there is a body and it is not whole yet. */
function isArriving({ complete, headers }: IncomingMessage): boolean {
  return !complete && (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined)
}

/** A body that is whole, longer than it may be, or that broke off. */
export type Body = Buffer | 'too_long' | 'broken'

/** Reads a body of at most `bytesMax` bytes; calls `done` once. What is too long is not kept. */
export function readBody(request: IncomingMessage, bytesMax: number, done: (body: Body) => void): void {
  const parts: Buffer[] = []
  let length = 0
  let isDone = false
  const finish = (body: Body): void => {
    if (isDone) return
    isDone = true
    done(body)
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    request.resume()
    return finish('too_long')
  }
  request.on('data', (part: Buffer) => {
    length += part.length
    if (length > bytesMax) {
      parts.length = 0
      finish('too_long')
    } else parts.push(part)
  })
  request.on('end', () => finish(Buffer.concat(parts)))
  request.on('error', () => finish('broken'))
  request.on('close', () => finish('broken'))
}
