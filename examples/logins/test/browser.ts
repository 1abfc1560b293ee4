// What a browser does for a page, as far as logins go: it keeps cookies, sends them by path, and says where the page is from.

import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'

/** Makes `WebSocket` and `location` of this process those of a page at this origin, with one store of cookies. */
export class PretendedBrowser {
  readonly cookies = new Map<string, string>()

  constructor(origin: string) {
    const { cookies } = this
    class PageWebSocket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        super(url, protocols, { origin, headers: cookie === '' ? {} : { Cookie: cookie } })
        const keep = ({ headers }: IncomingMessage) => {
          for (const line of headers['set-cookie'] ?? []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
            cookies.set(name!, value!)
          }
        }
        this.on('upgrade', keep)
        this.on('unexpected-response', (request: ClientRequest, answer: IncomingMessage) => {
          request.destroy()
          this.emit('error', new Error(`the answer is ${answer.statusCode}`))
        })
      }
    }
    Object.assign(globalThis, { WebSocket: PageWebSocket, location: new URL(origin) })
  }
}
