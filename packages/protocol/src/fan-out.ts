// One message for many peers: encoded once per serializer in use, framed once per framing, appended once per set of
// recipients (frame-queue.ts). An Audience is a set of recipients that does not change; a broker makes a new one when
// somebody joins or leaves.

import type { FrameQueue, Framing } from './frame-queue.ts'
import { SharedFrames } from './frame-queue.ts'
import type { Message } from './messages.ts'
import type { PayloadBytes } from './payload.ts'
import { encodePayloadFirst, type Peer, RemotePeer, type Undelivered, undeliveredFor } from './peer.ts'
import { ByteSink, type Serializer } from './serializer.ts'

export interface Recipient {
  readonly peer: Peer
}

interface Group<Member> {
  readonly serializer: Serializer
  readonly framing: Framing
  readonly frames: SharedFrames
  readonly members: readonly Member[]
}

const SHARED_FROM_MEMBERS = 32

function queueOf(member: Recipient): FrameQueue {
  return (member.peer as RemotePeer).transport.queue!
}

const head = new ByteSink(4096) // used within one call, never across

export class Audience<Member extends Recipient> {
  readonly members: readonly Member[]
  #groups: Group<Member>[] | undefined
  #others: Member[] = []

  constructor(members: readonly Member[]) {
    this.members = members
  }

  /** Sends to every member. `onUndelivered` is told who could not get it, and why. */
  send(message: Message, onUndelivered: (member: Member, why: Undelivered) => void): void {
    for (const group of this.#groups ?? this.#group()) {
      let isSent = false
      try {
        encodePayloadFirst(message, group.serializer)
        head.length = 0
        const payload = group.serializer.encodeHead(message, head)
        isSent = group.frames.append(head, payload, group.serializer.tail)
      } catch (error) {
        const why = undeliveredFor(error)
        for (const member of group.members) onUndelivered(member, why)
        continue
      }
      if (!isSent) sendEach(group.members, message, onUndelivered)
    }
    if (this.#others.length > 0) sendEach(this.#others, message, onUndelivered)
  }

  /** Sends to the members that `accepts` says yes to. */
  sendTo(message: Message, accepts: (member: Member) => boolean, onUndelivered: (member: Member, why: Undelivered) => void): void {
    for (const group of this.#groups ?? this.#group()) {
      let payload: PayloadBytes
      try {
        encodePayloadFirst(message, group.serializer)
        head.length = 0
        payload = group.serializer.encodeHead(message, head)
      } catch (error) {
        const why = undeliveredFor(error)
        for (const member of group.members) if (accepts(member)) onUndelivered(member, why)
        continue
      }
      const tail = group.serializer.tail
      const members = group.members.filter(accepts)
      // Many share one chunk, made for this message alone; for few a copy in each queue keeps their chunks fewer and fuller.
      if (members.length >= SHARED_FROM_MEMBERS) {
        const frames = new SharedFrames(group.framing, members.map(queueOf))
        if (frames.append(head, payload, tail)) continue
      }
      for (const member of members) {
        if (!queueOf(member).append(head, payload, tail)) onUndelivered(member, 'too_large')
      }
    }
    for (const member of this.#others) {
      if (!accepts(member)) continue
      const why = member.peer.send(message)
      if (why !== undefined) onUndelivered(member, why)
    }
  }

  #group(): Group<Member>[] {
    const bySerializer = new Map<Serializer, Map<Framing, Member[]>>()
    for (const member of this.members) {
      const peer = member.peer
      const queue = peer instanceof RemotePeer ? peer.transport.queue : undefined
      if (queue === undefined) {
        this.#others.push(member)
        continue
      }
      const serializer = (peer as RemotePeer).serializer
      let byFraming = bySerializer.get(serializer)
      if (byFraming === undefined) bySerializer.set(serializer, (byFraming = new Map()))
      const group = byFraming.get(queue.framing)
      if (group) group.push(member)
      else byFraming.set(queue.framing, [member])
    }
    this.#groups = []
    for (const [serializer, byFraming] of bySerializer) {
      for (const [framing, members] of byFraming) {
        const queues = members.map(queueOf)
        this.#groups.push({ serializer, framing, members, frames: new SharedFrames(framing, queues) })
      }
    }
    return this.#groups
  }
}

function sendEach<Member extends Recipient>(
  members: readonly Member[],
  message: Message,
  onUndelivered: (member: Member, why: Undelivered) => void,
): void {
  for (const member of members) {
    const why = member.peer.send(message)
    if (why !== undefined) onUndelivered(member, why)
  }
}
