import type { Test } from 'tap'
import { clientOf, type Engine, farMs, openMigrated, userOf } from './records.ts'

const secrets = [{ id: 'secret_1', name: 'first', hash: 'h1', createdAtMs: farMs, expiresAtMs: farMs + 1 }]

async function openWithTwo(t: Test, engine: Engine) {
  const database = await openMigrated(t, engine)
  await database.write(async ({ users, clients }) => {
    await users.insert(userOf('alice', { status: 'disabled' }))
    await clients.insert(clientOf('web-app', { secrets }))
  })
  return database
}

export function standingChecks(t: Test, engine: Engine): void {
  t.test('the standing of two parties is what is stored of both', async t => {
    const { write } = await openWithTwo(t, engine)
    t.strictSame(await write(({ standing }) => standing.lock('user_alice', 'client_web-app')), {
      userStatus: 'disabled',
      passwordId: 'password_of-alice',
      clientStatus: 'active',
      clientSecrets: secrets,
    })
  })

  t.test('the standing shows what the same work has changed a moment before', async t => {
    const { write } = await openWithTwo(t, engine)
    const standing = await write(async ({ users, clients, standing }) => {
      await users.setStatus('user_alice', 'active')
      await users.setPassword('user_alice', { passwordHash: 'hash', passwordId: 'changed' })
      await clients.setStatus('client_web-app', 'deleted')
      await clients.setSecrets('client_web-app', [])
      return standing.lock('user_alice', 'client_web-app')
    })
    t.strictSame(standing, {
      userStatus: 'active',
      passwordId: 'changed',
      clientStatus: 'deleted',
      clientSecrets: [],
    })
  })

  t.test('two parties of which one does not exist have no standing', async t => {
    const { write } = await openWithTwo(t, engine)
    t.equal(await write(({ standing }) => standing.lock('user_alice', 'client_none')), undefined)
    t.equal(await write(({ standing }) => standing.lock('user_none', 'client_web-app')), undefined)
    t.equal(await write(({ standing }) => standing.lock('client_web-app', 'user_alice')), undefined)
  })
}
