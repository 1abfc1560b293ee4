// A PostgreSQL server for tests, of Debian's packages: on a free port of 127.0.0.1, with a data folder of its own that is gone when it
// stops. PostgreSQL refuses to run as root, so as root it runs as the user that its package made.

import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PACKAGED = '/usr/lib/postgresql'
const SYSTEM_USER = 'postgres'
const PASSWORD = 'for-tests-only'
const START_TRIES = 5
const NOT_INSTALLED = 'PostgreSQL is not installed; on Debian: apt-get install postgresql'

export interface PostgresServer {
  /** `postgres://…` of its only database. */
  readonly url: string
  /** Cuts every connection at once and stops listening; `start` brings it back on the same port. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Stops it and removes its data. */
  close(): Promise<void>
}

/**
 * Why no server can be started here, for the `skip` of a test; false when one can.
 * @throws Error instead, when the environment variable CROSSPOINT_REQUIRE says "postgres": then nothing may be left out
 */
export function whyNoPostgres(): string | false {
  if (programs() !== undefined) return false
  if (process.env['CROSSPOINT_REQUIRE'] === 'postgres') throw new Error(`${NOT_INSTALLED} (CROSSPOINT_REQUIRE=postgres)`)
  return NOT_INSTALLED
}

/** The folder with `initdb` and `pg_ctl`: that of the newest packaged version. */
function programs(): string | undefined {
  if (!existsSync(PACKAGED)) return undefined
  const versions = readdirSync(PACKAGED).sort((one, other) => Number(other) - Number(one))
  return versions.map((version) => join(PACKAGED, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}

/**
 * Makes a database and starts its server.
 *
 * @throws Error when there is no PostgreSQL here (see `whyNoPostgres`), or when it does not start
 * @example
 * const server = await startPostgres()
 * const pool = new Pool({ connectionString: server.url })
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = programs()
  if (folder === undefined) throw new Error(NOT_INSTALLED)
  const root = await mkdtemp(join(tmpdir(), 'crosspoint-postgres-'))
  const owner = userInfo().uid === 0 ? await systemUser() : undefined
  if (owner !== undefined) await chown(root, owner.uid, owner.gid)
  /** Runs one of its programs as somebody who is not root. */
  const program = async (name: string, ...args: string[]): Promise<void> => {
    await run(join(folder, name), args, { cwd: root, ...owner })
  }
  const data = join(root, 'data')
  const remove = () => rm(root, { recursive: true, force: true })
  try {
    await makeData(program, root, data, owner)
    const port = await startOnFreePort(program, root, data)
    return {
      url: `postgres://${SYSTEM_USER}:${PASSWORD}@127.0.0.1:${port}/postgres`,
      stop: () => program('pg_ctl', '--pgdata', data, '--mode', 'immediate', 'stop'),
      start: () => startAt(program, root, data, port),
      close: async () => {
        await program('pg_ctl', '--pgdata', data, '--mode', 'immediate', 'stop').catch(() => {}) // it may be stopped already
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

type RunProgram = (name: string, ...args: string[]) => Promise<void>
type Owner = { readonly uid: number; readonly gid: number } | undefined

async function systemUser(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, SYSTEM_USER])).stdout)))
  return { uid: uid!, gid: gid! }
}

async function makeData(program: RunProgram, root: string, data: string, owner: Owner): Promise<void> {
  const passwordFile = join(root, 'password')
  await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 })
  if (owner !== undefined) await chown(passwordFile, owner.uid, owner.gid)
  const access = ['--username', SYSTEM_USER, '--auth', 'scram-sha-256', '--pwfile', passwordFile]
  await program('initdb', '--pgdata', data, ...access, '--encoding', 'UTF8', '--no-locale', '--no-sync')
}

/** Somebody else may take a port between its being found free and its use. */
async function startOnFreePort(program: RunProgram, root: string, data: string): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    try {
      await startAt(program, root, data, port)
      return port
    } catch (error) {
      if (tries === START_TRIES) throw error
    }
  }
}

function startAt(program: RunProgram, root: string, data: string, port: number): Promise<void> {
  // fsync off: nothing of a test outlives the machine.
  const options = `-h 127.0.0.1 -p ${port} -k ${root} -c fsync=off -c max_connections=30`
  return program('pg_ctl', '--pgdata', data, '--log', join(root, 'log'), '--options', options, '--wait', '--timeout', '60', 'start')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
