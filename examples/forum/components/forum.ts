// The forum's component: sign-in, presence, chat and dice. It runs inside the node, on an in-process session.

import { randomBytes } from 'node:crypto'
import { type App, ApplicationError, type Invocation } from 'crosspoint'
import { type Dice, type DiceNews, errors, limits, type Message, type PeopleNews, procedures, type SignedIn, topics } from '../api.ts'
import { rollDice } from './dice.ts'
import { People } from './people.ts'

const PULSE_MS = 3000

/** Every procedure here knows its callers by their sessions. */
const DISCLOSED = { disclose_caller: true } as const

export default function forum(app: App): void {
  const people = new People()
  const messages: Message[] = []
  const rolling = new Set<number>()
  const idPrefix = randomBytes(4).toString('hex')
  let messageCount = 0
  let pulse: NodeJS.Timeout | undefined

  const tellPeople = (news: Omit<PeopleNews, 'people'>) =>
    app.publish(topics.people, { people: people.names(), ...news } satisfies PeopleNews)

  app.registerInvocation(procedures.signIn, signIn, DISCLOSED)
  app.registerInvocation(procedures.stay, (invocation) => people.heard(callerOf(invocation)), DISCLOSED)
  app.registerInvocation(procedures.signOut, signOut, DISCLOSED)
  app.registerInvocation(procedures.post, post, DISCLOSED)
  app.registerInvocation(procedures.rollDice, roll, DISCLOSED)

  app.onStart(() => {
    pulse = setInterval(() => {
      for (const went of people.pulse()) tellPeople({ went })
      app.publish(topics.pulse)
    }, PULSE_MS)
  })
  app.onStop(() => clearInterval(pulse))

  function signIn(invocation: Invocation): SignedIn {
    const [wanted, key] = invocation.args
    const { name, isNew, formerName } = people.signIn(callerOf(invocation), wanted, key)
    if (formerName !== undefined) tellPeople({ went: formerName })
    if (isNew) tellPeople({ came: name })
    return { name, people: people.names(), messages }
  }

  function signOut(invocation: Invocation): void {
    const went = people.leave(callerOf(invocation))
    if (went !== undefined) tellPeople({ went })
  }

  function post(invocation: Invocation): Message {
    const name = people.nameOf(callerOf(invocation))
    const text = checkText(invocation.args[0])
    const message: Message = { id: `${idPrefix}-${++messageCount}`, name, text, at: Date.now() }
    messages.push(message)
    if (messages.length > limits.messagesMax) messages.shift()
    app.publish(topics.message, message)
    return message
  }

  async function roll(invocation: Invocation): Promise<Dice> {
    const session = callerOf(invocation)
    const name = people.nameOf(session)
    if (rolling.has(session)) throw new ApplicationError(errors.alreadyRolling, ['Your dice are still rolling.'])
    rolling.add(session)
    try {
      return await rollDice(invocation, ({ rolled, times }, isCancelled) => {
        app.log.info(isCancelled ? `${name} cancelled the dice after ${rolled} of ${times}` : `${name} rolled the dice ${times} times`)
        app.publish(topics.dice, { name, rolled, times, isCancelled } satisfies DiceNews)
      })
    } finally {
      rolling.delete(session)
    }
  }
}

/** The caller's session; the router says it because of `disclose_caller`. */
function callerOf(invocation: Invocation): number {
  return invocation.caller!
}

function checkText(given: unknown): string {
  const bad = (text: string) => new ApplicationError(errors.badText, [text])
  if (typeof given !== 'string') throw bad('A message must be text.')
  const text = given.trim()
  if (text === '') throw bad('Please write something first.')
  if (text.length > limits.textLengthMax) {
    throw bad(`That message is too long: ${text.length} characters, at most ${limits.textLengthMax}.`)
  }
  return text
}
