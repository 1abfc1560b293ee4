// The publisher: PUBLISH, with and without acknowledgement.

import { type Dict, type Message, MessageType, type Payload, type PublicationId, type Published, type Uri } from '@crosspoint/protocol'
import type { Session } from './session.ts'
import type { Settle } from './subscriber.ts'
import { wireOptions } from './wire-options.ts'

export interface PublishOptions {
  /** Positional arguments. Default: none. */
  readonly args?: readonly unknown[] | undefined
  /** Keyword arguments. Default: none. */
  readonly kwargs?: Dict | undefined
  /** Asks the router to confirm. Default: false. */
  readonly acknowledge?: boolean | undefined
  /** Whether this session gets no event of its own publication. Default: true. */
  readonly exclude_me?: boolean | undefined
  /** Sessions that get no event. */
  readonly exclude?: readonly number[] | undefined
  readonly exclude_authid?: readonly string[] | undefined
  readonly exclude_authrole?: readonly string[] | undefined
  /** The only sessions that may get an event. */
  readonly eligible?: readonly number[] | undefined
  readonly eligible_authid?: readonly string[] | undefined
  readonly eligible_authrole?: readonly string[] | undefined
  /** Asks the router to keep the event for later subscribers. Default: false. */
  readonly retain?: boolean | undefined
  /** Resource key: of the subscribers with a node key, only those get the event to which it belongs. Default: none. */
  readonly rkey?: string | undefined
  /** Asks the router to tell subscribers who published. Default: false. */
  readonly disclose_me?: boolean | undefined
  /** Whether to wait for a session when there is none. Default: that of the client. */
  readonly waitForSession?: boolean | undefined
}

/** Publishes and waits for nothing. Throws `UsageError` when it cannot be sent. */
export function publish(session: Session, topic: Uri, options: Dict, payload: Payload): void {
  session.request((requestId) => ({ type: MessageType.PUBLISH, requestId, options, topic, payload }), undefined)
}

/** Publishes; `settle` gets the publication's id when `acknowledge` is set, else `undefined` at once. */
export function publishEvent(
  session: Session,
  topic: Uri,
  options: PublishOptions,
  payload: Payload,
  settle: Settle<PublicationId | undefined>,
): void {
  const wire = wireOptions(MessageType.PUBLISH, options)
  if (!options.acknowledge) {
    publish(session, topic, wire, payload)
    return settle.resolve(undefined)
  }
  const { resolve, reject } = settle
  const published = (reply: Message) => resolve((reply as Published).publicationId)
  session.ask({ type: MessageType.PUBLISH, options: wire, topic, payload }, topic, published, reject, reject)
}
