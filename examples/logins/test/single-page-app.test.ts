// docs/guides/logins/single-page-app.md, done as it says: what its page does about logins, in this process and, where it is
// installed, in Chromium.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { Client, scram, totp } from '@crosspoint/client'
import { chromium } from 'playwright-core'
import { WebSocket } from 'ws'
import { comeBack, logIn, logOut } from '../single-page-app/login.ts'
import { PretendedBrowser } from './browser.ts'
import { type Program, Project, portOf } from './support.ts'

const CHROMIUM = process.env['CROSSPOINT_CHROMIUM'] ?? '/usr/bin/chromium'

/** @param more lines for ada in people.yaml */
async function startNode(context: TestContext, more = ''): Promise<{ node: Program; origin: string; project: Project }> {
  for (const name of ['info', 'warn', 'error'] as const) context.mock.method(console, name, () => {}) // of the clients here
  const project = new Project(context, 'single-page-app')
  const passwd = ['passwd', '--method', 'scram', '--kdf', 'pbkdf2', '--authid', 'ada', '--role', 'user', '--stdin']
  project.write('people.yaml', (await project.done(passwd, {}, 'correct horse\n')) + more)
  const { node, urls } = await project.start({ ORIGIN: 'http://localhost:*' })
  return { node, origin: `http://localhost:${portOf(urls, 'ws')}`, project }
}

/** What the page does when it is loaded. */
async function loadPage(context: TestContext): Promise<Client | undefined> {
  const client = await comeBack()
  context.after(() => client?.stop())
  return client
}

test('a password logs in, the cookie brings the session back after a reload, and a logout ends it', async (context) => {
  const { node, origin } = await startNode(context)
  const load = () => loadPage(context)
  const browser = new PretendedBrowser(origin)
  assert.equal(await load(), undefined)
  await assert.rejects(logIn('ada', 'wrong'), /authentication_denied: The credentials are not right/)
  await assert.rejects(logIn('eve', 'correct horse'), /authentication_denied: The credentials are not right/)
  assert.equal(await load(), undefined)

  await logIn('ada', 'correct horse')
  const [first, second] = [await load(), await load()]
  assert.equal(await first!.call('com.example.greet'), 'Hello ada')
  assert.deepEqual([second!.session?.authmethod, second!.session?.authid], ['cookie', 'ada'])

  // The cookie that counted is worth nothing any more, wherever it was copied.
  const stolen = new Map(browser.cookies)
  const other = second!.stopped()
  await logOut(first!)
  await assert.rejects(other, /refused the session/)
  assert.equal(await load(), undefined)
  for (const [name, value] of stolen) browser.cookies.set(name, value)
  assert.equal(await load(), undefined)
  await node.prints(/"ada".*scram was refused: wamp\.error\.authentication_denied/)
  await node.stop()
})

test('a login outlives the node, and pages of other origins do not connect', async (context) => {
  const { node, origin, project } = await startNode(context)
  const browser = new PretendedBrowser(origin)
  await logIn('ada', 'correct horse')
  await node.stop()
  const again = await project.start({ ORIGIN: 'http://localhost:*' })
  const port = portOf(again.urls, 'ws')
  const before = browser.cookies
  const { cookies } = new PretendedBrowser(`http://localhost:${port}`)
  for (const [name, value] of before) cookies.set(name, value)
  const client = await loadPage(context)
  assert.equal(client?.session?.authid, 'ada')
  await client!.stop()

  const stranger = new WebSocket(`ws://localhost:${port}/ws`, ['wamp.2.json'], { origin: 'https://example.com' })
  const status = await new Promise((resolve) => {
    stranger.on('unexpected-response', (request, answer) => {
      request.destroy()
      resolve(answer.statusCode)
    })
    stranger.on('open', () => resolve('open'))
    stranger.on('error', () => {})
  })
  assert.equal(status, 403)
  await again.node.stop()
})

/** What an authenticator app shows now for the secret "12345678901234567890". */
function codeNow(): string {
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const digest = createHmac('sha1', '12345678901234567890').update(step).digest()
  return String((digest.readUInt32BE(digest[19]! & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

test('a second step: the code of an authenticator app after the password, once, and the cookie stands for both', async (context) => {
  const { node, origin } = await startNode(context, '  totp: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n')
  new PretendedBrowser(origin)
  const code = codeNow()
  const logInWithCode = async () => {
    const client = new Client({ auth: [scram({ authid: 'ada', password: 'correct horse' }), totp(code)] })
    context.after(() => client.stop())
    await client.start()
    await client.stop()
  }
  await assert.rejects(logIn('ada', 'correct horse'), { code: 'ERR_REFUSED' })
  await logInWithCode()
  const back = await loadPage(context)
  assert.deepEqual([back?.session?.authmethod, back?.session?.authid], ['cookie', 'ada'])
  await assert.rejects(logInWithCode(), /authentication_denied: The credentials are not right/)
  await back!.stop()
  await node.stop()
})

const why = existsSync(CHROMIUM) ? false : `There is no ${CHROMIUM}; name another one in CROSSPOINT_CHROMIUM`
test('the page in Chromium: log in, reload, log out in another window', { skip: why }, async (context) => {
  const { node, origin } = await startNode(context)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
  context.after(() => browser.close())
  const windows = await browser.newContext()
  const page = await windows.newPage()
  await page.goto(origin)
  const logInAs = async (password: string) => {
    await page.getByLabel('Name').fill('ada')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
  }
  await logInAs('wrong')
  await page.getByText('The credentials are not right').waitFor()
  await logInAs('correct horse')
  await page.getByText('Hello ada').waitFor()
  await page.reload()
  await page.getByText('Hello ada').waitFor()
  assert.equal(await page.evaluate(() => document.cookie), '', 'a script of the page sees the cookie')

  const second = await windows.newPage()
  await second.goto(origin)
  await second.getByRole('button', { name: 'Log out' }).click()
  await Promise.all([page, second].map((each) => each.getByRole('button', { name: 'Log in' }).waitFor()))
  await page.reload()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  await browser.close()
  await node.stop()
})
