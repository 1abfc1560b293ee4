// Looking up principals, and logging in, as tests do it.

import { type Abort, type Dict, type Message, MessageType, type SessionId, type Welcome } from '@crosspoint/protocol'
import type { Peer } from '@crosspoint/protocol/internal'
import {
  BARE_LINK,
  isLookupFailure,
  type Link,
  type LoginOptions,
  type LoginPrincipal,
  type LoginRequest,
  type LookupFailure,
  type PrincipalSource,
  Router,
  type RouterObserver,
} from '@crosspoint/router'
import { SeededRandom, VirtualClock } from '@crosspoint/testing'

interface Asked {
  readonly authid?: string | undefined
  readonly pubkey?: string | undefined
  readonly realm?: string | null | undefined
}

type Found = LoginPrincipal | LookupFailure | undefined

/** What a source finds. */
export function find(source: PrincipalSource, { authid, pubkey, realm = 'realm1' }: Asked): Promise<Found> {
  const request: LoginRequest = { session: 1 as SessionId, realm, authid, authextra: {}, details: {}, link: BARE_LINK }
  return new Promise((resolve) => source.find({ authmethod: 'any', authid, pubkey, request }, resolve))
}

/** Why nothing could be found out. */
export async function failureOf(source: PrincipalSource, asked: Asked): Promise<string | undefined> {
  const found = await find(source, asked)
  return isLookupFailure(found) ? found.failure : undefined
}

/** What a login came to. */
export interface Outcome {
  readonly peer: Peer
  readonly session: SessionId | undefined
  /** Of the ABORT. */
  readonly reason: string | undefined
  /** Of WELCOME or ABORT. */
  readonly details: Dict
  /** Resolves when the router ends the session, with the reason of its GOODBYE. */
  readonly ended: Promise<string>
}

/** A router with realm1 and realm2, both with the roles user and device, to which failed logins are nothing to remember. */
export class LoginWorld {
  readonly router: Router
  /** What the operator is told of refusals. */
  readonly causes: string[] = []

  constructor(observer: RouterObserver = {}) {
    const roles = { user: { permissions: [] }, device: { permissions: [] } }
    this.router = new Router({
      clock: new VirtualClock(),
      random: new SeededRandom(1),
      realms: ['realm1', 'realm2'].map((name) => ({ name, roles })),
      limits: { loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 },
      observer: { onRefused: (_peer, _reason, cause) => void this.causes.push(cause), ...observer },
    })
  }

  /** HELLO, and the same answer to every CHALLENGE. */
  login(login: LoginOptions, hello: Dict, signature = '', link: Partial<Link> = {}, realm = 'realm1'): Promise<Outcome> {
    const peer = this.router.attachLocal({ login, link: { ...BARE_LINK, ...link } })
    return new Promise((resolve) => {
      const ended = Promise.withResolvers<string>()
      const done = (session: SessionId | undefined, { details, reason }: { details: Dict; reason?: string }) =>
        resolve({ peer, session, reason, details, ended: ended.promise })
      peer.onMessage = (message: Message) => {
        if (message.type === MessageType.CHALLENGE) peer.send({ type: MessageType.AUTHENTICATE, signature, extra: {} })
        else if (message.type === MessageType.WELCOME) done((message as Welcome).sessionId, message as Welcome)
        else if (message.type === MessageType.ABORT) done(undefined, message as Abort)
        else if (message.type === MessageType.GOODBYE) ended.resolve(message.reason)
      }
      peer.send({ type: MessageType.HELLO, realm, details: { roles: { caller: {} }, ...hello } })
    })
  }
}
