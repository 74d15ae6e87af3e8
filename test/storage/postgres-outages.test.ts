/** What callers meet while PostgreSQL crashes, hangs or keeps a lock, and that it works again afterwards. */
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { isError } from '../support/error-shape.ts'
import { fastHasher } from '../support/fast-hasher.ts'
import { connect, emptyPostgres, migratedPostgres, openPostgres } from '../support/postgres.ts'
import { noServerOfItsOwn, startPostgres } from '../support/postgres-server.ts'
import { spawnService } from '../support/process.ts'
import {
  type Answer,
  addAlice,
  byTest,
  password,
  refresh,
  request,
  type Service,
  serve,
  signIn,
  temporaryFolder,
} from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { sessionOf } from './conformance/records.ts'

/** An answer comes after 4 s at most, where the machine leaves the process the time to give it. */
const LONGEST_ANSWER_MS = 15_000

/** Each meets the requests in other places. */
const CRASHES = 3

// Most of the time is spent waiting for what does not answer.
t.jobs = 4

/** Of what crashes or freezes a server. */
const skip = noServerOfItsOwn()

const serveOn = (t: Test, url: string, folder = temporaryFolder(t), timeout = '4s') =>
  serve(t, {
    folder,
    environment: { SIGNET_DATABASE_URL: url, SIGNET_DATABASE_TIMEOUT: timeout },
    faults: { hasher: () => fastHasher },
  })

/** A service on a server of the case's own, that may come to harm. */
async function vulnerable(t: Test, timeout?: string) {
  const server = await startPostgres()
  t.teardown(server.stop)
  const service = await serveOn(t, server.url, temporaryFolder(t), timeout)
  await addAlice(service)
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  return { server, service }
}

const isUnavailable = (t: Test, answer: Answer): void => {
  isError(t, answer, [503, 'temporarily_unavailable'])
  t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
}

/** Signs in and refreshes without a pause until it is told to stop, and counts how that was answered. */
function load(service: Service) {
  const [answered, statuses] = [new Map<number, number>(), { isOver: false }]
  const note = (answer: Answer) => {
    answered.set(answer.status, (answered.get(answer.status) ?? 0) + 1)
    return answer
  }
  async function signInAgainAndAgain() {
    while (!statuses.isOver) note(await signIn(service))
  }
  async function refreshAgainAndAgain() {
    let token: string | undefined
    while (!statuses.isOver) {
      const answer = note(await (token === undefined ? signIn(service, { username: 'bob' }) : refresh(service, token)))
      token = answer.body.refresh_token ?? token
    }
  }
  const loops = [signInAgainAndAgain(), signInAgainAndAgain(), refreshAgainAndAgain(), refreshAgainAndAgain()]
  return {
    succeeded: () => answered.get(200) ?? 0,
    async stop() {
      statuses.isOver = true
      await Promise.all(loops)
      return answered
    },
  }
}

t.test(
  `a server that crashes ${CRASHES} times ends no process, and is answered with 503 and nothing else`,
  { skip },
  async t => {
    const { server, service } = await vulnerable(t, '10s')
    const second = await serveOn(t, server.url, service.folder, '10s')
    const loads = [load(service), load(second)]
    const moreSucceed = () => {
      const before = loads.map(({ succeeded }) => succeeded())
      return until(async () => loads.every(({ succeeded }, at) => succeeded() > (before[at] ?? 0)))
    }
    for (let crash = 0; crash < CRASHES; crash += 1) {
      // However busy the machine is, it crashes in the middle of what succeeds.
      await moreSucceed()
      await server.crash()
    }
    // Who was refused a moment ago does not try again at once.
    await moreSucceed()
    for (const { stop } of loads) {
      const answered = await stop()
      t.strictSame([...answered.keys()].sort(), [200, 503], inspect(answered))
    }
    for (const each of [service, second]) {
      t.equal((await signIn(each)).status, 200)
      t.equal((await request(`${each.management}/readyz`)).status, 200)
    }
  },
)

t.test('a server that hangs is answered with 503 within seconds, and works when it goes on', { skip }, async t => {
  const { server, service } = await vulnerable(t)
  const { body } = await signIn(service)
  const timed = async (ask: () => Promise<Answer>) => {
    const beganAt = performance.now()
    isUnavailable(t, await ask())
    const took = performance.now() - beganAt
    t.ok(took < LONGEST_ANSWER_MS, `${Math.round(took)} ms`)
  }
  const thaw = await server.freeze()
  try {
    await Promise.all([
      timed(() => signIn(service)),
      timed(() => refresh(service, body.refresh_token)),
      timed(() => request(`${service.management}/readyz`)),
    ])
    await timed(() => signIn(service))
  } finally {
    thaw()
  }
  await until(async () => (await signIn(service)).status === 200)
  t.equal((await refresh(service, body.refresh_token)).status, 200)
  t.equal((await request(`${service.management}/readyz`)).status, 200)
})

t.test('a process can be stopped while the server hangs', { skip }, async t => {
  const server = await startPostgres()
  t.teardown(server.stop)
  const environment = { SIGNET_DATABASE_URL: server.url, SIGNET_DATABASE_TIMEOUT: '4s' }
  const program = await spawnService(t, temporaryFolder(t), environment)
  const thaw = await server.freeze()
  try {
    t.equal(await program.stop(), 0)
  } finally {
    thaw()
  }
})

t.test('a lock that somebody keeps is answered with 503 within seconds, also where only is read', async t => {
  const [url, folder] = [await migratedPostgres(t), temporaryFolder(t)]
  const unhurried = await serve(t, { folder, environment: { SIGNET_DATABASE_URL: url } })
  await addAlice(unhurried)
  const { body } = await signIn(unhurried)
  const service = await serveOn(t, url, folder)
  const beside = await connect(t, url)
  const asks = {
    audit_events: () => signIn(service),
    sessions: () => refresh(service, body.refresh_token),
    clients: () => refresh(service, body.refresh_token),
  }
  for (const [table, ask] of Object.entries(asks)) {
    await beside.query(`begin; lock table ${table} in access exclusive mode`)
    const beganAt = performance.now()
    isUnavailable(t, await ask())
    const took = performance.now() - beganAt
    t.ok(took < LONGEST_ANSWER_MS, `${table}: ${Math.round(took)} ms`)
    await beside.query('rollback')
  }
  t.equal((await refresh(unhurried, body.refresh_token)).status, 200, 'it was refused, and nothing was done')
})

t.test('a count that takes too long leaves a sign-in the time that it needs', async t => {
  const url = await migratedPostgres(t)
  const service = await serveOn(t, url, temporaryFolder(t), '6s')
  await addAlice(service)
  const beside = await connect(t, url)
  await beside.query(
    `create function late() returns trigger language plpgsql as 'begin perform pg_sleep(8); return new; end';
     create trigger late before insert on attempt_counters for each row execute function late()`,
  )
  t.equal((await signIn(service)).status, 200, 'it is counted in memory')
})

const open = async (t: Test) => openPostgres(t, await migratedPostgres(t))

t.test('a connection that is lost between two statements undoes the work, which is told, and no other', async t => {
  const { read, write, beside } = await open(t)
  const name = 'lost'
  const cutShort = write(async ({ roles }) => {
    await roles.insert({ name, permissions: ['a:b'] })
    await beside.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`,
    )
    await roles.find(name)
  })
  // What is told is why it was lost, and not that a rollback found it so.
  await t.rejects(cutShort, { name: 'StorageUnavailable', message: /administrator command \(57P01\)/ })
  t.equal(await read.roles.find(name), undefined)
  t.equal(await write(({ roles }) => roles.insert({ name, permissions: ['a:b'] })), true)
})

t.test('an error of the database says where it arose, and nothing of what was stored', async t => {
  const { write } = await open(t)
  const error = await write(({ sessions }) => sessions.insert(sessionOf('one'))).catch(error => error)
  t.match(error, { code: '23503', table: 'sessions', constraint: /^sessions_\w+_fkey$/ })
  t.notMatch(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }), /alice|web-app|handle-one/)
})

/** An empty database, for somebody who may look into it only. */
async function withoutRights(t: Test): Promise<string> {
  const url = await emptyPostgres(t)
  const [username, password] = [`signet_test_${process.pid}`, 'hunter2']
  const beside = await connect(t, url)
  await beside.query(`create role ${username} login password '${password}'`)
  t.teardown(() => beside.query(`drop role ${username}`))
  return Object.assign(new URL(url), { username, password }).href
}

t.test('a command that may not open the database says why in a sentence, and ends with 1', async t => {
  const url = new URL(await migratedPostgres(t))
  const refused = {
    'no such database': [Object.assign(new URL(url), { pathname: '/signet_nowhere' }), /does not exist \(3D000\)/],
    'a port on which nobody listens': [Object.assign(new URL(url), { port: '9' }), /connect ECONNREFUSED .*:9/],
    'a folder without a socket': [
      `postgres://app:hunter2@/d?host=${temporaryFolder(t)}`,
      /connect ENOENT .*PGSQL\.5432/,
    ],
    'a parameter that the server does not know': [
      Object.assign(new URL(url), { search: '?options=-c%20hunter2%3D1' }),
      /unrecognized configuration parameter "hunter2" \(42704\)/,
    ],
    'a schema in which nothing may be made': [
      await withoutRights(t),
      /permission denied for schema public \(42501\)\. .*GRANT USAGE, CREATE ON SCHEMA "public" TO "signet_test_\d+";/,
    ],
  } as const
  for (const [what, [href, says]] of Object.entries(refused)) {
    const { refuses } = await commandLine(t, { SIGNET_DATABASE_URL: String(href) })
    await t.test(what, () => refuses([{ words: ['migrate'], code: 1, says }]))
  }
})
