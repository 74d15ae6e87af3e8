import type { Test } from 'tap'
import { addedRoles } from '../../support/added-roles.ts'
import { type Engine, openMigrated, userOf } from './records.ts'

const editor = { name: 'editor', permissions: ['posts:write', 'posts:read'] }
const reader = { name: 'Reader', permissions: ['posts:read'] }

async function openWithRoles(t: Test, engine: Engine) {
  const database = await openMigrated(t, engine)
  await database.write(async ({ roles, users }) => {
    await roles.insert(editor)
    await roles.insert(reader)
    await users.insert(userOf('alice'))
    await users.insert(userOf('bob'))
  })
  return database
}

export function roleChecks(t: Test, engine: Engine): void {
  t.test('a role comes back with its permissions in their order', async t => {
    const { read } = await openWithRoles(t, engine)
    t.strictSame(await read.roles.find('editor'), editor)
    t.strictSame(await read.roles.find('Reader'), reader)
    t.equal(await read.roles.find('reader'), undefined)
  })

  t.test('roles are listed by name, capital letters first', async t => {
    const { read } = await openWithRoles(t, engine)
    t.strictSame(addedRoles(await read.roles.list()), [reader, editor])
  })

  t.test('the name of a role is given once, and the first role keeps its permissions', async t => {
    const { read, write } = await openWithRoles(t, engine)
    t.equal(await write(({ roles }) => roles.insert({ name: 'author', permissions: ['a:b'] })), true)
    t.equal(await write(({ roles }) => roles.insert({ name: 'editor', permissions: ['everything'] })), false)
    t.strictSame(await read.roles.find('editor'), editor)
  })

  t.test('new permissions replace those of one role', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(({ roles }) => roles.setPermissions('editor', ['posts:delete']))
    t.strictSame(addedRoles(await read.roles.list()), [reader, { name: 'editor', permissions: ['posts:delete'] }])
  })

  t.test('a user has the roles that were granted, by name, and nobody else has them', async t => {
    const { read, write } = await openWithRoles(t, engine)
    t.equal(await write(({ users }) => users.grantRole('user_alice', 'editor')), true)
    t.equal(await write(({ users }) => users.grantRole('user_alice', 'Reader')), true)
    t.equal(await write(({ users }) => users.grantRole('user_alice', 'editor')), false)
    t.strictSame(await read.users.rolesOf('user_alice'), [reader, editor])
    t.strictSame(await read.users.rolesOf('user_bob'), [])
  })

  t.test('revoking takes one role of one user', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(async ({ users }) => {
      for (const id of ['user_alice', 'user_bob']) await users.grantRole(id, 'editor')
      await users.grantRole('user_alice', 'Reader')
    })
    t.equal(await write(({ users }) => users.revokeRole('user_alice', 'editor')), true)
    t.equal(await write(({ users }) => users.revokeRole('user_alice', 'editor')), false)
    t.strictSame(await read.users.rolesOf('user_alice'), [reader])
    t.strictSame(await read.users.rolesOf('user_bob'), [editor])
  })

  t.test('those who have a role are found one after the other, in the order of their ids', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(async ({ users }) => {
      await users.insert(userOf('carol', { status: 'disabled' }))
      for (const id of ['user_carol', 'user_alice', 'user_bob']) await users.grantRole(id, 'editor')
      await users.grantRole('user_bob', 'Reader')
    })
    const next = (name: string, after: string) => write(({ roles }) => roles.nextUserOf(name, after))
    t.equal(await next('editor', ''), 'user_alice')
    t.equal(await next('editor', 'user_alice'), 'user_bob')
    t.equal(await next('editor', 'user_alice!'), 'user_bob')
    t.equal(await next('editor', 'user_bob'), 'user_carol')
    t.equal(await next('editor', 'user_carol'), undefined)
    t.equal(await next('Reader', ''), 'user_bob')
    t.equal(await next('Reader', 'user_bob'), undefined)
    t.equal(await next('reader', ''), undefined)
    t.strictSame(
      (await read.users.rolesOf('user_carol')).map(({ name }) => name),
      ['editor'],
    )
  })

  t.test('a role that gives nothing is found and listed by nobody, keeps its name and those who have it', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(async ({ roles, users }) => {
      await users.grantRole('user_alice', 'editor')
      await roles.setPermissions('editor', [])
    })
    t.equal(await read.roles.find('editor'), undefined)
    t.equal(await write(({ roles }) => roles.find('editor')), undefined)
    t.strictSame(addedRoles(await read.roles.list()), [reader])
    t.equal(await write(({ roles }) => roles.insert(editor)), false)
    t.equal(await write(({ roles }) => roles.nextUserOf('editor', '')), 'user_alice')
    t.strictSame(
      (await read.users.rolesOf('user_alice')).flatMap(({ permissions }) => permissions),
      [],
    )
  })

  t.test(
    'a role is deleted when it gives nothing, also from everybody, and does not come back with its name',
    async t => {
      const { read, write } = await openWithRoles(t, engine)
      await write(async ({ roles, users }) => {
        for (const id of ['user_alice', 'user_bob']) await users.grantRole(id, 'editor')
        await users.grantRole('user_alice', 'Reader')
        await roles.setPermissions('editor', [])
        await roles.deleteIfEmpty('editor')
      })
      t.equal(await write(({ roles }) => roles.insert(editor)), true)
      t.strictSame(addedRoles(await read.roles.list()), [reader, editor])
      t.strictSame(await read.users.rolesOf('user_alice'), [reader])
      t.strictSame(await read.users.rolesOf('user_bob'), [])
    },
  )

  t.test('a role that gives something is not deleted, nor another one that gives nothing', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(async ({ roles, users }) => {
      await users.grantRole('user_alice', 'editor')
      await users.grantRole('user_alice', 'Reader')
      await roles.setPermissions('Reader', [])
      for (const name of ['editor', 'reader', 'none']) await roles.deleteIfEmpty(name)
    })
    t.strictSame(addedRoles(await read.roles.list()), [editor])
    const user = await write(({ roles }) => roles.nextUserOf('Reader', ''))
    t.equal(user, 'user_alice', 'it is there, though nobody sees it')
    t.strictSame(await read.users.rolesOf('user_alice'), [editor])
  })

  t.test('only a role and a user that exist can be brought together', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await t.rejects(write(({ users }) => users.grantRole('user_alice', 'nothing')))
    await t.rejects(write(({ users }) => users.grantRole('user_nobody', 'editor')))
    t.strictSame(await read.users.rolesOf('user_alice'), [])
  })
}
