// The page. One App holds the connection; the views subscribe to what they show and call what they need.

import { App } from '@crosspoint/client'
import { ChatView } from './chat.ts'
import { ConnectionView } from './connection.ts'
import { DiceView } from './dice.ts'
import { byId } from './dom.ts'
import { failureText } from './failure.ts'
import { Membership } from './membership.ts'
import { PeopleView } from './people.ts'
import { PythonView } from './python.ts'
import { WelcomeView } from './welcome.ts'

/** Somebody is looking: try often enough to be back soon after a restart. */
const RETRY_DELAY_MAX_MS = 4000

const connection = new ConnectionView()
const app = new App({
  realm: 'realm1',
  retryDelayMaxMs: RETRY_DELAY_MAX_MS,
  waitForSession: false, // people are told at once that nothing can be sent now
  onStatus: (status) => {
    connection.show(status)
    if (status.status === 'joined' && hasStarted) queueMicrotask(resume) // after the subscriptions have been made again
  },
})
let hasStarted = false

const forum = byId('forum', HTMLElement)
const membership = new Membership(app, {
  entered: ({ people, messages }) => {
    const isArriving = forum.hidden
    welcome.hide()
    chat.addAll(messages)
    peopleView.show(people)
    forum.hidden = false
    if (isArriving) chat.focus()
    chat.addAll([]) // to the last message, now that the log has a height
  },
  left: (why) => {
    forum.hidden = true
    chat.clear()
    welcome.show(why)
  },
})
const welcome = new WelcomeView(membership)
const chat = new ChatView(app, membership)
const tell = (line: string) => {
  if (membership.name !== undefined) chat.notice(line)
}
const peopleView = new PeopleView(app, membership, tell)
new DiceView(app, membership, tell)
const python = new PythonView(app, () => chat.texts)

if (membership.name === undefined) welcome.show('')

function resume(): void {
  void membership.resume()
  void python.check()
}

app.onStart(() => {
  hasStarted = true
  resume()
})
app.start().catch((error: unknown) => {
  connection.show({ status: 'stopped', attempt: 0, reason: failureText(error), delayMs: undefined })
})
