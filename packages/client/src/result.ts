// Results: what a procedure returns when one value is not enough, and what a call gives when one value is not enough.

import { type Dict, EMPTY_DICT, Payload, UsageError } from '@crosspoint/protocol'

/**
 * Several results of a procedure: return one of these instead of a value.
 * @example client.register('com.example.divide', (a, b) => new Result([Math.floor(a / b), a % b], { exact: a % b === 0 }))
 */
export class Result {
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  constructor(args: readonly unknown[] = [], kwargs: Dict = EMPTY_DICT) {
    this.args = args
    this.kwargs = kwargs
  }
}

/** The whole answer to a call, or one piece of progress. `Value` is the type of the first positional result. */
export class CallResult<Value = unknown> {
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  /** `RESULT.Details`. */
  readonly details: Dict
  constructor(payload: Payload, details: Dict) {
    const { args, kwargs } = payload.read()
    this.args = args
    this.kwargs = kwargs
    this.details = details
  }
  /** The first positional result; `undefined` when there is none. */
  get value(): Value {
    return this.args[0] as Value
  }
}

/** The payload of what a procedure returned. */
export function payloadOfResult(value: unknown): Payload {
  if (value === undefined) return Payload.of()
  if (value instanceof Result || value instanceof CallResult) return payloadOf(value.args, value.kwargs)
  return Payload.of([value])
}

/** A payload of what the application gave. Throws `ERR_INVALID_ARGUMENT` unless args is a list and kwargs an object. */
export function payloadOf(args: unknown, kwargs: unknown): Payload {
  if (args !== undefined && !Array.isArray(args)) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `args must be a list, not ${typeof args}`)
  }
  if (kwargs !== undefined && (typeof kwargs !== 'object' || kwargs === null || Array.isArray(kwargs))) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `kwargs must be an object, not ${Array.isArray(kwargs) ? 'a list' : typeof kwargs}`)
  }
  return Payload.of(args, kwargs as Dict | undefined)
}

/** Whether an answer comes later. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
