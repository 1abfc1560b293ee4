// docs/guides/logins/single-sign-on.md, done as it says, with an identity provider of this test.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { IdentityProvider } from './identity-provider.ts'
import { Project, portOf } from './support.ts'

/** @param clockTolerance in seconds; as on the page (30) where it is left out */
async function startNode(context: TestContext, clockTolerance?: number) {
  const provider = await IdentityProvider.start(context)
  const project = new Project(context, 'single-sign-on')
  if (clockTolerance !== undefined) {
    const config = readFileSync(join(project.root, 'crosspoint.config.yaml'), 'utf8')
    const audience = /^ *audience: com\.example\.node$/m
    project.write('crosspoint.config.yaml', config.replace(audience, `$&\n                clockToleranceSeconds: ${clockTolerance}`))
  }
  const { node, urls } = await project.start({ ISSUER: provider.issuer })
  const environment = { ISSUER: provider.issuer, CROSSPOINT_URL: `ws://127.0.0.1:${portOf(urls, 'ws')}/ws` }
  return { provider, project, node, environment }
}

test('a token of the identity provider says who it is and which role', async (context) => {
  const { provider, project, node, environment } = await startNode(context)
  provider.accounts.set('refresh ada', { name: 'ada', groups: ['everybody', 'newsroom'], lifetime: 60 })
  provider.accounts.set('refresh bob', { name: 'bob', groups: ['everybody'], lifetime: 60 })
  provider.accounts.set('refresh eve', { name: 'eve', groups: ['visitors'], lifetime: 60 })
  const client = (name: string) => project.run(['client.ts'], { ...environment, REFRESH_TOKEN: `refresh ${name}` })
  const [ada, bob, eve] = [client('ada'), client('bob'), client('eve')]
  await ada.prints(/^joined as ada, role editor$/m)
  await bob.prints(/^joined as bob, role reader$/m)
  assert.equal(await eve.exited, 1)
  assert.match(eve.stderr, /authentication_denied: The credentials are not right/)
  await node.prints(/by jwt was refused: .*role/)
  await Promise.all([ada.stop(), bob.stop(), node.stop()])
})

test('a session ends when its token does, and the client comes back with a fresh one', async (context) => {
  const { provider, project, environment } = await startNode(context, 0)
  provider.accounts.set('refresh ada', { name: 'ada', groups: ['newsroom'], lifetime: 4 })
  const client = project.run(['client.ts'], { ...environment, REFRESH_TOKEN: 'refresh ada' })
  await client.prints(/^joined as ada/m)
  provider.failures.push(503) // it is away for a moment: the client tries again
  await client.prints(/^lost: crosspoint\.close\.login_expired/m)
  await client.prints(/^waiting: .*the identity provider answered 503$/m)
  await client.prints(/joined as ada(?:.|\n)*joined as ada/)
  assert.ok(provider.tokensGiven >= 2)
})

test('a token for somebody else is refused, and no token appears in a log', async (context) => {
  const { provider, project, node, environment } = await startNode(context)
  const token = await provider.token({ name: 'ada', groups: ['newsroom'], lifetime: 60 }, 'com.example.another')
  project.write(
    'other.ts',
    `import { Client, jwt } from 'crosspoint'
     await new Client({ auth: [jwt({ token: process.env.TOKEN })] }).start()`,
  )
  const other = project.run(['other.ts'], { ...environment, TOKEN: token })
  assert.equal(await other.exited, 1)
  await node.prints(/by jwt was refused: .*aud/)
  for (const part of token.split('.')) assert.ok(!`${node.stderr}${node.stdout}${other.stderr}${other.stdout}`.includes(part))
})
