// docs/interop.md: what was tried with which peer, and what came of it.

import { FEATURES, PEER_FAULTS, REMARKS } from './features.ts'
import type { Combination } from './main.ts'

const NAMES = { websocket: 'WebSocket', rawsocket: 'RawSocket', json: 'JSON', msgpack: 'MessagePack', cbor: 'CBOR' } as const

export function matrixPage(combinations: readonly Combination[]): string {
  const notes: string[] = []
  const noteOf = (peer: string, feature: string): string => {
    const note = `${peer}, ${feature}: ${PEER_FAULTS[peer]?.[feature] ?? 'fails'}.`
    if (!notes.includes(note)) notes.push(note)
    return `[${notes.indexOf(note) + 1}]`
  }
  const peers = [...new Set(combinations.map((combination) => combination.peer))]
  const tables = peers.map((peer) => {
    const mine = combinations.filter((combination) => combination.peer === peer)
    const head = mine.map(({ transport, serializer }) => `${NAMES[transport]} ${NAMES[serializer]}`)
    const rows = FEATURES.map((feature) => {
      const cells = mine.map(({ checks }) => (checks.find((check) => check.feature === feature)?.ok ? 'ok' : noteOf(peer, feature)))
      return `| ${feature} | ${cells.join(' | ')} |`
    })
    return `## ${peer}\n\n| | ${head.join(' | ')} |\n| --- |${' --- |'.repeat(head.length)}\n${rows.join('\n')}\n\n${(REMARKS[peer] ?? []).map((remark) => `- ${remark}`).join('\n')}\n`
  })
  const list = notes.map((note, index) => `${index + 1}. ${note}`).join('\n')
  return `# Interop: foreign clients against this router

Written by \`npm run interop -- --write\`; \`npm run interop\` fails when it no longer holds. On the other side of each check is a
Crosspoint client over WebSocket with CBOR, so payloads cross from one serializer to the other.

${tables.join('\n')}
${notes.length === 0 ? 'Nothing that was tried failed.' : `## Notes\n\n${list}`}
`
}
