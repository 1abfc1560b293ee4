// Tells that a build has ended: node job.ts COMMIT passed|failed

import { Client, ticket } from 'crosspoint'

const [commit, result] = process.argv.slice(2)
const client = new Client({
  auth: [ticket({ authid: 'ci', ticket: process.env['CI_TICKET'] ?? '' })],
  retriesMax: 3, // a job must end, also when the router is away
})
await client.start()
await client.publishEvent('com.example.builds', { args: [{ commit, result }], acknowledge: true })
await client.stop()
