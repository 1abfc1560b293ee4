// Draws docs/session-states.md from the table in packages/protocol/src/session-states.ts; with --check only compares.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TRANSITIONS } from '../packages/protocol/src/session-states.ts'

const PATH = 'docs/session-states.md'
const path = join(import.meta.dirname, '..', PATH)
const drawn = draw()

if (!process.argv.includes('--check')) {
  writeFileSync(path, drawn)
  console.log(`${PATH}: ${TRANSITIONS.length} transitions`)
} else if (!existsSync(path) || readFileSync(path, 'utf8') !== drawn) {
  console.log(`${PATH} is not what the table says: run tools/draw-states.ts`)
  process.exitCode = 1
}

function draw(): string {
  const states = [...new Set(TRANSITIONS.flatMap(({ from, to }) => [from, to]))]
  const ends = states.filter((state) => TRANSITIONS.every(({ from }) => from !== state))
  return `# States of a session

Drawn by \`tools/draw-states.ts\` from \`packages/protocol/src/session-states.ts\`; do not edit. The numbers are those of the
specification's chart. The same table serves both peers: a message is sent by one and received by the other.

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${TRANSITIONS[0]!.from}
${TRANSITIONS.map(({ number, from, on, to }) => `  ${from} --> ${to}: ${number} ${on}`).join('\n')}
${ends.map((state) => `  ${state} --> [*]`).join('\n')}
\`\`\`

| No. | in state | on | goes to |
| --- | --- | --- | --- |
${TRANSITIONS.map(({ number, from, on, to }) => `| ${number} | \`${from}\` | ${on} | \`${to}\` |`).join('\n')}
`
}
