/**
 * `npm run demo`: a token service with two users, and the example resource API with its login page and the backend for sign-ups, in a
 * folder that is removed at the end. Prints where the page is and what to try. Ctrl-C stops everything.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addAccounts, byLocalName, type Clients, type DemoUser, newClients, newUsers } from './demo/accounts.ts'
import { hintFor, instructions } from './demo/instructions.ts'
import { onFreePorts } from './demo/ports.ts'
import { createPrograms } from './demo/programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'signet-demo-'))
const programs = createPrograms()

const storage = {
  SIGNET_DATABASE_URL: `file:${join(folder, 'signet.sqlite')}`,
  SIGNET_KEYS_DIR: join(folder, 'keys'),
}

const startTokenService = () =>
  onFreePorts([3000, 9090], async ([port, managementPort]) => {
    const environment = { ...storage, SIGNET_PORT: String(port), SIGNET_MANAGEMENT_PORT: String(managementPort) }
    const { answers, ended } = programs.start('src/signet.mjs', ['serve'], environment)
    await answers(`http://127.0.0.1:${managementPort}/readyz`, '"msg":"serving"')
    const management = `http://127.0.0.1:${managementPort}`
    return { issuer: `http://127.0.0.1:${port}`, management, environment, ended }
  })

/** The page and its backend: each has to know where the other one is. */
const startApplication = (
  issuer: string,
  users: readonly DemoUser[],
  { clientId, backendId, backendSecret, role }: Clients,
) =>
  onFreePorts([8080, 8082], async ([port, backendPort]) => {
    const [page, backend] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${backendPort}`]
    const common = { SIGNET_ISSUER: issuer }
    const hint = hintFor(users, backend)
    const ofPage = { AUDIENCE: page, CLIENT_ID: clientId, ACCOUNT_BACKEND: backend, SIGN_IN_HINT: hint }
    const machine = { CLIENT_ID: backendId, CLIENT_SECRET: backendSecret, ROLE: role }
    const ofBackend = { ...machine, PAGE: `${page} ${byLocalName(page)}`, PAGE_CLIENT_ID: clientId }
    const started = [
      programs.start('examples/resource-api/server.ts', [], { ...common, ...ofPage, PORT: String(port) }),
      programs.start('examples/account-backend/server.ts', [], { ...common, ...ofBackend, PORT: String(backendPort) }),
    ] as const
    try {
      await started[0].answers(`${page}/readyz`, 'Server listening')
      await started[1].answers(`${backend}/mails`, 'Server listening')
    } catch (error) {
      await Promise.all(started.map(({ stop }) => stop()))
      throw error
    }
    return { page, backend, ended: Promise.race(started.map(({ ended }) => ended)) }
  })

async function demo(): Promise<void> {
  console.log('Starting the token service, the resource API and the sign-up backend …\n')
  const clients = newClients()
  const signet = await startTokenService()
  const users = newUsers(clients)
  const application = await startApplication(signet.issuer, users, clients)
  const { issuer, management } = signet
  const places = { issuer, management, page: application.page, backend: application.backend }
  await addAccounts(
    (words, input) => programs.run('src/signet.mjs', words, signet.environment, input),
    users,
    clients,
    places,
  )
  console.log(instructions(users, clients, places))
  await Promise.race([signet.ended, application.ended])
}

const interrupted = new Promise<void>(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve())
})
try {
  await Promise.race([interrupted, demo()])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await programs.stop()
  rmSync(folder, { recursive: true, force: true })
}
