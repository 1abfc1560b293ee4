// The siblings' door: what router, transport and client need beyond the public one.

export { allocate, asciiSlice, copyBytes, utf8Encode, utf8Slice } from './bytes.ts'
export { Audience } from './fan-out.ts'
export { Chunk, FrameQueue, type Framing } from './frame-queue.ts'
export { nextRequestId } from './ids.ts'
export { type Layout, layoutOf, MESSAGE_LAYOUTS } from './message-layout.ts'
export { EMPTY_PAYLOAD } from './payload.ts'
export { isolated, LocalPeer, type Peer, RemotePeer, type Undelivered } from './peer.ts'
export * from './rawsocket.ts'
export { type Announcement, announceRoles, CLIENT_ROLES, isDict, ROUTER_ROLES, readRoles, shown } from './roles.ts'
export { ByteSink } from './serializer.ts'
export { uriRuleText } from './uri.ts'
export { cloneValue, Float, NESTING_DEPTH_MAX } from './values.ts'
