/** The demo in a browser, as a picture: the sign-in, and beside it what alice sees then. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, devices, type Page } from 'playwright-core'

/** Of each half, in pixels. */
const half = { width: 520, height: 830 }

/** @returns where the login page is, and alice's password, as the demo prints them. @throws when it ends before */
async function startDemo() {
  const demo = spawn(process.execPath, [fileURLToPath(new URL('../demo.ts', import.meta.url))])
  const ended = once(demo, 'close')
  let said = ''
  for await (const text of demo.stdout.setEncoding('utf8')) {
    said += text
    const [, page] = /^Login page.*?(http\S+)$/m.exec(said) ?? []
    const [, password] = /^alice .*password (\S+)$/m.exec(said) ?? []
    if (page === undefined || password === undefined) continue
    return {
      page,
      password,
      async stop(): Promise<void> {
        demo.stdout.resume()
        demo.kill('SIGINT')
        await ended
      },
    }
  }
  throw new Error(`The demo ended: ${said}`)
}

async function signIn(page: Page, url: string, password: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('User name').first().fill('alice')
  await page.getByLabel('Password', { exact: true }).first().fill(password)
  await page.keyboard.press('Enter')
  await page.getByText('Signed in as').waitFor()
}

async function write(page: Page, title: string): Promise<void> {
  await page.getByLabel('New post').fill(title)
  await page.keyboard.press('Enter')
  await page.getByText(title).waitFor()
}

async function sideBySide(browser: Browser, halves: readonly Buffer[]): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 2 * half.width, height: half.height } })
  const images = halves.map(
    png => `<img width="${half.width}" height="${half.height}" src="data:image/png;base64,${png.toString('base64')}">`,
  )
  await page.setContent(`<body style="margin:0;display:flex">${images.join('')}</body>`)
  return page.screenshot()
}

/** @returns a PNG */
export async function demo(): Promise<Buffer> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath })
  const { page: url, password, stop } = await startDemo()
  try {
    const context = await browser.newContext({ viewport: half, deviceScaleFactor: 2, colorScheme: 'light' })
    const signedOut = await context.newPage()
    await signedOut.goto(url)
    await signedOut.getByRole('heading', { name: 'Sign in' }).waitFor()
    const before = await signedOut.screenshot()
    const phone = await browser.newContext(devices['iPhone 15'])
    await signIn(await phone.newPage(), url, password)
    const page = await context.newPage()
    await signIn(page, url, password)
    await write(page, 'Verified offline, revoked within seconds')
    await page.mouse.click(1, 1)
    return await sideBySide(browser, [before, await page.screenshot()])
  } finally {
    await browser.close()
    await stop()
  }
}
