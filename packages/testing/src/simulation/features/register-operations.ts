// What clients do to offer procedures.

import { INVOCATION_POLICIES, MessageType, type RegistrationId } from '@crosspoint/protocol'

import type { Operation, Reaction } from '../feature.ts'
import type { MessageOf } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'
import { drawPattern } from '../uri-pool.ts'

function register(client: RawClient): void {
  const { chance } = client
  if (!client.roles.has('callee')) return
  const { uri: procedure, match } = drawPattern(chance)
  const options: Record<string, unknown> = {}
  if (match !== 'exact') options['match'] = match
  // Policies are few per URI, so that several callees meet under one.
  if (!client.isResumable && chance.is(80))
    options['invoke'] = chance.is(70) ? INVOCATION_POLICIES[1 + (procedure.length % 4)] : chance.pick(INVOCATION_POLICIES)
  if (chance.is(15)) options['disclose_caller'] = chance.is(80)
  if (chance.is(20)) options['forward_timeout'] = chance.is(80)
  if (chance.is(25)) options['concurrency'] = chance.pick([1, 1, 2, 5])
  if (chance.is(6)) options['force_reregister'] = chance.is(80)
  client.send({ type: MessageType.REGISTER, requestId: client.nextId(MessageType.REGISTER), options, procedure })
}

function unregister(client: RawClient): void {
  if (!client.roles.has('callee')) return
  const known = [...client.registrations]
  const id = known.length === 0 || client.chance.is(10) ? client.chance.between(1, 30) : client.chance.pick(known)
  const requestId = client.nextId(MessageType.UNREGISTER, true, id)
  client.send({ type: MessageType.UNREGISTER, requestId, registrationId: id as RegistrationId })
}

export const registerOperations: readonly Operation[] = [
  { name: 'REGISTER', weight: 24, run: register },
  { name: 'UNREGISTER', weight: 8, run: unregister },
]

export const registerReactions: ReadonlyMap<number, Reaction> = new Map<number, Reaction>([
  [
    MessageType.REGISTERED,
    (client: RawClient, { registrationId, requestId }: MessageOf<65>) => {
      client.answered(requestId, MessageType.REGISTER)
      client.registrations.add(registrationId)
    },
  ],
  [
    MessageType.UNREGISTERED,
    (client: RawClient, { details, requestId }: MessageOf<67>) => {
      if (details !== undefined) return void client.registrations.delete(details['registration'] as number) // revoked
      client.registrations.delete(client.answered(requestId, MessageType.UNREGISTER))
    },
  ],
])
