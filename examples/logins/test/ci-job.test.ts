// docs/guides/logins/ci-job.md, done as it says.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { lineOf, Project, portOf } from './support.ts'

async function startNode(context: TestContext) {
  const project = new Project(context, 'ci-job')
  const hashOf = async (authid: string, ticket: string) =>
    lineOf(await project.done(['passwd', '--method', 'ticket', '--authid', authid, '--stdin'], {}, `${ticket}\n`), 'ticket-hash')
  const [ci, dashboard] = await Promise.all([hashOf('ci', 'ticket of ci'), hashOf('dashboard', 'ticket of dashboard')])
  await project.certificate()
  const hashes = { CI_TICKET_HASH: ci, DASHBOARD_TICKET_HASH: dashboard }
  const { node, urls } = await project.start(hashes)
  const environment = { CROSSPOINT_URL: `wss://localhost:${portOf(urls, 'wss')}/ws`, NODE_EXTRA_CA_CERTS: 'tls.pem' }
  return { project, node, hashes, environment }
}

test('a job logs in with its ticket, tells what it may tell and ends', async (context) => {
  const { project, node, environment } = await startNode(context)
  const dashboard = project.run(['dashboard.ts'], { ...environment, DASHBOARD_TICKET: 'ticket of dashboard' })
  await dashboard.prints(/waiting for builds/)
  const job = project.run(['job.ts', '1f3a9c', 'passed'], { ...environment, CI_TICKET: 'ticket of ci' })
  await dashboard.prints(/^1f3a9c passed$/m)
  assert.equal(await job.exited, 0, job.stderr)

  // The log of neither side shows the ticket.
  await Promise.all([dashboard.stop(), node.stop()])
  for (const { stdout, stderr } of [job, dashboard, node]) assert.doesNotMatch(`${stdout}${stderr}`, /ticket of|argon2/)
})

test('a wrong ticket is refused on both sides as the page shows, and a missing one before anything is sent', async (context) => {
  const { project, node, environment } = await startNode(context)
  const job = project.run(['job.ts', '1f3a9c', 'passed'], { ...environment, CI_TICKET: 'another' })
  assert.equal(await job.exited, 1)
  assert.match(job.stderr, /ERR_REFUSED|refused the session: wamp\.error\.authentication_denied: The credentials are not right/)
  await node.prints(/"ci".*ticket.* was refused: wamp\.error\.authentication_denied/)
  const without = project.run(['job.ts', '1f3a9c', 'passed'], environment)
  assert.equal(await without.exited, 1)
  assert.match(without.stderr, /The ticket must be a string that is not empty/)
})

test('explain says what the role may, and why', async (context) => {
  const { project, hashes } = await startNode(context)
  const explain = async (...question: string[]) => {
    const program = project.crosspoint(['explain', '--authid', 'ci', ...question], hashes)
    return { status: await program.exited, text: program.stdout + program.stderr }
  }
  const [may, mayNot, subscribe] = await Promise.all([
    explain('publish', 'com.example.builds'),
    explain('publish', 'com.example.deployments'),
    explain('subscribe', 'com.example.builds'),
  ])
  assert.deepEqual([may.status, mayNot.status, subscribe.status], [0, 3, 3], `${may.text}${mayNot.text}${subscribe.text}`)
  assert.match(may.text, /^allowed: role "ci" in realm1: publish "com\.example\.builds"$/m)
  assert.match(may.text, /^where: .*roles\[0\]\.permissions\[0\]$/m)
})
