// WAMP over a MessagePort: a component in a worker thread is a client of the router in the main thread.

import type { MessagePort } from 'node:worker_threads'
import type { Transport } from '@crosspoint/protocol'

export class PortTransport implements Transport {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly bufferedBytes = 0 // a port takes everything at once
  readonly #port: MessagePort
  #isPaused = false
  #waiting: Uint8Array[] = []

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (frame: Uint8Array) => {
      if (this.#isPaused) this.#waiting.push(frame)
      else this.onFrame(frame)
    })
    port.on('close', () => this.onClose('the port was closed'))
  }

  send(frame: Uint8Array): void {
    this.#port.postMessage(frame)
  }

  close(): void {
    this.#port.close()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#waiting.length > 0) this.onFrame(this.#waiting.shift()!)
  }
}
