// Cookies: planting one in a victim's browser before it logs in, making one up, using one elsewhere or after the end.

import { type Attack, group, must } from './attack.ts'
import { Caller, TICKET } from './node.ts'

const NOTHING = 'wamp.error.no_matching_auth_method'
const brings = (cookie: string) => ({ Cookie: cookie })

/** Somebody who comes with a cookie alone: the name that is welcomed, or why not. */
async function comeBack(cookie: string, path = 'web'): Promise<string> {
  const caller = await Caller.open(path, brings(cookie))
  const [type, , details] = await caller.hello({ authmethods: ['cookie'] }).hear()
  caller.cut()
  return type === 2 ? `WELCOME ${(details as { authid: string }).authid}` : String(details)
}

/** A browser that logs in by ticket. */
async function logIn(headers: { readonly [name: string]: string } = {}): Promise<Caller> {
  const caller = await Caller.open('web', headers)
  await caller.hello({ authmethods: ['cookie', 'ticket'], authid: 'joe' }).hear()
  const [type] = await caller.say(5, TICKET, {}).hear()
  must(type === 2, 'joe was to get in')
  return caller
}

/** Sees that the cookie is worth nothing; asks until what was begun before is over, so that it cannot be early. */
async function worthNothing(cookie: string, path = 'web'): Promise<string> {
  for (let times = 0; times < 3; times++) {
    const outcome = await comeBack(cookie, path)
    must(outcome === NOTHING, `the cookie was to be worth nothing, not ${outcome}`)
  }
  return `ABORT \`${NOTHING}\``
}

const value = (cookie: string): string => cookie.slice(cookie.indexOf('=') + 1)
const changed = (cookie: string): string => cookie.slice(0, -1) + (cookie.endsWith('A') ? 'B' : 'A')

export const cookies: readonly Attack[] = group('Cookies', [
  {
    name: 'a cookie of the attacker in the browser of the victim',
    tried: 'the attacker gets a cookie, plants it, the victim logs in with it; then the attacker comes with it',
    defence: 'a login is kept under a value that was given out on that very connection',
    async run() {
      const attacker = await Caller.open('web')
      const planted = attacker.cookie
      const victim = await logIn(brings(planted))
      must(victim.setCookie !== undefined && victim.cookie !== planted, 'the victim was to get another cookie')
      must((await comeBack(victim.cookie)) === 'WELCOME joe', 'the cookie of the victim was to work')
      attacker.cut()
      victim.cut()
      return worthNothing(planted)
    },
  },
  {
    name: 'a cookie that was made up, in the browser of the victim',
    tried: 'a value of the right form that no node gave out',
    defence: 'the same: a value that a browser brings takes no login',
    async run() {
      const made = 'cbtid=AAAAAAAAAAAAAAAAAAAAAAAA'
      const victim = await logIn(brings(made))
      victim.cut()
      return worthNothing(made)
    },
  },
  {
    name: 'two cookies of one name',
    tried: 'the planted one beside that of the victim, in both orders',
    defence: 'cookies that differ count as none',
    async run() {
      const victim = await logIn()
      const planted = 'cbtid=AAAAAAAAAAAAAAAAAAAAAAAA'
      await worthNothing(`${planted}; ${victim.cookie}`)
      const what = await worthNothing(`${victim.cookie}; ${planted}`)
      victim.cut()
      return what
    },
  },
  {
    name: 'guessing',
    tried: 'the value with another last letter, shorter, longer, empty, and its prefix of another name',
    defence: '144 random bits, looked up by their hash',
    async run() {
      const victim = await logIn()
      const { cookie } = victim
      const others = [
        changed(cookie),
        cookie.slice(0, -1),
        `${cookie}A`,
        'cbtid=',
        `other=${value(cookie)}`,
        'cbtid=%00',
        'cbtid=__proto__',
      ]
      let what = ''
      for (const other of others) what = await worthNothing(other)
      victim.cut()
      return what
    },
  },
  {
    name: 'at another path',
    tried: 'the cookie of one path, at another that has cookies as well',
    defence: 'a cookie belongs to its path',
    async run() {
      const victim = await logIn()
      const what = await worthNothing(victim.cookie, 'other')
      must((await comeBack(victim.cookie)) === 'WELCOME joe', 'at its own path it was to work')
      victim.cut()
      return what
    },
  },
  {
    name: 'after the logout',
    tried: 'GOODBYE `wamp.close.logout`; then the cookie again; another session with that cookie stays open',
    defence: 'a logout takes the login from the cookie and ends the sessions that have it',
    async run() {
      const victim = await logIn()
      const { cookie } = victim
      const second = await Caller.open('web', brings(cookie))
      must((await second.hello({ authmethods: ['cookie'] }).hear())[0] === 2, 'the second tab was to get in')
      await victim.say(6, {}, 'wamp.close.logout').hear()
      const [type, , reason] = await second.hear()
      must(type === 6 || type === 3, `the second tab was to be told, not ${JSON.stringify([type, reason])}`)
      victim.cut()
      second.cut()
      return worthNothing(cookie)
    },
  },
  {
    name: 'a cookie in HELLO',
    tried: 'the right value in HELLO.Details, where AUTH-10 has what the transport knows',
    defence: 'a cookie comes in the request that opens the connection',
    async run() {
      const victim = await logIn()
      const caller = await Caller.open('web')
      const transport = { auth: { cookie: victim.cookie }, http_headers_received: { cookie: victim.cookie }, cookie: value(victim.cookie) }
      const reason = await caller.hello({ authmethods: ['cookie'], transport, cookie: value(victim.cookie), authid: 'joe' }).reason()
      must(reason === NOTHING, `${NOTHING} was to come, not ${reason}`)
      victim.cut()
      return `ABORT \`${reason}\``
    },
  },
  {
    name: 'reading it by a script',
    tried: 'the attributes of Set-Cookie',
    defence: '`HttpOnly` and `SameSite=Lax` unless configured otherwise, `Secure` over TLS, and the path',
    async run() {
      const caller = await Caller.open('web')
      const text = caller.setCookie ?? ''
      caller.cut()
      for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/web', 'Max-Age=']) must(text.includes(part), `${part} was to be in ${text}`)
      return '`HttpOnly; SameSite=Lax; Path=/web`'
    },
  },
])
