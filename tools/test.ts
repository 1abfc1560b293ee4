// `npm test [-- FILTER…]`: runs every test file on this Node, in as many processes as there are cores, and ends with a summary.
// A filter keeps the files whose path contains it; with several, one match is enough.

import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, sep } from 'node:path'
import { run } from 'node:test'

const FILE_TIMEOUT_MS = 60_000 // a file that hangs must end long before whoever waits for the whole gives up
const REMINDER_MS = 15_000 // how often the files that still run are named
const PATTERNS = ['packages/*/test/**/*.test.ts', 'examples/*/test/*.test.ts']

const root = join(import.meta.dirname, '..')
const started = performance.now()
const filters = process.argv.slice(2)
const all = globSync(PATTERNS, { cwd: root, exclude: (path) => path.split(sep).includes('node_modules') }).sort()
const files = all.filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))

if (files.length === 0) {
  console.error(
    filters.length === 0
      ? `Cannot test: no file matches ${PATTERNS.join(' or ')}`
      : `Cannot test "${filters.join(' ')}": none of ${all.length} test files has it in its path`,
  )
  process.exit(1)
}

interface Failure {
  readonly where: string
  readonly name: string
  readonly text: string
}

const failures: Failure[] = []
const outputs = new Map<string, string>() // what a file printed, shown only if it fails
const totals = { tests: 0, passed: 0, failed: 0, skipped: 0 }
let filesDone = 0

/** The file's path as one types it, from the repository's root. */
const short = (path: string | undefined): string => (path ? relative(root, path) : '?')
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`
const collectOutput = (data: { file?: string; message: string }): void => {
  outputs.set(short(data.file), (outputs.get(short(data.file)) ?? '') + data.message)
}

const stream = run({
  files: files.map((path) => join(root, path)),
  cwd: root,
  concurrency: availableParallelism(),
  timeout: FILE_TIMEOUT_MS,
  execArgv: ['--conditions=@crosspoint/source'],
})

const running = new Set<string>()
let lastLineAt = performance.now()
const reminder = setInterval(() => {
  if (performance.now() - lastLineAt > REMINDER_MS / 2) console.log(`… still running: ${[...running].join(', ')}`)
}, REMINDER_MS)

stream.on('test:dequeue', (data) => {
  if (data.name === data.file) running.add(short(data.file))
})
stream.on('test:stdout', collectOutput)
stream.on('test:stderr', collectOutput)
stream.on('test:pass', (data) => {
  if (data.name === data.file) reportFile(short(data.file), { tests: 0, passed: 0, failed: 0, skipped: 0 }, data.details.duration_ms)
})
stream.on('test:fail', (data) => {
  const error = data.details.error
  // A suite fails because a test in it did: the test tells more.
  if ('failureType' in error && error.failureType === 'subtestsFailed') return
  const cause = error.cause
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : error.message
  if (data.name === data.file) {
    failures.push({ where: short(data.file), name: 'the file as a whole', text })
    reportFile(short(data.file), { tests: 1, passed: 0, failed: 1, skipped: 0 }, data.details.duration_ms)
  } else failures.push({ where: `${short(data.file)}:${data.line}`, name: data.name, text })
})
stream.on('test:diagnostic', (data) => {
  // Node only mentions an error that is thrown when its test is over; whoever wrote the test did not mean that.
  if (!data.message.includes('asynchronous activity after the test ended')) return
  totals.failed++
  failures.push({ where: short(data.file), name: 'an error after the end of a test', text: data.message })
})
stream.on('test:summary', (data) => {
  if (data.file === undefined) return // the summary of all files; the sums below are ours
  const { tests, passed, skipped, todo } = data.counts
  reportFile(short(data.file), { tests, passed, failed: tests - passed - skipped - todo, skipped }, data.duration_ms)
})

/** One line of progress when a file is done. */
function reportFile(path: string, counts: typeof totals, durationMs: number): void {
  // A file that loads, or ends its process, without one finished test proves nothing.
  const isEmpty = counts.tests === 0
  if (isEmpty) failures.push({ where: path, name: 'the file as a whole', text: 'No test in it, or it ended before its first test did.' })
  filesDone++
  running.delete(path)
  lastLineAt = performance.now()
  totals.tests += counts.tests
  totals.passed += counts.passed
  totals.failed += isEmpty ? 1 : counts.failed
  totals.skipped += counts.skipped
  const skips = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  const result = isEmpty ? 'NO TEST' : counts.failed > 0 ? `${counts.failed} of ${counts.tests} FAILED` : `${counts.passed} passed${skips}`
  console.log(`[${String(filesDone).padStart(String(files.length).length)}/${files.length}] ${path}: ${result}, ${seconds(durationMs)}`)
}

for await (const _ of stream); // the listeners above do the work; this waits for the end
clearInterval(reminder)

const failedFiles = new Set(failures.map((failure) => failure.where.replace(/:\d+$/, '')))
for (const failure of failures) console.log(`\nFAILED ${failure.where}\n  ${failure.name}\n${indent(failure.text)}`)
for (const path of failedFiles) {
  const output = outputs.get(path)?.trim()
  if (output) console.log(`\nWhat ${path} printed:\n${indent(output)}`)
}

const isGreen = failures.length === 0 && totals.failed === 0 && filesDone === files.length
if (filesDone < files.length) console.log(`\n${files.length - filesDone} test files never reported.`)
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
console.log(
  `\n${isGreen ? 'PASSED' : 'FAILED'}: ${files.length} files, ${totals.tests} tests, ${totals.passed} passed, ${totals.failed} failed${skipped}, ${seconds(performance.now() - started)}`,
)
process.exitCode = isGreen ? 0 : 1

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}
