// The browser's door. Nothing here, nor in what it imports, needs Node.

export {
  ApplicationError,
  type Clock,
  CloseUri,
  cborSerializer,
  type Dict,
  ErrorUri,
  flatbuffersSerializer,
  jsonSerializer,
  msgpackSerializer,
  type PublicationId,
  plainUbjsonSerializer,
  type Random,
  type Serializer,
  type Timer,
  type Transport,
  type Uri,
  UsageError,
  ubjsonSerializer,
} from '@crosspoint/protocol'
export { App, type AppOptions } from './app.ts'
export { anonymous } from './auth/anonymous.ts'
export { cookie } from './auth/cookie.ts'
export { type CryptosignOptions, cryptosign } from './auth/cryptosign.ts'
export { type JwtOptions, jwt } from './auth/jwt.ts'
export { type ScramOptions, scram } from './auth/scram.ts'
export { type TicketOptions, ticket } from './auth/ticket.ts'
export { tls } from './auth/tls.ts'
export { totp } from './auth/totp.ts'
export { type WampcraOptions, wampcra } from './auth/wampcra.ts'
export type { AuthAnswer, AuthAttempt, AuthContext, AuthMethod, Secret } from './authentication.ts'
export type { Procedure, RegisterOptions } from './callee.ts'
export type { CallOptions } from './caller.ts'
export { Client, type Registration, type StopOptions, type Subscription } from './client.ts'
export type { Chunk } from './input.ts'
export type { Invocation } from './invocation.ts'
export { consoleLogger, type Logger, type LogLevel } from './logger.ts'
export { CLIENT_DEFAULTS, type ClientOptions, type ErrorReport } from './options.ts'
export type { PayloadCodec } from './payload-codec.ts'
export { PROGRESS_UNREAD_MAX, type ProgressCall } from './progress-call.ts'
export type { PublishOptions } from './publisher.ts'
export { type CallResult, Result } from './result.ts'
export type { SessionInfo } from './session.ts'
export type { Status, StatusName } from './status.ts'
export type { Event, EventHandler, SubscribeOptions } from './subscriber.ts'
