import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LIMITS } from '@crosspoint/transport'
import { MessageMeter, sweepIntervalMs, watch } from '../src/liveness.ts'

/** A connection that keeps what is done to it. */
function connection(pingIntervalMs = 0) {
  const notices: string[] = []
  return {
    receivedAt: 0,
    messageAt: 0,
    pingedAt: 0,
    pingIntervalMs,
    pings: 0,
    notices,
    ping() {
      this.pings++
    },
    expire(notice: string) {
      notices.push(notice)
    },
  }
}

test('TRN-06 silence brings one ping, and any answer makes it good', () => {
  const limits = { ...DEFAULT_LIMITS, pingTimeoutMs: 50 }
  const watched = connection(100)
  watch(watched, limits, 100)
  assert.equal(watched.pings, 0)
  watch(watched, limits, 101)
  watch(watched, limits, 120)
  assert.equal(watched.pings, 1)
  watched.receivedAt = 130
  watch(watched, limits, 200)
  assert.deepEqual([watched.pingedAt, watched.notices], [0, []])
  watch(watched, limits, 231)
  assert.equal(watched.pings, 2)
})
test('TRN-06 no answer within pingTimeoutMs ends the connection', () => {
  const limits = { ...DEFAULT_LIMITS, pingTimeoutMs: 50 }
  const watched = connection(100)
  watch(watched, limits, 101)
  watch(watched, limits, 151)
  assert.deepEqual(watched.notices, [])
  watch(watched, limits, 152)
  assert.match(watched.notices[0]!, /50 ms \(pingTimeoutMs\)/)
})
test('idleTimeoutMs looks at messages only', () => {
  const limits = { ...DEFAULT_LIMITS, idleTimeoutMs: 1_000 }
  const watched = connection()
  watched.receivedAt = 5_000
  watched.messageAt = 4_000
  watch(watched, limits, 5_000)
  assert.deepEqual(watched.notices, [])
  watch(watched, limits, 5_001)
  assert.match(watched.notices[0]!, /1000 ms \(idleTimeoutMs\)/)
})
test('with everything off nothing is looked at, and a sweep is never busier than every 10 ms', () => {
  const off = { ...DEFAULT_LIMITS, pingIntervalMs: 0, rawSocketPingIntervalMs: 0, idleTimeoutMs: 0 }
  assert.equal(sweepIntervalMs(off), 0)
  assert.equal(sweepIntervalMs({ ...off, idleTimeoutMs: 8 }), 10)
  assert.equal(sweepIntervalMs({ ...off, idleTimeoutMs: 4_000 }), 1_000)
  assert.equal(sweepIntervalMs(DEFAULT_LIMITS), 5_000)
})
test('a meter passes one second of messages at once, then as many as time brings', () => {
  const meter = new MessageMeter(10, 0)
  const take = (count: number, now: number) => Array.from({ length: count }, () => meter.take(now)).filter(Boolean).length
  assert.equal(take(20, 0), 10)
  assert.equal(take(5, 100), 1)
  assert.equal(take(5, 300), 2)
  assert.equal(take(50, 60_000), 10)
})
