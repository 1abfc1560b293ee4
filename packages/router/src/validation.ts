// What a permission wants payloads to be like (AUTHZ-08). The checks come from outside: the node makes them from JSON Schema or
// Standard Schema. Payloads that are for the far end only are not looked into.

import type { Call, Dict, Payload } from '@crosspoint/protocol'
import { isPassthru } from './details.ts'

/** What is wrong with a value, where; undefined when nothing is. */
export type ValueCheck = (value: unknown) => string | undefined

export interface PayloadCheck {
  /** Of the list of positional arguments. */
  readonly args?: ValueCheck | undefined
  /** Of the dictionary of keyword arguments. */
  readonly kwargs?: ValueCheck | undefined
}

/** Of a call or an event: its own payload; and, of a call, of what the caller gets. */
export interface Validation extends PayloadCheck {
  readonly result?: PayloadCheck | undefined
  /** Of results with `progress`. */
  readonly progress?: PayloadCheck | undefined
  readonly error?: PayloadCheck | undefined
}

/** A call whose later chunks and answers are looked at. */
export interface CheckedCall extends Call {
  readonly validation?: Validation | undefined
}

/** What two want of payloads, put together: both must be content. */
export function bothValidations(one: Validation | undefined, other: Validation | undefined): Validation | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return {
    ...bothChecks(one, other),
    result: bothChecks(one.result, other.result),
    progress: bothChecks(one.progress, other.progress),
    error: bothChecks(one.error, other.error),
  }
}

function bothChecks(one: PayloadCheck = {}, other: PayloadCheck = {}): PayloadCheck {
  return { args: both(one.args, other.args), kwargs: both(one.kwargs, other.kwargs) }
}

function both(one: ValueCheck | undefined, other: ValueCheck | undefined): ValueCheck | undefined {
  return one === undefined || other === undefined ? (one ?? other) : (value) => one(value) ?? other(value)
}

/** What is wrong with a payload; undefined when nothing is. */
export function wrongPayload(check: PayloadCheck | undefined, payload: Payload, options: Dict): string | undefined {
  if (check === undefined || (check.args === undefined && check.kwargs === undefined) || isPassthru(options)) return undefined
  let items: { readonly args: readonly unknown[]; readonly kwargs: Dict }
  try {
    items = payload.read()
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`
  }
  const args = check.args?.(items.args)
  if (args !== undefined) return `args: ${args}`
  const kwargs = check.kwargs?.(items.kwargs)
  return kwargs === undefined ? undefined : `kwargs: ${kwargs}`
}

/** What is wrong with the answer to a call. */
export function wrongAnswer(
  call: CheckedCall | undefined,
  kind: 'result' | 'progress' | 'error',
  payload: Payload,
  options: Dict,
): string | undefined {
  const validation = call?.validation
  if (validation === undefined) return undefined
  const wrong = wrongPayload(validation[kind], payload, options)
  return wrong === undefined ? undefined : `The ${kind} of "${call!.procedure}" is not what it must be: ${wrong}`
}

/** Whether something is to be looked at beyond the call itself. */
export function isChecked(call: CheckedCall): boolean {
  return call.validation !== undefined
}
