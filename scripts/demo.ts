/**
 * `npm run demo`: a token service with two users, and the example resource API with its login page, in a folder that is removed at
 * the end. Prints where the page is and what to try with curl. Ctrl-C stops everything.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addAccounts } from './demo/accounts.ts'
import { instructions } from './demo/instructions.ts'
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
    return { issuer: `http://127.0.0.1:${port}`, environment, ended }
  })

const startResourceApi = (issuer: string, clientId: string) =>
  onFreePorts([8080], async ([port]) => {
    const page = `http://127.0.0.1:${port}`
    const environment = { SIGNET_ISSUER: issuer, AUDIENCE: page, CLIENT_ID: clientId, PORT: String(port) }
    const { answers, ended } = programs.start('examples/resource-api/server.ts', [], environment)
    await answers(`${page}/readyz`, 'Server listening')
    return { page, ended }
  })

async function demo(): Promise<void> {
  console.log('Starting the token service and the resource API …\n')
  const clientId = 'login-page'
  const signet = await startTokenService()
  const api = await startResourceApi(signet.issuer, clientId)
  const places = { issuer: signet.issuer, page: api.page, clientId }
  const users = await addAccounts(
    (words, input) => programs.run('src/signet.mjs', words, signet.environment, input),
    places,
  )
  console.log(instructions(users, places))
  await Promise.race([signet.ended, api.ended])
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
