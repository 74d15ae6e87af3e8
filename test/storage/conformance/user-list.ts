import type { Test } from 'tap'
import type { UserFilter } from '../../../src/records/user.ts'
import { ALL, type Engine, openMigrated, userOf } from './records.ts'

/** Name, status and roles of each, in the order of the list. */
const people = [
  ['50%', 'active', []],
  ['5o_o', 'active', []],
  ['a\\b', 'active', []],
  ['Ann', 'active', ['author', 'editor']],
  ['bob', 'disabled', ['editor']],
  ['joanna', 'active', ['author']],
  ['zoë', 'active', []],
] as const

async function openWithPeople(t: Test, engine: Engine) {
  const { read, write } = await openMigrated(t, engine)
  const gone = userOf('ann', { userId: 'user_gone', status: 'deleted', createdAtMs: 1 })
  await write(async ({ roles, users }) => {
    for (const name of ['author', 'editor', 'idle']) await roles.insert({ name, permissions: ['posts:read'] })
    await users.insert(gone)
    await users.grantRole(gone.userId, 'editor')
    for (const [name, status, held] of people.toReversed()) {
      await users.insert(userOf(name, { status }))
      for (const role of held.toReversed()) await users.grantRole(`user_${name}`, role)
    }
  })
  const ids = async (filter: UserFilter, limit = ALL) =>
    (await read.users.list(filter, limit)).map(({ userId }) => userId.replace('user_', ''))
  return { read, write, gone, ids }
}

const everybody = people.map(([name]) => name)

export function userListChecks(t: Test, engine: Engine): void {
  t.test('a list has those who are not deleted, by name, each with the roles in order', async t => {
    const { read } = await openWithPeople(t, engine)
    const expected = people.map(([name, status, roles]) => ({ ...userOf(name, { status }), roles }))
    t.strictSame((await read.users.list({}, ALL)).toSorted(byName), expected.toSorted(byName))
  })

  t.test('a list ends with its limit, and its beginning is that of the whole list', async t => {
    const { ids } = await openWithPeople(t, engine)
    const whole = await ids({})
    t.same(whole.toSorted(), everybody.toSorted())
    for (const limit of [1, 3, people.length, people.length + 1]) t.same(await ids({}, limit), whole.slice(0, limit))
    t.same(await ids({ role: 'editor' }, 1), ['Ann'])
    t.same(await ids({ keyPart: 'ann' }, 1), ['Ann'])
  })

  t.test('the part of a name is found wherever it stands, and nothing in it is a wildcard', async t => {
    const { ids } = await openWithPeople(t, engine)
    const cases: readonly (readonly [part: string, found: readonly string[]])[] = [
      ['ann', ['Ann', 'joanna']],
      ['a', ['Ann', 'a\\b', 'joanna']],
      ['joanna', ['joanna']],
      ['joannas', []],
      ['Ann', []],
      ['%', ['50%']],
      ['_', ['5o_o']],
      ['5%', []],
      ['5_', []],
      ['\\', ['a\\b']],
      ['\\\\', []],
      ['*', []],
      ["'", []],
      ['oë', ['zoë']],
      ['x'.repeat(100_000), []],
      ['', everybody],
    ]
    for (const [keyPart, found] of cases)
      t.same((await ids({ keyPart })).toSorted(), found.toSorted(), keyPart.slice(0, 20))
  })

  t.test('a status and a role are found alone and together, and deleted users when they are asked for', async t => {
    const { ids, gone, read } = await openWithPeople(t, engine)
    const cases: readonly (readonly [UserFilter, readonly string[]])[] = [
      [{ status: 'active' }, everybody.filter(name => name !== 'bob')],
      [{ status: 'disabled' }, ['bob']],
      [{ status: 'deleted' }, ['gone']],
      [{ role: 'editor' }, ['Ann', 'bob']],
      [{ role: 'author' }, ['Ann', 'joanna']],
      [{ role: 'idle' }, []],
      [{ role: 'nothing' }, []],
      [{ role: 'editor', status: 'active' }, ['Ann']],
      [{ role: 'editor', status: 'deleted' }, ['gone']],
      [{ role: 'author', keyPart: 'o' }, ['joanna']],
      [{ status: 'active', keyPart: 'bob' }, []],
      [{ status: 'deleted', keyPart: 'an' }, ['gone']],
    ]
    for (const [filter, found] of cases)
      t.same((await ids(filter)).toSorted(), found.toSorted(), JSON.stringify(filter))
    t.strictSame(await read.users.list({ status: 'deleted' }, ALL), [{ ...gone, roles: ['editor'] }])
  })

  t.test('nobody has a role that is being deleted', async t => {
    const { ids, read, write } = await openWithPeople(t, engine)
    await write(({ roles }) => roles.setPermissions('editor', []))
    t.same(await ids({ role: 'editor' }), [])
    const [ann] = await read.users.list({ keyPart: 'ann' }, 1)
    t.same(ann?.roles, ['author'])
  })
}

const byName = (a: { readonly username: string }, b: { readonly username: string }) =>
  a.username < b.username ? -1 : 1
