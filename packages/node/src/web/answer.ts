// Plain answers in a sentence.

import type { IncomingMessage, ServerResponse } from 'node:http'

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Answers with a line of text, and forgets the request's body. */
export function answerText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: { readonly [name: string]: string } = {},
): void {
  request.resume()
  response.writeHead(status, { 'Content-Type': 'text/plain;charset=utf-8', 'X-Content-Type-Options': 'nosniff', ...headers })
  response.end(request.method === 'HEAD' ? undefined : `${text}\n`)
}

export const notFound: RequestHandler = (request, response) => answerText(request, response, 404, 'Not found.')
