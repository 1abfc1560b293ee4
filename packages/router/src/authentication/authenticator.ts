// The door to authentication: one authenticator for each method. login.ts asks those that a link has, in the order of the client
// (AUTH-03). An authenticator answers with steps: a challenge, whose answer leads to the next step, until there is an identity or a
// refusal. Each `next` may be called later; it is called once.

import type { ChannelBinding, Dict, SessionId, Uri } from '@crosspoint/protocol'
import type { Principal } from './principals.ts'

/** What is known of the connection that a HELLO came over. */
export interface Link {
  /** Where the peer is, for logs: "127.0.0.1:51234". */
  readonly peer: string
  /** What attempts are counted by: the peer's IP address; undefined in this process and on Unix sockets. */
  readonly address: string | undefined
  /** What a dynamic authenticator is told of it: `type`, `protocol`, `http_headers_received`, `peer_cert` … */
  readonly transport: Dict
  /** The data that a login can be bound to (RFC 5929, RFC 9266); undefined where the connection has none of that type. */
  readonly channelId: (type: ChannelBinding) => Uint8Array | undefined
  /** The client's certificate, checked by TLS already. */
  readonly certificate: ClientCertificate | undefined
  /** The cookie that this node gave this browser, if it has one. */
  readonly cookie: string | undefined
}

export interface ClientCertificate {
  /** SHA-1 and SHA-256 of the certificate, lower-case hexadecimal digits. */
  readonly sha1: string
  readonly sha256: string
  /** The subject's common name, if there is one. */
  readonly commonName: string | undefined
}

/** A link about which nothing is known, such as one within this process. */
export const BARE_LINK: Link = Object.freeze({
  peer: 'unknown',
  address: undefined,
  transport: Object.freeze({}),
  channelId: () => undefined,
  certificate: undefined,
  cookie: undefined,
})

/** A HELLO that wants to log in. */
export interface LoginRequest {
  /** The id that WELCOME will carry. */
  readonly session: SessionId
  /** Null when the client leaves the choice to the router (SES-09). */
  readonly realm: Uri | null
  readonly authid: string | undefined
  readonly authextra: Dict
  /** HELLO.Details; its `transport` is the client's invention (AUTH-10). */
  readonly details: Dict
  readonly link: Link
}

/** Who somebody is found to be (AUTH-05). */
export interface Identity {
  readonly realm: Uri
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string
  /** Where the principal is known: "static", "dynamic", "sql" … */
  readonly authprovider: string
  /** WELCOME.Details.authextra. */
  readonly authextra?: Dict | undefined
  /** When the session ends because its login has expired, in milliseconds since 1970-01-01 UTC. Default: never. */
  readonly expiresAtMs?: number | undefined
}

/** Why a login fails. */
export interface Refusal {
  readonly reason: Uri
  /** What the peer is told: nothing about the cause (AUTH-06). */
  readonly message: string
  /** For the operator's log. */
  readonly cause: string
  /** Details of the ABORT beside `message`. */
  readonly details?: Dict | undefined
  /** Whether somebody may be guessing: then it counts against the address and the principal. */
  readonly isGuess: boolean
}

export type Next = (step: Step) => void

export type Step =
  /** This method cannot be used with this HELLO, and another one may. */
  | { readonly type: 'skip'; readonly cause: string }
  | {
      readonly type: 'challenge'
      /** Of the CHALLENGE, when it is not the method that was chosen. */
      readonly authmethod?: string | undefined
      readonly extra: Dict
      /** Takes AUTHENTICATE, which comes once. */
      readonly answered: (signature: string, extra: Dict, next: Next) => void
    }
  | { readonly type: 'accept'; readonly identity: Identity; readonly principal?: Principal | undefined }
  | { readonly type: 'refuse'; readonly refusal: Refusal }

export interface Authenticator {
  /** As in HELLO.Details.authmethods. */
  readonly method: string
  /** Other names that clients have for it. */
  readonly aliases?: readonly string[] | undefined
  begin(request: LoginRequest, next: Next): void
}

/** Asked when the first method has found who it is; for those that must also show something else (AUTH-08). */
export interface SecondStep {
  /** The next step, or undefined when none is needed. */
  begin(request: LoginRequest, identity: Identity, principal: Principal | undefined): Step | undefined
}

/** How sessions of one link log in. */
export interface LoginOptions {
  readonly authenticators: readonly Authenticator[]
  readonly secondStep?: SecondStep | undefined
  /** Told of each login just before its session joins; the realm and the role may turn out not to be there. It must not throw. */
  readonly onAccepted?: ((request: LoginRequest, identity: Identity) => void) | undefined
}
