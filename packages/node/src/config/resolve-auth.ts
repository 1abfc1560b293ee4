// From a checked `auth` to what the node uses.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readCryptosignSeed } from '@crosspoint/protocol/internal'
import type { JwtOptions } from '../authentication/jwt-options.ts'
import { AUTHENTICATOR_ROLE } from '../authentication/service-role.ts'
import type { ResolvedCookie, ResolvedLogin, ResolvedMethod, ResolvedSource } from './resolved.ts'
import type { AuthConfig, CookieConfig, MethodConfig } from './schema-auth.ts'

const LOOKUP_TIMEOUT_MS = 5_000
const SQLITE = 'sqlite:'
/** Those whose principals are looked up in the same way. */
const LOOKED_UP = ['ticket', 'wampcra', 'scram', 'tls'] as const

/** The login that `auth` describes; `file` is the absolute path of the configuration. */
export function resolveAuth(auth: AuthConfig | undefined, cookie: CookieConfig | undefined, file: string): ResolvedLogin | undefined {
  if (auth === undefined) return undefined
  const methods: ResolvedMethod[] = []
  const { anonymous, cryptosign } = auth
  if (anonymous !== undefined) {
    if (anonymous.type === 'function' || anonymous.type === 'dynamic') methods.push({ method: 'anonymous', ...lookedUp(anonymous, file) })
    else {
      const { role = 'anonymous', realm, authid } = anonymous
      methods.push({ method: 'anonymous', role, realm, authid })
    }
  }
  for (const method of LOOKED_UP) {
    const config = auth[method]
    if (config !== undefined) methods.push({ method, ...lookedUp(config, file) })
  }
  if (cryptosign !== undefined) {
    const { routerKey, 'channel-binding': channelBinding = 'optional', 'tls-unique': tlsUnique = 'rfc' } = cryptosign
    const seed = routerKey === undefined ? undefined : readSeedFile(resolve(dirname(file), routerKey))
    methods.push({ method: 'cryptosign', ...lookedUp(cryptosign, file), routerKey: seed, channelBinding, tlsUnique })
  }
  if (auth.jwt !== undefined) methods.push({ method: 'jwt', options: auth.jwt as JwtOptions })
  return { methods, cookie: auth.cookie === undefined ? undefined : resolveCookie(cookie ?? {}, file) }
}

function resolveCookie({ store, ...options }: CookieConfig, file: string): ResolvedCookie {
  return { options, storeUrl: store?.type === 'sql' ? resolveUrl(store.url, file) : undefined }
}

/** The seed in a key file; throws what `readFileSync` and `readCryptosignSeed` throw. */
export function readSeedFile(path: string): Uint8Array {
  return readCryptosignSeed(readFileSync(path, 'utf8'), `private key in ${path}`)
}

function lookedUp(config: MethodConfig, file: string): { source: ResolvedSource; defaultRole: string | undefined } {
  return { source: resolveSource(config, file), defaultRole: 'default-role' in config ? config['default-role'] : undefined }
}

function resolveSource(config: MethodConfig, file: string): ResolvedSource {
  switch (config.type) {
    case 'file':
      return { type: 'file', path: resolve(dirname(file), config.path) }
    case 'sql':
      return { type: 'sql', url: resolveUrl(config.url, file), table: config.table, query: config.query }
    case 'function': {
      const { module, timeoutMs = LOOKUP_TIMEOUT_MS } = config
      return { type: 'function', module: resolve(dirname(file), module), name: module, timeoutMs }
    }
    case 'dynamic': {
      const {
        authenticator,
        'authenticator-realm': realm,
        'authenticator-role': role = AUTHENTICATOR_ROLE,
        timeoutMs = LOOKUP_TIMEOUT_MS,
      } = config
      return { type: 'dynamic', authenticator, realm, role, timeoutMs }
    }
    default:
      return { type: 'static', principals: ('users' in config ? config.users : 'principals' in config ? config.principals : {}) ?? {} }
  }
}

function resolveUrl(url: string, file: string): string {
  return url.startsWith(SQLITE) ? SQLITE + resolve(dirname(file), url.slice(SQLITE.length)) : url
}
