// docs/attacks.md: what is tried against logins and permissions, what stands against it, and what came of it.

import type { Attack } from './attack.ts'

/** What came of each attack. */
export interface Outcome {
  readonly attack: Attack
  /** Undefined when it is not known yet, or the attack succeeded. */
  readonly result: string | undefined
}

const HEAD = `# Attacks on logins and permissions

What a stranger, a user or a false router can try, and what comes of it. Each line is a function in
[\`packages/testing/src/attacks\`](../packages/testing/src/attacks), which \`npm test\` runs (\`attacks.test.ts\`); the last column is what
it said. This page is written by \`node --conditions=@crosspoint/source packages/testing/src/attacks/main.ts --write\`, and the test
fails when it is out of date. Malformed messages are another matter: see [hostile input](hostile.md); what is promised and what is
not, in the [threat model](threat-model.md).

Timing is not measured by a clock, whose noise would need luck or a wide margin, but by counting: a login is run with a cryptography that
writes down each operation and the lengths of what goes in, once for somebody who exists and once for somebody who does not. The
test plants a login with 30 % more work, and one that answers without any, and sees that both are noticed. What does not depend on a
secret, such as looking up a name, is not counted.
`

const FOOT = `## What remains

- A CHALLENGE of WAMP-CRA names the role (AUTH-21). For a name that does not exist it is the role of the first principal of the source:
  where principals of one source have several roles, a role other than that one tells that the name exists. Other methods have no role
  in the challenge.
- Salts that were made by hand may look otherwise than those of names that do not exist: \`crosspoint passwd\` makes them alike.
- A name that does not exist is made to look like the first principal of its source: principals of one source should have credentials of
  one kind, all with a salt or none, all with one cost.
- Who has a right ticket, token or cookie is let in: these are shown, not proven. Cryptosign and SCRAM prove, and can be bound to
  the TLS connection.
- A source of principals of one's own (a function, a procedure, a database) may take longer for some names than for others.
`

/** The whole page. */
export function attacksPage(outcomes: readonly Outcome[]): string {
  const groups = Map.groupBy(outcomes, ({ attack }) => attack.group)
  const chapters = [...groups].map(([name, members]) => {
    const rows = members.map(({ attack, result }) => row([attack.name, attack.tried, attack.defence, result ?? '**it succeeded**']))
    return [
      `## ${name}`,
      '',
      row(['Attack', 'What is tried', 'What stands against it', 'What came of it']),
      '|---|---|---|---|',
      ...rows,
    ].join('\n')
  })
  return `${HEAD}\n${chapters.join('\n\n')}\n\n${FOOT}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
