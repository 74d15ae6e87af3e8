/** Works that promise to be one statement: they cost less, because nothing else has to be undone with it. */
import type { Test } from 'tap'
import { addedRoles } from '../../support/added-roles.ts'
import { clientOf, type Engine, openMigrated, openWithParties, sessionOf, statusOf } from './records.ts'
import { asBegun, rotation } from './session-rotation.ts'

const role = (name: string) => ({ name, permissions: ['a:b'] })
const secondStatement = { message: 'A work of one statement ran a second one.' }

export function oneStatementChecks(t: Test, engine: Engine): void {
  t.test('a work of one statement is stored, and answers what it answers', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    const rotate = () =>
      write(({ sessions }) => sessions.rotate(asBegun, rotation, statusOf(1), false), 'one statement')
    t.equal(await rotate(), true)
    t.equal(await rotate(), false, 'the secret was used')
    t.equal((await read.sessions.findFamily('handle-one'))?.currentHash, 'second-one')
    t.equal(await write(({ roles }) => roles.insert(role('editor')), 'one statement'), true)
    t.strictSame(addedRoles(await read.roles.list()), [role('editor')])
  })

  t.test('a second statement is refused, however it is written, and nothing of it stays', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    const seconds = [
      write(async ({ credentials }) => {
        await credentials.setLastUsed('secret_none', 1, null)
        await credentials.setLastUsed('secret_none', 2, null)
      }, 'one statement'),
      write(async ({ credentials, roles }) => {
        await credentials.setLastUsed('secret_none', 1, null)
        await roles.insert(role('late'))
      }, 'one statement'),
      write(async ({ roles, users }) => {
        await roles.find('none')
        await users.setStatus('user_alice', 'disabled')
      }, 'one statement'),
      write(async ({ sessions }) => {
        await sessions.isAsRead(asBegun)
        await sessions.rotate(asBegun, rotation, statusOf(1), false)
      }, 'one statement'),
      // A single call of several statements.
      write(
        ({ clients }) => clients.insert(clientOf('late', { origins: ['https://late.example.com'] })),
        'one statement',
      ),
    ]
    for (const second of await Promise.allSettled(seconds)) t.match(second, { reason: secondStatement })
    t.strictSame(addedRoles(await read.roles.list()), [])
    t.equal((await read.users.findById('user_alice'))?.status, 'active')
    t.strictSame(await read.clients.originsOf('client_late'), [])
    t.equal((await read.sessions.findFamily('handle-one'))?.currentHash, 'first-one')
  })

  t.test('the next work of one statement begins anew, also after one that was refused', async t => {
    const { write } = await openMigrated(t, engine)
    const twice = write(async ({ credentials }) => {
      await credentials.setLastUsed('secret_none', 1, null)
      await credentials.setLastUsed('secret_none', 1, null)
    }, 'one statement')
    const once = () => write(({ credentials }) => credentials.setLastUsed('secret_none', 1, null), 'one statement')
    const results = await Promise.allSettled([once(), twice, once(), once()])
    t.strictSame(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
  })

  t.test('works of one statement and others that come together are each done or undone by themselves', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    const results = await Promise.allSettled([
      write(({ roles }) => roles.insert(role('before'))),
      write(({ sessions }) => sessions.rotate(asBegun, rotation, statusOf(1), false), 'one statement'),
      write(async ({ roles }) => {
        await roles.insert(role('undone'))
        throw new Error('refused')
      }),
      // Fails by itself: there is no such client.
      write(({ sessions }) => sessions.insert(sessionOf('two', { clientId: 'client_none' })), 'one statement'),
      write(async ({ roles, users }) => {
        await users.setStatus('user_bob', 'disabled')
        await roles.insert(role('after'))
      }),
      write(({ roles }) => roles.insert(role('single')), 'one statement'),
    ])
    t.strictSame(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'],
    )
    t.strictSame(
      addedRoles(await read.roles.list()).map(({ name }) => name),
      ['after', 'before', 'single'],
    )
    t.equal((await read.sessions.findFamily('handle-one'))?.currentHash, 'second-one')
    t.equal(await read.sessions.find('session_two'), undefined)
    t.equal((await read.users.findById('user_bob'))?.status, 'disabled')
  })
}
