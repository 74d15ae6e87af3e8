import type { Test } from 'tap'
import { type Engine, openMigrated, userOf } from './records.ts'

const editor = { name: 'editor', permissions: ['posts:write', 'posts:read'] }
const reader = { name: 'Reader', permissions: [] }

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
    t.strictSame(await read.roles.list(), [reader, editor])
  })

  t.test('the name of a role is given once, and the first role keeps its permissions', async t => {
    const { read, write } = await openWithRoles(t, engine)
    t.equal(await write(({ roles }) => roles.insert({ name: 'author', permissions: [] })), true)
    t.equal(await write(({ roles }) => roles.insert({ name: 'editor', permissions: ['everything'] })), false)
    t.strictSame(await read.roles.find('editor'), editor)
  })

  t.test('new permissions replace those of one role', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(({ roles }) => roles.setPermissions('editor', ['posts:delete']))
    t.strictSame(await read.roles.list(), [reader, { name: 'editor', permissions: ['posts:delete'] }])
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

  t.test('a role knows those who have it, and nobody else', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(async ({ users }) => {
      for (const id of ['user_alice', 'user_bob']) await users.grantRole(id, 'editor')
      await users.grantRole('user_bob', 'Reader')
    })
    t.strictSame((await read.roles.usersOf('editor')).toSorted(), ['user_alice', 'user_bob'])
    t.strictSame(await read.roles.usersOf('Reader'), ['user_bob'])
    t.strictSame(await read.roles.usersOf('reader'), [])
  })

  t.test('a deleted role is taken from everybody, and does not come back with a new one of its name', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await write(async ({ users }) => {
      for (const id of ['user_alice', 'user_bob']) await users.grantRole(id, 'editor')
      await users.grantRole('user_alice', 'Reader')
    })
    await write(({ roles }) => roles.delete('editor'))
    t.equal(await read.roles.find('editor'), undefined)
    t.equal(await write(({ roles }) => roles.insert(editor)), true)
    t.strictSame(await read.users.rolesOf('user_alice'), [reader])
    t.strictSame(await read.users.rolesOf('user_bob'), [])
  })

  t.test('only a role and a user that exist can be brought together', async t => {
    const { read, write } = await openWithRoles(t, engine)
    await t.rejects(write(({ users }) => users.grantRole('user_alice', 'nothing')))
    await t.rejects(write(({ users }) => users.grantRole('user_nobody', 'editor')))
    t.strictSame(await read.users.rolesOf('user_alice'), [])
  })
}
