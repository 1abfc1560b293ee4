// The forum's component alone: a router in this process, the component on one link, people on others.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import { App, ApplicationError, Client, type Logger } from 'crosspoint'
import { type Dice, type DiceNews, errors, limits, type Message, type PeopleNews, procedures, type SignedIn, topics } from '../api.ts'
import forum from '../components/forum.ts'
import { PULSES_MISSED_MAX } from '../components/people.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Hands out what arrives, in order, to whoever asks for it: now or when it comes. */
class Inbox<Item> {
  readonly #items: Item[] = []
  readonly #takers: ((item: Item) => void)[] = []

  put(item: Item): void {
    const taker = this.#takers.shift()
    if (taker === undefined) this.#items.push(item)
    else taker(item)
  }

  async take(): Promise<Item> {
    if (this.#items.length > 0) return this.#items.shift()!
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }
}

interface Room {
  /** A client that has joined and is not signed in. */
  enter(): Promise<Client>
  /** Lets the time of one pulse pass. */
  pulse(): void
}

async function startForum(t: TestContext): Promise<Room> {
  // Pulses alone come from an interval; everything else keeps its real time.
  t.mock.timers.enable({ apis: ['setInterval'] })
  const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
  const peer = () => router.attachLocal()
  const app = new App({ peer, logger: silent })
  forum(app)
  await app.start()
  const clients: Client[] = []
  t.after(async () => {
    await Promise.all(clients.map((client) => client.stop()))
    await app.stop()
  })
  return {
    enter: async () => {
      const client = new Client({ peer, logger: silent })
      clients.push(client)
      await client.start()
      return client
    },
    pulse: () => t.mock.timers.tick(3000),
  }
}

const key = (digit: string) => digit.repeat(32)
const signIn = (client: Client, name: unknown, digit: string) => client.call<SignedIn>(procedures.signIn, name, key(digit))

async function inbox<Item>(client: Client, topic: string): Promise<Inbox<Item>> {
  const box = new Inbox<Item>()
  await client.subscribe(topic, (item: Item) => box.put(item))
  return box
}

/** The error of a call that the forum must refuse, checked to have this URI. */
async function refused(call: Promise<unknown>, uri: string): Promise<ApplicationError> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof ApplicationError, `it failed otherwise: ${String(error)}`)
    assert.equal(error.error, uri)
    return error
  }
  return assert.fail(`nothing was refused with ${uri}`)
}

test('who signs in is told who is here and what was said, and the others hear of it', async (t) => {
  const room = await startForum(t)
  const ada = await room.enter()
  const news = await inbox<PeopleNews>(ada, topics.people)
  assert.deepEqual(await signIn(ada, '  Ada   Lovelace ', 'a'), { name: 'Ada Lovelace', people: ['Ada Lovelace'], messages: [] })
  assert.deepEqual(await news.take(), { people: ['Ada Lovelace'], came: 'Ada Lovelace' })
  const posted = await ada.call<Message>(procedures.post, ' Hello <b>you</b> ')
  const bob = await room.enter()
  const welcome = await signIn(bob, 'Bob', 'b')
  assert.deepEqual(welcome, { name: 'Bob', people: ['Ada Lovelace', 'Bob'], messages: [posted] })
  assert.deepEqual(await news.take(), { people: ['Ada Lovelace', 'Bob'], came: 'Bob' })
  assert.equal(posted.text, 'Hello <b>you</b>')
})

test('a taken name is refused, whatever its case, with a free one', async (t) => {
  const room = await startForum(t)
  const [ada, bob, eve] = [await room.enter(), await room.enter(), await room.enter()]
  await signIn(ada, 'Ada', 'a')
  const first = await refused(signIn(bob, 'ADA', 'b'), errors.nameTaken)
  assert.equal(first.args[0], 'Somebody here is already called “ADA”. “ADA 2” is free.')
  assert.equal((await signIn(bob, first.kwargs['suggestion'], 'b')).name, 'ADA 2')
  assert.equal((await refused(signIn(eve, 'Ａｄａ', 'e'), errors.nameTaken)).kwargs['suggestion'], 'Ａｄａ 3')
})

test('a name must be short, readable text', async (t) => {
  const room = await startForum(t)
  const ada = await room.enter()
  for (const name of ['', '   ', 7, null, '<b>', '-Ada', 'Ada\u202eadA', 'x'.repeat(limits.nameLengthMax + 1)]) {
    await refused(signIn(ada, name, 'a'), errors.badName)
  }
  for (const name of ['J', 'Zoë', '李雷', "Miles O'Brien".replace("'", '’'), 'x'.repeat(limits.nameLengthMax)]) {
    assert.equal((await signIn(ada, name, 'a')).name, name)
  }
  await refused(ada.call(procedures.signIn, 'Ada', 'short'), 'wamp.error.invalid_argument')
})

test('a window takes its name over from its former session with its key, and nobody is told', async (t) => {
  const room = await startForum(t)
  const [before, after, bob] = [await room.enter(), await room.enter(), await room.enter()]
  await signIn(before, 'Ada', 'a')
  const news = await inbox<PeopleNews>(bob, topics.people)
  assert.equal((await signIn(after, 'Ada', 'a')).name, 'Ada')
  await refused(before.call(procedures.stay), errors.notSignedIn)
  await signIn(bob, 'Bob', 'b')
  assert.deepEqual(await news.take(), { people: ['Ada', 'Bob'], came: 'Bob' }, 'the first news is not about Ada')
})

test('another name on the same session frees the former one', async (t) => {
  const room = await startForum(t)
  const ada = await room.enter()
  await signIn(ada, 'Ada', 'a')
  const news = await inbox<PeopleNews>(ada, topics.people)
  await signIn(ada, 'Grace', 'a')
  assert.deepEqual(await news.take(), { people: ['Grace'], went: 'Ada' })
  assert.deepEqual(await news.take(), { people: ['Grace'], came: 'Grace' })
})

test('who says goodbye is gone at once; nothing works for strangers', async (t) => {
  const room = await startForum(t)
  const [ada, bob] = [await room.enter(), await room.enter()]
  await signIn(ada, 'Ada', 'a')
  const news = await inbox<PeopleNews>(bob, topics.people)
  await ada.call(procedures.signOut)
  assert.deepEqual(await news.take(), { people: [], went: 'Ada' })
  await ada.call(procedures.signOut)
  await refused(ada.call(procedures.post, 'Hello'), errors.notSignedIn)
  await refused(ada.call(procedures.stay), errors.notSignedIn)
  await refused(ada.call(procedures.rollDice, 1), errors.notSignedIn)
  assert.ok(news.isEmpty, 'a second goodbye is no news')
})

test('who answers the pulses stays, who does not is dropped', async (t) => {
  const room = await startForum(t)
  const [ada, bob] = [await room.enter(), await room.enter()]
  await signIn(ada, 'Ada', 'a')
  await signIn(bob, 'Bob', 'b')
  const news = await inbox<PeopleNews>(ada, topics.people)
  const pulses = await inbox<undefined>(ada, topics.pulse)
  for (let count = 0; count < PULSES_MISSED_MAX; count++) {
    room.pulse()
    await pulses.take()
    await ada.call(procedures.stay)
  }
  assert.ok(news.isEmpty, 'Bob is dropped too early')
  room.pulse()
  assert.deepEqual(await news.take(), { people: ['Ada'], went: 'Bob' })
  await refused(bob.call(procedures.post, 'Hello'), errors.notSignedIn)
  assert.deepEqual((await signIn(bob, 'Bob', 'b')).people, ['Ada', 'Bob'])
})

test('messages are bounded in length and number, and everybody hears them with one id', async (t) => {
  const room = await startForum(t)
  const [ada, bob] = [await room.enter(), await room.enter()]
  await signIn(ada, 'Ada', 'a')
  const heard = await inbox<Message>(bob, topics.message)
  for (const text of ['', ' \n ', 7, null, 'x'.repeat(limits.textLengthMax + 1)]) {
    await refused(ada.call(procedures.post, text), errors.badText)
  }
  const ids = new Set<string>()
  for (let count = 1; count <= limits.messagesMax + 1; count++) {
    const posted = await ada.call<Message>(procedures.post, `message ${count}`)
    assert.deepEqual(await heard.take(), posted)
    ids.add(posted.id)
  }
  assert.equal(ids.size, limits.messagesMax + 1)
  const { messages } = await signIn(bob, 'Bob', 'b')
  assert.equal(messages.length, limits.messagesMax)
  assert.equal(messages[0]?.text, 'message 2')
  assert.equal(messages.at(-1)?.text, `message ${limits.messagesMax + 1}`)
})

test('the dice tell about every roll and give the whole at the end', async (t) => {
  const room = await startForum(t)
  const ada = await room.enter()
  await signIn(ada, 'Ada', 'a')
  const news = await inbox<DiceNews>(ada, topics.dice)
  for (const times of [0, -1, 1.5, '3', limits.diceTimesMax + 1]) await refused(ada.call(procedures.rollDice, times), errors.badTimes)
  const call = ada.callProgress<Dice>(procedures.rollDice, { args: [3] })
  const rolled: number[] = []
  for await (const { value } of call) {
    rolled.push(value.rolled)
    assert.equal(
      value.counts.reduce((sum, count) => sum + count),
      value.rolled,
    )
  }
  assert.deepEqual(rolled, [1, 2, 3])
  const dice = (await call.result).value
  assert.deepEqual([dice.rolled, dice.times, dice.counts.length], [3, 3, 6])
  assert.deepEqual(await news.take(), { name: 'Ada', rolled: 3, times: 3, isCancelled: false })
})

test('cancelled dice stop, everybody hears how far they came, and they can be rolled again', async (t) => {
  const room = await startForum(t)
  const [ada, bob] = [await room.enter(), await room.enter()]
  await signIn(ada, 'Ada', 'a')
  const news = await inbox<DiceNews>(bob, topics.dice)
  const controller = new AbortController()
  const call = ada.callProgress<Dice>(procedures.rollDice, { args: [limits.diceTimesMax], signal: controller.signal })
  assert.equal((await call.next()).value?.value.rolled, 1)
  await refused(ada.call(procedures.rollDice, 1), errors.alreadyRolling)
  controller.abort(new Error('enough'))
  await assert.rejects(call.result, { message: 'enough' })
  const { rolled, ...rest } = await news.take()
  assert.deepEqual(rest, { name: 'Ada', times: limits.diceTimesMax, isCancelled: true })
  assert.ok(rolled >= 1 && rolled < limits.diceTimesMax, `rolled ${rolled} times`)
  assert.equal((await ada.call<Dice>(procedures.rollDice, 1)).rolled, 1)
})

test('dice whose roller leaves stop too', async (t) => {
  const room = await startForum(t)
  const [ada, bob] = [await room.enter(), await room.enter()]
  await signIn(ada, 'Ada', 'a')
  const news = await inbox<DiceNews>(bob, topics.dice)
  const call = ada.callProgress<Dice>(procedures.rollDice, { args: [limits.diceTimesMax] })
  await call.next()
  await Promise.all([assert.rejects(call.result, { name: 'UsageError' }), ada.stop()])
  assert.equal((await news.take()).isCancelled, true)
})
