// The states of a session and the transitions between them, as the specification's chart has them (STA-01 … STA-03; the
// numbers are the chart's). The same table serves both peers; `tools/draw-states.ts` draws docs/session-states.md from it.

export type SessionState = 'closed' | 'establishing' | 'challenging' | 'established' | 'shutting_down' | 'closing' | 'failed'

export interface Transition {
  readonly number: number
  readonly from: SessionState
  readonly on: string
  readonly to: SessionState
}

export const TRANSITIONS: readonly Transition[] = [
  { number: 1, from: 'closed', on: 'HELLO', to: 'establishing' },
  { number: 2, from: 'establishing', on: 'WELCOME', to: 'established' },
  { number: 3, from: 'established', on: 'own GOODBYE', to: 'shutting_down' },
  { number: 4, from: 'shutting_down', on: 'GOODBYE received', to: 'closed' },
  { number: 5, from: 'established', on: 'GOODBYE received', to: 'closing' },
  { number: 6, from: 'closing', on: 'own GOODBYE', to: 'closed' },
  { number: 7, from: 'establishing', on: 'refused HELLO, or ABORT', to: 'closed' },
  { number: 8, from: 'established', on: 'HELLO or AUTHENTICATE', to: 'failed' },
  { number: 9, from: 'establishing', on: 'anything else', to: 'failed' },
  { number: 10, from: 'establishing', on: 'CHALLENGE', to: 'challenging' },
  { number: 11, from: 'challenging', on: 'refused AUTHENTICATE, or ABORT', to: 'closed' },
  { number: 12, from: 'challenging', on: 'WELCOME', to: 'established' },
  { number: 13, from: 'challenging', on: 'anything else', to: 'failed' },
  { number: 14, from: 'shutting_down', on: 'anything else', to: 'shutting_down' },
]
