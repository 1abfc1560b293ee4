import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryTransport } from '../src/index.ts'

function pair(frameBytesMax?: number) {
  const heard: string[] = []
  const [one, other] = MemoryTransport.pair(frameBytesMax)
  for (const [name, end] of [
    ['one', one],
    ['other', other],
  ] as const) {
    end.onFrame = (bytes) => heard.push(`${name} ${Buffer.from(bytes)}`)
    end.onClose = (reason) => heard.push(`${name} closed: ${reason}`)
  }
  return { one, other, heard }
}
const frame = (text: string): Uint8Array => Buffer.from(text)

test('TRN-02 frames go both ways, whole and in order', () => {
  const { one, other, heard } = pair()
  one.send(frame('a'))
  other.send(frame('b'))
  one.send(frame('c'))
  assert.deepEqual(heard, ['other a', 'one b', 'other c'])
})

test('closing reaches both ends once, and nothing is sent afterwards', () => {
  const { one, other, heard } = pair()
  one.close('wamp.close.normal')
  one.close()
  other.close()
  one.send(frame('a'))
  other.send(frame('b'))
  assert.deepEqual(heard.sort(), ['one closed: wamp.close.normal', 'other closed: wamp.close.normal'])
})

test('while paused frames wait, are counted, and come in order, also when paused again meanwhile', () => {
  const { one, other, heard } = pair()
  other.pause()
  one.send(frame('a'))
  one.send(frame('bc'))
  assert.deepEqual([heard.length, one.bufferedBytes, other.bufferedBytes], [0, 3, 0])
  other.onFrame = (bytes) => {
    heard.push(`${Buffer.from(bytes)}`)
    other.pause()
  }
  other.resume()
  assert.deepEqual(heard, ['a'])
  one.send(frame('d'))
  other.resume()
  assert.deepEqual(heard, ['a', 'bc'])
  other.resume()
  assert.deepEqual([heard, one.bufferedBytes], [['a', 'bc', 'd'], 0])
})

test('TRN-20 the limit is that of the end which receives', () => {
  const { one, other } = pair(512)
  assert.deepEqual([one.frameBytesMax, other.frameBytesMax], [undefined, 512])
})
