// An authorizer that is a function of the user's (`type: function`): the default export of a module, loaded once at the start. It runs
// in the router's process: what it computes without awaiting, all wait for.

import { pathToFileURL } from 'node:url'
import { type Dict, type Uri, UsageError } from '@crosspoint/protocol'
import type { Action, Authorizer } from '@crosspoint/router'
import { type AuthorizerAnswer, argumentsOf, readDecision, type SessionDetails } from './answers.ts'
import type { Failures } from './failures.ts'

/**
 * What the module exports by default.
 *
 * @param session who asks: `session`, `authid`, `authrole`, `authmethod`, `authprovider`, `authextra`
 * @param uri what is asked for; a pattern when `options.match` says so
 * @param action `call`, `register`, `publish` or `subscribe`
 * @param options those of the message, such as `{ match: 'prefix' }`
 * @example
 * export default (session, uri, action) => action === 'subscribe' && uri.startsWith(`com.user.${session.authid}.`)
 */
export type AuthorizerFunction = (
  session: SessionDetails,
  uri: Uri,
  action: Action,
  options: Dict,
) => AuthorizerAnswer | Promise<AuthorizerAnswer>

export interface FunctionAuthorizerOptions {
  /** Absolute path of the module. */
  readonly module: string
  /** As written in the configuration, for errors. */
  readonly name: string
  /** How long an answer may take, in milliseconds; then there is no decision. */
  readonly timeoutMs: number
}

/**
 * Loads the module and makes an authorizer of its function.
 *
 * @throws UsageError ERR_CONFIG, naming the file, when it cannot be loaded or its default export is no function
 * @example
 * const authorizer = await functionAuthorizer({ module: '/srv/node/authorize.ts', name: './authorize.ts', timeoutMs: 5000 }, failures)
 */
export async function functionAuthorizer(options: FunctionAuthorizerOptions, failures: Failures): Promise<Authorizer> {
  const { module, name, timeoutMs } = options
  const ask = await load(module, name)
  return {
    authorize(request, decide) {
      const take = (answer: unknown) => {
        const decision = readDecision(answer, request.action)
        if (typeof decision === 'object' && 'failure' in decision) return fail(decision.failure)
        failures.worked()
        decide(decision)
      }
      const fail = (cause: string) => {
        failures.failed(cause)
        decide('failed')
      }
      let answer: unknown
      try {
        answer = ask(...argumentsOf(request))
      } catch (error) {
        return fail(thrown(error))
      }
      if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return take(answer)
      let isOver = false
      const once = (go: () => void) => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        go()
      }
      const timer = setTimeout(() => once(() => fail(`it did not answer within ${timeoutMs} ms (timeoutMs)`)), timeoutMs)
      timer.unref() // no reason to live on for a node that has stopped
      Promise.resolve(answer).then(
        (value) => once(() => take(value)),
        (error) => once(() => fail(thrown(error))),
      )
    },
  }
}

async function load(path: string, name: string): Promise<AuthorizerFunction> {
  let loaded: { default?: unknown }
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown }
  } catch (error) {
    throw new UsageError('ERR_CONFIG', `Cannot load the authorizer ${name}: ${thrown(error)}`, { cause: error })
  }
  if (typeof loaded.default === 'function') return loaded.default as AuthorizerFunction
  const found = loaded.default === undefined ? 'it has no default export' : `its default export is of type ${typeof loaded.default}`
  const remedy = 'write export default (session, uri, action, options) => …'
  throw new UsageError('ERR_CONFIG', `Cannot load the authorizer ${name}: ${found}; ${remedy}`)
}

function thrown(error: unknown): string {
  return `it threw ${error instanceof Error ? `${error.name}: ${error.message.split('\n', 1)[0]}` : String(error)}`
}
