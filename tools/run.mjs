// Runs one of the repository's commands on the pinned Node, installing what is missing first.
// It is started by whatever Node the machine has (20 or newer), so it uses no newer feature and no package.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [command, ...args] = process.argv.slice(2)

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
  bench: ['bench/main.ts'],
}

if (!COMMANDS[command]) {
  console.error(`Cannot run "${command ?? ''}": give one of ${Object.keys(COMMANDS).join(', ')}`)
  process.exit(2)
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const installed = join(root, 'node_modules', '.package-lock.json')
const lock = join(root, 'package-lock.json')
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log('Installing what is missing (npm ci), about half a minute …')
  // Unsupported-engine warnings name the machine's own Node, which runs npm only; the pinned one runs the programs.
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=true'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    console.error('Cannot install: npm ci failed; its message is above.')
    process.exit(result.status ?? 1)
  }
  console.log('Installed.')
}

const node = pinnedNode()
const [file, ...always] = COMMANDS[command]
const result = spawnSync(node, ['--conditions=@crosspoint/source', join(root, file), ...always, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` },
})
if (result.error) console.error(`Cannot start ${node}: ${result.error.message}`)
process.exit(result.status ?? 1)

/** The repository's own Node 24 where npm could install it for this platform, else the machine's own if it is new enough. */
function pinnedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const path = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(path)) return path
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node
  console.error(`Cannot start with Node ${process.versions.node}: there is no packaged Node for ${name}; install Node ${wanted} and try again.`)
  return process.exit(1)
}
