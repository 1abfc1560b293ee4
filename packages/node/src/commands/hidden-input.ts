// Questions at a terminal whose answers are not shown.

import type { ReadStream } from 'node:tty'
import { UsageError } from '@crosspoint/protocol'

const KEYS = { return: '\r', newline: '\n', erase: ['\b', '\u007f'], interrupt: '\u0003', end: '\u0004' } as const

/** What of stdin is used. */
export type HiddenStream = Pick<ReadStream, 'isTTY' | 'off' | 'on' | 'pause' | 'resume' | 'setEncoding' | 'setRawMode'>

export class HiddenInput {
  readonly #stdin: HiddenStream
  readonly #write: (text: string) => void
  /** What came after the end of the line, for the next question: two lines may be pasted at once. */
  #rest = ''
  /** Whether the last line ended with a return, after which a newline belongs to the same end. */
  #isAfterReturn = false

  /** @param write takes what the user is to see; nothing of the answers */
  constructor(stdin: HiddenStream, write: (text: string) => void) {
    this.#stdin = stdin
    this.#write = write
  }

  /**
   * Asks for one line.
   *
   * @throws UsageError ERR_INVALID_ARGUMENT where there is no terminal; Error when the user ends the input instead
   * @example
   * const password = await new HiddenInput(process.stdin, (text) => process.stderr.write(text)).ask('Password: ')
   */
  ask(question: string): Promise<string> {
    const stdin = this.#stdin
    if (!stdin.isTTY) {
      const message = 'Cannot ask for a password: there is no terminal; pipe it in and give --stdin'
      return Promise.reject(new UsageError('ERR_INVALID_ARGUMENT', message))
    }
    return new Promise((resolve, reject) => {
      let text = ''
      const end = (rest: readonly string[]) => {
        this.#rest = rest.join('')
        stdin.off('data', onData)
        stdin.setRawMode(false)
        stdin.pause()
        this.#write('\n')
      }
      const onData = (chunk: string) => {
        const characters = [...chunk]
        for (const [index, character] of characters.entries()) {
          const isSameEnd = this.#isAfterReturn && character === KEYS.newline
          this.#isAfterReturn = character === KEYS.return
          if (isSameEnd) continue
          if (character === KEYS.interrupt || (character === KEYS.end && text === '')) {
            end([])
            return reject(new Error('No password was given'))
          }
          if (character === KEYS.return || character === KEYS.newline) {
            end(characters.slice(index + 1))
            return resolve(text)
          }
          if (KEYS.erase.some((each) => each === character)) text = [...text].slice(0, -1).join('')
          else text += character
        }
      }
      stdin.setEncoding('utf8')
      stdin.setRawMode(true)
      this.#write(question) // when nothing is shown any more
      const rest = this.#rest
      this.#rest = ''
      stdin.on('data', onData)
      stdin.resume()
      onData(rest)
    })
  }
}
