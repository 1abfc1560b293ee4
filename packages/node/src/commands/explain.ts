// `crosspoint explain`: why a role may do something, or may not; by the configuration alone, or asked of a node that runs.

import { isValidUri, type MatchPolicy, UsageError } from '@crosspoint/protocol'
import { uriRuleText } from '@crosspoint/protocol/internal'
import type { Action, Answer } from '@crosspoint/router'
import { explainer, type OfflineExplanation, rolesOf } from '../authorization/offline.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import type { ResolvedNode, ResolvedRealm } from '../config/resolved.ts'
import { type Environment, withNode } from './running-node.ts'

export interface ExplainOptions {
  readonly realm?: string | undefined
  readonly role?: string | undefined
  readonly authid?: string | undefined
  readonly match: MatchPolicy
  readonly config?: string | undefined
  /** Of a node that runs. Default: the configuration alone is asked. */
  readonly url?: string | undefined
  readonly json: boolean
}

/** What an explanation of either kind has. */
type Explained = Omit<OfflineExplanation, 'authorizer'> & { readonly authorizer?: string | null }

const EXPLAIN_STATUS: { readonly [answer in Answer]: number } = { allowed: 0, denied: 3, asked: 4 }

/**
 * Explains one decision.
 *
 * @param write takes what is printed. Default: stdout
 * @returns the exit status: 0 allowed, 3 denied, 4 when an authorizer decides
 * @throws UsageError ERR_INVALID_ARGUMENT for a question that makes no sense, ERR_CONFIG, ERR_CONNECT_FAILED, ERR_REFUSED
 * @example
 * await explain('call', 'com.example.add', { role: 'user', match: 'exact', json: false }, process.env)
 */
export async function explain(
  action: Action,
  uri: string,
  options: ExplainOptions,
  environment: Environment,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  const { json, match, role, authid, url } = options
  if (match !== 'exact' && (action === 'call' || action === 'publish')) {
    throw usage(`Cannot explain ${action} with the match policy ${match}: only register and subscribe have patterns`)
  }
  if ((role === undefined) === (authid === undefined)) throw usage('Say who it is about: either --role NAME or --authid NAME')
  const { explanation, realm } = await (url === undefined
    ? explainOffline(action, uri, options, environment)
    : explainOnline(url, action, uri, options, environment))
  write(json ? `${JSON.stringify({ realm, ...explanation })}\n` : textOf(explanation, realm))
  return EXPLAIN_STATUS[explanation.decision]
}

async function explainOffline(action: Action, uri: string, options: ExplainOptions, environment: Environment) {
  const { authid, config: file = findConfig(process.cwd()), match, role } = options
  if (file === undefined) throw usage('There is no configuration here; name one with --config FILE, or a node that runs with --url URL')
  const config = await loadConfig(file, environment)
  const realm = realmOf(config, options.realm)
  const { name, uriRule = 'loose' } = realm.options
  if (!isValidUri(uri, match, uriRule))
    throw usage(`Cannot explain "${uri}" with the match policy ${match}: ${uriRuleText(match, uriRule)}`)
  const authrole = role ?? roleOf(config, name, authid!)
  return { realm: name, explanation: explainer(realm)({ authrole, action, uri, match }) }
}

/** The realm of that name; without a name the only one. */
export function realmOf({ realms, source }: ResolvedNode, name: string | undefined): ResolvedRealm {
  const found = name === undefined ? realms : realms.filter((realm) => realm.options.name === name)
  if (found.length === 1) return found[0]!
  const names = realms.map(({ options }) => options.name).join(', ')
  if (name === undefined) throw usage(`${source} has several realms; choose with --realm one of ${names}`)
  throw usage(`${source} has no realm "${name}"; it has ${names}`)
}

function roleOf(config: ResolvedNode, realm: string, authid: string): string {
  const found = rolesOf(config, realm, authid)
  if (found.length === 1) return found[0]!.role
  if (found.length === 0) {
    throw usage(
      `${config.source} has no principal "${authid}" in realm ${realm}; those of files, databases, functions and tokens are not known here: give --role NAME, or ask the node with --url URL`,
    )
  }
  const roles = found.map(({ method, role }) => `"${role}" (${method})`).join(', ')
  throw usage(`"${authid}" has several roles, depending on how it logs in: ${roles}; choose with --role NAME`)
}

async function explainOnline(url: string, action: Action, uri: string, options: ExplainOptions, environment: Environment) {
  const { authid, match, realm = 'realm1', role } = options
  if (options.config !== undefined) throw usage('Give either --config FILE or --url URL: a node that runs has its own configuration')
  const who = role === undefined ? { authid } : { authrole: role }
  const explanation = await withNode(url, realm, environment, (ask) =>
    ask('crosspoint.authorization.explain', [action, uri], { match, ...who }),
  )
  return { realm, explanation: explanation as Explained }
}

function textOf({ action, authorizer, authrole, change, decision, match, reason, rule, uri }: Explained, realm: string): string {
  const what = `${action} ${match === 'exact' ? '' : `${match} `}"${uri}"`
  const lines = [`${decision}: role "${authrole}" in ${realm}: ${what}`, `why: ${reason}`]
  if (authorizer) lines.push(`authorizer: ${authorizer}`)
  if (rule?.source) lines.push(`where: ${rule.source}`)
  lines.push(`to change it: ${change}`)
  return `${lines.join('\n')}\n`
}

export function usage(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message)
}
