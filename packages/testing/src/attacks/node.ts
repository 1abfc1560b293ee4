// The node as people run it, for attacks on what only it has: JSON Web Tokens and cookies. One process serves all of them, started by
// the first.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { connect } from 'node:net'
import { RouterProcess } from '../hostile/router-process.ts'
import { WebSocketClient } from '../raw-clients.ts'
import { must } from './attack.ts'

const PATIENCE_MS = 10_000

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
export const ED25519: KeyPair = generateKeyPairSync('ed25519')
export const RSA: KeyPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const STRANGER: KeyPair = generateKeyPairSync('ed25519')
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string
export const SECRET = 'a secret of at least thirty-two bytes, for tokens'
export const ISSUER = 'https://login.example.com'
export const AUDIENCE = 'com.example.router'
export const TICKET = 'the ticket of joe, in clear'

const everything = [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }]
const tokens = { issuer: ISSUER, audience: AUDIENCE }
const withCookies = {
  type: 'websocket',
  auth: { cookie: {}, ticket: { type: 'static', principals: { joe: { ticket: TICKET, role: 'user' } } } },
  cookie: {},
}
const CONFIG = {
  version: 2,
  workers: [
    {
      type: 'router',
      // Without the throttle, which would answer before the method does.
      limits: { loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 },
      realms: [
        {
          name: 'realm1',
          roles: ['user', 'admin'].map((name) => ({ name, permissions: everything })),
        },
      ],
      transports: [
        {
          type: 'universal',
          endpoint: { type: 'tcp', interface: '127.0.0.1', port: 0 },
          websocket: {
            keys: { type: 'websocket', auth: { jwt: { ...tokens, keys: [pemOf(ED25519.publicKey), pemOf(RSA.publicKey)] } } },
            secret: { type: 'websocket', auth: { jwt: { ...tokens, secret: SECRET } } },
            web: withCookies,
            other: withCookies,
          },
        },
      ],
    },
  ],
}

let running: Promise<RouterProcess> | undefined

/** The node, started when it is needed. */
export function node(): Promise<RouterProcess> {
  running ??= RouterProcess.start(CONFIG)
  return running
}

/** Stops the node, if it runs. */
export async function stopNode(): Promise<void> {
  const started = await running
  running = undefined
  if (started === undefined) return
  const status = await started.stop()
  must(status === 0, `the node was to stop in order, not with ${status}: ${started.log}`)
}

/** A visitor over WebSocket. */
export class Caller {
  readonly #client: WebSocketClient
  readonly #inbox: unknown[][] = []
  #isClosed = false
  #onChange = (): void => {}

  constructor(client: WebSocketClient) {
    this.#client = client
    client.onMessage = (bytes) => {
      this.#inbox.push(JSON.parse(bytes.toString()) as unknown[])
      this.#onChange()
    }
    client.onClose = () => {
      this.#isClosed = true
      this.#onChange()
    }
  }

  static async open(path: string, headers: { readonly [name: string]: string } = {}): Promise<Caller> {
    const { port } = await node()
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    return new Caller(await WebSocketClient.open(socket, { path: `/${path}`, headers }))
  }

  /** The header Set-Cookie of the answer to the upgrade. */
  get setCookie(): string | undefined {
    return this.#client.headers['set-cookie']
  }
  /** The value that it sets. */
  get cookie(): string {
    const [pair = ''] = (this.setCookie ?? '').split(';')
    must(pair.includes('='), 'a cookie was to be set')
    return pair
  }

  say(...message: readonly unknown[]): this {
    this.#client.send(1, JSON.stringify(message))
    return this
  }
  /** The next message. */
  async hear(): Promise<unknown[]> {
    if (this.#inbox.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const guard = setTimeout(resolve, PATIENCE_MS)
        this.#onChange = () => {
          clearTimeout(guard)
          resolve()
        }
      })
    }
    must(this.#inbox.length > 0, 'an answer was to come')
    return this.#inbox.shift()!
  }
  hello(details: object): this {
    return this.say(1, 'realm1', { roles: { caller: {} }, ...details })
  }
  /** The reason of the ABORT that comes next. */
  async reason(): Promise<string> {
    const [type, , uri] = await this.hear()
    must(type === 3, `ABORT was to come, not a message of type ${String(type)}`)
    return uri as string
  }
  cut(): void {
    this.#client.socket.destroy()
  }
}
