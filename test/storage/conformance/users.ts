import type { Test } from 'tap'
import { StorageConflict } from '../../../src/records/unit-of-work.ts'
import { ALL, asRead, type Engine, openMigrated, userOf } from './records.ts'

const listed = (user: object) => ({ ...user, roles: [] })

export function userChecks(t: Test, engine: Engine): void {
  t.test('a user comes back with every field as it was stored', async t => {
    const { read, write } = await openMigrated(t, engine)
    const user = userOf('ＡＬＩＣＥ', {
      ...{ userId: 'user_1', usernameKey: 'alice', status: 'disabled', passwordHash: '$argon2id$v=19$…' },
    })
    t.equal(await write(({ users }) => users.insert(user)), true)
    t.strictSame(await read.users.findByKey('alice'), asRead(user))
    t.strictSame(await read.users.list({}, ALL), [listed(user)])
  })

  t.test('a user is found by the key of the name and by nothing else', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ users }) => users.insert(userOf('Alice')))
    t.ok(await read.users.findByKey('alice'))
    t.equal(await read.users.findByKey('Alice'), undefined)
    t.equal(await read.users.findByKey('bob'), undefined)
  })

  t.test('a user is found by the id and by nothing else, until the deletion', async t => {
    const { read, write } = await openMigrated(t, engine)
    const alice = userOf('alice', { status: 'disabled' })
    await write(async ({ users }) => {
      await users.insert(alice)
      await users.insert(userOf('bob'))
    })
    t.strictSame(await read.users.findById('user_alice'), asRead(alice))
    t.strictSame(await write(({ users }) => users.findById('user_alice')), asRead(alice))
    for (const other of ['alice', 'user_nobody', '']) t.equal(await read.users.findById(other), undefined)
    await write(({ users }) => users.setStatus('user_alice', 'deleted'))
    t.equal(await read.users.findById('user_alice'), undefined)
    t.equal(await write(({ users }) => users.findById('user_alice')), undefined)
  })

  t.test('a name is given once, also while its user is disabled, and the first user is untouched', async t => {
    const { read, write } = await openMigrated(t, engine)
    const first = userOf('alice', { status: 'disabled' })
    await write(({ users }) => users.insert(first))
    t.equal(await write(({ users }) => users.insert(userOf('alice', { userId: 'user_other' }))), false)
    t.strictSame(await read.users.list({}, ALL), [listed(first)])
  })

  t.test('deletion frees the name: the new user is found, the deleted one never again', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ users }) => users.insert(userOf('alice')))
    await write(({ users }) => users.setStatus('user_alice', 'deleted'))
    t.equal(await read.users.findByKey('alice'), undefined)
    t.strictSame(await read.users.list({}, ALL), [])
    const second = userOf('alice', { userId: 'user_second' })
    t.equal(await write(({ users }) => users.insert(second)), true)
    t.strictSame(await read.users.findByKey('alice'), asRead(second))
    t.strictSame(await read.users.list({}, ALL), [listed(second)])
  })

  t.test(
    'a renamed user is found by the new key alone, and who had a name is known by every name there was',
    async t => {
      const { read, write } = await openMigrated(t, engine)
      const [alice, bob] = [userOf('alice'), userOf('bob')]
      await write(async ({ users }) => {
        await users.insert(alice)
        await users.insert(bob)
      })
      const rename = (from: string, username: string, usernameKey = username) =>
        write(({ users }) => users.rename('user_alice', from, { username, usernameKey }))
      t.equal(await rename('alice', 'Al', 'al'), true)
      t.equal(await read.users.findByKey('alice'), undefined)
      t.strictSame(await read.users.findByKey('al'), { ...asRead(alice), username: 'Al' })
      t.equal(await rename('al', 'bob'), false)
      t.strictSame(await read.users.findByKey('al'), { ...asRead(alice), username: 'Al' }, 'nothing was changed')
      t.equal(await rename('al', 'AL', 'al'), true, 'its own')
      t.equal(await rename('al', 'alice'), true)
      t.equal(await rename('alice', 'al'), true)
      for (const [key, ids] of [
        ['al', ['user_alice']],
        ['alice', ['user_alice']],
        ['bob', ['user_bob']],
        ['carol', []],
      ] as const)
        t.strictSame(await read.users.idsOf(key), ids, key)
      await write(({ users }) => users.setStatus('user_bob', 'deleted'))
      t.equal(await rename('al', 'bob'), true)
      t.strictSame((await read.users.idsOf('bob')).toSorted(), ['user_alice', 'user_bob'])
      await write(({ users }) => users.insert(userOf('al', { userId: 'user_second' })))
      t.strictSame((await read.users.idsOf('al')).toSorted(), ['user_alice', 'user_second'])
      t.strictSame(await read.users.findByKey('bob'), { ...asRead(alice), username: 'bob' })
    },
  )

  t.test('of two who take one name at the same moment one has it', async t => {
    const { read, write } = await openMigrated(t, engine)
    for (const name of ['alice', 'bob']) await write(({ users }) => users.insert(userOf(name)))
    const rename = (name: string) =>
      write(({ users }) => users.rename(`user_${name}`, name, { username: 'x', usernameKey: 'x' })).catch(error => {
        if (!(error instanceof StorageConflict)) throw error
        return false
      })
    const outcomes = await Promise.all([rename('alice'), rename('bob')])
    t.strictSame(outcomes.toSorted(), [false, true])
    t.equal((await read.users.list({}, ALL)).length, 2)
    t.equal((await read.users.idsOf('x')).length, 1)
  })

  t.test('the id of a deleted user is not given again', async t => {
    const { write } = await openMigrated(t, engine)
    await write(({ users }) => users.insert(userOf('alice', { status: 'deleted' })))
    t.equal(await write(({ users }) => users.insert(userOf('bob', { userId: 'user_alice' }))), false)
  })

  t.test('users are listed by the key of their name, whatever the order of arrival', async t => {
    const { read, write } = await openMigrated(t, engine)
    for (const name of ['carol', 'Bob', 'alice', 'émile', 'b-2']) await write(({ users }) => users.insert(userOf(name)))
    const names = (await read.users.list({}, ALL)).map(({ username }) => username)
    t.strictSame(names, ['alice', 'b-2', 'Bob', 'carol', 'émile'])
  })

  t.test('status and password hash change for one user only', async t => {
    const { read, write } = await openMigrated(t, engine)
    const [alice, bob] = [userOf('alice'), userOf('bob')]
    await write(async ({ users }) => {
      await users.insert(alice)
      await users.insert(bob)
      await users.setStatus('user_alice', 'disabled')
      await users.setPassword('user_alice', { passwordHash: 'another', passwordId: 'password_2' })
    })
    const changed = { ...alice, status: 'disabled', passwordHash: 'another', passwordId: 'password_2' }
    t.strictSame(await read.users.list({}, ALL), [listed(changed), listed(bob)])
  })

  t.test('a password hash is replaced only while it is the expected one', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ users }) => users.insert(userOf('alice')))
    const replace = (expected: string, hash: string, id = 'user_alice') =>
      write(({ users }) => users.replacePasswordHash(id, expected, hash))
    t.equal(await replace('hash-of-alice', 'upgraded'), true)
    t.equal(await replace('hash-of-alice', 'too late'), false)
    t.equal(await replace('upgraded', 'nobody', 'user_nobody'), false)
    t.equal((await read.users.findByKey('alice'))?.passwordHash, 'upgraded')
  })
}
