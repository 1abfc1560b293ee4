// Starts the Python component: makes a virtual environment beside this file, installs requirements.txt into it, runs run.py.
// Everything stays in .venv; delete that folder to begin anew. Plain JavaScript, for any Node from 20 on:
//
//   node examples/forum/python/start.mjs
//
// CROSSPOINT_URL says where the router is (default: ws://localhost:8080/ws); PYTHON names another Python.
// Exit status: that of the component, or 3 when Python, venv or the packages cannot be had.

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const CANNOT_PREPARE = 3
const PYTHON_NEEDED = [3, 11] // what this version of Autobahn needs

const here = fileURLToPath(new URL('.', import.meta.url))
const environment = join(here, '.venv')
const requirements = join(here, 'requirements.txt')
const isWindows = process.platform === 'win32'
const python = join(environment, isWindows ? 'Scripts' : 'bin', isWindows ? 'python.exe' : 'python')

prepare()
runComponent()

function prepare() {
  const stamp = join(environment, '.installed')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (existsSync(stamp) && existsSync(python) && readFileSync(stamp, 'utf8') === wanted) return
  if (!existsSync(python) || !hasPip()) {
    const command = findPython()
    console.log(`Making a virtual environment in ${environment} …`)
    run([...command, '-m', 'venv', '--clear', environment], venvHelp())
  }
  console.log('Installing Autobahn from PyPI, about half a minute …')
  const help = 'is PyPI within reach? The lines above say what went wrong'
  run([python, '-m', 'pip', 'install', '--disable-pip-version-check', '--requirement', requirements], help)
  writeFileSync(stamp, wanted)
  console.log('Installed.')
}

/** A folder from a `venv` that failed half way has Python and no pip. */
function hasPip() {
  return spawnSync(python, ['-m', 'pip', '--version']).status === 0
}

/** The command of a Python that is new enough. */
function findPython() {
  const named = process.env.PYTHON
  const candidates = named ? [[named]] : isWindows ? [['py', '-3'], ['python']] : [['python3'], ['python']]
  const found = []
  for (const command of candidates) {
    const [program, ...args] = command
    const result = spawnSync(program, [...args, '-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' })
    if (result.status !== 0) continue
    const [major, minor] = result.stdout.trim().split(' ').map(Number)
    if (major > PYTHON_NEEDED[0] || (major === PYTHON_NEEDED[0] && minor >= PYTHON_NEEDED[1])) return command
    found.push(`${command.join(' ')} is ${major}.${minor}`)
  }
  const seen = found.length > 0 ? found.join(', ') : `there is no ${candidates.map((command) => command.join(' ')).join(' or ')}`
  return fail(
    `Cannot find Python ${PYTHON_NEEDED.join('.')} or newer: ${seen}. ${installHelp('python3')}, or name one: PYTHON=/path/to/python3`,
  )
}

function venvHelp() {
  return `Python's module venv is missing or broken. ${installHelp('python3-venv')}`
}

function installHelp(debianPackage) {
  if (process.platform === 'linux') return `On Debian and Ubuntu: sudo apt-get install ${debianPackage}`
  return 'Install Python from https://www.python.org/downloads/'
}

function run([program, ...args], help) {
  const result = spawnSync(program, args, { stdio: 'inherit' })
  if (result.status === 0) return
  const why = result.error
    ? result.error.message
    : result.signal
      ? `it was ended by ${result.signal}`
      : `it ended with status ${result.status}`
  fail(`Cannot run ${[program, ...args].join(' ')}: ${why}; ${help}`)
}

function fail(text) {
  console.error(text)
  process.exit(CANNOT_PREPARE)
}

function runComponent() {
  const child = spawn(python, [join(here, 'run.py')], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; a plain kill reaches this process alone and is passed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', (error) => fail(`Cannot start ${python}: ${error.message}`))
  child.on('exit', (status, signal) => {
    process.exitCode = signal === null ? status : signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1
  })
}
