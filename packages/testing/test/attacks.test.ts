// Every attack of docs/attacks.md, and that the comparison of work would notice what it is there for.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Authenticator, denied, type PrincipalSource, staticPrincipals, ticket } from '@crosspoint/router'
import { ATTACKS } from '../src/attacks/all.ts'
import { AttackSucceeded } from '../src/attacks/attack.ts'
import { DIFFERENCE_MAX, difference, mustCostTheSame, observe, VARIANTS, type Variant } from '../src/attacks/lookalike.ts'
import { stopNode } from '../src/attacks/node.ts'
import { attacksPage, type Outcome } from '../src/attacks/page.ts'
import { PEOPLE, type Stage } from '../src/attacks/stage.ts'

after(stopNode)

/** The requirements that attacks of a chapter prove. */
const IDS: readonly (readonly [group: string, ids: string])[] = [
  ['Replay', 'AUTH-07 AUTH-26 AUTH-44 AUTH-63'],
  ['Enumeration', 'AUTH-06 AUTH-26 AUTH-46'],
  ['Timing', 'AUTH-07 AUTH-26 AUTH-46'],
  ['Flood', 'AUTH-07'],
  ['Guessing', 'AUTH-07'],
  ['Claims', 'AUTH-05 AUTH-10'],
  ['Escalation', 'URI-08 URI-11 AUTHZ-02 AUTHZ-07'],
  ['Downgrade', 'AUTH-09 AUTH-43 AUTH-65 AUTH-67'],
  ['Tokens', 'AUTH-06'],
  ['Cookies', 'AUTH-10'],
]

const outcomes: Outcome[] = []
for (const attack of ATTACKS) {
  const ids = IDS.find(([group]) => attack.group.startsWith(group))![1]
  test(`${ids} ${attack.group}: ${attack.name}`, async () => {
    const result = await attack.run()
    outcomes.push({ attack, result })
  })
}

test('docs/attacks.md is what these attacks said', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/attacks.md'), 'utf8')
  assert.equal(attacksPage(outcomes), page, 'docs/attacks.md is out of date: run packages/testing/src/attacks/main.ts --write')
})

/** Tickets that are hashed, with a defect. */
const defective = (make: (stage: Stage, right: Authenticator) => Authenticator): Variant => ({
  ...VARIANTS.find(({ name }) => name === 'ticket, stored as Argon2id')!,
  authenticators: (stage) => [make(stage, ticket(stage.crypto, staticPrincipals(PEOPLE.hashed)))],
})
const costsTheSame = (variant: Variant) => mustCostTheSame(observe(variant, true), observe(variant, false), variant.name)

test('AUTH-46 a login of an unknown name that is answered without any work is noticed', () => {
  const early = defective((_stage, right) => ({
    ...right,
    begin: (request, next) =>
      right.begin(request, (step) => {
        if (step.type !== 'challenge' || request.authid === 'joe') return next(step)
        next({ ...step, answered: (_signature, _extra, decided) => decided(denied('no such principal')) })
      }),
  }))
  assert.throws(() => costsTheSame(early), AttackSucceeded)
})

test('AUTH-46 a login of a known name that costs 30 % more is noticed, and one of 5 % not', () => {
  const slowed = (memoryKiB: number) =>
    defective((stage) => {
      const source = staticPrincipals(PEOPLE.hashed)
      const more = { iterations: 1, memoryKiB, length: 32 }
      const slow: PrincipalSource = {
        ...source,
        find: (query, done) =>
          source.find(query, (found) => {
            if (found !== undefined) stage.crypto.argon2id(new Uint8Array(1), new Uint8Array(16), more, () => {})
            done(found)
          }),
      }
      return ticket(stage.crypto, slow)
    })
  assert.throws(() => costsTheSame(slowed(20)), AttackSucceeded)
  const five = [{ name: 'argon2id', work: 64 * 1.05 }]
  assert.ok(difference(five, [{ name: 'argon2id', work: 64 }]) < DIFFERENCE_MAX)
})
