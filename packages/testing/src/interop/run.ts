// Runs jobs, several at a time, each router once.

import { type Check, tryFeatures } from './combination.ts'
import type { RunningRouter } from './environment.ts'
import type { Peer } from './line-protocol.ts'
import type { Chapter, Section } from './outcome.ts'
import type { ChapterName, Job } from './plan.ts'

/** They wait most of the time, for answers that do not come. */
const AT_A_TIME = 4

const CHAPTERS: { readonly [name in ChapterName]: { readonly heading: string; readonly says: string } } = {
  clients: {
    heading: 'Foreign clients at our router',
    says: 'On the other side of each check is a Crosspoint client over WebSocket with CBOR, so payloads cross from one serializer to the other.',
  },
  routers: {
    heading: 'Our client at foreign routers',
    says: 'On both sides of each check is a Crosspoint client: one as the column says, the other over WebSocket with JSON.',
  },
  pairs: {
    heading: 'Foreign clients with each other, over our router',
    says: 'The first of a pair is the one that sends or receives what the feature names.',
  },
}

/**
 * Runs them all.
 *
 * @param done - told after each job, with a line such as "50 of 56 features"
 * @returns what came of it, and a sentence for each router that did not start or did not end as it should
 */
export async function runJobs(
  jobs: readonly Job[],
  done: (job: Job, summary: string) => void,
): Promise<{ chapters: readonly Chapter[]; faults: readonly string[] }> {
  const routers = new Map<string, Promise<RunningRouter>>()
  const results = new Map<Job, readonly Check[]>()
  const waiting = [...jobs]
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const { name, start } = job.router
      if (!routers.has(name)) routers.set(name, start())
      const began = performance.now()
      const checks = await checksOf(job, routers.get(name)!)
      results.set(job, checks)
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      done(job, `${checks.filter(({ state }) => state === 'ok').length} of ${checks.length} features, ${seconds} s`)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  const faults = await Promise.all([...routers.values()].map(endOf))
  return { chapters: chaptersOf(jobs, results), faults: faults.filter((fault) => fault !== undefined) }
}

async function checksOf(job: Job, starting: Promise<RunningRouter>): Promise<readonly Check[]> {
  const peers: Peer[] = []
  try {
    const router = await starting
    for (const side of [job.subject, job.other]) peers.push(await side(router))
    return await tryFeatures(peers[0]!, peers[1]!, job.features)
  } catch (error) {
    return job.features.map((feature) => ({ feature, state: 'fails', detail: `not started: ${(error as Error).message}` }))
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
  }
}

async function endOf(starting: Promise<RunningRouter>): Promise<string | undefined> {
  try {
    return await (await starting).stop()
  } catch (error) {
    return (error as Error).message
  }
}

function chaptersOf(jobs: readonly Job[], results: ReadonlyMap<Job, readonly Check[]>): readonly Chapter[] {
  const names = [...new Set(jobs.map(({ chapter }) => chapter))]
  return names.map((name) => {
    const mine = jobs.filter(({ chapter }) => chapter === name)
    const sections = [...new Set(mine.map(({ section }) => section))].map((section): Section => {
      const columns = mine.filter((job) => job.section === section)
      return {
        name: section,
        remarks: columns[0]!.remarks,
        columns: columns.map((job) => ({ name: job.column, checks: results.get(job)! })),
      }
    })
    return { ...CHAPTERS[name], sections }
  })
}
