import type { Test } from 'tap'
import { StorageUnavailable } from '../../../src/records/unit-of-work.ts'
import { addedRoles } from '../../support/added-roles.ts'
import { byTest } from '../../support/serve.ts'
import { ALL, asRead, type Engine, openMigrated, openWithParties, sessionOf, userOf } from './records.ts'

class Refused extends Error {
  override readonly name = 'Refused'
}

export function writeChecks(t: Test, engine: Engine): void {
  t.test('write answers what the work answers, once readers see what it did', async t => {
    const { read, write } = await openMigrated(t, engine)
    const answer = { any: 'thing' }
    const given = await write(async ({ users }) => {
      await users.insert(userOf('alice'))
      return answer
    })
    t.equal(given, answer)
    t.strictSame(await read.users.list({}, ALL), [{ ...userOf('alice'), roles: [] }])
  })

  t.test('a work reads what it wrote itself', async t => {
    const { write } = await openMigrated(t, engine)
    const seen = await write(async ({ roles, users }) => {
      await roles.insert({ name: 'editor', permissions: ['a:b'] })
      await users.insert(userOf('alice'))
      await users.grantRole('user_alice', 'editor')
      return { user: await users.findByKey('alice'), roles: await users.rolesOf('user_alice') }
    })
    t.strictSame(seen, { user: asRead(userOf('alice')), roles: [{ name: 'editor', permissions: ['a:b'] }] })
  })

  t.test('a work that throws leaves nothing behind, in any store, and its own error comes out', async t => {
    const { read, write, query } = await openWithParties(t, engine)
    const before = { users: await read.users.list({}, ALL), clients: await read.clients.list() }
    const failing = write(async stores => {
      await stores.users.setStatus('user_alice', 'deleted')
      await stores.users.insert(userOf('alice', { userId: 'user_second' }))
      await stores.clients.setStatus('client_spa', 'disabled')
      await stores.roles.insert({ name: 'editor', permissions: ['a:b'] })
      await stores.sessions.insert(sessionOf('one'))
      await stores.audit.append({ type: 'user.delete', outcome: 'success', provenance: byTest })
      throw new Refused()
    })
    await t.rejects(failing, Refused)
    t.strictSame({ users: await read.users.list({}, ALL), clients: await read.clients.list() }, before)
    t.strictSame(addedRoles(await read.roles.list()), [])
    t.strictSame(await query('SELECT id FROM sessions UNION ALL SELECT id FROM audit_events'), [])
  })

  t.test('a work that throws before its first statement is rejected like any other', async t => {
    const { write } = await openMigrated(t, engine)
    const throwing = () => {
      throw new Refused()
    }
    await t.rejects(write(throwing), Refused)
    t.equal(await write(async () => 'next'), 'next')
  })

  t.test('a work that throws does not disturb its neighbours', async t => {
    const { read, write } = await openMigrated(t, engine)
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const results = await Promise.allSettled(
      names.map((name, index) =>
        write(async ({ roles }) => {
          await roles.insert({ name, permissions: ['a:b'] })
          if (index % 2 === 1) throw new Refused(name)
          return name
        }),
      ),
    )
    t.strictSame(
      results.map(result => (result.status === 'fulfilled' ? result.value : String(result.reason.message))),
      names,
    )
    t.strictSame(
      addedRoles(await read.roles.list()).map(({ name }) => name),
      ['a', 'c', 'e'],
    )
  })

  t.test('a statement that the database refuses undoes its work and no other, and is no outage', async t => {
    const { read, write } = await openMigrated(t, engine)
    const [before, failing, after] = await Promise.allSettled([
      write(({ roles }) => roles.insert({ name: 'before', permissions: ['a:b'] })),
      write(async ({ roles, sessions }) => {
        await roles.insert({ name: 'undone', permissions: ['a:b'] })
        await sessions.insert(sessionOf('of nobody'))
      }),
      write(({ roles }) => roles.insert({ name: 'later', permissions: ['a:b'] })),
    ])
    t.match([before, after], [{ value: true }, { value: true }])
    t.ok(failing.status === 'rejected' && !(failing.reason instanceof StorageUnavailable))
    t.strictSame(
      addedRoles(await read.roles.list()).map(({ name }) => name),
      ['before', 'later'],
    )
  })

  t.test('writes that begin from within other writes, after and beside them, all arrive', async t => {
    const { read, write } = await openMigrated(t, engine)
    const insert = (name: string) => write(({ roles }) => roles.insert({ name, permissions: ['a:b'] }))
    async function branch(name: string): Promise<void> {
      t.equal(await insert(name), true)
      if (name.length < 4) await Promise.all([branch(`${name}0`), branch(`${name}1`)])
    }
    const started: Promise<boolean>[] = []
    await Promise.all([
      branch('r'),
      // Not awaited inside: a work that waits for another would wait for itself.
      write(async ({ roles }) => {
        await roles.insert({ name: 'outer', permissions: ['a:b'] })
        started.push(insert('inner'))
      }),
    ])
    t.strictSame(await Promise.all(started), [true])
    t.equal(addedRoles(await read.roles.list()).length, 1 + 2 + 4 + 8 + 2)
  })

  t.test('works see each other whole: a thousand counted, fifty at once, lose none', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ roles }) => roles.insert({ name: 'counter', permissions: ['0'] }))
    const increment = () =>
      write(async ({ roles }) => {
        const count = Number((await roles.find('counter'))?.permissions[0])
        await roles.setPermissions('counter', [String(count + 1)])
      })
    for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 50 }, increment))
    t.strictSame((await read.roles.find('counter'))?.permissions, ['1000'])
  })

  t.test('the database answers a ping', async t => {
    const { ping } = await openMigrated(t, engine)
    await t.resolves(ping())
  })
}
