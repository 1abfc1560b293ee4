// Which of several candidates a key belongs to (PUB-49, RPC-130): the one that scores highest for it. Every key scores each
// candidate alone, so one that comes or goes moves only its own keys (rendezvous hashing, Thaler and Ravishankar 1998).

/** The index of the candidate that `key` belongs to; -1 when there is none. */
export function chooseShard(key: string, candidates: readonly string[]): number {
  let best = -1
  let bestScore = -1
  for (const [index, candidate] of candidates.entries()) {
    const score = hash(`${key}\0${candidate}`)
    if (score > bestScore) {
      best = index
      bestScore = score
    }
  }
  return best
}

/** FNV-1a over UTF-16 units, then a final mix, because candidates often differ in their last character only. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
