// JSON from an address of an issuer, bounded in time and size.

/** Key sets have a few kilobytes; with certificates of ten keys, fifty. */
const BYTES_MAX = 262_144

/**
 * Rejects with an error that says what went wrong at which address. Redirects are not followed: what an address leads to would be
 * trusted like the address itself.
 */
export async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'application/json' } })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`it answered ${response.status}, and 200 is expected; redirects are not followed`)
    }
    return JSON.parse(await readText(response)) as unknown
  } catch (error) {
    throw new Error(`Cannot read ${url}: ${reasonOf(error)}`)
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > BYTES_MAX) throw new Error(`it is longer than ${BYTES_MAX} bytes`) // leaving the loop cancels the body
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return 'it took too long (timeoutMs)'
  if (name === 'SyntaxError') return 'it is not JSON'
  // fetch says "fetch failed", and its cause why.
  return cause instanceof Error ? cause.message || ((cause as { code?: string }).code ?? message) : message
}
