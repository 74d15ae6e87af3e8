/** Credentials of every owner together: what operators are told of them, and how many are revoked or removed at once. */
import type { Test } from 'tap'
import {
  apiKeyOf,
  clientOf,
  type EmptyDatabase,
  type Engine,
  farMs,
  insertClient,
  openMigrated,
  secretOf,
  userOf,
} from './records.ts'

/** Nobody's at this moment. */
const nowMs = farMs + 100

/** Those that live, in the order of their ids; and others, each with a reason not to. */
async function openWithAll(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openMigrated(t, engine)
  await database.write(async stores => {
    const { users, clients, apiKeys, credentials } = stores
    for (const name of ['alice', 'gone']) await users.insert(userOf(name))
    const secrets = [
      secretOf('later', { createdAtMs: farMs + 30, expiresAtMs: nowMs + 50 }),
      secretOf('over', { expiresAtMs: nowMs }),
      secretOf('plain', { name: null, createdAtMs: farMs + 10 }),
      secretOf('removed', { expiresAtMs: nowMs + 20 }),
    ]
    await insertClient(stores, clientOf('web-app', { secrets }))
    await insertClient(stores, clientOf('old', { secrets: [secretOf('deleted', { expiresAtMs: nowMs + 20 })] }))
    await insertClient(stores, clientOf('off', { secrets: [secretOf('disabled', { expiresAtMs: nowMs + 1 })] }))
    const ofClient = { ownerId: 'client_web-app', createdAtMs: farMs + 30 }
    await apiKeys.insert(apiKeyOf('client', { ...ofClient, expiresAtMs: nowMs + 50 }))
    await apiKeys.insert(apiKeyOf('user', { createdAtMs: farMs + 20, expiresAtMs: nowMs + 49 }))
    await apiKeys.insert(apiKeyOf('deleted', { ownerId: 'user_gone', expiresAtMs: nowMs + 20 }))
    await apiKeys.insert(apiKeyOf('revoked', { revokedAtMs: farMs, expiresAtMs: nowMs + 20 }))
    await credentials.revoke('secret_removed', farMs)
    await clients.setStatus('client_old', 'deleted')
    await clients.setStatus('client_off', 'disabled')
    await users.setStatus('user_gone', 'deleted')
  })
  return database
}
const live = ['key_client', 'key_user', 'secret_disabled', 'secret_later', 'secret_plain']

const idsOf = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id)

export function credentialListChecks(t: Test, engine: Engine): void {
  t.test(
    'credentials that expire soon come in the order of their ends, and none that does not work any more',
    async t => {
      const { read } = await openWithAll(t, engine)
      const list = async (beforeMs: number, limit = 10) =>
        idsOf(await read.credentials.listExpiring(nowMs, beforeMs, limit))
      t.strictSame(await list(nowMs + 51), ['secret_disabled', 'key_user', 'key_client', 'secret_later'])
      t.strictSame(await list(nowMs + 51, 3), ['secret_disabled', 'key_user', 'key_client'])
      t.strictSame(await list(nowMs + 50), ['secret_disabled', 'key_user'])
      t.strictSame(await list(nowMs + 1), [])
    },
  )

  t.test('a credential is told of with its kind, its times and what its owner is called', async t => {
    const { read } = await openWithAll(t, engine)
    const [key, , , secret, plain] = await read.credentials.listLive(nowMs, '', 10)
    const ofClient = { ownerId: 'client_web-app', username: null, clientId: 'web-app' }
    const times = { createdAtMs: farMs + 30, expiresAtMs: nowMs + 50 }
    t.strictSame(key, { id: 'key_client', kind: 'api_key', name: 'client', ...ofClient, ...times })
    t.strictSame(secret, { id: 'secret_later', kind: 'client_secret', name: 'later', ...ofClient, ...times })
    const endless = { createdAtMs: farMs + 10, expiresAtMs: null }
    t.strictSame(plain, { id: 'secret_plain', kind: 'client_secret', name: null, ...ofClient, ...endless })
    const [, ofUser] = await read.credentials.listExpiring(nowMs, nowMs + 51, 2)
    t.match(ofUser, { id: 'key_user', ownerId: 'user_alice', username: 'alice', clientId: null })
  })

  t.test('those that live are counted by kind; where there are none, it is 0 of each', async t => {
    const { read } = await openWithAll(t, engine)
    t.strictSame(await read.credentials.countLive(nowMs), {
      client_secret: 3,
      client_key: 0,
      client_trust: 0,
      api_key: 2,
    })
    const empty = await openMigrated(t, engine)
    t.strictSame(await empty.read.credentials.countLive(nowMs), {
      client_secret: 0,
      client_key: 0,
      client_trust: 0,
      api_key: 0,
    })
  })

  t.test('the newest come first, however they are cut off', async t => {
    const { read } = await openWithAll(t, engine)
    const newest = ['secret_later', 'key_client', 'key_user', 'secret_plain', 'secret_disabled']
    for (const limit of [2, 4, 10])
      t.strictSame(idsOf(await read.credentials.listNewest(nowMs, limit)), newest.slice(0, limit))
  })

  t.test('pages of those that live show each once, in the order of the ids', async t => {
    const { read } = await openWithAll(t, engine)
    for (const size of [1, 2, 5, 6]) {
      const found: string[] = []
      for (let page: readonly string[] = ['']; page.length > 0; found.push(...page))
        page = idsOf(await read.credentials.listLive(nowMs, page.at(-1) ?? '', size))
      t.strictSame(found, live, `pages of ${size}`)
    }
  })

  t.test('of those that are to be revoked, each is revoked and told of once, and keeps its first time', async t => {
    const { read, write, query } = await openWithAll(t, engine)
    const asked = ['secret_plain', 'key_user', 'secret_removed', 'secret_none']
    const revoke = (ids: readonly string[], atMs: number) =>
      write(({ credentials }) => credentials.revokeSome(ids, atMs))
    t.strictSame(await revoke([], nowMs), [])
    const both = await Promise.all([revoke(asked, nowMs), revoke(asked.toReversed(), nowMs)])
    t.strictSame(both.flat(), ['key_user', 'secret_plain'])
    t.strictSame(await revoke(asked, nowMs + 1), [])
    t.strictSame(await query('SELECT id, revoked_at_ms FROM credentials WHERE revoked_at_ms IS NOT NULL ORDER BY id'), [
      { id: 'key_revoked', revoked_at_ms: farMs },
      { id: 'key_user', revoked_at_ms: nowMs },
      { id: 'secret_plain', revoked_at_ms: nowMs },
      { id: 'secret_removed', revoked_at_ms: farMs },
    ])
    t.strictSame(idsOf(await read.credentials.listLive(nowMs, '', 10)), [
      'key_client',
      'secret_disabled',
      'secret_later',
    ])
  })

  t.test('what was revoked or expired before a moment is removed, and nothing else', async t => {
    const { write, query } = await openWithAll(t, engine)
    const remove = (beforeMs: number) => write(({ credentials }) => credentials.removeOver(beforeMs, 100))
    const left = async () => (await query('SELECT id FROM credentials ORDER BY id')).map(({ id }) => id)
    const all = [...live, 'key_deleted', 'key_revoked', 'secret_deleted', 'secret_over', 'secret_removed'].toSorted()
    t.equal(await remove(farMs), 0)
    t.strictSame(await left(), all)
    t.equal(await remove(farMs + 1), 2)
    t.strictSame(
      await left(),
      all.filter(id => id !== 'key_revoked' && id !== 'secret_removed'),
      'revoked, whenever they would have expired',
    )
    t.equal(await remove(nowMs), 0)
    t.equal(await remove(nowMs + 1), 1)
    t.notOk((await left()).includes('secret_over'))
    t.equal(await remove(Number.MAX_SAFE_INTEGER), 6)
    t.strictSame(await left(), ['secret_plain'], 'what does not expire')
  })

  t.test(
    'no more is removed at once than is asked for, and of those who remove at once nobody counts what another did',
    async t => {
      const { write, query } = await openWithAll(t, engine)
      const remove = () => write(({ credentials }) => credentials.removeOver(Number.MAX_SAFE_INTEGER, 3))
      t.equal(await remove(), 3)
      t.strictSame((await query('SELECT id FROM credentials')).length, 7)
      const counts = await Promise.all([remove(), remove(), remove(), remove()])
      const left = (await query('SELECT id FROM credentials')).length
      t.equal(
        counts.reduce((sum, count) => sum + count),
        7 - left,
      )
      while ((await remove()) > 0);
      t.strictSame(await query('SELECT id FROM credentials'), [{ id: 'secret_plain' }])
    },
  )
}
