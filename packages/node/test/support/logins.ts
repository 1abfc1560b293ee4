// Nodes with logins, and logins by hand, for the tests of both.

import { writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { OPCODE, WebSocketClient } from '@crosspoint/testing'
import { loadConfig } from '../../src/config/load.ts'
import { Node } from '../../src/node.ts'
import { folder } from '../folder.ts'
import { recorder } from '../recorder.ts'

export const EVERYTHING = { call: true, register: true, publish: true, subscribe: true }
export const ROLES = ['user', 'anonymous', 'backend'].map((name) => ({ name, permissions: [{ uri: '*', allow: EVERYTHING }] }))

export interface NodeParts {
  /** `auth` of /ws. */
  readonly auth: object
  /** More keys of /ws. */
  readonly more?: object
  readonly realms?: readonly object[]
  readonly components?: readonly object[]
  readonly files?: { readonly [name: string]: string | object }
  readonly limits?: object
  /** `tls` of the endpoint. */
  readonly tls?: object
}

/** Starts a node with WebSocket on /ws, and RawSocket and long-poll with the same logins. */
export async function startNode(context: TestContext, parts: NodeParts, root = folder(context, parts.files)) {
  const { auth, more = {}, realms = [{ name: 'realm1', roles: ROLES }], components = [], limits = {}, tls } = parts
  const { cookie: _, ...rawAuth } = auth as { cookie?: unknown }
  const config = {
    version: 2,
    workers: [
      {
        type: 'router',
        realms,
        components,
        limits,
        transports: [
          {
            type: 'web',
            endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1', tls },
            paths: { ws: { type: 'websocket', auth, ...more }, lp: { type: 'longpoll', auth, ...more } },
            rawsocket: { auth: rawAuth },
          },
        ],
      },
    ],
  }
  writeFileSync(join(root, 'crosspoint.config.json'), JSON.stringify(config))
  const log = recorder()
  const node = new Node(await loadConfig(join(root, 'crosspoint.config.json'), {}), log)
  context.after(() => node.stop())
  await node.start()
  return { node, log, root, port: node.listeners[0]!.port! }
}

export type WampMessage = readonly [type: number, ...rest: readonly unknown[]]

/** A session by hand, in JSON. */
export class RawSession {
  readonly client: WebSocketClient
  readonly #arrived: WampMessage[] = []
  readonly #waiting: ((message: WampMessage) => void)[] = []
  isClosed = false

  static open(port: number, headers: { readonly [name: string]: string } = {}): Promise<RawSession> {
    return RawSession.over(createConnection(port, '127.0.0.1'), headers)
  }

  static async over(socket: Socket, headers: { readonly [name: string]: string } = {}): Promise<RawSession> {
    return new RawSession(await WebSocketClient.open(socket, { headers }))
  }

  private constructor(client: WebSocketClient) {
    this.client = client
    client.onMessage = (bytes) => {
      const message = JSON.parse(bytes.toString()) as WampMessage
      const next = this.#waiting.shift()
      if (next === undefined) this.#arrived.push(message)
      else next(message)
    }
    client.onClose = () => {
      this.isClosed = true
      for (const next of this.#waiting) next([0, 'closed'])
    }
  }

  send(message: WampMessage): void {
    this.client.send(OPCODE.text, JSON.stringify(message))
  }

  /** The next message; `[0, 'closed']` when the connection has ended. */
  next(): Promise<WampMessage> {
    const message = this.#arrived.shift()
    if (message !== undefined) return Promise.resolve(message)
    if (this.isClosed) return Promise.resolve([0, 'closed'])
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Sends HELLO; gives the answer. */
  hello(details: object, realm: string | null = 'realm1'): Promise<WampMessage> {
    this.send([1, realm, { roles: { caller: {} }, ...details }])
    return this.next()
  }

  authenticate(signature: string, extra: object = {}): Promise<WampMessage> {
    this.send([5, signature, extra])
    return this.next()
  }

  close(): void {
    this.client.socket.destroy()
  }
}

/** Logs in with a ticket; gives WELCOME or ABORT. */
export async function loginByTicket(port: number, authid: string, ticket: string): Promise<WampMessage> {
  const session = await RawSession.open(port)
  const challenge = await session.hello({ authmethods: ['ticket'], authid })
  if (challenge[0] !== 4) return challenge
  const answer = await session.authenticate(ticket)
  session.close()
  return answer
}
