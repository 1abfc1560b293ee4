// One seed from beginning to end: turbulence, then calm, then everybody leaves and nothing may be left.

import { publishLoud } from './features/publish-operations.ts'
import { hello, leave } from './features/sessions.ts'
import { Finding } from './finding.ts'
import { World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly events: number
  /** Of everything that happened: the same seed gives the same. */
  readonly hash: number
  /** What a checker found; `undefined` when nothing was. */
  readonly finding: string | undefined
  /** The last of what happened, for people. */
  readonly last: readonly string[]
}

/** After the turbulence: a world that has not come to rest by then never will. */
const CALM_STEPS_MAX = 200_000

/** Runs the world of `seed` for at least `events` events. */
export async function runSeed(seed: number, events: number): Promise<Outcome> {
  const world = new World(seed)
  const start = world.scheduler.now
  let finding: string | undefined
  try {
    while (world.events < events && world.step()) await world.settle()
    await calm(world)
    await end(world)
  } catch (error) {
    finding = error instanceof Finding ? error.message : `The simulator failed: ${(error as Error).stack}`
  }
  return { seed, events: world.events, hash: world.trace.hash, finding, last: finding === undefined ? [] : world.trace.last(start) }
}

/** No faults any more, and every debt is paid: what is open must end, and who is subscribed must get what is published. */
async function calm(world: World): Promise<void> {
  world.beginCalm()
  for (const client of world.clients) for (const feature of world.features) if (client.state === 'joined') feature.calm?.(client)
  for (const client of world.realClients) client.calm()
  await rest(world)
  checkNothingOpen(world)
  for (const client of world.clients) if (client.state === 'joined') publishLoud(client, 'com.hot.a')
  await rest(world)
  checkNothingOpen(world)
}

async function rest(world: World): Promise<void> {
  await world.settle()
  for (let steps = 0; world.step(); steps++) {
    await world.settle()
    if (steps > CALM_STEPS_MAX) throw new Finding(`The world has not come to rest after ${CALM_STEPS_MAX} steps without faults`)
  }
}

function checkNothingOpen(world: World): void {
  for (const realm of world.model.realms.values()) {
    for (const session of realm.sessions) {
      const call = [...session.calls.values()][0]
      if (call === undefined) continue
      const who = call.callee === undefined ? 'nobody' : `session ${call.callee.id}, as INVOCATION ${call.invocationId}`
      throw new Finding(`CALL ${call.callId} of session ${session.id} never ended; it is with ${who}`)
    }
  }
  for (const { index, open } of world.realClients) {
    if (open.size > 0) throw new Finding(`Real client ${index} still waits for: ${[...open].join(', ')}`)
  }
  for (const client of world.clients) {
    const open = client.state === 'joined' && !client.isMisbehaving ? [...client.requests.keys()] : []
    if (open.length > 0) throw new Finding(`Client ${client.index} never got an answer to its requests ${open.join(', ')}`)
  }
}

async function end(world: World): Promise<void> {
  for (const client of world.realClients) client.stop()
  await rest(world)
  for (const { clock, index, open } of world.realClients) {
    const what = [...open].join(', ')
    if (what !== '') throw new Finding(`Real client ${index} has stopped, and still waits for: ${what}`)
    if (clock.liveCount > 0) throw new Finding(`Real client ${index} has stopped, and ${clock.liveCount} timers of it run`)
  }
  const isByRouter = world.chance.is(30)
  let isClosed = false
  const onClosed = () => {
    isClosed = true
  }
  if (isByRouter) {
    world.closeRouter(onClosed)
    // Who comes now is refused (SES-29).
    for (const client of world.clients) if (client.state === 'away') hello(client)
  } else for (const client of world.clients) leave(client)
  await rest(world)
  if (!isByRouter) world.closeRouter(onClosed)
  await rest(world)
  if (!isClosed) throw new Finding('The router was closed and never said that it is')
  const { clock, model, router } = world
  const left: [string, number][] = [
    ['peers', router.peerCount],
    ['timers', clock.live.size],
    ['peers in the model', model.peers.size],
  ]
  for (const { name } of world.settings.realms) {
    const realm = router.realm(name)!
    left.push([`sessions in ${name}`, realm.sessions.size])
    left.push([`subscriptions in ${name}`, realm.broker.size - model.realms.get(name)!.history.length])
    left.push([`testaments in ${name}`, realm.testaments.size])
    left.push([`registrations in ${name}`, realm.dealer.size])
  }
  const wrong = left.filter(([, count]) => count !== 0)
  if (wrong.length > 0)
    throw new Finding(`All have left, and there are still ${wrong.map(([what, count]) => `${count} ${what}`).join(', ')}`)
}
