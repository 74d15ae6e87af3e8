import type { Test } from 'tap'
import { clientOf, type EmptyDatabase, type Engine, farMs, insertClient, openMigrated, secretOf } from './records.ts'

const [first, second] = [
  secretOf('first', { expiresAtMs: farMs + 1, lastUsedAtMs: farMs + 2 }),
  secretOf('second', { name: null, createdAtMs: farMs + 1 }),
]
const theirs = secretOf('theirs')

async function openWithSecrets(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openMigrated(t, engine)
  await database.write(async stores => {
    await insertClient(stores, clientOf('web-app', { secrets: [second, first] }))
    await insertClient(stores, clientOf('other', { secrets: [theirs] }))
  })
  return database
}

/** In every way to read a client; they are all the same. */
async function secrets({ read, write }: EmptyDatabase, clientId: string) {
  const ways = [
    (await read.clients.findByClientId(clientId))?.secrets,
    (await read.clients.find(clientId))?.secrets,
    (await write(({ clients }) => clients.find(clientId)))?.secrets,
    (await read.clients.list()).find(client => client.clientId === clientId)?.secrets,
  ]
  return ways
}
const everyWay = (one: unknown) => [one, one, one, one]

export function credentialChecks(t: Test, engine: Engine): void {
  t.test('secrets come with their client and no other, with every field, the oldest first', async t => {
    const database = await openWithSecrets(t, engine)
    t.strictSame(await secrets(database, 'web-app'), everyWay([first, second]))
    t.strictSame(await secrets(database, 'other'), everyWay([theirs]))
  })

  t.test('secrets of one moment come in the order of their ids', async t => {
    const database = await openMigrated(t, engine)
    const [a, b, c] = [secretOf('a'), secretOf('b'), secretOf('c')]
    await database.write(stores => insertClient(stores, clientOf('web-app', { secrets: [c, a, b] })))
    t.strictSame(await secrets(database, 'web-app'), everyWay([a, b, c]))
  })

  t.test('a secret that is revoked is shown no more; its row stays, and the others work', async t => {
    const database = await openWithSecrets(t, engine)
    await database.write(({ credentials }) => credentials.revoke('secret_first', farMs + 5))
    t.strictSame(await secrets(database, 'web-app'), everyWay([second]))
    t.strictSame(await secrets(database, 'other'), everyWay([theirs]))
    t.strictSame(await database.query('SELECT id, owner_id, hash, revoked_at_ms FROM credentials ORDER BY id'), [
      { id: 'secret_first', owner_id: 'client_web-app', hash: 'hash-of-first', revoked_at_ms: farMs + 5 },
      { id: 'secret_second', owner_id: 'client_web-app', hash: 'hash-of-second', revoked_at_ms: null },
      { id: 'secret_theirs', owner_id: 'client_other', hash: 'hash-of-theirs', revoked_at_ms: null },
    ])
  })

  t.test('the last use is written for one secret, in a work of one statement, and raises no revision', async t => {
    const database = await openWithSecrets(t, engine)
    await database.write(
      ({ credentials }) => credentials.setLastUsed('secret_second', farMs + 9, null),
      'one statement',
    )
    t.strictSame(await secrets(database, 'web-app'), everyWay([first, { ...second, lastUsedAtMs: farMs + 9 }]))
    t.strictSame(await secrets(database, 'other'), everyWay([theirs]))
    t.equal((await database.read.clients.revisionOf('web-app'))?.revision, 0)
  })

  t.test('the id of a secret is given once, also after it was revoked', async t => {
    const database = await openWithSecrets(t, engine)
    await database.write(({ credentials }) => credentials.revoke('secret_first', farMs))
    const again = database.write(({ credentials }) => credentials.insert('client_other', 'client_secret', first))
    await t.rejects(again)
    t.strictSame(await secrets(database, 'other'), everyWay([theirs]))
  })
}
