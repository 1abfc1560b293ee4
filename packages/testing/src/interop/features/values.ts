// Values on their way there and back: through the subject's serializer, the router and the other side's serializer.

import assert from 'node:assert/strict'
import type { Stage } from '../stage.ts'
import { same } from './assert.ts'

export const VALUES: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  bytes: (stage) => echoes(stage, [new Uint8Array([0, 1, 2, 250, 255]), new Uint8Array()]),
  'integers beyond 2^32': (stage) => echoes(stage, [2 ** 32, 2 ** 53 - 1, -(2 ** 40)]),
  'integers beyond 2^53': (stage) => echoes(stage, [2n ** 53n + 1n, -(2n ** 60n) - 1n]),
  'limits of 64 bits': (stage) => echoes(stage, [2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]),
  floats: (stage) => echoes(stage, [0.1, -1.5e300, 2 ** 70]),
  'smallest float': (stage) => echoes(stage, [5e-324]),
  unicode: (stage) => echoes(stage, ['zwölf Boxkämpfer ✓ 🎉', '\u001f"\\/\u0000', '']),
  'one megabyte': (stage) => echoes(stage, ['x'.repeat(1_000_000)]),
}

/** The subject calls the other side's echo, and the other side the subject's. */
async function echoes(stage: Stage, values: readonly unknown[]): Promise<void> {
  const [subject, other, theirs, mine] = [await stage.subject(), await stage.other(), stage.uri('theirs'), stage.uri('mine')]
  await other.register(theirs, 'echo')
  await subject.register(mine, 'echo')
  for (const [caller, procedure, way] of [
    [subject, theirs, 'as caller'],
    [other, mine, 'as callee'],
  ] as const) {
    for (const value of values) {
      const { args } = await caller.call(procedure, [value])
      try {
        same(args, [value])
      } catch {
        assert.fail(`${way}: ${short(value)} came back as ${short(args[0])}`)
      }
    }
  }
}

function short(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 30)) : String(value).slice(0, 60)
}
