// Runs one of the repository's commands on the pinned Node, installing what is missing first.
// It is started by whatever Node the machine has (18 or newer), so it uses no newer feature and no package.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const isWindows = process.platform === 'win32'

/** Each command: the file to run on the pinned Node, and the arguments it always gets. */
const COMMANDS = {
  start: ['packages/crosspoint/bin/crosspoint.js', 'start', '--config', 'examples/forum/crosspoint.config.ts'],
  test: ['tools/test.ts'],
  check: ['tools/check.ts'],
  build: ['node_modules/typescript/bin/tsc', '-b'],
  conformance: ['packages/testing/src/conformance/main.ts'],
  mutants: ['packages/testing/src/mutants/main.ts'],
  interop: ['packages/testing/src/interop/main.ts'],
  browser: ['packages/testing/src/browser/main.ts'],
  hostile: ['packages/testing/src/hostile/main.ts'],
  sim: ['packages/testing/src/simulation/main.ts'],
  bench: ['bench/main.ts'],
}

const [command, ...args] = process.argv.slice(2)
if (!command || !Object.hasOwn(COMMANDS, command)) {
  console.error(`Cannot run "${command ?? ''}": give one of ${Object.keys(COMMANDS).join(', ')}`)
  process.exit(2)
}

if (!isInstalled()) await install()
const node = pinnedNode()
const [file, ...always] = COMMANDS[command]
const status = await run(node, ['--conditions=@crosspoint/source', join(root, file), ...always, ...args], {
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
})
process.exit(status)

/** Whether node_modules holds what the lock file names. Contents are compared, not times: a checkout changes times. */
function isInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json') // npm writes it when an installation is complete
  if (!existsSync(installedFile)) return false
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    // What is optional may be absent: it is for another platform.
    return installed[path] ? installed[path].version === entry.version : entry.optional === true || entry.devOptional === true
  })
}

async function install() {
  console.error('Installing what is missing (npm ci), about half a minute …')
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  // On a terminal npm draws its own progress; elsewhere a line now and then shows that it goes on.
  const ticker = process.stderr.isTTY ? undefined : setInterval(() => console.error(`… still installing, ${seconds()} s`), 5000)
  // Unsupported-engine warnings name the machine's own Node, which runs npm only; the pinned one runs the programs.
  const npmArgs = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=true']
  const installStatus = await run(isWindows ? 'npm.cmd' : 'npm', npmArgs, { shell: isWindows })
  clearInterval(ticker)
  if (installStatus !== 0) {
    console.error('Cannot install: npm ci failed; its message is above.')
    process.exit(installStatus)
  }
  console.error(`Installed in ${seconds()} s.`)
}

/** Runs a program in the repository's root and hands signals on to it. Resolves with its status, 128 + n after signal n. */
function run(program, programArgs, options) {
  return new Promise((resolve) => {
    const child = spawn(program, programArgs, { cwd: root, stdio: 'inherit', ...options })
    const restore = handSignalsOn(child)
    child.on('error', (error) => {
      restore()
      console.error(`Cannot start ${program}: ${error.message}`)
      resolve(127)
    })
    child.on('exit', (code, signal) => {
      restore()
      resolve(signal ? 128 + constants.signals[signal] : code)
    })
  })
}

/**
 * Ctrl-C on a terminal reaches the child by itself, as it is in the same process group; handing it on would make it the
 * second one, which ends a node at once. npm repeats to us what the whole group got, so repetitions close together count once.
 */
function handSignalsOn(child) {
  const isOnTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY)
  const sentAt = new Map()
  const onSignal = (signal) => {
    if (signal === 'SIGINT' && isOnTerminal) return
    const isRepetition = Date.now() - (sentAt.get(signal) ?? Number.NEGATIVE_INFINITY) < 300
    sentAt.set(signal, Date.now())
    if (!isRepetition) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, onSignal)
  // npm hands SIGTERM to the shell between us only, which dies of it and tells nobody. Its death is the message.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event && process.ppid !== parent) {
      clearInterval(watch)
      onSignal('SIGTERM')
    }
  }, 250)
  return () => {
    clearInterval(watch)
    for (const signal of signals) process.removeListener(signal, onSignal)
  }
}

/** The repository's own Node 24 where npm could install it for this platform, else the machine's own if it is new enough. */
function pinnedNode() {
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
  const path = join(root, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
  if (existsSync(path)) return path
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node
  console.error(
    `Cannot start with Node ${process.versions.node}: there is no packaged Node for ${name}; install Node ${wanted} and try again.`,
  )
  return process.exit(1)
}
