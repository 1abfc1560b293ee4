// Everything that is tried: which program on which side, at which router, with which features.

import type { Built } from './build-tools.ts'
import { CLIENTS, type ForeignClient, NEEDS, type Need } from './clients.ts'
import { type RunningRouter, startOurRouter } from './environment.ts'
import { FEATURES, PAIR_FEATURES } from './features/all.ts'
import type { Peer, SerializerName, TransportName } from './line-protocol.ts'
import type { Lacking } from './our-login.ts'
import { OurPeer, urlOf } from './our-peer.ts'
import { PAIRS, type PairSide } from './pairs.ts'
import { PeerProcess } from './peer-process.ts'
import { type ForeignRouter, ROUTERS } from './routers.ts'

export type ChapterName = 'clients' | 'routers' | 'pairs'

/** One combination. */
export interface Job {
  readonly chapter: ChapterName
  readonly section: string
  readonly column: string
  readonly remarks: readonly string[]
  readonly features: readonly string[]
  readonly router: RouterToStart
  readonly subject: Side
  readonly other: Side
}

/** Jobs at the same router share it. */
export interface RouterToStart {
  readonly name: string
  start(): Promise<RunningRouter>
}

/** Starts a program that opens its sessions at the router. */
export type Side = (router: RunningRouter) => Promise<Peer>

const NAMES = {
  websocket: 'WebSocket',
  rawsocket: 'RawSocket',
  json: 'JSON',
  msgpack: 'MessagePack',
  cbor: 'CBOR',
  ubjson: 'UBJSON',
  flatbuffers: 'FlatBuffers',
} as const
const ALL_FEATURES = Object.keys(FEATURES)
const OUR_ROUTER: RouterToStart = { name: 'Crosspoint', start: startOurRouter }
export const PAIRS_SECTION = 'All pairs'

/** Jobs that cannot be run here. */
export interface Skipped {
  readonly section: string
  readonly name: string
  /** A sentence without its full stop. */
  readonly reason: string
}

interface Candidate {
  readonly section: string
  readonly name: string
  readonly needs: readonly Need[]
  jobs(folders: readonly string[]): readonly Job[]
}

/** The jobs of the clients, routers and sections whose names contain `only`. Installs and builds what they need, all at the same time. */
export async function jobsOf(only: string): Promise<{ jobs: readonly Job[]; skipped: readonly Skipped[] }> {
  const candidates = [...CLIENTS.map(clientCandidate), ...ROUTERS.map(routerCandidate), ...PAIRS.map(pairCandidate)].filter(({ section }) =>
    section.includes(only),
  )
  const needs = [...new Set(candidates.flatMap((candidate) => candidate.needs))]
  const built = new Map(await Promise.all(needs.map(async (need): Promise<[Need, Built]> => [need, await NEEDS[need]()])))
  const jobs: Job[] = []
  const skipped: Skipped[] = []
  for (const { section, name, ...candidate } of candidates) {
    const results = candidate.needs.map((need) => built.get(need)!)
    const missing = results.find((result) => 'reason' in result)
    if (missing !== undefined) skipped.push({ section, name, reason: missing.reason })
    else jobs.push(...candidate.jobs(results.map((result) => ('folder' in result ? result.folder : ''))))
  }
  return { jobs, skipped }
}

function clientCandidate(client: ForeignClient): Candidate {
  const { name } = client
  return { section: name, name, needs: [client.needs], jobs: ([folder]) => clientJobs(client, folder!) }
}

function routerCandidate(router: ForeignRouter): Candidate {
  const { name } = router
  return { section: name, name, needs: [router.needs], jobs: ([folder]) => routerJobs(router, folder!) }
}

function pairCandidate(pair: readonly [PairSide, PairSide]): Candidate {
  const name = pair.map(({ client, link }) => `${client} over ${nameOf(link)}`).join(' with ')
  const clients = pair.map((side) => CLIENTS.find((client) => client.name === side.client)!)
  return {
    section: PAIRS_SECTION,
    name,
    needs: clients.map((client) => client.needs),
    jobs: (folders) => {
      const [subject, other] = pair.map(({ link }, index) => foreign(clients[index]!, folders[index]!, link))
      return [pairJob(name, subject!, other!)]
    },
  }
}

function clientJobs(client: ForeignClient, folder: string): Job[] {
  return client.speaks.map((link) => ({
    chapter: 'clients',
    section: client.name,
    column: nameOf(link),
    remarks: client.remarks ?? [],
    features: ALL_FEATURES,
    router: OUR_ROUTER,
    subject: foreign(client, folder, link),
    other: ours(['websocket', 'cbor']),
  }))
}

function routerJobs(router: ForeignRouter, folder: string): Job[] {
  const shared: RouterToStart = { name: router.name, start: () => router.start(folder) }
  return router.speaks.map((link) => ({
    chapter: 'routers',
    section: router.name,
    column: nameOf(link),
    remarks: router.remarks ?? [],
    features: ALL_FEATURES,
    router: shared,
    subject: ours(link, router.lacks),
    other: ours(['websocket', 'json']),
  }))
}

function pairJob(column: string, subject: Side, other: Side): Job {
  return { chapter: 'pairs', section: PAIRS_SECTION, column, remarks: [], features: PAIR_FEATURES, router: OUR_ROUTER, subject, other }
}

function foreign(client: ForeignClient, folder: string, [transport, serializer]: readonly [TransportName, SerializerName]): Side {
  return (router) => {
    const ports = [router[transport], router.secure ?? 0].map(String)
    return new PeerProcess(client.name, [...client.command(folder), ports[0]!, transport, serializer, ports[1]!]).started()
  }
}

function ours([transport, serializer]: readonly [TransportName, SerializerName], lacks: Lacking = {}): Side {
  return async (router) => new OurPeer('Crosspoint', urlOf(transport, router[transport], router.path), serializer, lacks)
}

function nameOf([transport, serializer]: readonly [TransportName, SerializerName]): string {
  return `${NAMES[transport]} ${NAMES[serializer]}`
}
