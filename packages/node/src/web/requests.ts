// What plain HTTP requests of one listener get: a static file, or 404. (On a WebSocket path the listener itself answers 426.)

import type { ResolvedListener } from '../config/resolved.ts'
import { notFound, type RequestHandler } from './answer.ts'

/**
 * The handler of plain requests: those that are no WebSocket upgrade. The longest mounted path wins, "/" last. The static
 * server is loaded only when there is something to serve.
 */
export async function createRequestHandler(listener: ResolvedListener): Promise<RequestHandler> {
  if (listener.statics.length === 0) return notFound
  const { serveStatic } = await import('./static-files.ts')
  const mounts = listener.statics
    .map(({ httpPath, directory }) => ({ httpPath, handler: serveStatic(directory, httpPath) }))
    .sort((one, other) => other.httpPath.length - one.httpPath.length)
  return (request, response) => {
    const path = (request.url ?? '/').split(/[?#]/, 1)[0]!
    const mount = mounts.find(({ httpPath }) => httpPath === '/' || path === httpPath || path.startsWith(`${httpPath}/`))
    const handler = mount?.handler ?? notFound
    handler(request, response)
  }
}
