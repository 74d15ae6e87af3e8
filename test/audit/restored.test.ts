/** A copy that was put back is told from an audit that was cut off, and who holds a later head learns of it. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accepting, putBack } from '../support/restore.ts'
import { sealedAudit } from '../support/sealed-audit.ts'
import { byTest, serve, temporaryFolder } from '../support/serve.ts'
import { change, notOnPostgres, select } from '../support/sqlite.ts'

const skip = notOnPostgres('its backups are made with its own tools')

/** A copy of two seals, put back and accepted after more had come. */
async function restored(
  t: Test,
  between: (audit: Awaited<ReturnType<typeof sealedAudit>>) => Promise<unknown> = async () => {},
) {
  const audit = await sealedAudit(t)
  const { service, happen, json, verify, clock, publicKey } = audit
  await happen(2)
  const early = (await verify()).head ?? ''
  const key = await publicKey()
  const copy = join(temporaryFolder(t), 'copy.sqlite')
  await json(['backup', copy])
  await happen(3)
  await between(audit)
  await happen(1)
  const late = (await verify()).head ?? ''
  await service.stop()
  putBack(copy, service)
  await json(accepting.keep)
  const again = await serve(t, { folder: service.folder, clock, seals: true })
  await again.seal()
  return { ...audit, service: again, early, late, key }
}

t.test(
  'a restored database is whole; a head of the copy is in it, and a later one says restored and not cut',
  { skip },
  async t => {
    const { verify, early, late, key, file } = await restored(t)
    t.match(await verify('--public-key', key), { ok: true, problems: [] })
    t.match(await verify('--head', early, '--public-key', key), { ok: true })
    const [event] = select(file, "select target from audit_events where type = 'restore.accept'")
    t.equal(event?.['target'], early)
    const { ok, problems, head } = await verify('--head', late)
    t.notOk(ok, 'whoever writes the database could have added that event')
    t.match(problems, { length: 1 })
    const { message = '' } = problems[0] ?? {}
    t.match(message, `accepted a restore of a copy that ended at seal ${early.split(':')[0]}.`)
    t.match(message, `note the new one: ${head}`)
  },
)

t.test(
  'a head that was noted after a restore and is missing was cut off, and is not excused by it',
  { skip },
  async t => {
    const { service, verify, clock, file } = await restored(t)
    await service.roles.add({ name: 'later', permissions: ['posts:read'] }, byTest)
    await service.seal()
    const { head = '' } = await verify()
    await service.stop()
    clock.advance(1000)
    const last = Number(head?.split(':')[0])
    change(file, 'delete from audit_events where seal = ?', last)
    change(file, 'delete from audit_seals where number = ?', last)
    const { problems } = await verify('--head', head ?? '')
    t.match(problems, [{ message: /If you noted it after that time, or nobody restored, the audit was cut off/ }])
  },
)

t.test(
  'accepting a restore does not replace the audit key, unless the copy knows one that is gone',
  { skip },
  async t => {
    const keysOf = (file: string) => select(file, 'select kid, signature from audit_keys order by number')
    const { file } = await restored(t)
    t.equal(keysOf(file).length, 1)

    const replaced = await restored(t, ({ json }) => json(['keys', 'revoke', '--all', '--reason', 'test']))
    t.match(keysOf(replaced.file), [{}, { signature: null }])
    t.match(await replaced.verify(), { ok: true, problems: [] })
    t.match(await replaced.verify('--public-key', replaced.key, '--public-key', await replaced.publicKey()), {
      ok: true,
    })
  },
)

t.test(
  'when the keys are lost with the database, a restore makes new ones, the one of the audit among them',
  { skip },
  async t => {
    const { service, happen, json, verify, clock } = await sealedAudit(t)
    await happen(2)
    const copy = join(temporaryFolder(t), 'copy.sqlite')
    await json(['backup', copy])
    await service.stop()
    putBack(copy, service)
    const keys = join(service.folder, 'keys')
    for (const name of readdirSync(keys)) rmSync(join(keys, name), { recursive: true })
    await json(accepting.keep)
    const again = await serve(t, { folder: service.folder, clock, seals: true })
    await again.seal()
    t.match(await verify(), { ok: true, problems: [] })
  },
)
