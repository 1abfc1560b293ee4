// Runs every attack and says what came of it; with `--write` it writes docs/attacks.md.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOptions } from '../command-line.ts'
import { ATTACKS } from './all.ts'
import { stopNode } from './node.ts'
import { attacksPage, type Outcome } from './page.ts'

const USAGE = `attacks/main.ts [OPTIONS]: every attack on logins and permissions, and what came of it.

  --only TEXT  only attacks whose chapter or name contains this
  --write      write docs/attacks.md

Status: 0 when no attack succeeded, 1 when one did, 2 for wrong arguments.`

const values = readOptions(USAGE, { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } })
const outcomes: Outcome[] = []
for (const attack of ATTACKS.filter(({ group, name }) => `${group}: ${name}`.includes(values.only))) {
  try {
    const result = await attack.run()
    outcomes.push({ attack, result })
    console.log(`ok     ${attack.group}: ${attack.name}: ${result}`)
  } catch (error) {
    outcomes.push({ attack, result: undefined })
    console.log(`FAILED ${attack.group}: ${attack.name}: ${(error as Error).message}`)
  }
}
await stopNode()
if (values.write && values.only === '') writeFileSync(join(import.meta.dirname, '../../../../docs/attacks.md'), attacksPage(outcomes))
process.exitCode = outcomes.some(({ result }) => result === undefined) ? 1 : 0
