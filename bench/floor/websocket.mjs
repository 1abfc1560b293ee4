// The floor for WebSocket: what plain Node code on the `ws` library does when it checks nothing and offers nothing. JSON, one
// realm, exact matches, no errors, no endings. Every router is compared with it as a ratio, in the same run on the same machine.
//
// What it does do well: an event is framed once for all its recipients, and a socket is written once per event-loop tick.
//
// Usage: node websocket.mjs PORT
import { WebSocketServer } from 'ws'

const port = Number(process.argv[2])
const registrations = new Map() // procedure → { id, peer }
const subscriptions = new Map() // topic → { id, peers }
const invocations = new Map() // invocation id → [caller, request id]
let nextId = 1
let nextInvocation = 1

const touched = [] // the peers that have something queued in this tick
let isScheduled = false

class Peer {
  constructor(webSocket) {
    this.webSocket = webSocket
    this.queue = []
    this.isTouched = false
  }

  send(frame) {
    if (!this.isTouched) {
      this.isTouched = true
      touched.push(this)
      if (!isScheduled) {
        isScheduled = true
        setImmediate(flush)
      }
    }
    this.queue.push(frame)
  }
}

function flush() {
  isScheduled = false
  for (const peer of touched) {
    const queue = peer.queue
    peer.isTouched = false
    peer.queue = []
    // The bytes go past the library, which would write each frame by itself.
    peer.webSocket._socket.write(queue.length === 1 ? queue[0] : Buffer.concat(queue))
  }
  touched.length = 0
}

/** A message as one whole, unmasked text frame. */
function frameOf(message) {
  const text = JSON.stringify(message)
  const size = Buffer.byteLength(text)
  const headSize = size < 126 ? 2 : size < 65536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headSize + size)
  frame[0] = 0x81
  if (headSize === 2) frame[1] = size
  else if (headSize === 4) {
    frame[1] = 126
    frame.writeUInt16BE(size, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(size), 2)
  }
  frame.write(text, headSize)
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

function onClose(peer) {
  for (const [topic, subscription] of subscriptions) {
    subscription.peers = subscription.peers.filter((other) => other !== peer)
    if (subscription.peers.length === 0) subscriptions.delete(topic)
  }
}

const server = new WebSocketServer({
  host: '127.0.0.1',
  port,
  handleProtocols: (names) => [...names][0],
  perMessageDeflate: false,
})
server.on('connection', (webSocket) => {
  const peer = new Peer(webSocket)
  webSocket.on('message', (data) => onMessage(peer, JSON.parse(data.toString('utf8'))))
  webSocket.on('error', () => {}) // a client that is cut off is none of its concern
  webSocket.on('close', () => onClose(peer))
})
server.on('listening', () => console.log(`bare WebSocket router on port ${port}`))
