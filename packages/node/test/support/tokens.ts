// Tokens, issuers and logins with them, for the tests of logins by JSON Web Token.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Abort, type Message, MessageType, type Welcome } from '@crosspoint/protocol'
import { Router } from '@crosspoint/router'
import { SeededRandom, VirtualClock } from '@crosspoint/testing'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { type JwtServices, jwt } from '../../src/authentication/jwt.ts'
import type { JwtOptions } from '../../src/authentication/jwt-options.ts'

/** The time of all these tests, in seconds since 1970. */
export const NOW = 1_800_000_000
export const AUDIENCE = 'com.example.router'

export interface Signer {
  readonly alg: string
  readonly privateKey: CryptoKey | Uint8Array
  /** With `kid`, where it has one. */
  readonly publicJwk: JWK
}

/** A new key pair. */
export async function signer(alg: string, kid?: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), alg, ...(kid !== undefined && { kid }) } }
}

/** A token of joe for an hour, with the role "user"; `claims` changes it, and undefined takes a claim away. */
export function token({ alg, privateKey, publicJwk }: Signer, claims: object = {}, header: object = {}): Promise<string> {
  const payload = { sub: 'joe', role: 'user', aud: AUDIENCE, iat: NOW, exp: NOW + 3600, ...claims } as JWTPayload
  for (const [name, value] of Object.entries(payload)) if (value === undefined) delete payload[name]
  const { kid } = publicJwk
  return new SignJWT(payload).setProtectedHeader({ alg, ...(kid !== undefined && { kid }), ...header }).sign(privateKey)
}

/** What a login came to: the router's answer to AUTHENTICATE, and what the operator reads about it. */
export interface Outcome {
  readonly type: 'welcome' | 'abort'
  /** Of WELCOME or ABORT. */
  readonly details: { readonly [key: string]: unknown }
  readonly reason: string | undefined
  readonly cause: string | undefined
  /** The reason of the GOODBYE that came later, if one did. */
  goodbye(): string | undefined
  readonly challenge: { readonly authmethod: string; readonly extra: unknown } | undefined
}

export interface HelloOptions {
  readonly realm?: string | null
  readonly authid?: string
  readonly authmethods?: readonly string[]
}

/** A node's part: one authenticator and a router, whose time can be changed. */
export class TokenWorld {
  readonly clock = new VirtualClock(NOW * 1000)
  readonly warnings: string[] = []
  readonly #authenticator: ReturnType<typeof jwt>
  readonly #router: Router
  #refused: (cause: string) => void = () => {}

  constructor(options: JwtOptions, services: JwtServices = {}) {
    this.#authenticator = jwt(options, { now: () => this.clock.now(), warn: (text) => void this.warnings.push(text), ...services })
    this.#router = new Router({
      clock: this.clock,
      random: new SeededRandom(1),
      realms: [{ name: 'realm1' }, { name: 'realm2' }],
      limits: { loginFailuresPerAddressMax: 0 },
      observer: { onRefused: (_peer, _reason, message) => this.#refused(message) },
    })
  }

  /** HELLO, and the token as the answer to the CHALLENGE. */
  async login(sent: string, { realm = 'realm1', authid, authmethods = ['jwt'] }: HelloOptions = {}): Promise<Outcome> {
    const told = new Promise<string>((resolve) => {
      this.#refused = resolve
    })
    const peer = this.#router.attachLocal({ login: { authenticators: [this.#authenticator] } })
    let challenge: Outcome['challenge']
    let reason: string | undefined
    const goodbye = () => reason
    const answer = await new Promise<Welcome | Abort>((resolve) => {
      peer.onMessage = (message: Message) => {
        if (message.type === MessageType.CHALLENGE) {
          challenge = { authmethod: message.authmethod, extra: message.extra }
          peer.send({ type: MessageType.AUTHENTICATE, signature: sent, extra: {} })
        } else if (message.type === MessageType.GOODBYE) reason = message.reason
        else if (message.type === MessageType.WELCOME || message.type === MessageType.ABORT) resolve(message)
      }
      const details = { roles: { caller: {} }, authmethods, ...(authid !== undefined && { authid }) }
      peer.send({ type: MessageType.HELLO, realm, details })
    })
    const { type, details } = answer
    if (type === MessageType.WELCOME) return { type: 'welcome', details, reason: undefined, cause: undefined, goodbye, challenge }
    return { type: 'abort', details, reason: answer.reason, cause: await told, goodbye, challenge }
  }
}

/** An issuer's server; `answer` can be changed at any time, and `requests` counts. */
export class IssuerServer {
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.writeHead(404).end()
  requests: string[] = []
  readonly #server = createServer((request, response) => {
    this.requests.push(request.url!)
    this.answer(request, response)
  })

  static async start(t: TestContext): Promise<IssuerServer> {
    const issuer = new IssuerServer()
    await new Promise<void>((resolve) => issuer.#server.listen(0, '127.0.0.1', resolve))
    t.after(() => issuer.stop())
    return issuer
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Answers every request with this. */
  answerJson(value: unknown): void {
    this.answer = (_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
