// How sessions of one listener log in: what the router is told of each connection, and the cookies of each path.

import type { Serializer, SessionId } from '@crosspoint/protocol'
import type { AttachInfo, LoginOptions } from '@crosspoint/router'
import type { ConnectionInfo, UpgradeRequest } from '@crosspoint/transport'
import { withoutReservedRoles } from '../authorization/service-role.ts'
import type { CookieLogins } from './cookie-authenticator.ts'
import { linkOf } from './links.ts'

/** A login that is open. */
export interface OpenLogin {
  readonly options: LoginOptions
  /** The cookies of its path; undefined where there are none. */
  readonly cookies: CookieLogins | undefined
}

export class ListenerLogins {
  readonly #byPath: ReadonlyMap<string, OpenLogin>
  readonly #rawSocket: OpenLogin | undefined

  /** @param byPath the HTTP paths of WebSocket and long-poll where sessions log in; on others all are anonymous */
  constructor(byPath: ReadonlyMap<string, OpenLogin>, rawSocket: OpenLogin | undefined) {
    const guarded = ({ options, cookies }: OpenLogin) => ({ options: withoutReservedRoles(options), cookies })
    this.#byPath = new Map([...byPath].map(([path, login]) => [path, guarded(login)]))
    this.#rawSocket = rawSocket && guarded(rawSocket)
  }

  /** The Set-Cookie headers for a request that opens a transport. */
  upgrade(request: UpgradeRequest): readonly string[] {
    return this.#byPath.get(request.path)?.cookies?.upgrade(request) ?? []
  }

  /** What the router is told of a connection. */
  attachInfo(info: ConnectionInfo, serializer: Serializer): AttachInfo {
    const login = info.type === 'rawsocket' ? this.#rawSocket : this.#byPath.get(info.path)
    if (login === undefined) return { peer: info.peer }
    return { login: login.options, link: linkOf(info, serializer, login.cookies?.cookieOf(info.headers)) }
  }

  /** A session has ended, for whatever reason. */
  ended(session: SessionId, reason: string): void {
    for (const { cookies } of this.#byPath.values()) cookies?.ended(session, reason)
  }
}
