// What the page and the components agree on: names of procedures and topics, what goes over them, and limits.

export const procedures = {
  /** (name, key) → SignedIn. The key is the window's own secret: with it, the window takes its name back after a lost connection. */
  signIn: 'forum.sign_in',
  /** The answer to a pulse: this window is still here. */
  stay: 'forum.stay',
  signOut: 'forum.sign_out',
  /** (text) → Message */
  post: 'forum.post',
  /** (times) → Dice, with Dice as progress after every roll. */
  rollDice: 'forum.roll_dice',
  /** (text) → Statistics. Offered by the Python component, which may not be running. */
  statistics: 'forum.python.statistics',
} as const

export const topics = {
  /** PeopleNews: somebody came or went. */
  people: 'forum.people',
  /** Message */
  message: 'forum.message',
  /** DiceNews: a roll has ended. */
  dice: 'forum.dice',
  /** Asks every window to call `stay`. */
  pulse: 'forum.pulse',
  /** PythonNews: the Python component came, or heard a message. */
  python: 'forum.python.news',
} as const

export const errors = {
  badName: 'forum.error.bad_name',
  nameTaken: 'forum.error.name_taken',
  full: 'forum.error.full',
  notSignedIn: 'forum.error.not_signed_in',
  badText: 'forum.error.bad_text',
  badTimes: 'forum.error.bad_times',
  alreadyRolling: 'forum.error.already_rolling',
} as const

/** Lengths are in UTF-16 code units, as `maxlength` in HTML counts them. */
export const limits = {
  nameLengthMax: 24,
  textLengthMax: 500,
  messagesMax: 50,
  peopleMax: 200,
  diceTimesMax: 100,
} as const

export interface Message {
  /** Never used twice, not even after a restart. */
  readonly id: string
  readonly name: string
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface SignedIn {
  readonly name: string
  readonly people: readonly string[]
  /** The last ones, oldest first. */
  readonly messages: readonly Message[]
}

export interface PeopleNews {
  /** Everybody who is here now, so that a page that missed something is right again. */
  readonly people: readonly string[]
  readonly came?: string
  readonly went?: string
}

export interface Dice {
  readonly rolled: number
  readonly times: number
  /** How often each face came up; six numbers. */
  readonly counts: readonly number[]
}

export interface DiceNews {
  readonly name: string
  readonly rolled: number
  readonly times: number
  readonly isCancelled: boolean
}

export interface Statistics {
  readonly words: number
  readonly letters: number
  readonly longest: string
  /** Messages that the Python component has heard since it came. */
  readonly heard: number
}

export interface PythonNews {
  readonly heard: number
}
