// Who is here. Nobody is asked for a password, so a name belongs to whoever has it, for as long as they are heard.
//
// How this works: the router does not tell components when a session ends (meta events come with a later version), so people
// are on a lease. The component sends a pulse every few seconds, every window answers it, and who has let several pulses go
// by is gone. The pulse comes from here rather than from a timer in the page because browsers slow the timers of windows in
// the background down, but deliver them their messages at once.

import { ApplicationError } from 'crosspoint'
import { errors, limits } from '../api.ts'

/** Unanswered pulses after which somebody is gone. */
export const PULSES_MISSED_MAX = 3

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’-]*$/u
const KEY = /^[0-9a-f]{32}$/

interface Person {
  readonly name: string
  readonly key: string
  pulsesMissed: number
}

/** What signing in has changed. */
export interface SignInOutcome {
  readonly name: string
  /** Whether the others have not seen this name before. False when a window came back. */
  readonly isNew: boolean
  /** The name that the session had before, when it is another one now. */
  readonly formerName: string | undefined
}

export class People {
  /** By session id. */
  readonly #people = new Map<number, Person>()

  /** Everybody's name, sorted as people sort names. */
  names(): string[] {
    return [...this.#people.values()].map((person) => person.name).sort((left, right) => left.localeCompare(right))
  }

  /**
   * Gives a name to a session. A window that lost its connection takes its name over from its former session with its key.
   * @throws ApplicationError `bad_name`, `name_taken` (with a free name in kwargs), `full`
   */
  signIn(session: number, wanted: unknown, key: unknown): SignInOutcome {
    const name = checkName(wanted)
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new ApplicationError('wamp.error.invalid_argument', ['The second argument must be a key of 32 hexadecimal digits'])
    }
    const [holder, held] = this.#holder(name) ?? []
    if (held !== undefined && held.key !== key && holder !== session) throw this.#taken(name)
    const former = this.#people.get(session)
    if (held === undefined && former === undefined && this.#people.size >= limits.peopleMax) {
      throw new ApplicationError(errors.full, [`The forum is full: ${limits.peopleMax} people are here. Try again later.`])
    }
    if (holder !== undefined) this.#people.delete(holder)
    this.#people.set(session, { name, key, pulsesMissed: 0 })
    return { name, isNew: held === undefined, formerName: former !== undefined && former !== held ? former.name : undefined }
  }

  /** The name of a session. @throws ApplicationError `not_signed_in` */
  nameOf(session: number): string {
    const person = this.#people.get(session)
    if (person === undefined) throw new ApplicationError(errors.notSignedIn, ['You are not signed in. Sign in first.'])
    return person.name
  }

  /** The session has answered a pulse. @throws ApplicationError `not_signed_in` */
  heard(session: number): void {
    this.nameOf(session)
    this.#people.get(session)!.pulsesMissed = 0
  }

  /** The session's person goes; their name, or `undefined` when there was none. */
  leave(session: number): string | undefined {
    const name = this.#people.get(session)?.name
    this.#people.delete(session)
    return name
  }

  /** Counts a pulse and drops those who have let too many go by; their names. */
  pulse(): string[] {
    const gone: string[] = []
    for (const [session, person] of this.#people) {
      if (++person.pulsesMissed <= PULSES_MISSED_MAX) continue
      this.#people.delete(session)
      gone.push(person.name)
    }
    return gone
  }

  #holder(name: string): [number, Person] | undefined {
    const folded = fold(name)
    return [...this.#people].find(([, person]) => fold(person.name) === folded)
  }

  #taken(name: string): ApplicationError {
    let number = 2
    const numbered = () => `${name.slice(0, limits.nameLengthMax - `${number}`.length - 1).trimEnd()} ${number}`
    while (this.#holder(numbered()) !== undefined) number++
    const suggestion = numbered()
    return new ApplicationError(errors.nameTaken, [`Somebody here is already called “${name}”. “${suggestion}” is free.`], { suggestion })
  }
}

/** “Ada”, “ada” and “Ａｄａ” are one name. */
function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}

function checkName(wanted: unknown): string {
  const bad = (text: string) => new ApplicationError(errors.badName, [text])
  if (typeof wanted !== 'string') throw bad('A name must be text.')
  const name = wanted.normalize('NFC').trim().replace(/\s+/g, ' ')
  if (name === '') throw bad('Please enter a name.')
  if (name.length > limits.nameLengthMax) throw bad(`That name is too long: ${name.length} characters, at most ${limits.nameLengthMax}.`)
  if (!NAME.test(name)) {
    throw bad('A name begins with a letter or digit and consists of letters, digits, spaces and the signs . _ - ’')
  }
  return name
}
