import type { Test } from 'tap'
import { clientOf, type Engine, farMs, openMigrated, openWithParties, sessionOf, userOf } from './records.ts'

const stored = {
  subjectStatus: 'disabled',
  passwordId: 'password_of-alice',
  subjectRevision: undefined,
  clientStatus: 'active',
  clientRevision: 3,
}

async function openWithTwo(t: Test, engine: Engine) {
  const database = await openMigrated(t, engine)
  await database.write(async ({ users, clients }) => {
    await users.insert(userOf('alice', { status: 'disabled' }))
    await clients.insert(clientOf('web-app', { revision: 3 }))
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
        await clients.raiseRevision('client_web-app')
        return standing[method]('user_alice', 'client_web-app')
      })
      t.strictSame(standing, {
        subjectStatus: 'active',
        passwordId: 'changed',
        subjectRevision: undefined,
        clientStatus: 'deleted',
        clientRevision: 5,
      })
    })

    t.test(`${method}: two parties of which one does not exist have no standing`, async t => {
      const { write } = await openWithTwo(t, engine)
      const standingOf = (userId: string, clientId: string) =>
        write(({ standing }) => standing[method](userId, clientId))
      t.equal(await standingOf('user_alice', 'client_none'), undefined)
      t.equal(await standingOf('user_none', 'client_web-app'), undefined)
      t.equal(await standingOf('client_web-app', 'user_alice'), undefined)
      t.equal(await standingOf('client_none', 'client_web-app'), undefined)
      t.equal(await standingOf('client_web-app', 'client_none'), undefined)
    })

    t.test(
      `${method}: a client that is the subject has a status and a revision of its own, and no password`,
      async t => {
        const { write } = await openWithTwo(t, engine)
        const standing = await write(async ({ clients, standing }) => {
          await clients.insert(clientOf('another', { status: 'disabled', revision: 7 }))
          return [
            await standing[method]('client_another', 'client_web-app'),
            await standing[method]('client_web-app', 'client_another'),
          ]
        })
        const [another, webApp] = [
          { status: 'disabled', revision: 7 },
          { status: 'active', revision: 3 },
        ] as const
        const of = (subject: typeof another | typeof webApp, client: typeof another | typeof webApp) => ({
          subjectStatus: subject.status,
          passwordId: undefined,
          subjectRevision: subject.revision,
          clientStatus: client.status,
          clientRevision: client.revision,
        })
        t.strictSame(standing, [of(another, webApp), of(webApp, another)])
      },
    )

    t.test(`${method}: a client that asks for itself stands twice`, async t => {
      const { write } = await openWithTwo(t, engine)
      t.strictSame(await write(({ standing }) => standing[method]('client_web-app', 'client_web-app')), {
        subjectStatus: 'active',
        passwordId: undefined,
        subjectRevision: 3,
        clientStatus: 'active',
        clientRevision: 3,
      })
    })
  }

  t.test('the standing is read also outside of a write, as it is at each moment', async t => {
    const { read, write } = await openWithTwo(t, engine)
    const find = () => read.standing.find('user_alice', 'client_web-app')
    t.strictSame(await find(), stored)
    await write(({ clients }) => clients.setStatus('client_web-app', 'disabled'))
    t.strictSame(await find(), { ...stored, clientStatus: 'disabled', clientRevision: 4 })
    t.equal(await read.standing.find('user_alice', 'client_none'), undefined)
  })

  t.test('who locks the standing of a user sees what everybody has written who locked it before', async t => {
    const { write } = await openWithParties(t, engine)
    const counts = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        write(async ({ sessions, standing }) => {
          // Through two clients: it is the user who is locked.
          const clientId = index % 2 === 0 ? 'client_web-app' : 'client_spa'
          await standing.lock('user_alice', clientId)
          const { length } = await sessions.list({ subjectId: 'user_alice' }, farMs, 100)
          await sessions.insert(sessionOf(`number-${index}`, { clientId }))
          return length
        }),
      ),
    )
    t.strictSame(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: 10 }, (_, index) => index),
    )
  })

  const parties: Readonly<Record<string, readonly [subjectId: string, changed: string]>> = {
    'a user': ['user_alice', 'user_alice'],
    'a client': ['user_alice', 'client_web-app'],
    'a client that is the subject': ['client_spa', 'client_spa'],
    'the client through which another one asks': ['client_spa', 'client_web-app'],
    'a client that asks for itself': ['client_web-app', 'client_web-app'],
  }
  for (const [whose, [subjectId, changed]] of Object.entries(parties)) {
    t.test(
      `${whose} is not changed while somebody has the standing locked: who changes it sees what they wrote`,
      async t => {
        const { read, write } = await openWithParties(t, engine)
        const clientId = 'client_web-app'
        let changing: Promise<boolean> | undefined
        const change = () =>
          write(async ({ clients, sessions, users }) => {
            const changes = changed.startsWith('user_') ? users : clients
            await changes.setStatus(changed, 'disabled')
            return sessions.hasOpen({ subjectId, clientId }, '')
          })
        await write(async ({ sessions, standing }) => {
          await standing.lock(subjectId, clientId)
          changing = change()
          // Long enough for a change that nothing holds back.
          for (let looks = 0; looks < 50; looks += 1) await read.clients.list()
          await sessions.insert(sessionOf('one', { subjectId, clientId }))
        })
        t.equal(await changing, true)
      },
    )
  }

  for (const [subjectId, clientId] of [
    ['client_spa', 'client_web-app'],
    ['client_web-app', 'client_spa'],
  ] as const) {
    t.test(`${subjectId} through ${clientId}: the first by the id is locked first`, async t => {
      // On SQLite one write comes after the other anyway.
      if (engine.name === 'SQLite') return
      const { read, write } = await openWithParties(t, engine)
      let locking: Promise<unknown> | undefined
      await write(async ({ clients }) => {
        await clients.raiseRevision('client_spa')
        // Who changes does not wait for it to be done; who reads afterwards does.
        await clients.list()
        locking = write(({ standing }) => standing.lock(subjectId, clientId))
        // Long enough for somebody who would take the other one first.
        for (let looks = 0; looks < 50; looks += 1) await read.clients.list()
        await write(({ clients }) => clients.raiseRevision('client_web-app'))
      })
      t.match(await locking, { subjectRevision: 1, clientRevision: 1 }, 'and it sees what was written meanwhile')
    })
  }

  t.test('two who lock the standing of two users with one client do not wait for each other', async t => {
    const { write } = await openWithParties(t, engine)
    // On SQLite one comes after the other anyway.
    if (engine.name === 'SQLite') return
    const inside = Promise.withResolvers<void>()
    const first = write(async ({ standing }) => {
      await standing.lock('user_alice', 'client_web-app')
      await inside.promise
    })
    await write(({ standing }) => standing.lock('user_bob', 'client_web-app')).finally(inside.resolve)
    await t.resolves(first)
  })
}
