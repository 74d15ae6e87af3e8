/** What `signet doctor` says of the surroundings: whether a server runs, and how old the last backup is. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { lookForServer } from '../../src/maintenance/own-server.ts'
import { commandLine } from '../support/command-line.ts'
import { serve, temporaryFolder } from '../support/serve.ts'
import { DAY } from '../support/signing-keys.ts'
import { change, notOnPostgres } from '../support/sqlite.ts'

interface Finding {
  readonly check: string
  readonly warning: string | null
  readonly note: string | null
}

/** @throws when nothing of that name was looked at */
function findingOf({ findings }: { readonly findings: readonly Finding[] }, name: string): Finding {
  const found = findings.find(({ check }) => check === name)
  if (found === undefined) throw new Error(`There is no check ${name}.`)
  return found
}

t.test('it says whether a server answers where the management port is configured', async t => {
  const service = await serve(t)
  const said = async (environment: Readonly<Record<string, string>>) => {
    const { json } = await commandLine(t, { ...service.environment, ...environment })
    return findingOf(await json(['doctor']), 'server').note
  }
  const { port } = new URL(service.management)
  t.equal(await said({}), `A server answers at 127.0.0.1:${port}.`)
  t.equal(await said({ SIGNET_MANAGEMENT_HOST: '0.0.0.0' }), `A server answers at 127.0.0.1:${port}.`)
  const { port: another } = new URL(service.issuer)
  t.equal(
    await said({ SIGNET_MANAGEMENT_PORT: another, SIGNET_PORT: port }),
    `What answers at 127.0.0.1:${another} is no Signet (status 404).`,
  )
})

t.test('a server that takes a connection and says nothing is not waited for', async t => {
  const silent = createServer().listen(0, '127.0.0.1')
  t.teardown(() => void silent.close())
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  t.equal(
    await lookForServer('127.0.0.1', port, 20),
    `No server answers at 127.0.0.1:${port} (no answer within 0.02 s). Other machines were not asked.`,
  )
})

t.test(
  'it says how old the last backup is, and warns when they come no more',
  { skip: notOnPostgres('its own tools make them') },
  async t => {
    const service = await serve(t)
    const backups = temporaryFolder(t)
    const startMs = Date.now()
    /** What it says so many days later. */
    const at = async (days: number) => {
      const clock = { now: () => startMs + days * DAY }
      const operator = await commandLine(t, service.environment, clock)
      return { ...operator, ...findingOf(await operator.json(['doctor']), 'last backup') }
    }
    await (await at(0)).json(['backup', join(backups, 'first')])
    t.match((await at(3 / 24)).note, /^3 h ago, at \S+Z by operator:\w+\.$/)
    t.match((await at(9)).note, /^9 d ago, /)
    t.equal((await at(9)).warning, null, 'one alone was made before an upgrade, perhaps')
    await (await at(7)).json(['backup', join(backups, 'second')])
    t.equal((await at(15)).warning, null)
    t.match((await at(16)).warning, /^9 d ago, .* at least once a week/)
  },
)

t.test('a terminal obeys nothing of what it says', { skip: notOnPostgres('signet backup is for SQLite') }, async t => {
  const service = await serve(t)
  const operator = await commandLine(t, service.environment)
  await operator.json(['backup', join(temporaryFolder(t), 'copy')])
  const altered = "update audit_events set actor = 'operator:' || char(27) || '[2J' where type = 'database.backup'"
  change(service.databaseFile, altered)
  t.match((await operator.run(['doctor'])).stdout, 'by operator:?[2J.')
})
