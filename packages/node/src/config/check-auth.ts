// What the shape of `auth` cannot say: files that must be there and be nobody else's to read, credentials that must be usable,
// realms that must exist, methods that need others.

import { type Stats, statSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { isValidUri } from '@crosspoint/protocol'
import { toHex, uriRuleText } from '@crosspoint/protocol/internal'
import { keysOf } from '@crosspoint/router'
import { COOKIE_NAME } from '../authentication/cookies.ts'
import { type JwtOptions, jwtFaults } from '../authentication/jwt-options.ts'
import { principalQuery } from '../authentication/principal-query.ts'
import { nodeCrypto } from '../crypto.ts'
import { modeFault } from '../file-modes.ts'
import { credentialFaults, duplicateCredentials } from './check-credentials.ts'
import { type ConfigPath, type Issue, valueAt } from './issue.ts'
import { readSeedFile } from './resolve-auth.ts'
import { type AuthConfig, type CookieConfig, type MethodConfig, PRINCIPALS, type PrincipalMethod } from './schema-auth.ts'
import type { TransportView } from './view.ts'

export const MODULE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs']

/** Something that sessions log in at. */
export interface AuthService {
  readonly path: ConfigPath
  readonly auth: AuthConfig | undefined
  readonly cookie: CookieConfig | undefined
}

/** Every service of a transport, once: a transport of type websocket is seen as several paths. */
export function authServices({ websockets, longpolls, rawsocket }: TransportView): AuthService[] {
  const services = new Map<unknown, AuthService>()
  for (const { config, path } of [...websockets, ...longpolls]) services.set(config, { path, auth: config.auth, cookie: config.cookie })
  if (rawsocket !== undefined) services.set(rawsocket.config, { path: rawsocket.path, auth: rawsocket.config.auth, cookie: undefined })
  return [...services.values()]
}

/** One method of `auth` whose principals come from somewhere. */
export interface MethodAt {
  readonly method: PrincipalMethod | 'anonymous'
  readonly config: MethodConfig
  readonly path: ConfigPath
}

export function methodsOf({ auth = {}, path }: AuthService): MethodAt[] {
  const names = ['anonymous', ...(Object.keys(PRINCIPALS) as PrincipalMethod[])] as const
  return names.flatMap((method) => {
    const config = auth[method]
    return config === undefined ? [] : [{ method, config, path: [...path, 'auth', method] }]
  })
}

/** The principals that stand in the configuration, and where. */
export function principalsOf({
  config,
  path,
}: MethodAt): { path: ConfigPath; principals: NonNullable<Extract<MethodConfig, { principals: unknown }>>['principals'] } | undefined {
  if ('principals' in config) return { path: [...path, 'principals'], principals: config.principals }
  if ('users' in config) return { path: [...path, 'users'], principals: config.users }
  return undefined
}

export function checkAuth(views: readonly TransportView[], file: string): Issue[] {
  return views.flatMap((view) =>
    authServices(view).flatMap((service) => [
      ...checkService(service, view),
      ...methodsOf(service).flatMap((method) => checkMethod(method, file)),
    ]),
  )
}

function checkService({ path, auth, cookie }: AuthService, view: TransportView): Issue[] {
  const issues: Issue[] = []
  if (auth !== undefined && Object.keys(auth).length === 0) {
    const message = 'must name a method, or nobody could log in; remove it to let everybody in as anonymous'
    issues.push({ path: [...path, 'auth'], value: auth, message })
  }
  if (auth?.cookie !== undefined && Object.keys(auth).length === 1) {
    const message = 'needs another method beside it: a cookie brings back who has logged in before'
    issues.push({ path: [...path, 'auth', 'cookie'], value: auth.cookie, message })
  }
  if (auth?.cookie !== undefined && cookie === undefined) {
    const message = 'must be given beside auth.cookie, and says what the cookie is like: cookie: {}'
    issues.push({ path: [...path, 'cookie'], value: undefined, message })
  }
  if (auth?.cookie === undefined && cookie !== undefined) {
    const message = 'has no effect without auth: { cookie: {} } beside it; add that, or remove this'
    issues.push({ path: [...path, 'cookie'], value: cookie, message })
  }
  if (cookie !== undefined) issues.push(...checkCookie(cookie, [...path, 'cookie'], view))
  if (auth?.jwt !== undefined) {
    const at = [...path, 'auth', 'jwt']
    for (const { path: within, message } of jwtFaults(auth.jwt as JwtOptions)) {
      issues.push({ path: [...at, ...within], value: valueAt(auth.jwt, within), message })
    }
  }
  const { endpoint } = view.config
  const ca = endpoint.type === 'tcp' ? endpoint.tls?.ca_certificates : undefined
  if (auth?.tls !== undefined && ca === undefined) {
    const message = 'needs client certificates: give the endpoint of this transport tls with ca_certificates'
    issues.push({ path: [...path, 'auth', 'tls'], value: { type: auth.tls.type }, message })
  }
  return issues
}

function checkCookie({ name, same_site, secure, store }: CookieConfig, path: ConfigPath, { config }: TransportView): Issue[] {
  const issues: Issue[] = []
  if (name !== undefined && !COOKIE_NAME.test(name)) {
    issues.push({ path: [...path, 'name'], value: name, message: 'must be a letter a … z and at least one of a … z, 0 … 9 and "_"' })
  }
  const isSecure = secure ?? (config.endpoint.type === 'tcp' && config.endpoint.tls !== undefined)
  if (same_site === 'None' && !isSecure) {
    const message = 'browsers take "None" for cookies with secure: true only; write "Lax" or "Strict", or let the endpoint have TLS'
    issues.push({ path: [...path, 'same_site'], value: same_site, message })
  }
  if (store?.type === 'sql') issues.push(...checkUrl(store.url, [...path, 'store', 'url']))
  return issues
}

function checkMethod(at: MethodAt, file: string): Issue[] {
  const { method, config, path } = at
  const issues: Issue[] = []
  switch (config.type) {
    case 'file':
      issues.push(...checkPrivateFile(config.path, [...path, 'path'], file))
      break
    case 'sql':
      issues.push(...checkTable(config, path))
      break
    case 'function':
      issues.push(...checkModule(config.module, [...path, 'module'], file))
      break
    case 'dynamic':
      if (!isValidUri(config.authenticator)) {
        const message = `must be the URI of a procedure: ${uriRuleText('exact', 'loose')}`
        issues.push({ path: [...path, 'authenticator'], value: config.authenticator, message })
      }
  }
  const found = principalsOf(at)
  if (found !== undefined && method !== 'anonymous') {
    if (Object.keys(found.principals).length === 0) {
      issues.push({ path: found.path, value: found.principals, message: 'must hold at least one principal: { joe: { …, role: "user" } }' })
    }
    for (const [authid, principal] of Object.entries(found.principals)) {
      for (const { key, message } of credentialFaults(method, authid, principal)) {
        const place = [...found.path, authid, ...(key === '' ? [] : [key])]
        issues.push({ path: place, value: key === '' ? principal : principal[key as keyof typeof principal], message })
      }
    }
    issues.push(...duplicateCredentials(found.principals, found.path))
  }
  if ('routerKey' in config && config.routerKey !== undefined) issues.push(...checkRouterKey(config.routerKey, at, file))
  return issues
}

function checkUrl(url: string, path: ConfigPath): Issue[] {
  if (/^sqlite:.|^postgres(ql)?:\/\/./.test(url)) return []
  return [{ path, value: url, message: 'must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE' }]
}

function checkTable({ url, table, query }: Extract<MethodConfig, { type: 'sql' }>, path: ConfigPath): Issue[] {
  const issues = checkUrl(url, [...path, 'url'])
  if (table !== undefined && !/^[a-z_][a-z0-9_]{0,39}$/.test(table)) {
    issues.push({ path: [...path, 'table'], value: table, message: 'must be 1 to 40 of a … z, 0 … 9 and "_", and begin with no digit' })
  }
  if (query === undefined) return issues
  if (table !== undefined) issues.push({ path: [...path, 'table'], value: table, message: 'has no meaning beside query; remove one' })
  try {
    principalQuery(query, url.startsWith('sqlite:') ? 'sqlite' : 'postgres')
  } catch (error) {
    issues.push({ path: [...path, 'query'], value: query, message: `cannot be used: ${(error as Error).message.split(': ').at(-1)}` })
  }
  return issues
}

/** A module of the user's, by its path as configured. */
export function checkModule(name: string, path: ConfigPath, file: string): Issue[] {
  const found = resolve(dirname(file), name)
  if (!MODULE_EXTENSIONS.includes(extname(found))) {
    return [{ path, value: name, message: `must be a file that ends with one of ${MODULE_EXTENSIONS.join(', ')}` }]
  }
  return statOf(found)?.isFile() === true ? [] : [{ path, value: name, message: missing(found) }]
}

/** A file that holds secrets: there, and not for everybody to read. */
function checkPrivateFile(name: string, path: ConfigPath, file: string): Issue[] {
  const found = resolve(dirname(file), name)
  const stats = statOf(found)
  if (stats?.isFile() !== true) return [{ path, value: name, message: missing(found) }]
  const message = modeFault(found, stats.mode)
  return message === undefined ? [] : [{ path, value: name, message }]
}

function checkRouterKey(name: string, at: MethodAt, file: string): Issue[] {
  const path = [...at.path, 'routerKey']
  const issues = checkPrivateFile(name, path, file)
  if (issues.length > 0) return issues
  let seed: Uint8Array
  try {
    seed = readSeedFile(resolve(dirname(file), name))
  } catch (error) {
    return [{ path, value: name, message: `cannot be used (${(error as Error).message}); make one with crosspoint keygen --out ${name}` }]
  }
  const principals = principalsOf(at)?.principals ?? {}
  nodeCrypto.ed25519PublicKey(seed, (publicKey) => {
    const own = toHex(publicKey)
    const authid = Object.keys(principals).find((each) => keysOf(principals[each]!).includes(own))
    if (authid === undefined) return
    const message = `is the key of "${authid}", too; the router signs what it is asked to, so its key must be nobody else's`
    issues.push({ path, value: name, message })
  })
  return issues
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function missing(path: string): string {
  return `there is no file ${path}; paths are relative to the configuration file`
}
