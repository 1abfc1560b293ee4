// What the router does with a store of events: numbers what goes in, asks, and keeps on routing when the store cannot
// (event-store.ts says what a store is). A store that fails is noted once, and counted until it works again.

import type { Clock } from '@crosspoint/protocol'
import type { EventRecord, EventStore, HistoryPage, HistoryQuery, StoredEvent, StoreFailure } from './event-store.ts'
import type { Subscription } from './subscription.ts'

/** How the store is, as the meta API tells it. */
export interface HistoryStatus {
  /** Events that it could not keep since the router started. */
  readonly lost: number
  /** Why it fails now; `undefined` while it works. */
  readonly failure: string | undefined
  /** Since when it fails: milliseconds since 1970-01-01 UTC. */
  readonly failingSince: number | undefined
}

export class History {
  readonly store: EventStore
  readonly #clock: Clock
  readonly #turn: (input: () => void) => void
  readonly #onFailing: (failure: string | undefined) => void
  #lost = 0
  #failure: string | undefined = undefined
  #failingSince: number | undefined = undefined

  /** `onFailing` is called when the store begins to fail, with why, and with `undefined` when it works again. */
  constructor(store: EventStore, clock: Clock, turn: (input: () => void) => void, onFailing: (failure: string | undefined) => void) {
    this.store = store
    this.#clock = clock
    this.#turn = turn
    this.#onFailing = onFailing
  }

  get status(): HistoryStatus {
    return { lost: this.#lost, failure: this.#failure, failingSince: this.#failingSince }
  }

  /** Keeps an event; `done` is called within this turn or in one of its own. */
  append(
    event: StoredEvent,
    subscriptions: readonly Subscription[],
    retention: EventRecord['retention'],
    done: (failure: StoreFailure | undefined) => void,
  ): void {
    // An event for certain sessions is not history (HIS-11).
    const isForSessions = 'exclude' in event.lists || 'eligible' in event.lists
    const streams = isForSessions ? [] : subscriptions.map(({ stream }) => ({ index: stream!.index, offset: ++stream!.offset }))
    if (streams.length === 0 && retention === 'none') return done(undefined)
    this.#answered<StoreFailure | undefined>(
      (answer) => this.store.append({ event, streams, retention }, answer),
      (failure) => {
        if (failure !== undefined) this.#lost++
        this.#note(failure?.failure)
        done(failure)
      },
    )
  }

  /** Finds events; `done` is called within this turn or in one of its own. */
  query(query: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void {
    this.#answered((answer) => this.store.query(query, answer), done)
  }

  /** A late answer is an input like any other. */
  #answered<Answer>(ask: (answer: (value: Answer) => void) => void, done: (value: Answer) => void): void {
    let isNow = true
    ask((value) => {
      if (isNow) done(value)
      else this.#turn(() => done(value))
    })
    isNow = false
  }

  #note(failure: string | undefined): void {
    const isFailing = failure !== undefined
    if (isFailing !== (this.#failure !== undefined)) {
      this.#failingSince = isFailing ? this.#clock.now() : undefined
      this.#onFailing(failure)
    }
    this.#failure = failure
  }
}
