// A client's end that speaks FlatBuffers. The schema has no slot for some options (SER-17) and no form for what is no
// message, so not every scenario can be held in it: the link remembers what could not be said, and a scenario that does not
// hold on this way is then left out instead of failing. What has a slot and is lost all the same is no excuse.

import { isDeepStrictEqual } from 'node:util'
import {
  type Dict,
  encodeMessage,
  flatbuffersSerializer,
  MemoryTransport,
  type Message,
  type Serializer,
  type Transport,
} from '@crosspoint/protocol'
import { layoutOf, MESSAGE_TABLES } from '@crosspoint/protocol/internal'
import type { AttachInfo, Router } from '@crosspoint/router'
import type { Link } from './link.ts'
import { listOf, messageOf } from './lists.ts'

export class FlatBuffersLink implements Link {
  readonly inbox: unknown[][] = []
  readonly address = undefined
  isClosed = false
  onChange: () => void = () => {}
  loss: string | undefined
  readonly #transport: Transport

  constructor(router: Router, info: AttachInfo, frameBytesMax: number | undefined) {
    const [ours, theirs] = MemoryTransport.pair(frameBytesMax)
    this.#transport = ours
    ours.onFrame = (bytes, start = 0, end = bytes.length) => {
      this.inbox.push(listOf(flatbuffersSerializer.decode(bytes.slice(start, end))))
      this.onChange()
    }
    ours.onClose = () => {
      this.isClosed = true
      this.onChange()
    }
    // The router's own serializer, but that this end learns what the router meant to say.
    const watched: Serializer = {
      ...flatbuffersSerializer,
      encodeHead: (message, head) => {
        this.#compare(message)
        return flatbuffersSerializer.encodeHead(message, head)
      },
    }
    router.attach(theirs, watched, { ...info, peer: 'memory' })
  }

  send(list: readonly unknown[]): void {
    let message: Message
    let frame: Uint8Array
    try {
      message = messageOf(list)
      frame = encodeMessage(flatbuffersSerializer, message)
    } catch (error) {
      this.loss = (error as Error).message
      throw error
    }
    this.#compare(message)
    this.#transport.send(frame)
  }
  sendRaw(): void {
    throw new Error('A scenario with frames of its own speaks JSON')
  }
  cut(): void {
    this.#transport.close()
  }

  #compare(message: Message): void {
    const back = flatbuffersSerializer.decode(encodeMessage(flatbuffersSerializer, message))
    const slots = MESSAGE_TABLES[message.type]!.slots.filter((slot) => slot.kind !== 'unused').map((slot) => slot.name)
    const { name, fields } = layoutOf(message.type)!
    for (const field of fields) {
      const [said, heard] = [message, back].map((each) => (each as unknown as Dict)[field.name])
      if (field.kind !== 'dict' || isDeepStrictEqual(said, heard)) continue
      for (const key of Object.keys((said ?? {}) as Dict)) {
        if (key === 'roles' || !slots.includes(key)) this.loss ??= `${name}.${key} has no slot`
      }
    }
    if (name === 'ABORT' && (message as { payload?: unknown }).payload !== undefined) this.loss ??= 'ABORT has no slot for arguments'
  }
}
