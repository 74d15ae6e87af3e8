import type { Test } from 'tap'
import type { ApiKey, ApiKeySearch, ApiKeyStatus, OwnedApiKey } from '../../../src/records/api-key.ts'
import {
  ALL,
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

const full = apiKeyOf('full', {
  name: 'a “script” of mine',
  createdAtMs: farMs + 1,
  expiresAtMs: farMs + 2,
  revokedAtMs: farMs + 3,
  lastUsedAtMs: farMs + 4,
  lastUsedAddress: '2001:db8::1',
})
const plain = apiKeyOf('plain', { createdAtMs: farMs + 1, audiences: [] })
const first = apiKeyOf('first')
const ofClient = apiKeyOf('client', { ownerId: 'client_web-app' })
const ofBob = apiKeyOf('bob', { ownerId: 'user_bob' })

/** alice and bob, and a client, which has a secret, too. */
async function openWithOwners(t: Test, engine: Engine, keys: readonly ApiKey[]): Promise<EmptyDatabase> {
  const database = await openMigrated(t, engine)
  await database.write(async stores => {
    for (const name of ['alice', 'bob']) await stores.users.insert(userOf(name))
    await insertClient(stores, clientOf('web-app', { secrets: [secretOf('one')] }))
    for (const key of keys) await stores.apiKeys.insert(key)
  })
  return database
}
const openWithKeys = (t: Test, engine: Engine) => openWithOwners(t, engine, [full, plain, first, ofClient, ofBob])

const owned = (key: ApiKey, owner: Partial<OwnedApiKey>): OwnedApiKey => ({
  ...key,
  username: null,
  clientId: null,
  ...owner,
})
const listed = [
  owned(ofBob, { username: 'bob' }),
  owned(ofClient, { clientId: 'web-app' }),
  owned(first, { username: 'alice' }),
  owned(full, { username: 'alice' }),
  owned(plain, { username: 'alice' }),
]

const idsIn = async ({ query }: EmptyDatabase) =>
  (await query("SELECT id FROM credentials WHERE kind = 'api_key' ORDER BY id")).map(({ id }) => id)

export function apiKeyChecks(t: Test, engine: Engine): void {
  t.test(
    'an API key is found by its id with every field, also one that was revoked, inside a write and outside',
    async t => {
      const { read, write } = await openWithKeys(t, engine)
      for (const key of [full, plain, ofClient]) {
        t.strictSame(await read.apiKeys.find(key.id), key)
        t.strictSame(await write(({ apiKeys }) => apiKeys.find(key.id)), key)
      }
    },
  )

  t.test('what is no API key is not found as one', async t => {
    const { read, write } = await openWithKeys(t, engine)
    for (const id of ['secret_one', 'key_none', '']) {
      t.equal(await read.apiKeys.find(id), undefined)
      t.equal(await write(({ apiKeys }) => apiKeys.find(id)), undefined)
      t.strictSame(await read.apiKeys.list({ id }), [])
    }
  })

  t.test('keys are listed with the names of their owners, the oldest first, and every condition holds', async t => {
    const { read } = await openWithKeys(t, engine)
    const { list } = read.apiKeys
    t.strictSame(await list({}), listed)
    t.strictSame(await list({ id: undefined, ownerId: undefined }), listed)
    t.strictSame(await list({ ownerId: 'user_alice' }), listed.slice(2))
    t.strictSame(await list({ ownerId: 'client_web-app' }), listed.slice(1, 2))
    t.strictSame(await list({ id: full.id }), listed.slice(3, 4))
    t.strictSame(await list({ id: full.id, ownerId: 'user_alice' }), listed.slice(3, 4))
    t.strictSame(await list({ id: full.id, ownerId: 'user_bob' }), [])
  })

  t.test('pages hold each key that is meant once, the oldest first, whatever was made at the same moment', async t => {
    const over = apiKeyOf('over', { createdAtMs: farMs + 1, expiresAtMs: farMs + 5 })
    const { read, write } = await openWithOwners(t, engine, [full, plain, first, ofClient, ofBob, over])
    await write(({ credentials }) => credentials.insert('client_web-app', 'client_secret', secretOf('two')))
    const namesOf = (keys: readonly OwnedApiKey[]) => keys.map(({ name }) => name)
    const byName = new Map([full, plain, first, ofClient, ofBob, over].map(key => [key.name, key]))
    const sorted = ['bob', 'client', 'first', full.name, 'over', 'plain']
    const page = async (search: ApiKeySearch, after?: string | null, limit = ALL) => {
      const key = byName.get(after ?? null)
      return namesOf(await read.apiKeys.page(search, key && { atMs: key.createdAtMs, id: key.id }, limit))
    }
    t.strictSame(await read.apiKeys.page({}, undefined, 5), [...listed.slice(0, 4), owned(over, { username: 'alice' })])
    for (const [index, name] of sorted.entries()) {
      t.strictSame(await page({}, name), sorted.slice(index + 1))
      t.strictSame(await page({}, name, 2), sorted.slice(index + 1, index + 3))
    }
    t.strictSame(await page({ ownerIds: ['user_alice'] }), sorted.slice(2))
    t.strictSame(await page({ ownerIds: ['client_web-app', 'user_bob'] }, 'bob'), ['client'])
    t.strictSame(await page({ ownerIds: [] }), [])
    const withStatus = (is: ApiKeyStatus, nowMs: number) => page({ status: { is, nowMs } })
    t.strictSame(await withStatus('active', farMs + 4), ['bob', 'client', 'first', 'over', 'plain'])
    t.strictSame(await withStatus('active', farMs + 5), ['bob', 'client', 'first', 'plain'])
    t.strictSame(await withStatus('expired', farMs + 4), [])
    t.strictSame(await withStatus('expired', farMs + 5), ['over'])
    t.strictSame(await withStatus('revoked', farMs), [full.name], 'also one that would have expired')
    t.strictSame(await page({ ownerIds: ['user_bob'], status: { is: 'revoked', nowMs: farMs } }), [])
  })

  t.test('the id of a key is given once', async t => {
    const { read, write } = await openWithKeys(t, engine)
    await t.rejects(write(({ apiKeys }) => apiKeys.insert({ ...ofBob, id: full.id })))
    t.strictSame(await read.apiKeys.find(full.id), full)
  })

  t.test('all keys of an owner that work are revoked once, and nothing of anybody else, nor the secrets', async t => {
    const expired = apiKeyOf('expired', { expiresAtMs: farMs + 10 })
    const later = apiKeyOf('later', { expiresAtMs: farMs + 11 })
    const other = apiKeyOf('other', { ownerId: 'client_web-app' })
    const database = await openWithOwners(t, engine, [full, later, plain, expired, ofClient, other, ofBob])
    const { read, write } = database
    const revoke = (ownerId: string) => write(({ apiKeys }) => apiKeys.revokeAllOf(ownerId, farMs + 10))
    const both = await Promise.all([revoke('user_alice'), revoke('user_alice')])
    t.strictSame(both.flat(), ['key_later', 'key_plain'])
    t.strictSame(await revoke('user_nobody'), [])
    t.strictSame(await read.apiKeys.find('key_later'), { ...later, revokedAtMs: farMs + 10 })
    for (const kept of [full, expired, ofClient, ofBob]) t.strictSame(await read.apiKeys.find(kept.id), kept)
    t.strictSame(await revoke('client_web-app'), ['key_client', 'key_other'])
    t.equal((await read.clients.findByClientId('web-app'))?.secrets.length, 1)
  })

  t.test(
    'of what is over the oldest go, until no more than so many are left; what works stays, however many',
    async t => {
      const at = (age: number, more: Partial<ApiKey> = {}) => apiKeyOf(`${age}`, { createdAtMs: farMs + age, ...more })
      const revoked = { revokedAtMs: farMs }
      const keys = [
        ...[
          at(1, revoked),
          at(2),
          at(3, { expiresAtMs: farMs + 10 }),
          at(4, revoked),
          at(5, { expiresAtMs: farMs + 11 }),
        ],
        apiKeyOf('client', { ownerId: 'client_web-app', ...revoked }),
      ]
      const database = await openWithOwners(t, engine, keys)
      const left = async (most: number) => {
        await database.write(({ apiKeys }) => apiKeys.removeOldest('user_alice', most, farMs + 10))
        return idsIn(database)
      }
      t.strictSame(await left(5), ['key_1', 'key_2', 'key_3', 'key_4', 'key_5', 'key_client'])
      t.strictSame(await left(4), ['key_2', 'key_3', 'key_4', 'key_5', 'key_client'])
      t.strictSame(await left(3), ['key_2', 'key_4', 'key_5', 'key_client'])
      t.strictSame(await left(0), ['key_2', 'key_5', 'key_client'])
    },
  )
}
