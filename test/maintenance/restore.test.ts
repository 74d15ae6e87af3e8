/** A backup that is put back: nothing lives again that ended since, and an operator has to say so before anything is served. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  accepting,
  advice,
  epochFilesIn,
  putBack,
  refusal,
  revokeActiveKey,
  toRestore,
  worksAt,
} from '../support/restore.ts'
import { byTest, claimsOf, headerOf, password, signIn } from '../support/serve.ts'
import { jwksOf, kidsIn, publishedBy, verifyingKid } from '../support/signing-keys.ts'
import { auditOf, select } from '../support/sqlite.ts'
import { device, isRevoked, refreshed, restarted, revoke, statusIn } from '../support/status-list.ts'

// Each has a database of its own.
t.jobs = 2

const isCopy = /^The database is a backup of \d{4}-\d\d-\d\dT\S+ that was put back\. Nothing is served/
const differ = /^The database and the key directory are of different times: one of them was put back\./

t.test(
  'after an accepted restore, nothing works that was given out before, and passwords are those of the backup',
  async t => {
    const { service, json, run, file } = await toRestore(t)
    const [kept, revokedLater] = [await device(service), await device(service)]
    const kidsInBackup = kidsIn(service, 'active', 'pending')
    await json(['backup', file])

    const keptSince = await refreshed(service, kept)
    await revoke(service, revokedLater.refreshToken)
    const later = await device(service)
    await revokeActiveKey(service, json)
    const byStandby = await device(service)
    await revokeActiveKey(service, json)
    const byUnknownKey = await device(service)
    t.notOk(kidsInBackup.includes(headerOf(byUnknownKey.access).kid), 'a key signs that the backup does not know')
    t.strictSame(await worksAt(service, byUnknownKey), [
      'offline',
      'introspection of the access token',
      'introspection of the refresh token',
      'refresh',
    ])
    await service.users.setPassword('alice', 'another battery staple 10', byTest)
    const unknownKids = kidsIn(service, 'active', 'pending')
    await service.stop()
    putBack(file, service)

    const started = await run(['serve'])
    t.strictSame([started.code, started.stdout], [1, ''])
    t.match(started.stderr.trim(), isCopy)
    t.match(started.stderr.trim(), advice)
    const examined = await run(['doctor', '--json'])
    t.equal(examined.code, 1)
    t.match(JSON.parse(examined.stdout), {
      ok: false,
      findings: [{ check: 'restore', ok: false }],
    })

    const accepted = await json(accepting.keep)
    t.match(accepted, { ok: true, accepted_restore: { sessions: 2, keys: 2 } })
    const again = await restarted(t, service, {})
    t.equal(again.issuer, service.issuer)
    for (const tokens of [kept, keptSince, revokedLater, later, byStandby, byUnknownKey])
      t.strictSame(await worksAt(again, tokens), [])

    const published = await publishedBy(again)
    t.strictSame(
      published.filter(kid => kidsInBackup.includes(kid) || unknownKids.includes(kid)),
      [],
    )
    t.equal((await signIn(again, { password: 'another battery staple 10' })).status, 400, 'the password of later')
    const { status, body } = await signIn(again, { password })
    t.equal(status, 200, 'the password of the backup')
    t.ok(published.includes((await verifyingKid(body.access_token, await jwksOf(again))) ?? ''))
    const lists = [kept, later, byUnknownKey].map(({ access }) => statusIn(access).uri)
    t.notOk(lists.includes(statusIn(body.access_token).uri), 'a new list: an index of the old ones may be set or taken')
    t.equal(await isRevoked(statusIn(body.access_token)), false)
  },
)

t.test('accepting says what it ended and what it cannot know, and the audit says who accepted', async t => {
  const { service, json, text, file } = await toRestore(t)
  await device(service)
  await json(['backup', file])
  await service.stop()
  putBack(file, service)
  const before = auditOf(file).length
  const says = await text(accepting.keep)
  t.match(says, /^Accepted the restore: 1 session ended, 2 signing keys revoked$/m)
  t.match(says, /^Client secrets and API keys were kept: /m)
  t.match(says, /does not know what was added, changed or removed after the\s+backup:\s+users, passwords/)
  t.match(says, /^ok +restore$/m)
  t.strictSame(auditOf(service.databaseFile).slice(before).sort(), [
    'restore.accept success credentials_kept',
    'session.end success restore_accepted',
    'signing_key.add success active',
    'signing_key.add success pending',
    'signing_key.revoke success restore_accepted',
    'signing_key.revoke success restore_accepted',
  ])
  const [event] = select(service.databaseFile, "select actor from audit_events where type = 'restore.accept'")
  t.match(event, { actor: /^operator:./ })
  t.match(select(service.databaseFile, 'select * from instance'), [{ backed_up_at_ms: null }])
})

t.test('a session of the backup stays ended for its user, whose next sign-in is as good as any', async t => {
  const { service, json, file } = await toRestore(t)
  const { sid } = await device(service)
  await json(['backup', file])
  await service.stop()
  putBack(file, service)
  await json(accepting.keep)
  t.strictSame(await json(['sessions', 'list']), [])
  const again = await restarted(t, service, {})
  const fresh = await refreshed(again, await device(again))
  t.not(fresh.sid, sid)
  t.equal(claimsOf(fresh.access).sid, fresh.sid)
})

t.test('a copy of the file that signet backup did not make is refused once a restore was accepted since', async t => {
  const { service, json, file, backups } = await toRestore(t)
  const plain = join(backups, 'plain.sqlite')
  await json(['backup', file])
  await service.stop()
  cpSync(service.databaseFile, plain)
  putBack(file, service)
  await json(accepting.keep)
  putBack(plain, service)
  t.match(await refusal(t, service), differ)
  t.match(await refusal(t, service), advice)
  await json(accepting.keep)
  await restarted(t, service, {})
})

t.test('a key directory of another time is refused, and so is one that has lost its epoch', async t => {
  const { service, json, file, backups, keysFolder } = await toRestore(t)
  await json(['backup', file])
  await service.stop()
  cpSync(keysFolder, join(backups, 'keys'), { recursive: true })
  putBack(file, service)
  await json(accepting.keep)
  const now = join(backups, 'now')
  cpSync(keysFolder, now, { recursive: true })
  const exchange = (folder: string) => {
    rmSync(keysFolder, { recursive: true })
    cpSync(folder, keysFolder, { recursive: true })
  }

  exchange(join(backups, 'keys'))
  t.match(await refusal(t, service), differ)
  exchange(now)
  const [name = ''] = epochFilesIn(keysFolder)
  rmSync(join(keysFolder, name))
  t.match(await refusal(t, service), /^The key directory has no epoch of this database/)
  exchange(now)
  await restarted(t, service, {})
})

t.test('accepting what nobody put back ends nothing: not beside a running service, nor a second time', async t => {
  const { service, json, refuses, file } = await toRestore(t)
  const alive = await device(service)
  const before = auditOf(service.databaseFile)
  const says = /^There is no restore to accept: .*Nothing was changed\..* run: signet doctor --restored/
  const accept = { words: accepting.keep, code: 1, says } as const
  await refuses([accept])
  t.strictSame(auditOf(service.databaseFile), before)
  t.equal((await worksAt(service, alive)).length, 4)

  await json(['backup', file])
  await service.stop()
  putBack(file, service)
  await json(accepting.keep)
  await refuses([accept])
  const again = await restarted(t, service, {})
  const fresh = await device(again)
  await refuses([accept])
  t.equal((await worksAt(again, fresh)).length, 4)
})

t.test('a copy that nothing marks is accepted once an operator has said that it was put back', async t => {
  const { service, json, refuses, file, backups } = await toRestore(t)
  const alive = await device(service)
  await service.stop()
  cpSync(service.databaseFile, join(backups, 'plain.sqlite'))
  putBack(join(backups, 'plain.sqlite'), service)
  t.strictSame(await json(['doctor', '--restored']), { ok: true, restored: true })
  t.match(
    await refusal(t, service),
    /^The database was put back, as `signet doctor --restored` was told\. Nothing is served/,
  )
  await refuses([
    { words: ['doctor', '--restored'], code: 1, says: /^The database was put back.* Nothing was changed\. Go on with/ },
    { words: ['doctor', '--restored', '--accept-restore'], code: 2, says: /^Give --restored first/ },
  ])
  t.equal(auditOf(service.databaseFile).at(-1), 'restore.mark success')
  t.match(await json(accepting.keep), { ok: true, accepted_restore: { sessions: 1, keys: 2 } })
  const again = await restarted(t, service, {})
  t.strictSame(await worksAt(again, alive), [])
  await json(['backup', file])
})

t.test('a database that never served has nothing to accept, and one that is not there is not made', async t => {
  const { service, refuses, json } = await toRestore(t)
  await service.stop()
  for (const ending of ['', '-wal', '-shm']) rmSync(`${service.databaseFile}${ending}`, { force: true })
  const accept = { words: accepting.keep, code: 1 } as const
  await refuses([{ ...accept, says: /^There is no database at / }])
  await json(['migrate'])
  await refuses([{ ...accept, says: /^There is no restore to accept/ }])
})
