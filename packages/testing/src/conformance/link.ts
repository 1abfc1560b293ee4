// A client's end of one connection to the router, in lists instead of messages, so that it can also send what is no message.

export interface Link {
  /** What arrived and was not yet taken, oldest first. */
  readonly inbox: unknown[][]
  /** Whether the connection is over, by whichever side. */
  readonly isClosed: boolean
  /** What the router calls this peer; only where the router learns of a cut connection later than the client. */
  readonly address: string | undefined
  send(message: readonly unknown[]): void
  /** Sends a frame that need not be a message; throws where there are no frames. */
  sendRaw(frame: string | Uint8Array): void
  /** Cuts the connection without a word. */
  cut(): void
  /** Resolves when the router has processed what was sent before; absent where sending is processing. */
  readonly ping?: (() => Promise<void>) | undefined
  /** What could not be said in this form, for which a scenario is left out on it. */
  readonly loss?: string | undefined
  /** Called when something arrived, or the connection ended. */
  onChange: () => void
}
