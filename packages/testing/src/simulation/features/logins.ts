// Logins by ticket (section 8.1 and 8.2 of the requirements), on links that want one: right and wrong tickets, unknown names, answers
// that come late, never or twice, and clients that go in the middle. What the router must make of them is in model/logins.ts.

import { type Dict, EMPTY_DICT, MessageType, Payload } from '@crosspoint/protocol'
import type { Chance } from '../chance.ts'
import type { Feature, Reaction } from '../feature.ts'
import type { Link } from '../link.ts'
import { JOE, RIGHT_TICKET } from '../model/logins.ts'
import type { RawClient } from '../raw-client.ts'

/** What HELLO says of a login: mostly that there is to be one. */
export function drawLogin(chance: Chance): Dict {
  const authmethods = chance.pick([['ticket'], ['ticket', 'anonymous'], ['x_unknown', 'ticket'], ['anonymous', 'ticket'], ['x_unknown']])
  return { authmethods, authid: chance.is(80) ? JOE : 'nobody' }
}

const CANNOT = 'wamp.error.cannot_authenticate'

/** Sends AUTHENTICATE, once as a rule. */
function authenticate(client: RawClient, ...signatures: readonly string[]): void {
  for (const signature of signatures) client.send({ type: MessageType.AUTHENTICATE, signature, extra: EMPTY_DICT })
}

/** Answers CHALLENGE, rightly as a rule; the calm lets nobody wait. */
function answer(client: RawClient): void {
  const { chance, host, link } = client
  if (link === undefined || client.state !== 'joining') return
  const ways: readonly (readonly [weight: number, way: () => void])[] = [
    [12, () => authenticate(client, RIGHT_TICKET)],
    [3, () => authenticate(client, 'a wrong one')],
    [2, () => authenticate(client, ...chance.pick([['a wrong one', RIGHT_TICKET] as const, [RIGHT_TICKET, 'a wrong one'] as const]))],
    [1, () => client.send({ type: MessageType.ABORT, details: EMPTY_DICT, reason: CANNOT, payload: Payload.of() })],
    [1, () => link.cut()],
    [2, () => leaveSoon(client, link)],
    [1, () => {}], // never
  ]
  if (host.isCalm) authenticate(client, RIGHT_TICKET)
  else chance.weighted(ways, ([weight]) => weight)![1]()
}

/** Answers, and is gone before anybody knows what of it, or a little after. */
function leaveSoon(client: RawClient, link: Link): void {
  const { chance, host } = client
  authenticate(client, RIGHT_TICKET)
  host.scheduler.after(chance.below(300), () => {
    if (client.link === link) link.cut()
  })
}

export const logins: Feature = {
  name: 'logins',
  operations: [],
  reactions: new Map<number, Reaction>([
    [
      MessageType.CHALLENGE,
      (client: RawClient) => {
        const { chance, host, link } = client
        if (chance.is(60)) return answer(client)
        host.scheduler.after(chance.below(1500), () => client.link === link && answer(client))
      },
    ],
  ]),
}
