// Which pages of a browser may connect: those of allowed origins, that reached us under an allowed name.

const DEFAULT_PORTS: { readonly [scheme: string]: string } = { http: '80', https: '443' }

/**
 * Whether `origin` matches one of the patterns, `*` standing for any run of characters. No origin (no browser) is allowed. The port
 * that a scheme has by itself may be there or not, on both sides; "null" is an origin like any other.
 */
export function isAllowedOrigin(origin: string | undefined, patterns: readonly string[]): boolean {
  if (origin === undefined) return true
  const forms = formsOf(origin.toLowerCase())
  return patterns.some((pattern) => forms.some((form) => matches(form, pattern.toLowerCase())))
}

/** An origin as browsers write it, and with the port that they leave out. */
function formsOf(origin: string): readonly string[] {
  const [scheme = '', rest] = origin.split('://')
  const port = DEFAULT_PORTS[scheme]
  if (rest === undefined || port === undefined) return [origin]
  const bare = rest.endsWith(`:${port}`) ? rest.slice(0, -port.length - 1) : rest
  return /:[0-9]*$/.test(bare) ? [origin] : [`${scheme}://${bare}`, `${scheme}://${bare}:${port}`]
}

/** Whether a Host header matches one of the patterns, with its port or without. No header matches only a pattern that matches all. */
export function isAllowedHost(host: string | undefined, patterns: readonly string[]): boolean {
  const whole = (host ?? '').trim().toLowerCase()
  const name = whole.replace(/:[0-9]*$/, '').replace(/\.$/, '')
  return patterns.some((pattern) => matches(whole, pattern.toLowerCase()) || matches(name, pattern.toLowerCase()))
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
