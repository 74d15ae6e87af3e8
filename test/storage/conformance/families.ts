/** A refresh token family as a request reads it: the row, with its user's standing and roles at that moment. */
import type { Test } from 'tap'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf } from './records.ts'

const editor = { name: 'editor', permissions: ['posts:write', 'posts:read'] }
const reader = { name: 'Reader', permissions: ['posts:read'] }
const quoted = { name: 'it\'s "quoted"', permissions: ['a:“b”', "c:'d'"] }

async function openWithRoles(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ roles, sessions, users }) => {
    for (const role of [editor, reader, quoted]) await roles.insert(role)
    await users.grantRole('user_bob', 'Reader')
    await sessions.insert(sessionOf('one'))
    await sessions.insert(sessionOf("bob's", { subjectId: 'user_bob' }))
  })
  return database
}

const rolesOf = async ({ read }: EmptyDatabase, name: string) =>
  (await read.sessions.findFamily(`handle-${name}`))?.subjectRoles

export function familyChecks(t: Test, engine: Engine): void {
  t.test('a family comes with the roles of its user and of nobody else, by name, capital letters first', async t => {
    const database = await openWithRoles(t, engine)
    t.strictSame(await rolesOf(database, 'one'), [])
    await database.write(async ({ users }) => {
      for (const { name } of [quoted, editor, reader]) await users.grantRole('user_alice', name)
    })
    t.strictSame(await rolesOf(database, 'one'), [reader, editor, quoted])
    t.strictSame(await rolesOf(database, 'one'), await database.read.users.rolesOf('user_alice'))
    t.strictSame(await rolesOf(database, "bob's"), [reader])
  })

  t.test('a family comes with the roles of this moment, also inside the work that changes them', async t => {
    const database = await openWithRoles(t, engine)
    const seen = await database.write(async ({ roles, sessions, users }) => {
      await users.grantRole('user_alice', 'editor')
      const granted = await sessions.findFamily('handle-one')
      await roles.setPermissions('editor', ['posts:read'])
      const narrowed = await sessions.findFamily('handle-one')
      await users.revokeRole('user_alice', 'editor')
      const revoked = await sessions.findFamily('handle-one')
      return [granted, narrowed, revoked].map(family => family?.subjectRoles)
    })
    t.strictSame(seen, [[editor], [{ name: 'editor', permissions: ['posts:read'] }], []])
    t.strictSame(await rolesOf(database, 'one'), [])
  })

  t.test('a family comes with the status of its user', async t => {
    const { read, write } = await openWithRoles(t, engine)
    for (const status of ['disabled', 'active', 'deleted'] as const) {
      await write(({ users }) => users.setStatus('user_alice', status))
      t.equal((await read.sessions.findFamily('handle-one'))?.subjectStatus, status)
      t.equal((await read.sessions.findFamily("handle-bob's"))?.subjectStatus, 'active')
    }
  })

  t.test('a family is found by the hash of its handle and by nothing else, also when it has ended', async t => {
    const { read, write } = await openWithRoles(t, engine)
    for (const other of ['session_one', 'first-one', 'handle', '', 'HANDLE-ONE'])
      t.equal(await read.sessions.findFamily(other), undefined)
    await write(({ sessions }) => sessions.end({ sessionId: 'session_one' }, all, 'now', farMs))
    t.match(await read.sessions.findFamily('handle-one'), { id: 'session_one', endedAtMs: farMs })
  })
}
