/**
 * What a request costs on PostgreSQL, with one instance and with three, beside SQLite: processor time of Signet and of the server (proc),
 * statements and their time in the server (pg_stat_statements). Then how fast the sessions of a client end that has very many.
 * Processor time, because other work on the machine disturbs it less than rates. The server is the one of the tests, with fsync.
 *
 *     npm run install:postgres && npm run bench:postgres
 *     npm run bench:postgres -- --seconds 5 --sessions 20000
 */
import type { ChildProcess } from 'node:child_process'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startPostgres } from '../test/support/postgres-server.ts'
import { addAccountsBefore, addMachines, clientCredentialsForm, signInForm } from './accounts.ts'
import { measureEnding } from './postgres/ending.ts'
import { type Costs, measureCosts } from './postgres/load.ts'
import { watchServer } from './postgres/server.ts'
import { type Chain, formChain, refreshChain } from './refresh/load.ts'
import { cpuTime, endService, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3' }, sessions: { type: 'string', default: '20000' } },
})
const seconds = Number(values.seconds)
const port = 34590

const kinds: Readonly<Record<string, { readonly chain: (port: number) => Promise<Chain>; readonly chains: number }>> = {
  refresh: { chain: refreshChain, chains: 24 },
  'sign-in': { chain: formChain(signInForm()), chains: 3 },
  'client credentials': { chain: formChain(clientCredentialsForm), chains: 24 },
}

function print(place: string, kind: string, { cpu, server, statements, statementTime, requests }: Costs): void {
  const each = (value: number | undefined, digits = 0) =>
    value === undefined ? 'not run' : (value / requests).toFixed(digits)
  const columns = [
    `${place.padEnd(14)} ${kind.padEnd(18)}`,
    `Signet ${each(cpu)} µs`,
    ...(server === undefined
      ? []
      : [`PostgreSQL ${each(server)} µs`, `${each(statements, 1)} statements of ${each(statementTime)} µs`]),
    `${requests} requests`,
  ]
  console.log(columns.join('   '))
}

/** Each kind on services that have just started, on the same database. */
async function measurePlace(place: string, instances: number, url: string | undefined): Promise<void> {
  const { environment: basic, remove } = prepareService(port)
  const environment = { ...basic, ...(url && { SIGNET_DATABASE_URL: url }) }
  const server = url === undefined ? undefined : await watchServer(url)
  try {
    const { userIds, clientId } = await addAccountsBefore(environment)
    await addMachines(environment)
    for (const [kind, { chain, chains }] of Object.entries(kinds)) {
      const ports = Array.from({ length: instances }, (_, index) => port + 2 * index)
      const services: ChildProcess[] = []
      for (const each of ports)
        services.push(
          await startService({ ...environment, SIGNET_PORT: String(each), SIGNET_MANAGEMENT_PORT: String(each + 1) }),
        )
      const cpu = () => services.reduce((sum, { pid = 0 }) => sum + cpuTime(pid), 0)
      print(place, kind, await measureCosts({ ports, chain, chains, seconds, cpu, server }))
      for (const service of services) await endService(service)
    }
    if (instances === 1)
      console.log(
        place.padEnd(14),
        await measureEnding(environment, Number(values.sessions), { userId: userIds[0] ?? '', clientId }),
      )
  } finally {
    await server?.stop()
    remove()
  }
}

const server = await startPostgres({
  ...{ fsync: 'on', full_page_writes: 'on', max_wal_size: '1GB' },
  shared_preload_libraries: 'pg_stat_statements',
})
async function create(name: string): Promise<string> {
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return Object.assign(new URL(server.url), { pathname: name }).href
}

try {
  await measurePlace('SQLite', 1, undefined)
  for (const instances of [1, 3])
    await measurePlace(`PostgreSQL × ${instances}`, instances, await create(`bench_${instances}`))
} finally {
  await server.stop()
}
