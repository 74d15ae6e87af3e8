import type { Test } from 'tap'
import { clientOf, type Engine, farMs, openMigrated, userOf } from './records.ts'

const secrets = [{ id: 'secret_1', name: 'first', hash: 'h1', createdAtMs: farMs, expiresAtMs: farMs + 1 }]

const stored = {
  userStatus: 'disabled',
  passwordId: 'password_of-alice',
  clientStatus: 'active',
  clientSecrets: secrets,
}

async function openWithTwo(t: Test, engine: Engine) {
  const database = await openMigrated(t, engine)
  await database.write(async ({ users, clients }) => {
    await users.insert(userOf('alice', { status: 'disabled' }))
    await clients.insert(clientOf('web-app', { secrets }))
  })
  return database
}

export function standingChecks(t: Test, engine: Engine): void {
  for (const method of ['find', 'lock'] as const) {
    t.test(`${method}: the standing of two parties is what is stored of both`, async t => {
      const { write } = await openWithTwo(t, engine)
      t.strictSame(await write(({ standing }) => standing[method]('user_alice', 'client_web-app')), stored)
    })

    t.test(`${method}: the standing shows what the same work has changed a moment before`, async t => {
      const { write } = await openWithTwo(t, engine)
      const standing = await write(async ({ users, clients, standing }) => {
        await users.setStatus('user_alice', 'active')
        await users.setPassword('user_alice', { passwordHash: 'hash', passwordId: 'changed' })
        await clients.setStatus('client_web-app', 'deleted')
        await clients.setSecrets('client_web-app', [])
        return standing[method]('user_alice', 'client_web-app')
      })
      t.strictSame(standing, {
        userStatus: 'active',
        passwordId: 'changed',
        clientStatus: 'deleted',
        clientSecrets: [],
      })
    })

    t.test(`${method}: two parties of which one does not exist have no standing`, async t => {
      const { write } = await openWithTwo(t, engine)
      const standingOf = (userId: string, clientId: string) =>
        write(({ standing }) => standing[method](userId, clientId))
      t.equal(await standingOf('user_alice', 'client_none'), undefined)
      t.equal(await standingOf('user_none', 'client_web-app'), undefined)
      t.equal(await standingOf('client_web-app', 'user_alice'), undefined)
    })
  }

  t.test('the standing is read also outside of a write, as it is at each moment', async t => {
    const { read, write } = await openWithTwo(t, engine)
    const find = () => read.standing.find('user_alice', 'client_web-app')
    t.strictSame(await find(), stored)
    await write(({ clients }) => clients.setStatus('client_web-app', 'disabled'))
    t.strictSame(await find(), { ...stored, clientStatus: 'disabled' })
    t.equal(await read.standing.find('user_alice', 'client_none'), undefined)
  })
}
