// What the tests of logins share: a router whose links log in, clients that write HELLO and AUTHENTICATE as they are on the wire,
// and the cryptography of the node, so that exchanges are proved with real keys. All of it answers at once, but for PBKDF2.

import assert from 'node:assert/strict'
import type { Dict } from '@crosspoint/protocol'
import type { ClientCertificate, Link, LoginOptions, LoginSummary, RouterLimits } from '../../src/index.ts'
import { ALL_ROLES, type TestClient, World } from '../support.ts'

export { nodeCrypto as crypto } from '../../../node/src/crypto.ts'

export const WELCOME = 2
export const ABORT = 3
export const CHALLENGE = 4
export const AUTHENTICATE = 5

export const MOCK_SECRET = new Uint8Array(32).fill(7)

export const DENIED = 'wamp.error.authentication_denied'
export const FAILED = 'wamp.error.authentication_failed'

const UNCOUNTED = { loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 }

export interface Refused {
  readonly reason: string
  /** As the operator sees it. */
  readonly cause: string
  readonly login: LoginSummary | undefined
}

/** A router with the realms realm1 and realm2, which know the roles that logins here give. Failed logins are not counted unless `limits` says so. */
export class LoginWorld extends World {
  readonly login: LoginOptions
  /** What the observer was told of refusals. */
  readonly refused: Refused[]

  constructor(login: LoginOptions, limits: Partial<RouterLimits> = {}) {
    const refused: Refused[] = []
    const roles = { anonymous: { permissions: [] }, user: { permissions: [] }, sensor: { permissions: [] } }
    const realms = [
      { name: 'realm1', roles, resume: {} },
      { name: 'realm2', roles },
    ]
    const onRefused = (_peer: string, reason: string, cause: string, summary: LoginSummary | undefined) =>
      void refused.push({ reason, cause, login: summary })
    super({ realms, limits: { ...UNCOUNTED, ...limits }, observer: { onRefused } })
    this.login = login
    this.refused = refused
  }

  /** A client that has sent HELLO. */
  hello(details: Dict, link: Partial<Link> = {}, realm: string | null = 'realm1'): TestClient {
    const client = this.connect({ info: { login: this.login, link: linkOf(link) } })
    client.hello(realm, { roles: ALL_ROLES, ...details })
    return client
  }
}

export function linkOf(link: Partial<Link>): Link {
  const nothing = { address: undefined, transport: {}, channelId: () => undefined, certificate: undefined, cookie: undefined }
  return { peer: 'test', ...nothing, ...link }
}

export function certificate(letter: string, commonName?: string): ClientCertificate {
  return { sha1: letter.repeat(40), sha256: letter.repeat(64), commonName }
}

/** The one message that came. */
export function only(client: TestClient): unknown[] {
  const received = client.take()
  assert.equal(received.length, 1, `one message, not ${JSON.stringify(received)}`)
  return received[0]!
}

/** Extra of the CHALLENGE that came. */
export function challengeOf(client: TestClient, method: string): Dict {
  const [type, authmethod, extra] = only(client)
  assert.deepEqual([type, authmethod], [CHALLENGE, method])
  return extra as Dict
}

/** Details of the WELCOME that came, and its session id in `session`. */
export function welcomeOf(client: TestClient): Dict {
  const [type, session, details] = only(client)
  assert.equal(type, WELCOME, JSON.stringify([type, session, details]))
  return { ...(details as Dict), session }
}

/** Asserts that ABORT with this reason came, and the end of the transport; its details. */
export function abortOf(client: TestClient, reason: string): Dict {
  const [type, details, uri] = only(client)
  assert.deepEqual([type, uri], [ABORT, reason], JSON.stringify(details))
  assert.ok(client.isClosed, 'the transport is closed')
  return details as Dict
}

/** The parts of WELCOME that say who it is (AUTH-05). */
export function whoOf({ realm, authid, authrole, authmethod, authprovider }: Dict): Dict {
  return { realm, authid, authrole, authmethod, authprovider }
}

/** The value that `start` hands to its callback. */
export function answerOf<T>(start: (done: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve) => start(resolve))
}
