import type { Test } from 'tap'
import { type Engine, openMigrated, userOf } from './records.ts'

const imported = (name: string, more: { importDigest: string; hashCost: number | undefined }) => ({
  ...userOf(name, { passwordHash: `{any-spelling}of ${name}` }),
  ...more,
})

export function importedUserChecks(t: Test, engine: Engine): void {
  t.test('who was imported is found by the digest, whatever became of the user', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ users }) => users.insert(imported('alice', { importDigest: 'one', hashCost: 2.8 })))
    await write(({ users }) => users.insert(userOf('bob')))
    t.equal(await read.users.findImported('one'), 'user_alice')
    t.equal(await read.users.findImported('two'), undefined)
    await write(({ users }) => users.setStatus('user_alice', 'deleted'))
    t.equal(await read.users.findImported('one'), 'user_alice')
    t.equal(await write(({ users }) => users.findImported('one')), 'user_alice')
  })

  t.test('a digest is given once, and an id is, also after a deletion', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ users }) => users.insert(imported('alice', { importDigest: 'one', hashCost: undefined })))
    t.equal(await write(({ users }) => users.insert(imported('bob', { importDigest: 'one', hashCost: 1 }))), false)
    await write(({ users }) => users.setStatus('user_alice', 'deleted'))
    t.equal(await write(({ users }) => users.insert(userOf('carol', { userId: 'user_alice' }))), false)
    for (const id of ['user_alice', 'user_carol', '']) t.equal(await read.users.isKnownId(id), id === 'user_alice', id)
  })

  t.test('the dearest imported hash is that of somebody who is not deleted, until it is replaced', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.equal(await read.users.dearestHashCost(), undefined)
    await write(async ({ users }) => {
      await users.insert(imported('alice', { importDigest: 'one', hashCost: 45.5 }))
      await users.insert(imported('bob', { importDigest: 'two', hashCost: 2.8 }))
      await users.insert(imported('carol', { importDigest: 'three', hashCost: 11 }))
      await users.insert(userOf('dave'))
    })
    t.equal(await read.users.dearestHashCost(), 45.5)
    t.equal(await read.users.countImportedHashes(), 3)
    await write(({ users }) => users.setStatus('user_alice', 'deleted'))
    t.equal(await read.users.dearestHashCost(), 11)
    t.equal(await read.users.countImportedHashes(), 2)
    const listed = await read.users.list({ hasImportedHash: true }, 10)
    t.strictSame(
      listed.map(({ userId }) => userId),
      ['user_bob', 'user_carol'],
    )
    await write(({ users }) => users.setPassword('user_carol', { passwordHash: 'new', passwordId: 'password_2' }))
    t.equal(await read.users.dearestHashCost(), 2.8)
    const passwordHash = '{any-spelling}of bob'
    t.equal(await write(({ users }) => users.replacePasswordHash('user_bob', 'another', 'new')), false)
    t.equal(await read.users.dearestHashCost(), 2.8)
    t.equal(await write(({ users }) => users.replacePasswordHash('user_bob', passwordHash, 'new')), true)
    t.equal(await read.users.dearestHashCost(), undefined)
  })
  t.test('a password that an older version has set is no imported one, whatever its row says of a cost', async t => {
    const { read, write } = await openMigrated(t, engine)
    const set = { ...imported('alice', { importDigest: 'one', hashCost: 45.5 }), passwordHash: '$argon2id$' }
    await write(({ users }) => users.insert(set))
    await write(({ users }) => users.insert(imported('bob', { importDigest: 'two', hashCost: 2.8 })))
    t.equal(await read.users.dearestHashCost(), 2.8)
    t.equal(await read.users.countImportedHashes(), 1)
    t.equal(await read.users.findHashOfCost(45.5), undefined)
    t.equal((await read.users.list({ hasImportedHash: true }, 10)).length, 1)
  })
}
