/** How many API keys an owner may have: 50 that work, ten made an hour, 200 kept. */
import t from 'tap'
import { copyKey, type Machines, machines } from '../support/machines.ts'
import { auditedBy, select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const hour = 3_600_000
const ofAlice = ['api-keys', 'create', '--user', 'alice', '--name', 'ci', '--scope', 'posts:read']
const tooMany = { words: ofAlice, code: 1, says: /^At most 10 API keys are made an hour for one owner\.\n$/ } as const
const enough = {
  words: ofAlice,
  code: 1,
  says: /^An owner has at most 50 API keys that work: revoke one first\.\n$/,
} as const

const idsOf = ({ service, userId }: Machines): readonly string[] =>
  select(
    service.databaseFile,
    "select id from credentials where kind = 'api_key' and owner_id = ? order by created_at_ms, id",
    userId,
  ).map(row => row['id'])

t.test('ten are made an hour for one owner, whatever became of them, and for the next owner ten more', async t => {
  const its = await machines(t)
  const { make, json, refuses, clock, service } = its
  await make()
  clock.advance(60_000)
  for (let made = 1; made < 10; made += 1) await make()
  await json(['api-keys', 'revoke', '--user', 'alice'])
  const events = await auditedBy(service, () => refuses([tooMany]))
  t.same(events, [], 'a refusal writes nothing')
  await make({ owner: ['--user', 'bob'] })
  await make({ owner: ['--client', 'worker'] })
  clock.advance(hour - 60_000 - 1)
  await refuses([tooMany])
  clock.advance(1)
  await make()
  await refuses([tooMany])
  t.equal(idsOf(its).length, 11)
})

t.test('a clock that was set back keeps nobody from making keys for longer', async t => {
  const { make, refuses, clock } = await machines(t)
  for (let made = 0; made < 10; made += 1) await make()
  clock.advance(-30 * 24 * hour)
  for (let made = 0; made < 10; made += 1) await make()
  await refuses([tooMany])
  clock.advance(hour)
  await make()
})

t.test('50 that work are enough; one that was revoked or has expired makes room', async t => {
  const its = await machines(t)
  const { make, json, refuses, clock } = its
  const one = await make()
  const anHourAgo = clock.now() - 2 * hour
  copyKey(its, one, 3, anHourAgo, { revoked: anHourAgo })
  copyKey(its, one, 3, anHourAgo, { expires: clock.now() })
  copyKey(its, one, 1, anHourAgo, { expires: clock.now() + 1 })
  copyKey(its, one, 47, anHourAgo)
  const last = await make()
  t.equal((await json(['api-keys', 'list', '--user', 'alice'])).length, 56)
  await refuses([enough])
  await make({ owner: ['--user', 'bob'] })
  await json(['api-keys', 'revoke', last.api_key_id])
  const again = await make()
  await refuses([enough])
  clock.advance(1)
  await make()
  await refuses([enough])
  await json(['api-keys', 'revoke', again.api_key_id])
  await make()
})

t.test('of several that are made at once, none goes beyond a limit', async t => {
  const its = await machines(t)
  const { run, make, clock } = its
  const atOnce = async (owner: readonly string[]) => {
    const words = ['api-keys', 'create', ...owner, '--name', 'ci', '--scope', 'posts:read']
    return (await Promise.all([1, 2, 3].map(() => run(words)))).map(({ code }) => code).sort()
  }
  const one = await make()
  for (let made = 1; made < 8; made += 1) await make()
  t.same(await atOnce(['--user', 'alice']), [0, 0, 1], 'ten an hour')
  const ofWorker = await make({ owner: ['--client', 'worker'] })
  copyKey(its, ofWorker, 48, clock.now() - 2 * hour)
  t.same(await atOnce(['--client', 'worker']), [0, 1, 1], '50 that work')
  t.ok(one.api_key_id)
})

t.test('200 are kept: the oldest that are over give way, and what works never does', async t => {
  const its = await machines(t)
  const { make, clock, refuses, json } = its
  const one = await make({ more: ['--expires', 'never'] })
  const before = clock.now() - 2 * hour
  const alive = copyKey(its, one, 2, before - hour)
  const over = copyKey(its, one, 196, before, { revoked: before })
  t.equal(idsOf(its).length, 199)
  await make()
  t.equal(idsOf(its).length, 200)
  await make()
  const left = idsOf(its)
  t.equal(left.length, 200)
  t.notOk(left.includes(over.at(-1) as string), 'the oldest that was over')
  t.ok(left.includes(over.at(-2) as string))
  for (const id of [one.api_key_id, ...alive]) t.ok(left.includes(id), 'older, and it works')
  await refuses([{ words: ['api-keys', 'show', over.at(-1) as string], code: 1, says: /^There is no such API key/ }])

  copyKey(its, one, 60, before, { expires: before })
  await make()
  t.equal(idsOf(its).length, 200, 'also when there were many more')
  t.equal((await json(['api-keys', 'list', '--user', 'alice'])).length, 200)
})
