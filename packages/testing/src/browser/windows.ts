// Windows of the forum, and what a person sees and does there.

import { existsSync } from 'node:fs'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'

const CHROMIUM_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const WAIT_MS = 15_000

/** Starts headless Chromium: the system's own, or the one that CROSSPOINT_CHROMIUM names. */
export async function startBrowser(): Promise<Browser> {
  const named = process.env['CROSSPOINT_CHROMIUM']
  const executablePath = (named === undefined ? CHROMIUM_PATHS : [named]).find((path) => existsSync(path))
  if (executablePath === undefined) {
    throw new Error(
      `Cannot find Chromium at ${named ?? CHROMIUM_PATHS.join(', ')}; install it (Debian: apt-get install chromium) or name it in CROSSPOINT_CHROMIUM`,
    )
  }
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  return chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet] })
}

export type Device = 'phone' | 'desktop'

const DEVICES = {
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
} as const

export class ForumWindow {
  readonly page: Page
  /** What went wrong in the page and was caught by nobody. */
  readonly errors: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.setDefaultTimeout(WAIT_MS)
    page.on('pageerror', (error) => this.errors.push(error.stack ?? error.message))
    page.on('console', (message) => {
      // Chromium writes one about every attempt to connect while the router is away.
      if (message.type() === 'error' && !message.text().includes('WebSocket connection to')) this.errors.push(message.text())
    })
  }

  static async open(browser: Browser, device: Device, port: number): Promise<ForumWindow> {
    const context = await browser.newContext(DEVICES[device])
    const window = new ForumWindow(await context.newPage())
    await window.page.goto(`http://127.0.0.1:${port}/`)
    return window
  }

  /** Waits until the status of the connection says this. */
  async connectionSays(text: string): Promise<void> {
    await this.page.locator('#connection').filter({ hasText: text }).waitFor()
  }

  async tryName(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name)
    await this.page.getByRole('button', { name: 'Sign in' }).click()
  }

  async signIn(name: string): Promise<void> {
    await this.tryName(name)
    await this.sees(name)
  }

  /** The entry of a name among those who are here. */
  #person(name: string): Locator {
    return this.page.locator('#people li').filter({ hasText: name })
  }

  /** Waits until a name is among those who are here. */
  async sees(name: string): Promise<void> {
    await this.#person(name).waitFor()
  }

  /** Waits until a name is not among those who are here. */
  async missesPerson(name: string, timeoutMs: number): Promise<void> {
    await this.#person(name).waitFor({ state: 'detached', timeout: timeoutMs })
  }

  /** Writes a message and sends it with the Enter key. */
  async says(text: string): Promise<void> {
    await this.page.getByLabel('Your message').fill(text)
    await this.page.getByLabel('Your message').press('Enter')
  }

  /** Waits until exactly one message is there with this name and text. */
  async hears(name: string, text: string): Promise<void> {
    const message = this.page
      .locator('.message')
      .filter({ hasText: name })
      .filter({ has: this.page.getByText(text, { exact: true }) })
    await message.waitFor() // fails when there are several
  }

  /** Waits until an element contains a text. */
  async shows(selector: string, text: string | RegExp, timeoutMs = WAIT_MS): Promise<void> {
    await this.page.locator(selector).filter({ hasText: text, visible: true }).waitFor({ timeout: timeoutMs })
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button }).click()
  }

  /** Whether everything fits the width of the screen. */
  async fitsWidth(): Promise<boolean> {
    return this.page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
  }

  /** Closes the window as a person does, so that the page may still say goodbye. */
  async close(): Promise<void> {
    const closed = this.page.waitForEvent('close')
    await this.page.close({ runBeforeUnload: true })
    await closed
  }
}
