/** The example resource API with its login page, in a process of its own, beside a token service that knows the page. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { byLocalName } from '../../scripts/demo/accounts.ts'
import { rowsOf } from './audit.ts'
import { addClient } from './clients.ts'
import { auditsAll, byTest, freePort, password, type ServeOptions, type Service, serve } from './serve.ts'

const server = fileURLToPath(new URL('../../examples/resource-api/server.ts', import.meta.url))

export type ResourceApiEnvironment = Readonly<Record<string, string>>

/** The surroundings of this process, without a configuration that a developer's shell may hold. */
const inherited = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(SIGNET_.*|AUDIENCE|CLIENT_ID|ACCOUNT_BACKEND|SIGN_IN_HINT|PORT)$/.test(name),
    ),
  )

/** Without the loader that tap puts into NODE_OPTIONS. */
export const spawnResourceApi = (environment: ResourceApiEnvironment) =>
  spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, server], { env: { ...inherited(), ...environment } })

/** Starts the example and waits until it listens. It is ended after the test. */
export async function startResourceApi(t: Test, environment: ResourceApiEnvironment) {
  let log = ''
  async function start(): Promise<ChildProcess> {
    const child = spawnResourceApi(environment)
    child.stderr.on('data', chunk => (log += chunk))
    const gone = once(child, 'exit').then(([code]) => {
      throw new Error(`The resource API ended with ${code}:\n${log}`)
    })
    gone.catch(() => undefined)
    const listening = new Promise<void>(resolve =>
      createInterface(child.stdout).on('line', line => {
        log += `${line}\n`
        if (line.includes('Server listening')) resolve()
      }),
    )
    await Promise.race([listening, gone])
    return child
  }

  let child = await start()
  t.teardown(() => child.kill('SIGKILL'))
  return {
    /** What it wrote so far. */
    log: () => log,
    /** Ends it and starts it again: it has forgotten every key, token and status list. */
    async restart(): Promise<void> {
      child.kill('SIGTERM')
      await once(child, 'exit')
      child = await start()
    },
  }
}

/** Lets the login page of `page` sign in alice, an admin, and bob, a user. */
async function addDemoAccounts(service: Service, page: string): Promise<void> {
  await service.roles.add({ name: 'admin', permissions: ['posts:write', 'stats:read'] }, byTest)
  await service.roles.add({ name: 'user', permissions: ['posts:read'] }, byTest)
  await service.users.add({ username: 'alice', password, roles: ['admin'] }, byTest)
  await service.users.add({ username: 'bob', password, roles: ['user'] }, byTest)
  await addClient(service, {
    clientId: 'login-page',
    isPublic: true,
    secret: undefined,
    scope: ['*'],
    audiences: [page, service.issuer],
    origins: [page, byLocalName(page)],
  })
}

/** A token service and the example that trusts it. */
export async function resourceApi(t: Test, options: ServeOptions = {}, more: ResourceApiEnvironment = {}) {
  const port = await freePort()
  const page = `http://127.0.0.1:${port}`
  const service = await serve(t, { ...options, environment: { ...auditsAll, ...options?.environment } })
  await addDemoAccounts(service, page)
  const api = await startResourceApi(t, { SIGNET_ISSUER: service.issuer, PORT: String(port), ...more })
  return {
    ...api,
    service,
    /** The origin of the page and of the API. */
    page,
    port,
    /** How often this was written to the audit. */
    audited: (type: string): number => rowsOf(service.databaseFile).filter(row => row.type === type).length,
  }
}
