// Comparing what came over the line: an integer is the same whether a library gives it as number or bigint.

import assert from 'node:assert/strict'
import { PeerError, toLine } from '../line-protocol.ts'

export function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(toLine(actual), toLine(expected))
}

/** The error that a request ends with; throws when it does not. */
export async function errorOf(promise: Promise<unknown>): Promise<PeerError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof PeerError) return error
    throw error
  }
  throw new Error('it did not fail')
}

export async function failsWith(uri: string, promise: Promise<unknown>): Promise<void> {
  assert.equal((await errorOf(promise)).uri, uri)
}
