import { type Test, test } from 'tap'
import { isListed, scene, type Tokens } from '../support/scene.ts'
import { serve, signIn } from '../support/serve.ts'
import { auditedBy, changeEach, notOnPostgres, select } from '../support/sqlite.ts'
import { storedRevocations } from '../support/status-list.ts'

const minute = 60_000
const idleTtl = 14 * 24 * 3_600_000

async function limitedTo(t: Test, limit: string | undefined) {
  const environment: Record<string, string> = limit === undefined ? {} : { SIGNET_SESSION_LIMIT: limit }
  const account = await scene(t, { environment })
  return {
    ...account,
    /** A sign-in a minute after everything before it. */
    async later(signIn?: Parameters<typeof account.device>[0]): Promise<Tokens> {
      account.clock.advance(minute)
      return account.device(signIn)
    },
    /** Why each session ended, in the order of the sign-ins; null: it goes on. */
    reasons: (): unknown[] =>
      select(account.service.databaseFile, 'select end_reason from sessions order by rowid').map(
        row => row['end_reason'],
      ),
  }
}

test('the sign-in above the limit ends the session that was used the longest ago, whenever it began', {
  skip: notOnPostgres('its own clock tells when a session was used'),
}, async t => {
  const { later, refresh, as, clock, reasons } = await limitedTo(t, '3')
  const [first, second, third] = [await later(), await later(), await later()]
  clock.advance(minute)
  t.equal((await refresh(first.refreshToken)).status, 200)
  const fourth = await later()
  t.same(reasons(), [null, 'session_limit', null, null])

  t.equal((await refresh(second.refreshToken)).body.error, 'invalid_grant')
  t.equal((await as(second, 'GET', '/me')).status, 401)
  t.equal(await isListed(second.access), true, 'resource services are told')
  for (const { access } of [first, third, fourth]) {
    t.equal((await as({ access }, 'GET', '/me')).status, 200)
    t.equal(await isListed(access), false)
  }

  await later()
  t.same(reasons(), [null, 'session_limit', 'session_limit', null, null], 'the next one: one goes, one comes')
})

test('the audit says which session ended, why, and by whose sign-in', async t => {
  const { later, userId, accountId, appendedLike, fresh } = await limitedTo(t, '1')
  const first = await later()
  await fresh()
  const second = await later({ headers: { 'user-agent': 'a telephone' } })
  const who = { user_id: userId, client_id: accountId, actor: 'client', user_agent: 'a telephone', outcome: 'success' }
  await appendedLike(
    { ...who, type: 'session.end', reason: 'session_limit', session_id: first.sid },
    { ...who, type: 'user.sign_in', reason: null, session_id: second.sid },
  )
})

test('the limit is for each user and each client', async t => {
  const { later, reasons } = await limitedTo(t, '1')
  await later()
  await later({ clientId: 'web-app' })
  await later({ username: 'bob' })
  await later({ username: 'bob', clientId: 'web-app' })
  t.same(reasons(), [null, null, null, null])
  await later({ username: 'bob' })
  t.same(reasons(), [null, null, 'session_limit', null, null])
})

test('what has ended does not count', async t => {
  const { later, revoke, reasons } = await limitedTo(t, '2')
  const [first] = [await later(), await later()]
  await revoke(first.refreshToken)
  await later()
  t.same(reasons(), ['token_revoked', null, null])
})

test('what has expired does not count, nor is it ended again', async t => {
  const { later, clock, reasons } = await limitedTo(t, '2')
  await later()
  await later()
  clock.advance(idleTtl - 2 * minute)
  await later()
  t.same(reasons(), [null, null, null], 'the first is over since this moment')
  await later()
  t.same(reasons(), [null, null, null, null], 'and now the second')
  await later()
  t.same(reasons(), [null, null, 'session_limit', null, null])
})

test('a sign-in that fails ends nothing', async t => {
  const { later, attempt, reasons } = await limitedTo(t, '1')
  await later()
  t.equal((await attempt({ password: 'wrong battery staple 11' })).status, 400)
  t.same(reasons(), [null])
})

test('sign-ins at the same moment stay within the limit', async t => {
  const { device, reasons } = await limitedTo(t, '5')
  // More at once from one network would look like guesses.
  const devices = await Promise.all(Array.from({ length: 10 }, () => device()))
  const over = reasons().filter(reason => reason === 'session_limit')
  t.same([reasons().length, over.length], [10, 5])
  const listed = await Promise.all(devices.map(({ access }) => isListed(access)))
  t.equal(listed.filter(Boolean).length, 5, 'with their access tokens')
})

test('the limit is 50 when it is not set', async t => {
  const { later, reasons } = await limitedTo(t, undefined)
  for (let count = 0; count < 50; count += 1) await later()
  t.same(reasons(), Array(50).fill(null))
  await later()
  t.same(reasons(), ['session_limit', ...Array(50).fill(null)])
})

test('a limit that was lowered holds from the next sign-in on', async t => {
  const { service, later, clock, reasons } = await limitedTo(t, '5')
  for (let count = 0; count < 5; count += 1) await later({ clientId: 'web-app' })
  await service.stop()
  const { folder } = service
  const environment = { SIGNET_SESSION_LIMIT: '2' }
  const stricter = await serve(t, { folder, environment, clock })
  t.same(reasons(), [null, null, null, null, null])
  t.equal((await signIn(stricter)).status, 200)
  t.same(reasons(), [...Array(4).fill('session_limit'), null, null])
})

test('of many more than a limit that was lowered, a sign-in ends 200, the idlest, and the next ones the others', async t => {
  const { service, later, device, clock, reasons } = await limitedTo(t, '10')
  await device()
  const [row = {}] = select(service.databaseFile, 'select * from sessions')
  const names = Object.keys(row)
  // In an order that is neither that of the ids nor that in which they were written.
  const usedAt = (number: number) => clock.now() - minute - ((number * 7) % 499) * 1000
  changeEach(
    service.databaseFile,
    `insert into sessions (${names}) values (${names.map(() => '?')})`,
    Array.from({ length: 499 }, (_, number) => {
      const times = { created_at_ms: clock.now() - idleTtl / 2, rotated_at_ms: usedAt(number) }
      const own = { id: `session_${number}`, handle_hash: `handle ${number}`, status_index: 2 ** 19 + number }
      return Object.values({ ...row, ...times, ...own })
    }),
  )
  const byUse = select(service.databaseFile, 'select id from sessions order by coalesce(rotated_at_ms, created_at_ms)')
  const ended = () => new Set(select(service.databaseFile, 'select id from sessions where ended_at_ms > 0').map(idOf))

  const audited = await auditedBy(service, () => later())
  t.equal(audited.filter(event => event === 'session.end success session_limit').length, 200)
  t.same(ended(), new Set(byUse.slice(0, 200).map(idOf)), 'the idlest')
  t.equal(storedRevocations(service.databaseFile).length, 200, 'with their access tokens')
  await later()
  t.same(ended(), new Set(byUse.slice(0, 400).map(idOf)))
  await later()
  t.equal(reasons().filter(reason => reason === null).length, 10, 'until the limit holds')
  t.same(ended(), new Set(byUse.slice(0, 493).map(idOf)))
})

const idOf = (row: Readonly<Record<string, unknown>>): unknown => row['id']
