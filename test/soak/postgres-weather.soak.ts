/**
 * Whatever keeps a service from PostgreSQL: 503 with Retry-After within the time of a request, the reason in the log, and all is well
 * within a second after it is over.
 */
import pg from 'pg'
import t, { type Test } from 'tap'
import { watchLateness } from '../../bench/weather/lateness.ts'
import { proxyBefore } from '../support/postgres-proxy.ts'
import { noServerOfItsOwn, startPostgres } from '../support/postgres-server.ts'
import {
  type Answer,
  addAlice,
  refresh,
  request,
  type Service,
  serve,
  signIn,
  temporaryFolder,
} from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const LONGEST_MS = 4000
const lateness = watchLateness([])

type Asks = Readonly<Record<string, () => Promise<Answer>>>

async function isAway(t: Test, asks: Asks) {
  const ask = async ([what, ask]: readonly [string, () => Promise<Answer>]) => {
    const beganAt = performance.now()
    const answer = await ask()
    const endedAt = performance.now()
    return { what, answer, took: endedAt - beganAt, granted: lateness.granted(undefined, beganAt, endedAt) }
  }
  const asked = await Promise.all(Object.entries(asks).map(ask))
  for (const { what, answer, took, granted } of asked) {
    t.equal(answer.status, 503, `${what}: ${answer.text}`)
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/, what)
    t.ok(took < LONGEST_MS + granted, `${what} after ${Math.round(took)} ms`)
  }
  return Math.max(...asked.map(({ took }) => took))
}

/** Within a second, and what the machine lets it wait; and of those who come then nobody fails. */
async function isBack(t: Test, service: Service) {
  const beganAt = performance.now()
  await until(async () => (await signIn(service)).status === 200)
  const endedAt = performance.now()
  const took = endedAt - beganAt
  t.ok(took < lateness.granted(undefined, beganAt, endedAt), `back after ${Math.round(took)} ms`)
  const many = await Promise.all(Array.from({ length: 12 }, () => request(`${service.management}/readyz`)))
  t.strictSame([...new Set(many.map(({ status }) => status))], [200])
}

/** Each statement on a connection of its own: those of before are lost with the server. */
const administering = (url: string) => async (statement: string) => {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

/** A service on a server of the test's own, as a role that is no administrator, behind a network that can be bad. */
async function inWeather(t: Test) {
  const server = await startPostgres({ wal_level: 'replica' })
  t.teardown(server.stop)
  const administer = administering(server.url)
  await administer("create role app login password 'secret'")
  await administer('create database app owner app')
  await server.askForPassword('app')
  const ofApp = { username: 'app', password: 'secret', pathname: '/app' }
  const network = await proxyBefore(t, Object.assign(new URL(server.url), ofApp).href)
  const folder = temporaryFolder(t)
  const service = await serve(t, {
    folder,
    environment: { SIGNET_DATABASE_URL: network.url, SIGNET_DATABASE_TIMEOUT: '4s' },
  })
  await addAlice(service)
  const urlOfDatabase = Object.assign(new URL(server.url), { pathname: '/app' }).href
  return {
    ...{ server, network, service, administer, urlOfDatabase },
    inDatabase: administering(urlOfDatabase),
    cut: () => administer("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'"),
  }
}
type Weather = Awaited<ReturnType<typeof inWeather>>

interface Case {
  /** Brings the bad weather, and answers what ends it. */
  readonly harm: (weather: Weather) => Promise<() => unknown>
  /** In the log. */
  readonly says: RegExp
  /** Some of them, where not all of the requests meet it. */
  readonly meets?: readonly string[]
}

const asAdministrator =
  (harm: string, undo: string): Case['harm'] =>
  async ({ administer, cut }) => {
    await administer(harm)
    await cut()
    return () => administer(undo)
  }

const inTheDatabase =
  (harm: string, undo: string): Case['harm'] =>
  async ({ inDatabase }) => {
    await inDatabase(harm)
    return () => inDatabase(undo)
  }

const whenSessionsAreWritten = (what: string) =>
  inTheDatabase(
    `create function harm() returns trigger language plpgsql as $$ begin ${what}; return new; end $$;
     grant execute on function harm to app;
     create trigger harm before insert or update on sessions for each row execute function harm()`,
    'drop function harm cascade',
  )

const writes = ['a sign-in', 'a refresh']

const cases: Readonly<Record<string, Case>> = {
  'is not there': { harm: ({ network }) => network.close(), says: /ECONNREFUSED/ },
  'was shut down': {
    harm: ({ server }) => server.shutDown(),
    says: /Connection terminated unexpectedly|ECONNRESET/,
  },
  'is behind a network that swallows everything': {
    harm: async ({ network }) => network.swallow(),
    says: /timeout/,
  },
  hangs: { harm: ({ server }) => server.freeze(), says: /timeout/ },
  starts: {
    harm: async ({ network }) => network.refuse('57P03', 'the database system is starting up'),
    says: /the database system is starting up \(57P03\)/,
  },
  'takes no writes': {
    harm: asAdministrator(
      'alter database app set default_transaction_read_only = on',
      'alter database app reset default_transaction_read_only',
    ),
    says: /takes no writes/,
  },
  'takes no writes any more from those who are connected': {
    harm: async ({ administer }) => {
      await administer('alter system set default_transaction_read_only = on')
      await administer('select pg_reload_conf()')
      return async () => {
        await administer('alter system reset default_transaction_read_only')
        await administer('select pg_reload_conf()')
      }
    },
    says: /takes no writes|25006/,
  },
  'has no room on its disk': {
    harm: whenSessionsAreWritten("raise exception 'could not extend file' using errcode = '53100'"),
    says: /The disk of the server is full/,
    meets: writes,
  },
  'takes too long': {
    harm: whenSessionsAreWritten('perform pg_sleep(10)'),
    says: /statement timeout \(57014\)/,
    meets: ['a sign-in'],
  },
  'has tables that somebody has locked': {
    // In each of them a request waits by itself, and it goes on without the first one.
    harm: async ({ urlOfDatabase }) => {
      const client = new pg.Client(urlOfDatabase)
      await client.connect()
      await client.query('begin; lock table attempt_counters, sessions in access exclusive mode')
      return () => client.end()
    },
    says: /lock timeout \(55P03\)/,
    meets: writes,
  },
  'has no connection left': {
    harm: asAdministrator('alter role app connection limit 0', 'alter role app connection limit -1'),
    says: /53300.*SIGNET_DATABASE_POOL_SIZE/,
  },
  'lets the role in no more': {
    harm: asAdministrator('alter role app nologin', 'alter role app login'),
    says: /ALTER ROLE \\"app\\" LOGIN;/,
  },
  'has another password': {
    harm: asAdministrator("alter role app password 'another'", "alter role app password 'secret'"),
    says: /The password in SIGNET_DATABASE_URL is not that of the role/,
  },
  'has the database no more': {
    harm: async ({ administer }) => {
      await administer('alter database app allow_connections false')
      await administer("select pg_terminate_backend(pid, 1000) from pg_stat_activity where datname = 'app'")
      await administer('alter database app rename to other')
      return async () => {
        await administer('alter database other rename to app')
        await administer('alter database app allow_connections true')
      }
    },
    says: /CREATE DATABASE \\"app\\" OWNER \\"app\\";/,
  },
  'lets the role use a table no more': {
    harm: inTheDatabase('alter table sessions owner to signet', 'alter table sessions owner to app'),
    says: /GRANT SELECT, INSERT, UPDATE, DELETE ON \\"sessions\\" TO \\"app\\";/,
    meets: writes,
  },
  'lets the role into the database no more': {
    harm: asAdministrator(
      'alter database app owner to signet; revoke connect on database app from public, app',
      'grant connect on database app to public; alter database app owner to app',
    ),
    says: /GRANT CONNECT ON DATABASE \\"app\\" TO \\"app\\";/,
  },
  'leads to no schema': {
    harm: asAdministrator('alter role app set search_path = nowhere', 'alter role app reset search_path'),
    says: /leads to no schema.*ALTER ROLE \\"app\\" IN DATABASE \\"app\\" SET search_path = public;/,
  },
  'has the tables in another schema': {
    harm: inTheDatabase(
      'alter schema public rename to elsewhere; create schema public; grant usage on schema public to app',
      'drop schema public; alter schema elsewhere rename to public',
    ),
    says: /are not where the search_path leads/,
  },
  'is a standby': { harm: ({ server }) => server.demote(), says: /is a standby \(in recovery\)/ },
}

t.test('a server that', { skip: noServerOfItsOwn() }, async t => {
  const weather = await inWeather(t)
  const { service } = weather
  for (const [what, { harm, says, meets }] of Object.entries(cases))
    await t.test(what, async t => {
      const { body } = await signIn(service)
      const asks: Asks = {
        'a sign-in': () => signIn(service),
        'a refresh': () => refresh(service, body.refresh_token),
        readiness: () => request(`${service.management}/readyz`),
      }
      const met = Object.fromEntries(Object.entries(asks).filter(([name]) => meets?.includes(name) ?? true))
      const alreadyLogged = service.log().length
      const undo = await harm(weather)
      // The first ones meet connections that were good, and the next ones what comes after that.
      const firstMs = await isAway(t, met)
      if (firstMs < LONGEST_MS / 2) await isAway(t, met)
      t.equal((await service.get('/.well-known/jwks.json')).status, 200)
      const log = service.log().slice(alreadyLogged)
      t.match(log, says)
      t.notMatch(log, /server_error|connectionParameters|secret'/)
      await undo()
      await isBack(t, service)
    })
})
