// Sessions that outlive their links (section 4.6 of the requirements): clients that come back, tell what they have received, and
// send again what has not arrived. What the router must make of it is in model/resuming.ts.

import { type Dict, encodeMessage, MessageType } from '@crosspoint/protocol'
import type { Feature, Reaction } from '../feature.ts'
import type { MessageOf } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'

/** HELLO with what it takes to go on. */
function resume(client: RawClient): void {
  const { sessionId, ticket } = client
  if (client.state !== 'paused' || ticket === undefined) return
  sendHello(client, { resume_session: sessionId, resume_token: ticket.token, _received: ticket.received })
}

/** HELLO that resumes nothing: a session that is none, a wrong token, or half of what it takes. */
function wrongResume(client: RawClient): void {
  const { chance, host } = client
  if (client.state === 'paused') client.forgetSession()
  const id = chance.pick([2 ** 40, ...host.sessionIds.slice(-8)])
  const token = chance.pick(['AAAAAAAAAAAAAAAAAAAAAA==', ''])
  sendHello(client, chance.pick<Dict>([{ resume_session: id, resume_token: token }, { resume_session: id }, { resume_token: token }]))
}

function sendHello(client: RawClient, details: Dict): void {
  const link = client.link ?? client.connect(client.chance.is(60) ? 'wide' : 'narrow')
  client.state = 'joining'
  link.sendUp(encodeMessage(link.serializer, { type: MessageType.HELLO, realm: null, details }))
}

function welcomed(client: RawClient, { details }: MessageOf<2>): void {
  const token = details['resume_token']
  if (typeof token !== 'string') return
  const { host, link, ticket } = client
  if (ticket === undefined || details['resumed'] !== true) {
    client.ticket = { token, received: 1, sent: [] }
    return
  }
  ticket.token = token
  // What was on its way when the link was lost goes once more.
  for (const message of ticket.sent.slice(details['_received'] as number)) link!.sendUp(encodeMessage(link!.serializer, message))
  if (host.isCalm) for (const feature of host.features) feature.calm?.(client)
}

export const resumption: Feature = {
  name: 'resumption',
  operations: [
    { name: 'resume', weight: 300, isOutside: true, run: resume },
    { name: 'wrong resume', weight: 3, isOutside: true, run: wrongResume },
  ],
  reactions: new Map<number, Reaction>([[MessageType.WELCOME, welcomed]]),
}
