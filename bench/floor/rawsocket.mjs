// The floor for RawSocket: what plain Node code does when it checks nothing and offers nothing. JSON, one realm, exact matches,
// no errors, no endings. Every router is compared with it as a ratio, in the same run on the same machine.
//
// What it does do well: an event is framed once for all its recipients, and a socket is written once per tick.
//
// Usage: node rawsocket.mjs PORT [lazy]
//   by default every message is parsed and written anew; with `lazy` the payload of CALL, YIELD and PUBLISH is cut out of the
//   received frame, unread, and pasted into the sent one.
import net from 'node:net'

const port = Number(process.argv[2])
const isLazy = process.argv[3] === 'lazy'
const registrations = new Map() // procedure → { id, peer }
const subscriptions = new Map() // topic → { id, peers }
const invocations = new Map() // invocation id → [caller, request id]
let nextId = 1
let nextInvocation = 1

const touched = [] // the peers that have something queued in this tick

class Peer {
  constructor(socket) {
    this.socket = socket
    this.queue = []
    this.queuedBytes = 0
    this.isTouched = false
  }

  send(frame) {
    if (!this.isTouched) {
      this.isTouched = true
      touched.push(this)
    }
    this.queue.push(frame)
    this.queuedBytes += frame.length
  }
}

function flush() {
  for (const peer of touched) {
    const { queue, queuedBytes } = peer
    peer.isTouched = false
    peer.queue = []
    peer.queuedBytes = 0
    peer.socket.write(queue.length === 1 ? queue[0] : Buffer.concat(queue, queuedBytes))
  }
  touched.length = 0
}

function frameOf(message) {
  const text = JSON.stringify(message)
  const size = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(size + 4)
  frame.writeUInt32BE(size, 0)
  frame.write(text, 4)
  return frame
}

function onMessage(peer, message) {
  switch (message[0]) {
    case 1: // HELLO
      peer.send(frameOf([2, nextId++, { roles: { broker: {}, dealer: {} } }]))
      break
    case 64: {
      // REGISTER
      const id = nextId++
      registrations.set(message[3], { id, peer })
      peer.send(frameOf([65, message[1], id]))
      break
    }
    case 32: {
      // SUBSCRIBE
      let subscription = subscriptions.get(message[3])
      if (!subscription) {
        subscription = { id: nextId++, peers: [] }
        subscriptions.set(message[3], subscription)
      }
      subscription.peers.push(peer)
      peer.send(frameOf([33, message[1], subscription.id]))
      break
    }
    case 48: {
      // CALL
      const { id, peer: callee } = registrations.get(message[3])
      const invocation = nextInvocation++
      invocations.set(invocation, [peer, message[1]])
      callee.send(frameOf([68, invocation, id, {}, ...message.slice(4)]))
      break
    }
    case 70: {
      // YIELD
      const [caller, request] = invocations.get(message[1])
      invocations.delete(message[1])
      caller.send(frameOf([50, request, {}, ...message.slice(3)]))
      break
    }
    case 16: {
      // PUBLISH
      const subscription = subscriptions.get(message[3])
      if (!subscription) break
      const frame = frameOf([36, subscription.id, nextId++, {}, ...message.slice(4)])
      for (const subscriber of subscription.peers) subscriber.send(frame)
      break
    }
  }
}

// ---- Lazy payloads

const CLOSING_BRACKET = Buffer.from(']')
const starts = new Array(16) // where the elements of the message at hand begin, as `scan` found them

/** Finds the elements of the JSON array in `data`, the first `elementsMax` and whether there are more; returns their number. */
function scan(data, from, to, elementsMax) {
  let depth = 0
  let count = 1
  starts[0] = from + 1
  for (let at = from + 1; at < to; at++) {
    const byte = data[at]
    if (byte === 0x22) at = endOfString(data, at + 1)
    else if (byte === 0x2c && depth === 0) {
      starts[count++] = at + 1
      if (count > elementsMax) break
    } else if (byte === 0x5b || byte === 0x7b) depth++
    else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return count
}

function endOfString(data, from) {
  let at = from
  while (data[at] !== 0x22) at += data[at] === 0x5c ? 2 : 1
  return at
}

function integerAt(data, from) {
  let value = 0
  for (let at = from; data[at] >= 0x30 && data[at] <= 0x39; at++) value = value * 10 + data[at] - 0x30
  return value
}

function frameWithTail(head, tail) {
  const frame = Buffer.allocUnsafe(4 + head.length + tail.length)
  frame.writeUInt32BE(head.length + tail.length, 0)
  frame.latin1Write(head, 4)
  tail.copy(frame, 4 + head.length)
  return frame
}

/** Handles CALL, YIELD and PUBLISH without reading the payload; false for every other message. */
function onLazyMessage(peer, data, from, to) {
  const type = integerAt(data, from + 1)
  if (type === 70) {
    const hasPayload = scan(data, from, to, 3) > 3
    const invocation = integerAt(data, starts[1])
    const [caller, request] = invocations.get(invocation)
    invocations.delete(invocation)
    caller.send(frameWithTail(`[50,${request},{}${hasPayload ? ',' : ''}`, hasPayload ? data.subarray(starts[3], to) : CLOSING_BRACKET))
    return true
  }
  if (type !== 48 && type !== 16) return false
  const hasPayload = scan(data, from, to, 4) > 4
  const uri = data.latin1Slice(starts[3] + 1, (hasPayload ? starts[4] : to) - 2)
  const tail = hasPayload ? data.subarray(starts[4], to) : CLOSING_BRACKET
  const comma = hasPayload ? ',' : ''
  if (type === 48) {
    const { id, peer: callee } = registrations.get(uri)
    const invocation = nextInvocation++
    invocations.set(invocation, [peer, integerAt(data, starts[1])])
    callee.send(frameWithTail(`[68,${invocation},${id},{}${comma}`, tail))
  } else {
    const subscription = subscriptions.get(uri)
    if (!subscription) return true
    const frame = frameWithTail(`[36,${subscription.id},${nextId++},{}${comma}`, tail)
    for (const subscriber of subscription.peers) subscriber.send(frame)
  }
  return true
}

// ---- Sockets

function onFrame(peer, data, from, to) {
  if (isLazy && onLazyMessage(peer, data, from, to)) return
  onMessage(peer, JSON.parse(data.utf8Slice(from, to)))
}

function onClose(peer) {
  for (const [topic, subscription] of subscriptions) {
    subscription.peers = subscription.peers.filter((other) => other !== peer)
    if (subscription.peers.length === 0) subscriptions.delete(topic)
  }
}

const server = net.createServer({ noDelay: true }, (socket) => {
  const peer = new Peer(socket)
  let isGreeted = false
  let rest = null // the beginning of a frame whose end has not arrived
  socket.on('error', () => {}) // a client that is cut off is none of its concern
  socket.on('close', () => onClose(peer))
  socket.on('data', (received) => {
    const data = rest ? Buffer.concat([rest, received]) : received
    rest = null
    let at = 0
    if (!isGreeted) {
      isGreeted = true
      socket.write(Buffer.from([0x7f, 0xf0 | (data[1] & 15), 0, 0])) // the serializer asked for, and no limit
      at = 4
    }
    while (data.length - at >= 4) {
      const size = data.readUInt32BE(at) & 0xffffff
      if (data.length - at < 4 + size) break
      onFrame(peer, data, at + 4, at + 4 + size)
      at += 4 + size
    }
    if (at < data.length) rest = data.subarray(at)
    flush()
  })
})
server.listen(port, '127.0.0.1', () => console.log(`bare RawSocket router on port ${port}${isLazy ? ', lazy payloads' : ''}`))
