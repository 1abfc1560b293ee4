// Which origins a browser may connect from.

/** Whether `origin` matches one of the patterns, `*` standing for any run of characters. No origin (no browser) is allowed. */
export function isAllowedOrigin(origin: string | undefined, patterns: readonly string[]): boolean {
  if (origin === undefined) return true
  return patterns.some((pattern) => matches(origin.toLowerCase(), pattern.toLowerCase()))
}

/** Compares piece by piece between the stars, without a regular expression that a pattern could make slow. */
function matches(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return text === pattern
  if (!text.startsWith(first)) return false
  const last = rest.pop()!
  let at = first.length
  for (const piece of rest) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
