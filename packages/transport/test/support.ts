// A listener on a free port, and everything that happens at it.

import { connect, type NetConnectOpts, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import {
  cborSerializer,
  jsonSerializer,
  msgpackSerializer,
  type ProtocolViolation,
  type Serializer,
  type Transport,
} from '@crosspoint/protocol'
import { RawSocketClient, WebSocketClient, type WebSocketRequest } from '@crosspoint/testing'
import { type ConnectionInfo, createListener, type Listener, type ListenerOptions } from '@crosspoint/transport'

export const SERIALIZERS = [jsonSerializer, msgpackSerializer, cborSerializer] as const
const GUARD_MS = 5_000

/** A place where things happen and somebody waits for them. */
class Watch {
  #waiting = new Set<() => void>()

  changed(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** Resolves as soon as `holds`; rejects, naming `what`, when it never does. */
  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const guard = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new Error(`Waited ${GUARD_MS} ms in vain for ${what}`))
      }, GUARD_MS)
      const look = (): void => {
        if (!holds()) return
        clearTimeout(guard)
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }
}

/** The router's end of a connection. */
export interface Accepted {
  readonly transport: Transport
  readonly serializer: Serializer
  readonly info: ConnectionInfo
  readonly frames: Buffer[]
  readonly faults: ProtocolViolation[]
  /** The reasons that `onClose` was called with; one, once it is closed. */
  readonly ends: string[]
}

export class Place extends Watch {
  readonly listener: Listener
  readonly accepted: Accepted[] = []
  readonly notices: string[] = []

  constructor(options: Partial<ListenerOptions>) {
    super()
    this.listener = createListener({
      endpoint: { host: '127.0.0.1', port: 0 },
      serializers: SERIALIZERS,
      onTransport: (transport, serializer, info) => this.#accept({ transport, serializer, info, frames: [], faults: [], ends: [] }),
      onNotice: (notice) => {
        this.notices.push(notice)
        this.changed()
      },
      ...options,
    })
  }

  #accept(accepted: Accepted): void {
    const { transport } = accepted
    transport.onFrame = (bytes, start = 0, end = bytes.length) => {
      accepted.frames.push(Buffer.from(bytes.subarray(start, end)))
      this.changed()
    }
    transport.onFault = (violation) => {
      accepted.faults.push(violation)
      this.changed()
    }
    transport.onClose = (reason) => {
      accepted.ends.push(reason)
      this.changed()
    }
    this.accepted.push(accepted)
    this.changed()
  }

  /** A new connection to it, which has said nothing. */
  dial(): Socket {
    const where: NetConnectOpts = { host: '127.0.0.1', port: this.listener.port!, noDelay: true }
    const socket = connect(where)
    socket.on('error', () => {})
    return socket
  }

  rawSocket(serializerId = 1, exponent = 15): Promise<RawSocketClient> {
    return RawSocketClient.open(this.dial(), serializerId, exponent)
  }
  webSocket(request: WebSocketRequest = {}): Promise<WebSocketClient> {
    return WebSocketClient.open(this.dial(), request)
  }

  /** The router's end of connection number `index`. */
  async end(index = 0): Promise<Accepted> {
    await this.until(`connection ${index}`, () => this.accepted.length > index)
    return this.accepted[index]!
  }
}

/** Opens a listener that ends with the test. */
export async function open(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<Place> {
  const place = new Place(options)
  await place.listener.listen()
  t.after(async () => {
    for (const { transport } of place.accepted) transport.close()
    await place.listener.close()
  })
  return place
}

/** All that arrives on a socket until its end. */
export function readAll(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const guard = setTimeout(() => reject(new Error(`The connection did not end within ${GUARD_MS} ms`)), GUARD_MS)
    socket.on('data', (bytes: Buffer) => parts.push(bytes))
    socket.on('close', () => {
      clearTimeout(guard)
      resolve(Buffer.concat(parts))
    })
  })
}

/** Resolves when the connection has ended. */
export async function ended(socket: Socket): Promise<void> {
  if (!socket.closed) await readAll(socket)
}
