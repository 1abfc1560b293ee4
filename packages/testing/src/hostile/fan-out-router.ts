// The router of fan-out.ts, in a process where nothing else runs. It measures how long one turn of the event loop takes: by
// the processor time of its thread, which leaves out what other processes on the machine took, and by the clock. The kernel
// may count processor time in steps of some milliseconds, so the lesser of the two is what a turn took.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { cborSerializer, jsonSerializer, msgpackSerializer } from '@crosspoint/protocol'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import { createListener } from '@crosspoint/transport'

/** What the process is asked for, and what it answers. */
export type Question = 'begin' | 'end'
export type Answer = { readonly port: number } | { readonly began: true } | { readonly longestMs: number; readonly delayMs: number }

const histogram = monitorEventLoopDelay({ resolution: 1 })
let isProbing = false
let longestMs = 0

/** Runs once in every turn of the loop, so what passed between two runs is what the turn took. */
function probe(processorBefore: number, clockBefore: number): void {
  const processor = processorMs()
  const clock = performance.now()
  longestMs = Math.max(longestMs, Math.min(processor - processorBefore, clock - clockBefore))
  if (isProbing) setImmediate(probe, processor, clock)
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
const listener = createListener({
  endpoint: { port: 0 },
  serializers: [jsonSerializer, msgpackSerializer, cborSerializer],
  onTransport: (transport, serializer, info) => router.attach(transport, serializer, { peer: info.peer }),
})
await listener.listen()
process.on('message', (question: Question) => {
  if (question === 'begin') {
    histogram.enable()
    histogram.reset()
    longestMs = 0
    isProbing = true
    setImmediate(probe, processorMs(), performance.now())
    answer({ began: true })
    return
  }
  isProbing = false
  histogram.disable()
  answer({ longestMs, delayMs: histogram.max / 1e6 })
})
process.on('disconnect', () => process.exit(0))
answer({ port: listener.port! })

function answer(text: Answer): void {
  process.send!(text)
}
