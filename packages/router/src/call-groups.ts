// A call that runs at all callees of a shared registration (RPC-129): one record for the caller, one for each callee. The
// caller gets the list of all results (`gather`), or each as a progressive result and then an empty final one
// (`progressive`); the first error ends it all.

import { type Dict, MessageType, Payload, type Result } from '@crosspoint/protocol'
import type { PendingCall } from './pending-calls.ts'

export class CallGroup {
  /** The caller's record; it has no callee. */
  readonly head: PendingCall
  readonly isProgressive: boolean
  /** The records of callees that have not answered, in order of invocation. */
  readonly open = new Set<PendingCall>()
  readonly #places = new Map<PendingCall, number>()
  readonly #values: unknown[] = []

  constructor(head: PendingCall, isProgressive: boolean) {
    this.head = head
    this.isProgressive = isProgressive
  }

  add(part: PendingCall): void {
    this.#places.set(part, this.#values.length)
    this.#values.push(null)
    this.open.add(part)
  }

  /** A callee answered, with these Details for the caller: what the caller gets for it, if anything yet. The call is over when `open` is empty. */
  answered(part: PendingCall, details: Dict, payload: Payload): Result | undefined {
    this.open.delete(part)
    const requestId = this.head.callId
    if (this.isProgressive) return { type: MessageType.RESULT, requestId, details, payload }
    this.#values[this.#places.get(part)!] = singleValue(payload)
    return this.open.size > 0 ? undefined : { type: MessageType.RESULT, requestId, details: {}, payload: Payload.of([this.#values]) }
  }
}

/** A result as one value: its only argument, or args and kwargs when it is not that simple. */
function singleValue(payload: Payload): unknown {
  const { args, kwargs } = payload.read()
  if (Object.keys(kwargs).length > 0) return { args, kwargs }
  return args.length === 1 ? args[0] : args.length === 0 ? null : { args, kwargs }
}
