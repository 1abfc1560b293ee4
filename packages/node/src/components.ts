// Components that run inside the node: modules whose default export gets an App on an in-process session.

import { pathToFileURL } from 'node:url'
import { App } from '@crosspoint/client/node'
import { UsageError } from '@crosspoint/protocol'
import type { Router } from '@crosspoint/router'
import type { ResolvedComponent } from './config/resolved.ts'
import { type Logger, namedLogger } from './log.ts'

export interface RunningComponent {
  readonly name: string
  /** Runs the component's own `onStop` and ends its session. */
  stop(): Promise<void>
}

/** A component's default export. `extra` is what the configuration says. */
export type ComponentModule = (app: App, extra: unknown) => void | Promise<void>

/**
 * Imports a component, calls its default export and starts its App; resolves when everything is registered and subscribed.
 * @throws UsageError ERR_COMPONENT naming the file, the error, and the first line of the stack inside the component.
 */
export async function startComponent(component: ResolvedComponent, router: Router, log: Logger): Promise<RunningComponent> {
  const app = new App({
    peer: () => router.attachLocal({ authrole: component.authrole }),
    realm: component.realm,
    logger: namedLogger(log, component.name),
  })
  try {
    const module = (await import(pathToFileURL(component.module).href)) as { default?: unknown }
    const run = module.default
    if (typeof run !== 'function') {
      const found =
        run === undefined
          ? 'it has no default export'
          : `its default export is ${typeof run === 'object' ? 'an object' : `a ${typeof run}`}`
      throw new UsageError('ERR_COMPONENT', `Cannot load the component ${component.name}: ${found}; write export default (app) => { … }`)
    }
    await (run as ComponentModule)(app, component.extra)
    await app.start()
  } catch (error) {
    await app.stop()
    if (error instanceof UsageError && error.code === 'ERR_COMPONENT') throw error
    throw new UsageError('ERR_COMPONENT', `Cannot load the component ${component.name}: ${failureText(error, component.module)}`, {
      cause: error,
    })
  }
  return { name: component.name, stop: () => app.stop() }
}

/** The error in one line, and where in the component it came from. */
function failureText(error: unknown, module: string): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`
  const message = error.message.split('\n', 1)[0]
  const url = pathToFileURL(module).href
  const line = (error.stack ?? '').split('\n').find((entry) => entry.includes(url) || entry.includes(module))
  const place = line === undefined ? undefined : /:(\d+)(?::(\d+))?\)?\s*$/.exec(line)
  const where = place === null || place === undefined ? '' : ` (${module}:${place[1]}${place[2] === undefined ? '' : `:${place[2]}`})`
  return `${error.name}: ${message}${where}`
}
