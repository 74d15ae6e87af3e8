/**
 * What a service does again and again finds its rows by an index, however many there are: every statement that is prepared on the way.
 * SQLite has no statistics here, so it chooses the same plan for one row and for ten million.
 */
import Sqlite from 'better-sqlite3'
import { type Test, test } from 'tap'
import { addKey, addMachine, askAs, exchange, keyRevocation } from '../support/asking-machines.ts'
import { commandLine } from '../support/command-line.ts'
import { accepting, putBack, toRestore } from '../support/restore.ts'
import { scene } from '../support/scene.ts'
import { addAlice, byTest, type Service, secret, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { change, notOnPostgres, select } from '../support/sqlite.ts'

const skip = notOnPostgres('its plans depend on how many rows there are')

/** What is prepared from now on, by every connection. */
function listenToStatements(t: Test): Set<string> {
  const statements = new Set<string>()
  const { prepare } = Sqlite.prototype
  Sqlite.prototype.prepare = function (this: Sqlite.Database, text: string) {
    statements.add(text)
    return prepare.call(this, text)
  } as typeof prepare
  t.teardown(() => {
    Sqlite.prototype.prepare = prepare
  })
  return statements
}

/** Rows in the order of their making are what tests ask for; counters lie in another file. */
const isExplained = (statement: string): boolean =>
  /^\s*(select|insert|update|delete|with)\b/i.test(statement) &&
  !statement.endsWith('order by rowid') &&
  !statement.includes('attempt_counters')

/** `?`: SQLite plans before it knows the values. */
function planOf(file: string, statement: string): string {
  const values = statement.match(/\?/g)?.map(() => 1) ?? []
  return select(file, `explain query plan ${statement}`, ...values)
    .map(({ detail }) => detail)
    .join('\n')
}

/** Tables that grow with the people who use a service. */
const growing = '(users|user_roles|clients|client_origins|credentials|sessions|revocations|audit_events)'
const scan = new RegExp(`SCAN ${growing}\\b`)
/** No more rows are read than are asked for. */
const newestFirst = /order by ("\w+"\.)?("created_at_ms" desc, ("\w+"\.)?)?"id" desc limit \?$/
const sort = new RegExp(`SEARCH ${growing}[^]*USE TEMP B-TREE`)
/** What one user, client or credential has is not much. */
const ofOneOwner = /\((subject_id|owner_id|credential_id)=\?|client_origins_by_client \(client_id=\?/
const aboutSchema = /sqlite_master/

function assertByIndex(t: Test, file: string, statement: string): void {
  const plan = planOf(file, statement)
  if (aboutSchema.test(plan)) return
  if (!newestFirst.test(statement)) t.notMatch(plan, scan, statement)
  if (!ofOneOwner.test(plan)) t.notMatch(plan, sort, statement)
}

/** Machines, from their first token to the end of their rows. */
async function runMachines(service: Service, username: string): Promise<void> {
  for (const clientId of ['job', 'gateway']) await addMachine(service, clientId)
  const keys = [await addKey(service, { username }), await addKey(service, { clientId: 'job' })]
  const asks = [
    () => askAs(service, 'job'),
    ...keys.map(
      ({ text }) =>
        () =>
          exchange(service, text, 'gateway'),
    ),
  ]
  for (const [at, ask] of asks.entries()) {
    await ask()
    const token = (await ask()).body.access_token
    const client = [at === 0 ? 'job' : 'gateway', secret] as const
    await service.get('/oauth/introspect', { form: { token }, client: ['resource', secret] })
    await service.get('/oauth/revoke', { form: { token }, client })
    await ask()
  }
  const apiKeys = await service.container.apiKeys()
  for (const { id } of keys) await apiKeys.revoke(id, keyRevocation)
  await addKey(service, { username })
  await apiKeys.revokeAllOf({ username }, byTest)
  const { secrets } = await service.clients.find('job')
  await service.clients.removeSecret('job', secrets[0]?.id ?? '', byTest)
  await service.clients.update('gateway', { scope: ['posts:read'] }, byTest)
  await service.clients.setStatus('job', 'deleted', byTest)
}

test('what tokens, revocations, cascades and the janitor ask for is found by an index', { skip }, async t => {
  const folder = temporaryFolder(t)
  // The first start migrates, and migrations look at everything.
  await (await serve(t, { folder })).stop()
  const statements = listenToStatements(t)
  const environment = { SIGNET_SESSION_LIMIT: '2' }
  const { service, device, refreshed, refresh, revoke, introspect, as, parties } = await scene(t, {
    folder,
    environment,
  })
  const { json } = await commandLine(t, service.environment)

  const first = await device()
  await device()
  const kept = await device()
  const next = await refreshed(kept)
  await refresh(kept.refreshToken)
  await introspect(next.access)
  await revoke(next.access)
  await revoke((await refreshed(next)).refreshToken)
  await revoke(first.access)
  const { username, clientId, role } = await parties()
  const mine = await device({ username, clientId })
  await as(mine, 'GET', '/me/sessions')
  await as(mine, 'DELETE', `/me/sessions/${mine.sid}`)
  await runMachines(service, username)
  await service.roles.update({ name: role, permissions: ['posts:read'] }, byTest)
  await service.roles.delete(role, byTest)
  for (const words of [
    ['sessions', 'list'],
    ['sessions', 'list', '--user', username],
    ['sessions', 'list', '--client', clientId],
    ['sessions', 'revoke', '--user', username],
    ['sessions', 'revoke', '--client', clientId],
    ['sessions', 'revoke', '--user', username, '--client', clientId],
    ['clients', 'disable', clientId],
    ['clients', 'enable', clientId],
    ['users', 'disable', username],
    ['users', 'enable', username],
  ])
    await json(words)
  const [management, keys] = [await service.container.sessionManagement(), await service.container.apiKeys()]
  for (const filter of [{}, { subjectId: 'user_1' }, { clientId: 'client_1' }])
    await management.page(filter, 'session_0199', 2)
  for (const status of [undefined, 'active', 'expired', 'revoked'] as const)
    for (const owner of [{}, { userId: 'user_1' }, { clientId: 'gateway' }])
      await keys.page({ status, ...owner }, { atMs: 1, id: 'key_1' }, 2)
  await (await service.container.janitor()).sweep()

  const explained = [...statements].filter(isExplained)
  t.ok(explained.length > 40, 'the statements are seen')
  for (const statement of explained) assertByIndex(t, service.databaseFile, statement)
})

test('the dearest hash of another system is one row of an index, however many are left', { skip }, async t => {
  const service = await serve(t, { pause: async () => {} })
  await addAlice(service)
  const statements = listenToStatements(t)
  const imported = `{any-spelling}$2b$04$${'a'.repeat(21)}O${'a'.repeat(30)}O`
  change(service.databaseFile, "update users set password_hash = ?, hash_cost = 3 where username = 'alice'", imported)
  await signIn(service, { username: 'nobody' })
  const asked = [...statements].filter(text => text.startsWith('select') && /"hash_cost" (is not null|=)/.test(text))
  t.equal(asked.length, 2, 'the dearest, and one of this cost')
  for (const statement of asked) {
    const plan = planOf(service.databaseFile, statement)
    t.match(plan, /USING (COVERING )?INDEX users_by_hash_cost/)
    t.notMatch(plan, /TEMP B-TREE/)
  }
})

/** It is asked once for a restore, and says how many there are. */
const isCount = /^select .*count\(\*\)/

test('what the doctor, the janitor and a restore ask of all credentials is found by an index', { skip }, async t => {
  const { service, json, run, file } = await toRestore(t)
  const { api_key_id: id } = await json([
    'api-keys',
    'create',
    '--user',
    'alice',
    '--name',
    'a',
    '--scope',
    'posts:read',
  ])
  await json(['backup', file])
  await service.stop()
  putBack(file, service)

  const statements = listenToStatements(t)
  await run(['doctor'])
  await run(['doctor', '--accept-restore'])
  await json(accepting.drop)
  change(service.databaseFile, 'update credentials set revoked_at_ms = 1 where id = ?', id)
  const again = await serve(t, { folder: service.folder })
  await (await again.container.janitor()).sweep()
  const explained = [...statements].filter(text => isExplained(text) && /\bcredentials\b/.test(text))
  for (const verb of ['update', 'delete'])
    t.ok(
      explained.some(text => text.startsWith(verb)),
      `the ${verb} is seen`,
    )
  t.equal(explained.filter(text => isCount.test(text)).length, 1)
  for (const statement of explained) if (!isCount.test(statement)) assertByIndex(t, service.databaseFile, statement)
})

test('events of the audit are found by the index of what is asked for, in its order', { skip }, async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  await json(['clients', 'add', 'web'])
  const cases: readonly (readonly [index: string, words: readonly string[]])[] = [
    ['audit_events_by_time', []],
    ['audit_events_by_time', ['--since', '1d', '--type', 'user']],
    ['audit_events_by_user_id', ['--user', 'user_1']],
    [
      'audit_events_by_user_id',
      ['--user', 'user_1', '--client', 'web', '--address', '::1', '--since', '2d', '--until', '1d'],
    ],
    ['audit_events_by_name_hash', ['--user', 'nobody']],
    ['audit_events_by_actor', ['--user', 'user_1', '--since', '1d']],
    ['audit_events_by_actor', ['--client', 'web', '--outcome', 'failure']],
    ['audit_events_by_address', ['--address', '192.0.2.1', '--client', 'web', '--outcome', 'failure']],
    ['audit_events_by_client_id', ['--client', 'web', '--since', '1d']],
  ]
  const statements = listenToStatements(t)
  for (const [index, words] of cases) {
    statements.clear()
    await json(['audit', 'list', ...words])
    const explained = [...statements].filter(text => isExplained(text) && /from "audit_events"/.test(text))
    t.ok(explained.length > 0, 'the statements are seen')
    const plans = explained.map(statement => planOf(service.databaseFile, statement))
    t.ok(
      plans.some(plan => plan.includes(index)),
      `${words.join(' ')}: ${plans.join('\n')}`,
    )
    for (const plan of plans) {
      t.match(plan, /(SCAN|SEARCH) audit_events USING (COVERING )?INDEX audit_events_by_/)
      t.notMatch(plan, /TEMP B-TREE|SCAN (users|clients|acting)/, words.join(' '))
    }
  }
  statements.clear()
  const trail = await service.container.auditTrail()
  const stopping = new AbortController()
  for await (const _ of trail.follow({ address: '::1' }, 0, () => undefined, stopping.signal)) stopping.abort()
  const unsealed = [...statements].filter(text => /"seal" is null/.test(text))
  t.equal(unsealed.length, 1)
  t.match(
    planOf(service.databaseFile, unsealed[0] ?? ''),
    /SEARCH audit_events USING INDEX audit_events_by_seal \(seal=\? AND id>\?\)/,
  )
})
