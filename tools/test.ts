// `npm test [-- FILTER…]`: runs every test file on this Node, each in a process of its own, as many at a time as there are cores,
// and ends with a summary. A filter keeps the files whose path contains it; with several, one match is enough.

import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, sep } from 'node:path'
import { run } from 'node:test'

// A file that hangs must end long before whoever waits for the whole gives up. Node's own `timeout` does not end a process.
const FILE_TIMEOUT_MS = 60_000
const REMINDER_MS = 10_000 // how often the files that still run are named, when nothing else is said
const PATTERNS = ['packages/*/test/**/*.test.ts', 'examples/*/test/*.test.ts']

interface Failure {
  readonly where: string
  readonly name: string
  readonly text: string
}
interface Result {
  readonly counts: { tests: number; passed: number; failed: number; skipped: number }
  readonly failures: Failure[]
  /** What the file printed. */
  output: string
}

const root = join(import.meta.dirname, '..')
const started = performance.now()
const filters = process.argv.slice(2)
const all = globSync(PATTERNS, { cwd: root, exclude: (path) => path.split(sep).includes('node_modules') }).sort()
const files = all.filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
if (files.length === 0) {
  const why = filters.length === 0 ? `no file matches ${PATTERNS.join(' or ')}` : `none of ${all.length} test files has it in its path`
  console.error(`Cannot test "${filters.join(' ')}": ${why}`)
  process.exit(1)
}

const results: Result[] = []
const running = new Set<string>()
const waiting = [...files]
const reminder = setInterval(() => console.log(`… still running: ${[...running].join(', ')}`), REMINDER_MS)
await Promise.all(Array.from({ length: availableParallelism() }, runWaiting))
clearInterval(reminder)
report()

/** Takes one file after the other until none waits. */
async function runWaiting(): Promise<void> {
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const began = performance.now()
    running.add(path)
    const result = await runFile(path)
    running.delete(path)
    results.push(result)
    reminder.refresh()
    const { tests, passed, failed, skipped } = result.counts
    const outcome = result.failures.length > 0 || failed > 0 ? `FAILED (${passed} of ${tests} passed)` : `${passed} passed`
    const position = `[${String(results.length).padStart(String(files.length).length)}/${files.length}]`
    console.log(`${position} ${path}: ${outcome}${skipped > 0 ? `, ${skipped} skipped` : ''}, ${seconds(began)}`)
  }
}

async function runFile(path: string): Promise<Result> {
  const result: Result = { counts: { tests: 0, passed: 0, failed: 0, skipped: 0 }, failures: [], output: '' }
  const fail = (name: string, text: string, line?: number): void => {
    result.failures.push({ where: line === undefined ? path : `${path}:${line}`, name, text })
  }
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), FILE_TIMEOUT_MS)
  const stream = run({ files: [join(root, path)], cwd: root, signal: deadline.signal, execArgv: ['--conditions=@crosspoint/source'] })
  const collect = (data: { readonly message: string }): void => void (result.output += data.message)
  stream.on('test:stdout', collect)
  stream.on('test:stderr', collect)
  stream.on('test:pass', (data) => {
    if (data.name === data.file || data.details.type === 'suite') return
    result.counts.tests++
    if (data.skip || data.todo) result.counts.skipped++
    else result.counts.passed++
  })
  stream.on('test:fail', (data) => {
    const error = data.details.error
    // What holds a failed test fails with it; the test tells more.
    if ('failureType' in error && error.failureType === 'subtestsFailed') return
    const isWholeFile = data.name === data.file
    result.counts.tests++
    result.counts.failed++
    if (isWholeFile && deadline.signal.aborted) return
    const cause = error.cause
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : error.message
    fail(isWholeFile ? 'the file as a whole' : data.name, text, isWholeFile ? undefined : data.line)
  })
  stream.on('test:diagnostic', (data) => {
    // Node only mentions an error that is thrown when its test is over; whoever wrote the test did not mean that.
    if (data.message.includes('asynchronous activity after the test ended')) fail('an error after the end of a test', data.message)
  })
  for await (const _ of stream); // the listeners above do the work; this waits for the end
  clearTimeout(timer)
  if (deadline.signal.aborted)
    fail('the file as a whole', `It still ran after ${FILE_TIMEOUT_MS / 1000} s and was ended: a test waits, or left something open.`)
  else if (result.counts.tests === 0) fail('the file as a whole', 'No test in it, or it ended before its first test did.')
  return result
}

function report(): void {
  const total = { tests: 0, passed: 0, failed: 0, skipped: 0 }
  for (const { counts } of results) for (const key of ['tests', 'passed', 'failed', 'skipped'] as const) total[key] += counts[key]
  const failed = results.filter(({ failures, counts }) => failures.length > 0 || counts.failed > 0)
  for (const { failures, output } of failed) {
    for (const { where, name, text } of failures) console.log(`\nFAILED ${where}\n  ${name}\n${indent(text)}`)
    if (output.trim()) console.log(`\nWhat it printed:\n${indent(output.trim())}`)
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  const counts = `${total.tests} tests, ${total.passed} passed, ${total.failed} failed${skipped}`
  console.log(`\n${failed.length > 0 ? `FAILED: ${failed.length} of` : 'PASSED:'} ${files.length} files, ${counts}, ${seconds(started)}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}
