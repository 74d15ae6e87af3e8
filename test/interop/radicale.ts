/** A Radicale with the configuration on docs/integrations/radicale.md, and a calendar program. RADICALE names its executable. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { signet } from '../support/command-line.ts'
import { type Answer, byTest, freePort, password, request, serve, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { setUpByPage } from './commands-on-page.ts'
import { frontOf } from './front.ts'
import { blockOnPage, fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { isListening } from './listening.ts'
import { basicOf, type Front } from './machines.ts'

const events = 'calendar'

/** What a calendar program asks with this name and password. Its own address is not asked for: it is told the person's path. */
function program(url: string, name: string, password: string) {
  const ask = (method: string, path: string, body?: string, headers: Readonly<Record<string, string>> = {}) =>
    request(url + path, {
      method,
      headers: { authorization: basicOf(name, password), ...headers },
      ...(body !== undefined && { body }),
    })
  const home = `/${encodeURIComponent(name)}/`
  const event = (path: string, uid: string) => `${path}${events}/${uid}.ics`
  return {
    /** Looks at what is there, as each program does first. */
    looks: (path = home): Promise<Answer> => ask('PROPFIND', path, undefined, { depth: '0' }),
    makesCalendar: (path = home): Promise<Answer> => ask('MKCALENDAR', `${path}${events}/`),
    putsEvent: (uid: string, path = home): Promise<Answer> =>
      ask('PUT', event(path, uid), eventCalled(uid), { 'content-type': 'text/calendar' }),
    getsEvent: (uid: string, path = home): Promise<Answer> => ask('GET', event(path, uid)),
  }
}

export type CalendarProgram = ReturnType<typeof program>

const eventCalled = (uid: string): string =>
  [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example.com//EN', 'BEGIN:VEVENT', `UID:${uid}`],
    ...['DTSTAMP:20260301T000000Z', 'DTSTART:20260311T100000Z', `SUMMARY:${uid}`, 'END:VEVENT', 'END:VCALENDAR', ''],
  ].join('\r\n')

export interface RadicaleOptions {
  readonly front: Front
  readonly secret: string
  /** What a second file says about `[auth]`, after that of the page. */
  readonly more?: string
  /** With the page's file of rights. */
  readonly withRights?: true
}

/** It is ended after the test. */
export async function startRadicale(t: Test, { front, secret, more = '', withRights }: RadicaleOptions) {
  const [folder, port] = [temporaryFolder(t), await freePort()]
  const write = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  const config = placed(fileOnPage('radicale', '/etc/radicale/config'), {
    [ISSUER]: front.url,
    'SECRET-OF-THE-CLIENT': secret,
    '127.0.0.1:5232': `127.0.0.1:${port}`,
    '/var/lib/radicale/collections': join(folder, 'collections'),
  })
  // Otherwise each refusal waits a second.
  const files = [write('config', config), write('more', `[auth]\ndelay = 0\n${more}`)]
  if (withRights) {
    const path = '/etc/radicale/rights'
    const rights = write('rights', fileOnPage('radicale', path))
    files.push(write('with-rights', placed(blockOnPage('radicale', '[rights]'), { [path]: rights })))
  }

  const environment = { ...process.env, NO_PROXY: 'localhost', REQUESTS_CA_BUNDLE: front.authorityFile }
  async function start() {
    const words = ['--config', files.join(':')]
    const child = spawn(process.env['RADICALE'] ?? 'radicale', words, {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ended = once(child, 'close')
    child.stderr.setEncoding('utf8').on('data', text => {
      log += text
    })
    await until(async () => {
      if (child.exitCode !== null) throw new Error(log)
      return isListening(port)
    })
    return async () => {
      child.kill('SIGKILL')
      await ended
    }
  }
  let log = ''
  let end = await start()
  t.teardown(() => end())
  return {
    /** Where its folders are. */
    collections: join(folder, 'collections'),
    log: () => log,
    as: (name: string, password: string) => program(`http://127.0.0.1:${port}`, name, password),
    async restart() {
      await end()
      end = await start()
    },
  }
}

export const clientId = 'radicale'

/** Signet with alice and bob, set up by the page, and a Radicale that asks at the front. */
export async function withPeople(t: Test, own: Partial<RadicaleOptions> = {}) {
  const clock = testClock()
  const [service, front] = [await serve(t, { clock }), await frontOf(t, true)]
  const { [clientId]: secret = '' } = await setUpByPage(service, clientId, { clock })
  for (const username of ['alice', 'bob']) await service.users.add({ username, password, roles: [] }, byTest)
  const radicale = await startRadicale(t, { front, secret, ...own })
  const command = async (...words: string[]) => {
    const { code, stdout, stderr } = await signet(service.environment, words, '', clock)
    if (code !== 0) throw new Error(stdout + stderr)
    return stdout
  }
  /** Wrong passwords for names that nobody has, more than the count of a network allows through a public client, which has no secret. */
  async function guessesManyNames(id: string, secret?: string) {
    for (let number = 0; number < 51; number += 1) {
      const form = { grant_type: 'password', username: `nobody-${number}`, password: 'wrong' }
      if (secret === undefined) await service.token({ ...form, client_id: id })
      else await service.token(form, { client: [id, secret] })
    }
  }
  const { as } = radicale
  return { clock, service, front, secret, radicale, as, command, guessesManyNames }
}
