// Static files: sirv does paths, types, ranges and ETags; this adds what a public server needs around it.

import { statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import sirv from 'sirv'
import { answerText, notFound, type RequestHandler } from './answer.ts'

// `bytes=a-b`, `bytes=a-`: what sirv understands. Any other form may be ignored (RFC 9110, 14.2), and the whole file is sent.
const RANGE = /^bytes=(\d{1,15})-(\d{0,15})$/

/**
 * Serves the files of a directory, as they are at the moment of the request: `index.html` for a directory, `page.html` for
 * `/page`, no names that begin with a dot, nothing outside. Symbolic links are followed.
 * @param directory absolute path; it must exist.
 * @param httpPath where it is mounted: "/" or "/assets".
 */
export function serveStatic(directory: string, httpPath: string): RequestHandler {
  const serve = sirv(directory, {
    dev: true, // reads the disk on every request instead of once at the start, so that changed files are seen
    etag: true,
    dotfiles: false,
    setHeaders: (response) => void response.setHeader('X-Content-Type-Options', 'nosniff'),
  })
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answerText(request, response, 405, `${request.method} is not allowed here; use GET.`, { Allow: 'GET, HEAD' })
    }
    const path = decodedPath(request.url ?? '/')
    if (path === undefined) return answerText(request, response, 400, 'The path is not valid percent-encoded UTF-8.')
    if (isHidden(path)) return notFound(request, response)
    const inner = httpPath === '/' ? path : path.slice(httpPath.length)
    if (!path.endsWith('/') && isDirectory(join(directory, inner))) {
      // Without the slash, relative links in index.html would point beside the directory. Leading slashes are joined into
      // one: "//host" would be another site.
      const location = `${encodeURI(path).replace(/[?#]/g, encodeURIComponent).replace(/^\/+/, '/')}/`
      return answerText(request, response, 302, `See ${location}`, { Location: location })
    }
    guardRange(request)
    guardStream(response)
    request.url = encodeURI(inner === '' ? '/' : inner).replace(/[?#]/g, encodeURIComponent)
    try {
      serve(request, response, () => notFound(request, response))
    } catch {
      // A file that went away between two looks at it.
      if (response.headersSent) response.destroy()
      else notFound(request, response)
    }
  }
}

/** The path without the query, decoded once; `undefined` when it cannot be. */
function decodedPath(url: string): string | undefined {
  const end = url.search(/[?#]/)
  try {
    const path = decodeURIComponent(end === -1 ? url : url.slice(0, end))
    return path.startsWith('/') ? path : `/${path}`
  } catch {
    return undefined
  }
}

/** Names that begin with a dot (`.git`, `.env`, and `..`) are not served, but for `.well-known`; nor is what no file system takes. */
function isHidden(path: string): boolean {
  return path.includes('\0') || path.split(/[/\\]/).some((part) => part.startsWith('.') && part !== '.well-known')
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false // a name too long, a part that is a file
  }
}

/** sirv takes any range by its word; one that ends before it begins would throw in the middle of the answer. */
function guardRange(request: IncomingMessage): void {
  const range = request.headers.range
  if (range === undefined) return
  const match = RANGE.exec(range)
  const isUsable = match !== null && (match[2] === '' || (Number(match[2]) >= Number(match[1]) && Number(match[2]) > 0))
  if (!isUsable) delete request.headers.range
}

/** sirv's file stream has no error handler, and stays open when the client leaves; both would hurt the node. */
function guardStream(response: ServerResponse): void {
  response.once('pipe', (file: NodeJS.ReadableStream & { destroy(): void }) => {
    file.on('error', () => response.destroy())
    response.once('close', () => file.destroy())
  })
}
