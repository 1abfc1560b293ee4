// A small identity provider: OpenID Connect discovery, its keys, and access tokens for refresh tokens.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface Account {
  readonly name: string
  readonly groups: readonly string[]
  /** How long its tokens are good, in seconds. */
  readonly lifetime: number
}

export class IdentityProvider {
  readonly issuer: string
  /** By refresh token. */
  readonly accounts = new Map<string, Account>()
  tokensGiven = 0
  /** What requests for tokens are answered with instead, one after the other. */
  readonly failures: number[] = []
  readonly #keys: CryptoKeyPair

  private constructor(issuer: string, keys: CryptoKeyPair) {
    this.issuer = issuer
    this.#keys = keys
  }

  static async start(context: TestContext): Promise<IdentityProvider> {
    const keys = await generateKeyPair('ES256')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    context.after(() => server.close())
    const provider = new IdentityProvider(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void provider.#answer(request, response))
    return provider
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { issuer } = this
    const say = (status: number, value: object) =>
      void response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' }).end(JSON.stringify(value))
    if (request.url === '/.well-known/openid-configuration') return say(200, { issuer, jwks_uri: `${issuer}/keys` })
    if (request.url === '/keys') {
      return say(200, { keys: [{ ...(await exportJWK(this.#keys.publicKey)), kid: 'first', alg: 'ES256', use: 'sig' }] })
    }
    let body = ''
    for await (const chunk of request) body += chunk
    const account = this.accounts.get(new URLSearchParams(body).get('refresh_token') ?? '')
    const failure = this.failures.shift() ?? (account === undefined ? 400 : undefined)
    if (failure !== undefined) return say(failure, { error: 'invalid_grant' })
    say(200, { access_token: await this.token(account!), token_type: 'Bearer' })
  }

  /** An access token of an account; `audience` is whom it is for. */
  token({ name, groups, lifetime }: Account, audience = 'com.example.node'): Promise<string> {
    this.tokensGiven++
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ preferred_username: name, groups })
      .setProtectedHeader({ alg: 'ES256', kid: 'first' })
      .setIssuer(this.issuer)
      .setAudience(audience)
      .setSubject(`id of ${name}`)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)
      .sign(this.#keys.privateKey)
  }
}
