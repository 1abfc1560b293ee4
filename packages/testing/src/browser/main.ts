// `npm run browser`: the forum as people see it. A real node, two windows in headless Chromium, the Python component.
//
//   npm run browser -- [--require-python]
//
// Without Python 3.11, venv and PyPI the part about the Python component is left out and named, unless it is required.
// Pictures of the page go to node_modules/.cache/crosspoint-browser.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { type ForumNode, type Program, startNode, startPython } from './processes.ts'
import { type Device, ForumWindow, startBrowser } from './windows.ts'

const PICTURES = join(import.meta.dirname, '..', '..', '..', '..', 'node_modules', '.cache', 'crosspoint-browser')

/** A window that says goodbye is gone at once; without, the forum waits for three pulses of 3 s at least. */
const GOODBYE_MS = 8_000
const INSTALL_MS = 240_000
/** Exit status of start.mjs when Python or its packages cannot be had. */
const CANNOT_PREPARE = 3

const { values: options } = parseArgs({ options: { 'require-python': { type: 'boolean', default: false } } })

let node: ForumNode
let browser: Browser | undefined
let python: Program | undefined
let ada: ForumWindow
let bob: ForumWindow
let stepsPassed = 0
const leftOut: string[] = []

async function step(title: string, run: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  try {
    await run()
  } catch (error) {
    console.log(`FAILED ${title}`)
    throw error
  }
  stepsPassed++
  console.log(`ok ${title} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
}

/** Pictures in light and dark. */
async function picture(window: ForumWindow, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await window.page.emulateMedia({ colorScheme })
    await window.page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`), fullPage: true })
  }
}

async function signingIn(): Promise<void> {
  const open = async (device: Device) => {
    const window = await ForumWindow.open(browser!, device, node.port)
    await window.connectionSays('Connected')
    await picture(window, `${device}-sign-in`)
    return window
  }
  await step('two windows open and connect', async () => {
    ada = await open('desktop')
    bob = await open('phone')
  })
  await step('a bad name and a taken name are refused with a helpful sentence', async () => {
    await ada.tryName('<b>')
    await ada.shows('#sign-in-error', 'A name begins with a letter or digit')
    await ada.signIn('Ada')
    await bob.tryName('ada')
    await bob.shows('#sign-in-error', 'Somebody here is already called “ada”. “ada 2” is free.')
    await picture(bob, 'phone-name-taken')
  })
  await step('both see both', async () => {
    await bob.signIn('Bob')
    await Promise.all([ada.sees('Bob'), ada.sees('Ada'), bob.sees('Ada'), bob.sees('Bob')])
    await ada.shows('.notice', 'Bob is here')
  })
}

async function talking(): Promise<void> {
  await step('messages go both ways, and nothing in them is markup', async () => {
    const markup = '<img src="x" onerror="document.title=1"> & \n“two lines”'
    await ada.says('Hello Bob, do you see this?')
    await bob.hears('Ada', 'Hello Bob, do you see this?')
    await bob.says('I do! It came through the router in a millisecond.')
    await ada.hears('Bob', 'I do! It came through the router in a millisecond.')
    await ada.says(markup)
    await Promise.all([ada, bob].map((window) => window.shows('.message .text', '<img src="x" onerror=')))
    assert.equal(await bob.page.locator('.message img').count(), 0)
  })
  await step('an empty message is refused, and a long word does not widen the phone', async () => {
    await bob.says('   ')
    await bob.shows('#compose-error', 'Please write something first.')
    await bob.says('x'.repeat(200))
    await ada.hears('Bob', 'x'.repeat(200))
    assert.ok(await bob.fitsWidth(), 'the page is wider than the phone')
  })
}

async function rolling(): Promise<void> {
  await step('the slow call shows its progress and is cancelled on both sides', async () => {
    await ada.press('Roll 100 times')
    await ada.shows('#dice-count', /^([5-9]|[1-9]\d) \/ 100$/)
    await ada.press('Cancel')
    await ada.shows('#dice-outcome', /You cancelled after roll \d+\. The component heard it and stopped at \d+\./)
    await bob.shows('.notice', /Ada cancelled the dice after \d+ of 100 rolls/)
  })
  await step('the slow call runs to its end', async () => {
    await bob.press('Roll 100 times')
    await bob.shows('#dice-outcome', 'Rolling …')
    await picture(bob, 'phone-rolling')
    await bob.shows('#dice-outcome', /Done\. The average is \d\.\d\d\./)
    await bob.shows('#dice-count', '100 / 100')
    await ada.shows('.notice', 'Bob rolled the dice 100 times')
  })
}

async function askingPython(): Promise<void> {
  await step('the page says plainly that the Python component is not running', async () => {
    await Promise.all([ada, bob].map((window) => window.shows('#python-state', 'The Python component is not running. Start it with:')))
    await ada.shows('#python-command', 'node examples/forum/python/start.mjs')
    await Promise.all([picture(ada, 'desktop-chat'), picture(bob, 'phone-chat')])
  })
  const program = startPython(node.port)
  python = program
  const isThere = await Promise.race([
    program.line(/Joined realm1/, INSTALL_MS).then(() => true),
    program.ended.then((status) => {
      if (status === CANNOT_PREPARE && !options['require-python']) return false
      throw new Error(`The Python component ended with status ${status}:\n${program.output}`)
    }),
  ])
  if (!isThere) {
    leftOut.push(`the Python component cannot be installed here: ${program.output.trim().split('\n').at(-1)}`)
    python = undefined
    return
  }
  await step('the Python component comes, hears messages and answers', async () => {
    await Promise.all([ada, bob].map((window) => window.shows('#python-state', 'The Python component is running. It has heard 0')))
    await ada.says('Python counts this')
    await Promise.all([ada, bob].map((window) => window.shows('#python-state', 'It has heard 1 message since')))
    await ada.press('Ask Python about the chat')
    await ada.shows('#python-answer', /Python counts \d\d words with \d+ letters; the longest is “x{200}”\./)
  })
}

async function restarting(): Promise<void> {
  await step('the router is killed, and both windows say so', async () => {
    await node.program.end('SIGKILL')
    await Promise.all([ada, bob].map((window) => window.connectionSays('Connection lost. Trying again')))
    await ada.says('Is anybody there?')
    await ada.shows('#compose-error', 'There is no connection to the forum now.')
    await Promise.all([picture(ada, 'desktop-lost'), picture(bob, 'phone-lost')])
  })
  await step('the router starts again, and both come back under their names and talk', async () => {
    node = await startNode(node.port)
    await Promise.all([ada, bob].map((window) => window.connectionSays('Connected')))
    await Promise.all([ada.sees('Bob'), ada.sees('Ada'), bob.sees('Ada'), bob.sees('Bob')])
    await ada.press('Send') // what could not be sent is still in the line
    await bob.hears('Ada', 'Is anybody there?')
    await bob.says('We are back.')
    await ada.hears('Bob', 'We are back.')
    await ada.hears('Ada', 'Hello Bob, do you see this?')
  })
  if (python === undefined) return
  await step('the Python component comes back by itself', async () => {
    await ada.shows('#python-state', 'The Python component is running.', 30_000)
    await picture(ada, 'desktop-python')
  })
}

async function leaving(): Promise<void> {
  await step('a reload keeps the name, and the messages come from the forum', async () => {
    await bob.page.reload()
    await bob.sees('Bob')
    await bob.hears('Ada', 'Is anybody there?')
  })
  await step('a window that is closed is gone for the other at once', async () => {
    await bob.close()
    await ada.missesPerson('Bob', GOODBYE_MS)
    await ada.page.locator('.notice').filter({ hasText: 'Bob has left' }).last().waitFor()
  })
  const program = python
  if (program !== undefined) {
    await step('the Python component ends, and the page says so', async () => {
      assert.equal(await program.end('SIGTERM'), 0, program.output)
      await ada.shows('#python-state', 'The Python component is not running. Start it with:')
    })
  }
  await step('signing out leads back to the door', async () => {
    await ada.press('Sign out')
    await ada.page.getByLabel('Your name').waitFor()
    assert.deepEqual([...ada.errors, ...bob.errors], [])
  })
  await step('the node stops with status 0', async () => {
    assert.equal(await node.program.end('SIGTERM'), 0, node.program.output)
  })
}

async function main(): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  try {
    node = await startNode(0)
    browser = await startBrowser()
    console.log(`The forum runs on port ${node.port}, Chromium ${browser.version()}`)
    await signingIn()
    await talking()
    await rolling()
    await askingPython()
    await restarting()
    await leaving()
  } catch (error) {
    for (const [name, window] of Object.entries({ ada, bob })) {
      await window?.page.screenshot({ path: join(PICTURES, `failed-${name}.png`), fullPage: true }).catch(() => {})
      if (window !== undefined && window.errors.length > 0) console.error(`Errors in the window of ${name}:\n${window.errors.join('\n')}`)
    }
    console.error(error)
    console.error(`The node printed:\n${node?.program.output}`)
    process.exitCode = 1
  } finally {
    await browser?.close()
    await python?.end('SIGTERM')
    await node?.program.end('SIGKILL')
  }
  for (const what of leftOut) console.log(`left out: ${what}`)
  console.log(`${process.exitCode === 1 ? 'FAILED' : 'PASSED'}: ${stepsPassed} steps; pictures are in ${PICTURES}`)
}

await main()
