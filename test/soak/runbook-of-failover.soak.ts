/** The runbook for a primary that is gone, followed command by command with a standby by streaming replication: what it promises is so. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { binOfPostgres, type Pair, startPair } from '../../bench/weather/pair.ts'
import { spawnService } from '../support/process.ts'
import { blocksOf, terminalIn } from '../support/runbooks.ts'
import { password, request, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const bin = binOfPostgres()
const skip = bin === undefined && "PostgreSQL's own initdb, pg_ctl and pg_basebackup are missing"
const [choose = '', promote = '', look = '', accept = '', acceptLoss = '', lookAgain = '', ...more] =
  blocksOf('failover')

/** An instance with its keys in the database, on which alice has signed in, and whoever follows the page. */
async function onPrimary(t: Test, isSynchronous: boolean) {
  const pair = await startPair(bin ?? '', { isSynchronous })
  t.teardown(pair.stop)
  const folder = temporaryFolder(t)
  const environment = {
    SIGNET_DATABASE_URL: pair.database.url,
    SIGNET_KEYS_STORE: 'database',
    SIGNET_KEY_ENCRYPTION_KEY: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
    SIGNET_KEYS_DIR: '/proc/nowhere',
  }
  const service = await spawnService(t, folder, environment)
  await service.cli(['users', 'add', 'alice', '--password-stdin'], password)
  const client = ['clients', 'add', 'page', '--public', '--grant', 'password', '--grant', 'refresh_token']
  const { code, stderr } = await service.cli([...client, '--scope', '*', '--audience', 'https://api.example.com'])
  if (code !== 0) throw new Error(stderr)
  const signIn = () => service.token({ grant_type: 'password', client_id: 'page', username: 'alice', password })
  let { refresh_token: token } = (await signIn()).body
  const programs = { psql: join(bin ?? '', 'psql') }
  const terminal = await terminalIn(t, folder, { ...environment, STANDBY: pair.standby }, programs)
  return {
    ...{ pair, service, terminal, signIn },
    async refresh() {
      const answer = await service.token({ grant_type: 'refresh_token', client_id: 'page', refresh_token: token })
      token = answer.body.refresh_token ?? token
      return answer
    },
  }
}

type Scene = Awaited<ReturnType<typeof onPrimary>>

async function failOver({ pair, service, terminal }: Scene) {
  await pair.losePrimary()
  await until(async () => (await request(`${service.management}/readyz`)).status === 503)
  t.match(await terminal(choose), /^ t +\|/m)
  t.match(await terminal(promote), /^ t$/m)
  pair.leadToStandby()
}

const isGone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}

/** It stopped serving, and ends when it was accepted that it did. */
async function beginsAnew(t: Test, { service, terminal }: Scene, act: string): Promise<string> {
  t.equal((await request(`${service.management}/readyz`)).status, 503)
  const says = await terminal(act)
  await until(async () => isGone(service.pid()))
  t.equal(await service.stop(), 1, 'its supervisor starts it again')
  await service.start()
  t.match(await terminal(lookAgain), /^ok +restore$/m)
  return says
}

const saysOf = (kind: string) => (scene: Scene) => until(async () => scene.service.log().includes(kind))
const isOnAnotherTimeline = saysOf('The server is on timeline ')
const isOlder = saysOf('The database is older than what was seen of it before')

t.test('the standby was synchronous: the instance goes on by itself', { skip }, async t => {
  t.strictSame(more, [])
  const scene = await onPrimary(t, true)
  await failOver(scene)
  await until(async () => (await scene.refresh()).status === 200)
  await until(async () => /^ok +restore$/m.test(await scene.terminal(look)))
  await t.rejects(scene.terminal(accept), { message: /there is no move to accept/ })
})

/** What was committed is on the standby, too. */
const caughtUp = ({ pair }: { pair: Pair }) =>
  until(async () => {
    const client = await pair.database.connect()
    const { rows } = await client.query('select replay_lsn = pg_current_wal_lsn() as is_there from pg_stat_replication')
    await client.end()
    return rows[0]?.is_there === true
  })

t.test('nothing is missing, and nobody could know: --accept-move ends no session', { skip }, async t => {
  const scene = await onPrimary(t, false)
  await scene.service.stop()
  await caughtUp(scene)
  await scene.pair.losePrimary()
  await scene.terminal(promote)
  scene.pair.leadToStandby()
  await t.rejects(scene.service.start(), { message: /The server is on timeline 2, and was on 1: .*--accept-move/s })
  t.match(await scene.terminal(look), /^PROBLEM +restore: The server is on timeline 2/m)
  await scene.terminal(accept)
  await scene.service.start()
  t.equal((await scene.refresh()).status, 200)
})

t.test('an instance that runs beside an asynchronous one stops serving until it is accepted', { skip }, async t => {
  const scene = await onPrimary(t, false)
  await failOver(scene)
  await isOnAnotherTimeline(scene)
  await beginsAnew(t, scene, accept)
  t.equal((await scene.refresh()).status, 200)
})

t.test('something is missing: it is accepted as a restore', { skip }, async t => {
  const scene = await onPrimary(t, false)
  await caughtUp(scene)
  await scene.pair.holdReplication()
  t.equal((await scene.service.cli(['keys', 'revoke', '--all', '--reason', 'test'])).code, 0)
  await saysOf('the signing keys changed')(scene)
  t.equal((await scene.refresh()).status, 200)
  await failOver(scene)
  await isOlder(scene)
  t.match(await scene.terminal(look), /^PROBLEM +restore: /m)
  t.match(await beginsAnew(t, scene, acceptLoss), /^Accepted the restore: 1 session ended/m)
  t.equal((await scene.refresh()).body.error, 'invalid_grant')
  t.equal((await scene.signIn()).status, 200)
})
