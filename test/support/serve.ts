/** Runs Signet inside the test's process: the real container, real HTTP, a real database and key folder of its own. */
import type { Test } from 'tap'
import type { Pause } from '../../src/audit/trail.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Randomness } from '../../src/randomness.ts'
import type { Provenance } from '../../src/records/audit-event.ts'
import { noSettings } from '../../src/records/client.ts'
import { environmentOf, freePort, temporaryFolder } from './environment.ts'
import { fastHasher } from './fast-hasher.ts'
import { copyStartedFolder } from './started-folder.ts'

export { environmentOf, freePort, temporaryFolder }

export const api = 'https://api.example.com'
export const password = 'correct horse battery staple 9'
export const secret = 'a-client-secret-with-enough-entropy-0123456789'

export const byTest: Provenance = { actor: 'operator:test', address: null, userAgent: null, requestId: null }

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body, or undefined when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
}

export interface RequestOptions {
  readonly method?: string
  readonly form?: Readonly<Record<string, string>> | string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Authenticates by client_secret_basic. */
  readonly client?: readonly [id: string, secret: string]
}

export const basic = ([id, value]: readonly [string, string]): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(value)}`).toString('base64')}`

export async function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { method, form, headers = {}, client } = options
  const body =
    form === undefined ? options.body : typeof form === 'string' ? form : new URLSearchParams(form).toString()
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(client && { authorization: basic(client) }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface ServeOptions {
  readonly clock?: Clock
  readonly randomness?: Randomness
  readonly faults?: Faults
  readonly environment?: Readonly<Record<string, string>>
  /** In the place of the time that passes in a shutdown. */
  readonly pause?: Pause
  /** In the place of the time that password checks take. */
  readonly elapsedMs?: () => number
  /** An empty one for a first start, or where a service ran before. When it is not given, a service was started in it just now. */
  readonly folder?: string
  /** The audit is sealed. Elsewhere it is not: what the sealer writes would be among what a test holds back, counts or compares. */
  readonly seals?: true
}

const withoutSeals: Faults = { sealing: () => ({ sealNext: async () => 'caught_up', head: () => undefined }) }

/** A first start says what is set of keys; a copy of another one can't. */
const makesItsOwnKeys = (environment: Readonly<Record<string, string>>): boolean =>
  Object.keys(environment).some(name => name.startsWith('SIGNET_KEY'))

/** Starts a service that is stopped after the test. Its passwords cost nothing; `faults: { hasher: argon2id => argon2id }` where they are the subject. */
export async function serve(t: Test, options: ServeOptions = {}) {
  const { environment = {}, folder = temporaryFolder(t), clock = systemClock, faults, seals, ...more } = options
  const sources = { ...more, clock, faults: { hasher: () => fastHasher, ...(!seals && withoutSeals), ...faults } }
  if (options.folder === undefined && !makesItsOwnKeys(environment)) await copyStartedFolder(folder, clock.now())
  const full = { ...(await environmentOf(folder)), ...environment }
  const config = readConfig(full)
  const lines: string[] = []
  const container = createContainer(config, { ...sources, logTo: { write: line => void lines.push(line) } })
  const running = await container.serve().catch(async error => {
    await container.close()
    throw error
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= running.stop().then(() => container.close())
    return stopped
  }
  t.teardown(stop)

  const { issuer } = config
  return {
    config,
    /** In which commands work on the same database and keys. */
    environment: full,
    folder,
    issuer,
    management: `http://127.0.0.1:${config.managementPort}`,
    /** What `select` and `change` of sqlite.ts look into. */
    databaseFile: config.database.kind === 'postgres' ? config.database.url : config.database.path,
    container,
    users: await container.users(),
    roles: await container.roles(),
    clients: await container.clients(),
    issuers: await container.issuers(),
    /** The log so far, a JSON object a line. */
    log: () => lines.join(''),
    get: (path: string, more?: RequestOptions) => request(issuer + path, more),
    /** Posts a form to the token endpoint. */
    token: (form: RequestOptions['form'], more?: RequestOptions) =>
      request(`${issuer}/oauth/token`, { form: form ?? '', ...more }),
    /** What the key clock does every second; the real timer does it, too. */
    tick: running.tick,
    /** What the event clock does every second: what repeated, and is recorded beside the requests, is in the audit afterwards. */
    writeEvents: running.writeEvents,
    /** What the sealer does twice a second; nothing without `seals`. */
    seal: running.seal,
    /** What looks every second whether the files of the database are in their places. */
    lookAtFiles: running.lookAtFiles,
    /** Resolves when the service has to end, with the reason. */
    lost: running.lost,
    stop,
  }
}

export type Service = Awaited<ReturnType<typeof serve>>

/** For what looks at each refresh in the audit, where otherwise only those from another network are. */
export const auditsAll = { SIGNET_AUDIT_GRANTS: 'all' }

/** Adds alice, an editor, and two clients: web-app with a secret and spa without one. */
export async function addAlice({ roles, users, clients }: Service) {
  await roles.add({ name: 'editor', permissions: ['posts:read', 'posts:write'] }, byTest)
  const alice = await users.add({ username: 'alice', password, roles: ['editor'] }, byTest)
  const common = {
    ...noSettings,
    grants: ['password', 'refresh_token'],
    scope: ['posts:read', 'posts:write'],
    audiences: [api],
  }
  await clients.add({ ...common, clientId: 'web-app', isPublic: false, secret }, byTest)
  await clients.add({ ...common, clientId: 'spa', isPublic: true, secret: undefined }, byTest)
  return alice
}

/** Signs alice in through web-app. */
export const signIn = (service: Service, more: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  service.token({ grant_type: 'password', username: 'alice', password, ...more }, { client: ['web-app', secret] })

export const refresh = (
  service: Service,
  token: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  service.token({ grant_type: 'refresh_token', refresh_token: token, ...more }, { client: ['web-app', secret] })

// biome-ignore lint/suspicious/noExplicitAny: tests look into claims of every shape
const part = (jwt: string, index: number): any =>
  JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString())
export const headerOf = (jwt: string) => part(jwt, 0)
export const claimsOf = (jwt: string) => part(jwt, 1)
