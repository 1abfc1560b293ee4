// What security costs (`npm run bench -- --security`): the share of calls that permissions take, logins per second of the methods
// without hashing, and what logins that hash do to the calls of others.
//
// Shares are of one process: two realms of one node, or one realm with and without logins beside, measured in turns, the order
// changing from round to round, so that both see the same state of the machine. Ratios are taken within a round.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, ticket as ticketIn } from '@crosspoint/client'
import { type Dict, MessageType } from '@crosspoint/protocol'
import {
  answerScram,
  drawScramNonce,
  makeScramCredentials,
  makeTicketHash,
  readHex,
  readScramChallenge,
  SCRAM_COST_PBKDF2,
  type ScramCredentials,
  type ScramKeys,
  type ScramTask,
  scramChallenge,
  scramClientKeys,
  scramCredentialsDict,
  scramHelloExtra,
  signCryptosign,
  toHex,
} from '@crosspoint/protocol/internal'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { type Authenticator, cryptosign, Router, scram, staticPrincipals } from '@crosspoint/router'
import { nodeCrypto } from '../packages/node/src/crypto.ts'
import { number, runLoad, target } from './measure.ts'
import { median, type Spread, spread } from './report.ts'
import { ROOT, type RunningRouter, startRouter } from './routers.ts'

const ROLES = 1000
const RULES_PER_ROLE = 10
const LOGIN_SECONDS = 2
const MODERATE_CALLS_PER_SECOND = 10_000
/** Clients that log in again and again, each waiting for its answer. */
const LOGINS_AT_ONCE = 8
const PASSWORD = 'correct horse battery staple'

export interface SecurityResult {
  /** Calls per second with 10 000 rules, divided by those of a realm without roles. */
  readonly permissions: Spread
  /** Logins per second, the client's part included, on one core. */
  readonly logins: { readonly [method: string]: number }
  /** p99 of routed calls while tickets are hashed, divided by the p99 without. */
  readonly hashing: Spread
  /** Logins per second meanwhile. */
  readonly hashedLogins: number
}

export async function measureSecurity(
  program: string,
  rounds: number,
  seconds: number,
  say: (line: string) => void,
): Promise<SecurityResult> {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-bench-'))
  try {
    const logins: { [method: string]: number } = {}
    for (const [method, rate] of await measureLogins()) {
      say(`${method}: ${Math.round(rate)} logins/s`)
      logins[method] = rate
    }
    const node = await startNode(folder, await makeHash())
    try {
      const permissions = await measurePermissions(program, node, rounds, seconds, say)
      const { ratios, rate } = await measureHashing(program, node, rounds, seconds, say)
      return { permissions: spread(permissions), logins, hashing: spread(ratios), hashedLogins: rate }
    } finally {
      await node.stop()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A node with an open realm, one with rules, and one where logins hash. */
async function startNode(folder: string, hash: string): Promise<RunningRouter> {
  const everything = { uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }
  const rule = (role: number, at: number) => ({ uri: `com.example.role${role}.place${at}`, allow: { call: true, subscribe: true } })
  const roles = Array.from({ length: ROLES }, (_, role) => ({
    name: role === 0 ? 'anonymous' : `role${role}`,
    permissions: [
      ...Array.from({ length: RULES_PER_ROLE - 1 }, (_, at) => rule(role, at)),
      { uri: 'bench.', match: 'prefix', allow: { call: true, register: true } },
    ],
  }))
  const config = (port: number) => ({
    version: 2,
    workers: [
      {
        type: 'router',
        realms: [{ name: 'open' }, { name: 'ruled', roles }, { name: 'hashing', roles: [{ name: 'user', permissions: [everything] }] }],
        transports: [
          {
            type: 'web',
            endpoint: { type: 'tcp', port, interface: '127.0.0.1' },
            // What is measured is the hashing, not the limit on guesses.
            limits: { connectionsMax: 50_000 },
            paths: {
              ws: { type: 'websocket' },
              login: {
                type: 'websocket',
                auth: { ticket: { type: 'static', principals: { joe: { 'ticket-hash': hash, role: 'user' } } } },
              },
            },
          },
        ],
      },
    ],
  })
  const command = (_transport: string, port: number) => {
    const file = join(folder, 'node.json')
    writeFileSync(file, JSON.stringify(config(port)))
    const bin = join(ROOT, 'packages/crosspoint/bin/crosspoint.js')
    return [process.execPath, '--conditions=@crosspoint/source', bin, 'start', '--config', file, '--log-level', 'error']
  }
  return startRouter({ name: 'a node', version: '', kind: 'own', transports: ['ws'], command }, 'ws')
}

function makeHash(): Promise<string> {
  return new Promise((resolve) => makeTicketHash(nodeCrypto, PASSWORD, (text) => resolve(text!)))
}

async function measurePermissions(
  program: string,
  node: RunningRouter,
  rounds: number,
  seconds: number,
  say: (line: string) => void,
): Promise<number[]> {
  const ratios: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const rates = new Map<string, number>()
    for (const realm of round % 2 === 0 ? ['open', 'ruled'] : ['ruled', 'open']) {
      const load = ['-m', 'rpc', '-c', '4', '-e', '1', '-b', '32', '-w', '32', '-r', realm, '-d', `${seconds}`]
      const fields = await runLoad(program, [...load, ...target('ws', node)], seconds)
      rates.set(realm, number(fields, 'ops_per_s'))
    }
    if (round === 0) continue // warming up
    const ratio = rates.get('ruled')! / rates.get('open')!
    say(`round ${round} of ${rounds}: ${ROLES * RULES_PER_ROLE} rules: ${ratio.toFixed(3)} of the calls without`)
    ratios.push(ratio)
  }
  return ratios
}

/** The p99 of calls in one realm while nobody logs in elsewhere, and while as many do as can. */
async function measureHashing(
  program: string,
  node: RunningRouter,
  rounds: number,
  seconds: number,
  say: (line: string) => void,
): Promise<{ ratios: number[]; rate: number }> {
  const ratios: number[] = []
  const rates: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const p99 = new Map<boolean, number>()
    for (const isHashing of round % 2 === 0 ? [false, true] : [true, false]) {
      const logins = isHashing ? startLogins(node.port) : undefined
      const load = ['-m', 'rpc', '-c', '4', '-e', '1', '-b', '32', '-w', '65536', '-r', 'open']
      const args = [...load, '-a', `${MODERATE_CALLS_PER_SECOND}`, '-d', `${seconds}`, ...target('ws', node)]
      const fields = await runLoad(program, args, seconds)
      p99.set(isHashing, number(fields, 'p99_ms'))
      if (logins !== undefined) rates.push(await logins.stop())
    }
    if (round === 0) continue
    const ratio = p99.get(true)! / p99.get(false)!
    say(
      `round ${round} of ${rounds}: p99 of calls ${p99.get(false)} ms, while ${rates.at(-1)!.toFixed(1)} logins/s hash ${p99.get(true)} ms`,
    )
    ratios.push(ratio)
  }
  return { ratios, rate: median(rates) }
}

/** Clients that log in, leave, and log in again. */
function startLogins(port: number): { stop(): Promise<number> } {
  const auth = [ticketIn({ authid: 'joe', ticket: PASSWORD })]
  const began = performance.now()
  let isOver = false
  let count = 0
  const one = async (): Promise<void> => {
    while (!isOver) {
      const client = new Client({ url: `ws://127.0.0.1:${port}/login`, realm: 'hashing', auth, logger: quiet, retriesMax: 0 })
      await client.start()
      await client.stop()
      count++
    }
  }
  const all = Promise.all(Array.from({ length: LOGINS_AT_ONCE }, one))
  return {
    async stop() {
      isOver = true
      const seconds = (performance.now() - began) / 1000
      await all
      return count / seconds
    },
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What one client says: HELLO.Details, and the answer to a challenge. */
interface Talk {
  details(): Dict
  answer(extra: Dict, done: (signature: string, extra: Dict) => void): void
}

/** Logins one after the other with a router in this process, in messages without bytes: both sides on one core. */
async function measureLogins(): Promise<[string, number][]> {
  const [scramPrincipal, scramTalk] = await scramSides()
  const seed = nodeCrypto.randomBytes(32)
  const publicKey = await new Promise<Uint8Array>((resolve) => nodeCrypto.ed25519PublicKey(seed, resolve))
  const keys = { joe: { authorized_keys: [toHex(publicKey)], role: 'user' } }
  const keyTalk: Talk = {
    details: () => ({ authmethods: ['cryptosign'], authextra: { pubkey: toHex(publicKey) } }),
    answer: ({ challenge }, done) => signCryptosign(nodeCrypto, seed, readHex(challenge, 32)!, undefined, (text) => done(text, {})),
  }
  const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
  const mockSecret = nodeCrypto.randomBytes(32)
  const methods: readonly [string, Authenticator, Talk][] = [
    ['SCRAM, client keys computed before', scram(nodeCrypto, staticPrincipals({ joe: scramPrincipal }), { mockSecret }), scramTalk],
    ['cryptosign', cryptosign(nodeCrypto, staticPrincipals(keys)), keyTalk],
  ]
  const rates: [string, number][] = []
  for (const [name, authenticator, talk] of methods) {
    for (let warm = 0; warm < 500; warm++) await talkOnce(router, authenticator, talk)
    const began = performance.now()
    let count = 0
    while (performance.now() - began < LOGIN_SECONDS * 1000) {
      await talkOnce(router, authenticator, talk)
      count++
    }
    rates.push([name, (count * 1000) / (performance.now() - began)])
  }
  return rates
}

/** What the router has of a user, and a client that has derived its keys. */
async function scramSides(): Promise<[Dict, Talk]> {
  const cost = { ...SCRAM_COST_PBKDF2, iterations: 4096 }
  const credentials = await new Promise<ScramCredentials>((resolve) => {
    makeScramCredentials(nodeCrypto, PASSWORD, cost, (made) => resolve(made!))
  })
  let nonce = drawScramNonce(nodeCrypto)
  const taskOf = (extra: Dict) => readScramChallenge(extra, nonce) as ScramTask
  const first = taskOf({ ...scramChallenge(nodeCrypto, credentials, nonce) })
  const keys = await new Promise<ScramKeys>((resolve) => scramClientKeys(nodeCrypto, PASSWORD, first, (made) => resolve(made!)))
  const talk: Talk = {
    details: () => {
      nonce = drawScramNonce(nodeCrypto)
      return { authmethods: ['wamp-scram'], authid: 'joe', authextra: scramHelloExtra(nonce, undefined) }
    },
    answer: (extra, done) => {
      const who = { authid: 'joe', clientNonce: nonce, channel: undefined }
      const answer = answerScram(nodeCrypto, who, keys, taskOf(extra))
      done(answer.signature, answer.extra)
    },
  }
  return [{ ...scramCredentialsDict(credentials), role: 'user' }, talk]
}

function talkOnce(router: Router, authenticator: Authenticator, talk: Talk): Promise<void> {
  return new Promise((resolve, reject) => {
    const peer = router.attachLocal({ login: { authenticators: [authenticator] } })
    peer.onMessage = (message) => {
      if (message.type === MessageType.CHALLENGE) {
        talk.answer(message.extra, (signature, extra) => void peer.send({ type: MessageType.AUTHENTICATE, signature, extra }))
      } else if (message.type === MessageType.WELCOME) {
        peer.close()
        resolve()
      } else reject(new Error(`Cannot measure logins: the router answered with message ${message.type}`))
    }
    peer.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: { caller: {} }, ...talk.details() } })
  })
}

export function formatSecurity({ hashedLogins, hashing, logins, permissions }: SecurityResult): string {
  const range = ({ max, min }: Spread) => `(${min.toFixed(3)} to ${max.toFixed(3)})`
  return [
    `calls with ${ROLES * RULES_PER_ROLE} rules in ${ROLES} roles, to a realm without roles: ${permissions.median.toFixed(3)} ${range(permissions)}`,
    ...Object.entries(logins).map(
      ([method, rate]) => `logins by ${method}: ${Math.round(rate)} per second and core, the client's part included`,
    ),
    `p99 of calls while tickets are hashed (Argon2id, 64 MiB; ${hashedLogins.toFixed(1)} logins/s), to the p99 without: ${hashing.median.toFixed(2)} ${range(hashing)}`,
    '',
  ].join('\n')
}
