// What authorizers are told and how their answers are read (AUTHZ-06): Crossbar.io's arguments and answers.

import type { Dict, Uri } from '@crosspoint/protocol'
import { shown } from '@crosspoint/protocol/internal'
import type { Action, AuthorizationRequest, Decision, Grant, Validation } from '@crosspoint/router'
import { pathText } from '../config/issue.ts'
import { canonical, isObject } from './json-values.ts'
import { ANSWERS, compileValidation, PARTS, type ValidateConfig } from './payload-checks.ts'

/** What is known of the session that asks. */
export interface SessionDetails extends Dict {
  readonly session: number
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string | null
  readonly authprovider: string | null
  readonly authextra: Dict
  /** Of its connection, with Crossbar.io's names: `channel_type`, `peer`, `is_secure`, `http_headers_received` … */
  readonly transport: Dict
}

/** An authorizer's answer: whether it may, or that with what holds for it. */
export type AuthorizerAnswer =
  | boolean
  | {
      readonly allow: boolean
      /** Whose identity is told, asked or not. Default: nobody's. */
      readonly disclose?: boolean | { readonly caller?: boolean; readonly publisher?: boolean } | undefined
      /** Whether the same holds for the same session, action, URI and match policy from now on. Default: false. */
      readonly cache?: boolean | undefined
      /** What payloads must be like, as in permissions. Default: anything. */
      readonly validate?: ValidateConfig | null | undefined
    }

function sessionDetails({ principal }: AuthorizationRequest): SessionDetails {
  const { session, authid, authrole, authmethod, authprovider, authextra, transport } = principal
  // Copies: what an authorizer changes in them must change nothing here.
  const copies = { authextra: { ...authextra }, transport: { ...transport } }
  return { session, authid, authrole, authmethod: authmethod ?? null, authprovider: authprovider ?? null, ...copies }
}

/** What an authorizer is called with. */
export function argumentsOf(request: AuthorizationRequest): [session: SessionDetails, uri: Uri, action: Action, options: Dict] {
  return [sessionDetails(request), request.uri, request.action, { ...request.options }]
}

/** No decision, and why, for the log. */
export interface Failure {
  readonly failure: string
}

const KEYS: readonly string[] = ['allow', 'disclose', 'cache', 'validate']

/** The decision that an answer is. What makes no sense is none: a misspelt word must not open or close anything. Never throws. */
export function readDecision(answer: unknown, action: Action): Decision | Failure {
  try {
    return decisionOf(answer, action)
  } catch (error) {
    return { failure: `its answer cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function decisionOf(answer: unknown, action: Action): Decision | Failure {
  if (typeof answer === 'boolean') return answer ? 'allowed' : 'denied'
  if (!isObject(answer)) return { failure: `it must answer with true, false or { allow, … }, not with ${shown(answer)}` }
  const { allow, cache = false, disclose, validate } = withoutNulls(answer)
  const unknown = Object.keys(answer).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) return { failure: `its answer has the member ${shown(unknown)}; known are ${KEYS.join(', ')}` }
  if (typeof allow !== 'boolean') return { failure: `allow in its answer must be true or false, not ${shown(allow)}` }
  if (typeof cache !== 'boolean') return { failure: `cache in its answer must be true or false, not ${shown(cache)}` }
  const isDisclosed = readDisclosure(disclose, action)
  if (isDisclosed === undefined) {
    return { failure: `disclose in its answer must be true, false or { caller, publisher }, not ${shown(disclose)}` }
  }
  const validation = readValidation(validate)
  if (validation !== undefined && 'failure' in validation) return validation
  if (!allow) return cache ? { isDenied: true, isLasting: true } : 'denied'
  const grant: Grant = { isDisclosed, validation, isLasting: cache }
  return isDisclosed || cache || validation !== undefined ? grant : 'allowed'
}

/** Languages without `undefined` write null for what is not there. */
function withoutNulls(dict: { readonly [key: string]: unknown }): { readonly [key: string]: unknown } {
  return Object.fromEntries(Object.entries(dict).filter(([, value]) => value !== null))
}

/** Undefined when it makes no sense. */
function readDisclosure(disclose: unknown, action: Action): boolean | undefined {
  if (disclose === undefined) return false
  if (typeof disclose === 'boolean') return disclose && (action === 'call' || action === 'publish')
  if (!isObject(disclose)) return undefined
  for (const [key, value] of Object.entries(disclose)) {
    if ((key !== 'caller' && key !== 'publisher') || (typeof value !== 'boolean' && value !== null)) return undefined
  }
  return (action === 'call' && disclose['caller'] === true) || (action === 'publish' && disclose['publisher'] === true)
}

/** Authorizers answer with the same few schemas again and again. */
const compiled = new Map<string, Validation>()
const COMPILED_MAX = 200

function readValidation(validate: unknown): Validation | Failure | undefined {
  if (validate === undefined) return undefined
  const fault = shapeFault(validate)
  if (fault !== undefined) return { failure: `validate in its answer ${fault}` }
  const config = validate as ValidateConfig
  const key = isData(validate) ? canonical(validate) : undefined
  const known = key === undefined ? undefined : compiled.get(key)
  if (known !== undefined) return known
  const { validation, issues } = compileValidation(config, ['validate'])
  const [issue] = issues
  if (issue !== undefined) return { failure: `${pathText(issue.path)} in its answer ${issue.message}` }
  if (key !== undefined) {
    if (compiled.size >= COMPILED_MAX) compiled.clear()
    compiled.set(key, validation)
  }
  return validation
}

function shapeFault(validate: unknown): string | undefined {
  if (!isObject(validate)) return 'must be { args, kwargs, result, progress, error }'
  for (const [key, value] of Object.entries(validate)) {
    if (PARTS.some((part) => part === key)) continue
    if (!ANSWERS.some((each) => each === key)) return `has the member ${shown(key)}; known are ${[...PARTS, ...ANSWERS].join(', ')}`
    if (!isObject(value)) return `must have { args, kwargs } as ${key}`
    const unknown = Object.keys(value).find((each) => !PARTS.some((part) => part === each))
    if (unknown !== undefined) return `has ${key}.${unknown}; known are ${PARTS.join(', ')}`
  }
  return undefined
}

/** Whether it is all data: schemas of libraries, which are more, are not told apart by what they show. */
function isData(value: unknown): boolean {
  if (typeof value === 'function') return false
  if (Array.isArray(value)) return value.every(isData)
  if (!isObject(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isData)
}
