/** What an instance on PostgreSQL asks of it while nobody asks anything of the instance. */
import pg from 'pg'
import t from 'tap'
import { migratedPostgres } from '../support/postgres.ts'
import { serve, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const isPulse = (text: string): boolean => text.includes('from kysely_migration') && text.includes('pg_control_system')
/** Three seconds, in which whatever is done each second would be done. */
const MANY = 6

t.test('an idle instance asks one question twice a second, and nothing else', async t => {
  const asked: string[] = []
  const { prototype } = pg.Client
  const real = prototype.query as (...args: unknown[]) => unknown
  t.intercept(prototype, 'query', {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: unknown[]) {
      const [first] = args as [string | { readonly text: string }]
      asked.push(typeof first === 'string' ? first : first.text)
      return real.apply(this, args)
    },
  })
  await serve(t, {
    folder: temporaryFolder(t),
    environment: { SIGNET_DATABASE_URL: await migratedPostgres(t) },
    seals: true,
  })
  const lastOnes = () => asked.slice(-MANY)
  const timers = t.capture(globalThis, 'setTimeout', globalThis.setTimeout)
  await until(async () => asked.length >= MANY && lastOnes().every(isPulse))
  const beganAt = performance.now()
  const from = asked.length
  await until(async () => asked.length >= from + 4)
  t.ok(asked.slice(from).every(isPulse))
  t.ok(performance.now() - beganAt > 3 * 500, 'not oftener than twice a second')
  const pauses = timers().filter(({ args: [, pauseMs] }) => pauseMs === 500)
  t.ok(pauses.length >= 4, 'nor more seldom')
})
