// Payloads for the far end only (section 11 of the requirements): what a codec does between the application's args and
// kwargs and what the router carries. The client calls it for every message with a payload; codecs themselves, such as end-to-end
// encryption, are apart, so that a page without them does not carry them.

import type { Call, ErrorMessage, Event, Invocation, Publish, Result, Uri, Yield } from '@crosspoint/protocol'

export interface PayloadCodec {
  /** Features that all four roles announce, for example `payload_passthru_mode`. */
  readonly features: readonly string[]
  /** The message as it is to be sent: the same one, or another with a sealed payload and the options that say how. */
  seal<Sent extends Publish | Call | Yield | ErrorMessage>(message: Sent, uri: Uri): Sent
  /** The message with its payload in the clear; `undefined` when this codec cannot read it (PPT-14). */
  open<Received extends Event | Invocation | Result | ErrorMessage>(message: Received, uri: Uri): Received | undefined
}
