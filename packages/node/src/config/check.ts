// What the shape alone cannot say: names that must exist, files that must be there, ports that must differ, and what this
// version would have to ignore.

import { realpathSync, statSync } from 'node:fs'
import { dirname, extname, resolve, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { checkAuth, MODULE_EXTENSIONS } from './check-auth.ts'
import { checkRealms } from './check-realms.ts'
import { checkRoles } from './check-roles.ts'
import { checkTls } from './check-tls.ts'
import { type ConfigPath, type Issue, pathText } from './issue.ts'
import type { NodeConfig, RouterConfig } from './schema.ts'
import { type TransportView, viewTransports } from './view.ts'

/** Everything that is wrong with a configuration of the right shape; `file` is the absolute path that its paths are relative to. */
export function check(config: NodeConfig, file: string): Issue[] {
  const issues: Issue[] = []
  config.workers.forEach((worker, index) => {
    const path = ['workers', index]
    if (index > 0) {
      const message =
        'more than one router worker is not supported by this version of Crosspoint; put its realms and transports into the first'
      issues.push({ path: [...path, 'type'], value: worker.type, message })
    }
    const views = viewTransports(worker, path)
    issues.push(
      ...checkRealms(worker, path),
      ...checkRoles(worker, path, views, file),
      ...checkAuth(views, file),
      ...checkComponents(worker, path, file),
    )
    for (const view of views) issues.push(...checkTransport(view, file))
    issues.push(...checkEndpoints(views, file))
  })
  return issues
}

function checkComponents(worker: RouterConfig, path: ConfigPath, file: string): Issue[] {
  const issues: Issue[] = []
  const realms = worker.realms.map((realm) => realm.name)
  for (const [index, component] of (worker.components ?? []).entries()) {
    const at = [...path, 'components', index]
    if (!realms.includes(component.realm)) {
      issues.push({ path: [...at, 'realm'], value: component.realm, message: `there is no such realm; this worker has ${quoted(realms)}` })
    }
    const found = resolve(dirname(file), component.module)
    const value = component.module
    if (!MODULE_EXTENSIONS.includes(extname(found))) {
      issues.push({ path: [...at, 'module'], value, message: `must be a file that ends with one of ${MODULE_EXTENSIONS.join(', ')}` })
    } else if (!isFile(found)) {
      issues.push({ path: [...at, 'module'], value, message: `there is no file ${found}; paths are relative to the configuration file` })
    }
  }
  return issues
}

function checkTransport(view: TransportView, file: string): Issue[] {
  const issues: Issue[] = []
  for (const path of view.pathKeys) {
    const key = String(path.at(-1))
    if (key === '/' || /^[A-Za-z0-9_-]+$/.test(key)) continue
    const bare = key.replace(/^\/+|\/+$/g, '')
    const remedy = /^[A-Za-z0-9_-]+$/.test(bare) ? `write "${bare}"` : 'use letters, digits, "_" and "-", without slashes and dots'
    issues.push({ path, value: key, message: `a path is "/" or one component; ${remedy}` })
  }
  const httpPaths = new Map<string, ConfigPath>()
  for (const service of [...view.websockets, ...view.longpolls, ...view.statics]) {
    const first = httpPaths.get(service.httpPath)
    if (first !== undefined)
      issues.push({ path: service.path, value: service.httpPath, message: `the path is taken by ${pathText(first)}; remove one` })
    httpPaths.set(service.httpPath, service.path)
  }
  for (const service of view.longpolls) {
    if (service.httpPath !== '/') continue
    const message = 'long-poll takes everything below its path, so it cannot be at the root; give it a path of its own, such as "lp"'
    issues.push({ path: service.path, value: '/', message })
  }
  for (const service of view.statics) {
    const problem = directoryProblem(service.directory, file)
    if (problem !== undefined) issues.push({ path: [...service.path, 'directory'], value: service.directory, message: problem })
  }
  for (const service of view.rawsocket === undefined ? view.websockets : [...view.websockets, view.rawsocket]) {
    const names: readonly string[] = service.config.serializers ?? []
    if (!names.includes('ubjson') || !names.includes('ubjson-plain')) continue
    const message = 'ubjson and ubjson-plain have one name on the wire, so a client cannot choose; give one of them'
    issues.push({ path: [...service.path, 'serializers'], value: names, message })
  }
  issues.push(...checkAgreement(view), ...checkTls(view, file))
  const isSilent =
    view.rawsocket === undefined && [view.websockets, view.longpolls, view.statics].every((services) => services.length === 0)
  if (isSilent)
    issues.push({ path: view.path, value: { type: view.config.type }, message: 'nothing is spoken here; give a path, or rawsocket' })
  return issues
}

/** One listener has one set of serializers and options, so what shares a port must agree about them. */
function checkAgreement(view: TransportView): Issue[] {
  const issues: Issue[] = []
  const [first, ...others] = view.websockets
  for (const other of others) {
    for (const key of ['serializers', 'options'] as const) {
      if (isDeepStrictEqual(first!.config[key], other.config[key])) continue
      const message = `must be the same as ${pathText([...first!.path, key])}: different ones on one port are not supported by this version of Crosspoint; make them equal, or use a second transport`
      issues.push({ path: [...other.path, key], value: other.config[key] ?? null, message })
    }
  }
  const [polling, ...more] = view.longpolls
  for (const other of more) {
    if (isDeepStrictEqual(polling!.config.options, other.config.options)) continue
    const message = `must be the same as ${pathText([...polling!.path, 'options'])}: different ones on one port are not supported by this version of Crosspoint; make them equal, or use a second transport`
    issues.push({ path: [...other.path, 'options'], value: other.config.options ?? null, message })
  }
  const rawsocket = view.rawsocket
  if (first === undefined || rawsocket === undefined) return issues
  const pairs = [
    [['serializers'], rawsocket.config.serializers, first.config.serializers],
    [['options', 'max_message_size'], rawsocket.config.options?.max_message_size, first.config.options?.max_message_size],
  ] as const
  for (const [key, ours, theirs] of pairs) {
    if (ours === undefined || isDeepStrictEqual(ours, theirs)) continue
    const message = `must be the same as ${pathText([...first.path, ...key])}: different ones on one port are not supported by this version of Crosspoint; make them equal, or use a second transport`
    issues.push({ path: [...rawsocket.path, ...key], value: ours, message })
  }
  return issues
}

/** Two transports cannot have the same port of one address, nor the same socket file. */
function checkEndpoints(views: readonly TransportView[], file: string): Issue[] {
  const issues: Issue[] = []
  views.forEach((view, index) => {
    const mine = view.config.endpoint
    for (const earlier of views.slice(0, index)) {
      const theirs = earlier.config.endpoint
      const first = pathText([...earlier.path, 'endpoint'])
      if (mine.type === 'tcp' && theirs.type === 'tcp') {
        const isSameHost = mine.interface === theirs.interface || mine.interface === undefined || theirs.interface === undefined
        if (mine.port === 0 || mine.port !== theirs.port || !isSameHost) continue
        issues.push({
          path: [...view.path, 'endpoint', 'port'],
          value: mine.port,
          message: `the port is taken by ${first}; give each transport its own`,
        })
      } else if (mine.type === 'unix' && theirs.type === 'unix') {
        if (resolve(dirname(file), mine.path) !== resolve(dirname(file), theirs.path)) continue
        issues.push({
          path: [...view.path, 'endpoint', 'path'],
          value: mine.path,
          message: `the socket is taken by ${first}; give each transport its own`,
        })
      }
    }
  })
  return issues
}

/** Why a directory must not be served; `undefined` when it may. */
function directoryProblem(directory: string, file: string): string | undefined {
  const found = resolve(dirname(file), directory)
  const stats = statSync(found, { throwIfNoEntry: false })
  if (stats === undefined) return `there is no directory ${found}; paths are relative to the configuration file`
  if (!stats.isDirectory()) return 'is a file; give the directory that holds it'
  // What is served is public, and beside a configuration lie keys and sources.
  const root = realpathSync(found)
  const inside = root.endsWith(sep) ? root : root + sep
  if (realpathSync(file).startsWith(inside)) return 'holds the configuration file itself; put what is public into a directory of its own'
  return undefined
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ')
}
