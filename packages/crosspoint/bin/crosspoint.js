#!/usr/bin/env node
// The command. Plain JavaScript that any Node from 16 on can read: on one that is too old it starts itself again with the Node
// that npm installed beside Crosspoint, or says what is missing.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const NEEDED = [24, 15]
const here = dirname(fileURLToPath(import.meta.url))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) await run()
else restart()

async function run() {
  // Twice as fast to start from the second time on; without a place to write, it does nothing.
  module.enableCompileCache()
  const isCheckout = existsSync(join(here, '..', 'src', 'command.ts'))
  if (isCheckout) {
    // In a checkout the packages are run from source: the same as node --conditions=@crosspoint/source.
    module.registerHooks({
      resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...context.conditions, '@crosspoint/source'] }),
    })
  }
  const { main } = isCheckout ? await import('../src/command.ts') : await import('../dist/command.js')
  const status = await main(process.argv.slice(2))
  if (status !== undefined) process.exitCode = status
}

function restart() {
  const node = packagedNode()
  if (node === undefined) {
    process.stderr.write(
      `crosspoint: Node.js ${NEEDED.join('.')} or newer is needed, this is ${process.versions.node}; install a newer one and try again\n`,
    )
    process.exitCode = 1
    return
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const pass = (signal) => child.kill(signal)
  for (const signal of signals) process.on(signal, pass)
  // npm's shell ends on a signal without passing it on (packages/node/src/signals.ts); its end is a signal then.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.env.npm_command === undefined || process.ppid === parent) return
    clearInterval(watch) // once: a second signal would end the child without an orderly stop
    pass('SIGTERM')
  }, 200)
  child.on('error', (error) => {
    clearInterval(watch)
    process.stderr.write(`crosspoint: cannot start ${node}: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (status, signal) => {
    clearInterval(watch)
    for (const name of signals) process.off(name, pass)
    if (signal === null) process.exitCode = status
    else process.kill(process.pid, signal)
  })
}

/** The Node that npm installed for this platform, in a node_modules here or further up. */
function packagedNode() {
  const isWindows = process.platform === 'win32'
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
  for (let folder = here; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
    if (existsSync(path)) return path
    if (folder === dirname(folder)) return undefined
  }
}
