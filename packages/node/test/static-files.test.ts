import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { plainListener } from '../src/config/development-node.ts'
import { createRequestHandler } from '../src/web/requests.ts'
import { folder } from './folder.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
type Ask = (path: string, options?: { method?: string; headers?: { [name: string]: string } }) => Promise<Answer>

const FILES = {
  'secret.txt': 'not for you',
  'web/index.html': '<h1>home</h1>',
  'web/app.js': 'let a = 1',
  'web/digits.txt': '0123456789',
  'web/empty.txt': '',
  'web/a b.txt': 'a space',
  'web/über.txt': 'umlaut',
  'web/100%.txt': 'percent',
  'web/about.html': 'about',
  'web/docs/index.html': 'docs',
  'web/docs/bare/x.txt': 'x',
  'web/.env': 'PASSWORD=1',
  'web/.git/config': '[core]',
  'web/docs/.hidden/x.txt': 'x',
  'web/.well-known/security.txt': 'mail us',
  'other/index.html': 'other home',
  'other/app.js': 'let b = 2',
}

/** A server with "web" at / and "other" at /assets; the paths that it is asked for are sent as they are. */
async function serve(context: TestContext): Promise<{ ask: Ask; root: string }> {
  const root = folder(context, FILES)
  const statics = [
    { httpPath: '/', directory: join(root, 'web') },
    { httpPath: '/assets', directory: join(root, 'other') },
  ]
  const server = createServer(await createRequestHandler({ ...plainListener('test', { port: 0 }), statics }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const port = (server.address() as AddressInfo).port
  const ask: Ask = (path, options = {}) =>
    new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end()
    })
  return { ask, root }
}

test('files, index.html, and names with spaces and umlauts', async (context) => {
  const { ask } = await serve(context)
  const expected: { [path: string]: string } = {
    '/': '<h1>home</h1>',
    '/index.html': '<h1>home</h1>',
    '/?a=1': '<h1>home</h1>',
    '/app.js?v=2': 'let a = 1',
    '/a%20b.txt': 'a space',
    '/%C3%BCber.txt': 'umlaut',
    '/100%25.txt': 'percent',
    '/about': 'about',
    '/docs/': 'docs',
    '/empty.txt': '',
    '/.well-known/security.txt': 'mail us',
    '/assets/': 'other home',
    '/assets/app.js': 'let b = 2',
  }
  for (const [path, body] of Object.entries(expected)) {
    const answer = await ask(path)
    assert.deepEqual([path, answer.status, answer.body], [path, 200, body])
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
  assert.equal((await ask('/')).headers['content-type'], 'text/html;charset=utf-8')
  assert.equal((await ask('/app.js')).headers['content-type'], 'text/javascript')
})

test('nothing outside the directory, by any spelling', async (context) => {
  const { ask } = await serve(context)
  const paths = [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/%252e%252e/secret.txt',
    '/docs/../../secret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '//../secret.txt',
    '/./../secret.txt',
    '/assets/../../secret.txt',
    '/assets%2f..%2f..%2fsecret.txt',
    '/assetsx/app.js',
    '/index.html%00.txt',
    `/${'x'.repeat(5000)}`,
  ]
  for (const path of paths) {
    const answer = await ask(path)
    assert.deepEqual([path.slice(0, 40), answer.status, answer.body], [path.slice(0, 40), 404, 'Not found.\n'])
  }
  assert.equal((await ask('/%ff')).status, 400)
  assert.equal((await ask('/%')).status, 400)
})

test('no names that begin with a dot, and no lists of directories', async (context) => {
  const { ask } = await serve(context)
  for (const path of ['/.env', '/%2eenv', '/.git/config', '/.git', '/docs/.hidden/x.txt', '/docs/%2ehidden/x.txt', '/docs/bare/']) {
    assert.deepEqual([path, (await ask(path)).status], [path, 404])
  }
})

test('a directory without its slash is sent to the one with it, on this site', async (context) => {
  const { ask } = await serve(context)
  for (const [path, location] of [
    ['/docs', '/docs/'],
    ['/docs?a', '/docs/'],
    ['//docs', '/docs/'],
    ['/assets', '/assets/'],
  ]) {
    const answer = await ask(path!)
    assert.deepEqual([path, answer.status, answer.headers.location], [path, 302, location])
  }
})

test('other methods are refused with what is allowed', async (context) => {
  const { ask } = await serve(context)
  const answer = await ask('/', { method: 'POST' })
  assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'])
  const head = await ask('/', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '13', ''])
})

test('ranges, also those that make no sense, and conditional requests', async (context) => {
  const { ask } = await serve(context)
  const ranges: [range: string, status: number, body: string][] = [
    ['bytes=2-4', 206, '234'],
    ['bytes=7-', 206, '789'],
    ['bytes=7-99', 206, '789'],
    ['bytes=99-', 416, ''],
    ['bytes=5-2', 200, '0123456789'], // a range that ends before it begins is to be ignored
    ['bytes=-3', 200, '0123456789'],
    ['bytes=0-0', 200, '0123456789'],
    ['bytes=1-2,4-5', 200, '0123456789'],
    ['bytes=a-b', 200, '0123456789'],
    ['lines=1-2', 200, '0123456789'],
    [`bytes=${'9'.repeat(400)}-`, 200, '0123456789'],
  ]
  for (const [range, status, body] of ranges) {
    const answer = await ask('/digits.txt', { headers: { range } })
    assert.deepEqual([range.slice(0, 20), answer.status, answer.body], [range.slice(0, 20), status, body])
  }
  const { etag } = (await ask('/digits.txt')).headers
  assert.equal((await ask('/digits.txt', { headers: { 'if-none-match': etag! } })).status, 304)
})

test('what changes on the disk is seen at the next request', async (context) => {
  const { ask, root } = await serve(context)
  writeFileSync(join(root, 'web/app.js'), 'let a = 22')
  assert.equal((await ask('/app.js')).body, 'let a = 22')
  rmSync(join(root, 'web/app.js'))
  assert.equal((await ask('/app.js')).status, 404)
  mkdirSync(join(root, 'web/app.js'))
  assert.equal((await ask('/app.js')).status, 302)
})

test('a client that leaves in the middle of a file leaves no file open', {
  skip: process.platform !== 'linux',
  timeout: 10_000,
}, async (context) => {
  const root = folder(context, { 'big.bin': 'x'.repeat(8_000_000) })
  const server = createServer(
    await createRequestHandler({ ...plainListener('test', { port: 0 }), statics: [{ httpPath: '/', directory: root }] }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const isOpen = () => readdirSync('/proc/self/fd').some((fd) => linkOf(`/proc/self/fd/${fd}`).endsWith('big.bin'))
  await new Promise<void>((resolve) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: (server.address() as AddressInfo).port, path: '/big.bin', agent: false },
      (response) => {
        response.pause()
        assert.ok(isOpen())
        response.once('close', () => resolve())
        request.destroy()
      },
    )
    request.end()
  })
  while (isOpen()) await new Promise((resolve) => setImmediate(resolve)) // the test runner's time limit ends it otherwise
})

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed meanwhile
  }
}
