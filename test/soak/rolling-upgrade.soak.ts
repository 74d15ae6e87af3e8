/** Three instances on PostgreSQL are replaced by those of a newer release, one after the other, while clients refresh. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { addAccountsBefore, refreshForm, signInForm } from '../../bench/accounts.ts'
import { type Answer, type Connection, ConnectionLost, openConnection } from '../../bench/connection.ts'
import { endService, shipped, startService } from '../../bench/service.ts'
import { NEWER_STEP, newerProgram } from '../support/newer-program.ts'
import { connect, emptyPostgres } from '../support/postgres.ts'
import { signetProcess } from '../support/process.ts'
import { freePort, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const INSTANCES = 3
const CLIENTS = 12
/** Of all clients together, between two acts of the operator. */
const REFRESHES = 600

/** Of instances that share a database and keys. */
async function environmentsOf(t: Test, url: string): Promise<Record<string, string>[]> {
  const common = {
    SIGNET_ISSUER: 'http://127.0.0.1:3000',
    SIGNET_DATABASE_URL: url,
    SIGNET_KEYS_DIR: join(temporaryFolder(t), 'keys'),
    SIGNET_SESSION_LIMIT: '1000',
    // How fast a busy machine is, is not the subject.
    SIGNET_DATABASE_TIMEOUT: '20s',
  }
  const environments: Record<string, string>[] = []
  for (let index = 0; index < INSTANCES; index += 1)
    environments.push({
      ...common,
      SIGNET_PORT: String(await freePort()),
      SIGNET_MANAGEMENT_PORT: String(await freePort()),
    })
  return environments
}

/** One of them answers at any moment; longer than an instance takes to start. */
const LONGEST_SILENCE_MS = 30_000

/** Asks one instance after the other, as behind a balancer; what one does not answer, it asks of the next. @throws ConnectionLost when none does */
function createBalanced(ports: readonly number[], localAddress: string) {
  const connections: (Connection | undefined)[] = ports.map(() => undefined)
  let turn = 0
  let retries = 0
  return {
    async post(path: string, form: string): Promise<Answer> {
      for (const since = performance.now(); ; ) {
        turn = (turn + 1) % ports.length
        try {
          connections[turn] ??= await openConnection(ports[turn] ?? 0, localAddress)
          return await (connections[turn] as Connection).post(path, form)
        } catch (error) {
          if (!(error instanceof ConnectionLost) || performance.now() > since + LONGEST_SILENCE_MS) throw error
          connections[turn] = undefined
          retries += 1
          // Whoever closes them all meanwhile gets a turn.
          await pause(1)
        }
      }
    },
    retries: () => retries,
    close: () => connections.forEach(each => void each?.close()),
  }
}

/** Clients with a session each, which refresh all the time. An answer that was acknowledged and is lost fails the next refresh. */
function createLoad(ports: readonly number[]) {
  const failed: string[] = []
  let refreshed = 0
  let isOver = false

  async function client(index: number): Promise<number> {
    const service = createBalanced(ports, `127.0.${index + 1}.1`)
    let answer = await service.post('/oauth/token', signInForm())
    while (answer.status === 200 && !isOver) {
      answer = await service.post('/oauth/token', refreshForm(JSON.parse(answer.body).refresh_token))
      refreshed += 1
    }
    if (answer.status !== 200) failed.push(`${answer.status} ${answer.body}`)
    service.close()
    return service.retries()
  }

  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    client(index).catch(error => {
      failed.push(String(error))
      return 0
    }),
  )
  return {
    failed,
    async more() {
      const enough = refreshed + REFRESHES
      await until(async () => refreshed >= enough || failed.length > 0, 600_000)
    },
    async end() {
      isOver = true
      const retries = (await Promise.all(clients)).reduce((sum, each) => sum + each, 0)
      return { refreshed, retries }
    },
  }
}

t.test('a rolling upgrade under load loses nothing, and no client sees more than a connection that ends', async t => {
  const url = await emptyPostgres(t)
  const environments = await environmentsOf(t, url)
  const newer = newerProgram(t)
  const newerService = shipped.with(-2, newer)
  const services = environments.map(environment => startService(environment))
  // Those that started, also when another one did not.
  t.teardown(async () => {
    for (const started of await Promise.allSettled(services))
      if (started.status === 'fulfilled') await endService(started.value, 'SIGKILL')
  })
  t.equal((await Promise.all(services)).length, INSTANCES, 'that start at once on an empty database')
  await addAccountsBefore(environments[0] ?? {})

  const load = createLoad(environments.map(({ SIGNET_PORT }) => Number(SIGNET_PORT)))
  // Whatever fails here, the clients must not go on for ever; it runs before the services are killed.
  t.teardown(() => load.end())
  await load.more()
  const { code, stdout, stderr } = await signetProcess(environments[0] ?? {}, ['migrate', '--json'], '', {}, [], newer)
  if (code !== 0) throw new Error(`migrate ended with ${code}: ${stderr}`)
  t.strictSame(JSON.parse(stdout), { migrations: [NEWER_STEP] })
  await load.more()
  for (const [index, environment] of environments.entries()) {
    await endService((await services[index]) as ChildProcess)
    services[index] = startService(environment, undefined, newerService)
    await services[index]
    await load.more()
  }
  const { refreshed, retries } = await load.end()
  t.comment(`${refreshed} refreshes, of which ${retries} were asked again of another instance`)
  t.strictSame(load.failed, [])
  t.ok(retries > 0)

  const beside = await connect(t, url)
  const { rows } = await beside.query(`select breaking from schema_steps where name = '${NEWER_STEP}'`)
  t.strictSame(rows, [{ breaking: 0 }])
})
