/** The key that seals the audit is replaced with the others, and what it signed before goes on to be proved. */

import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sealedAudit, sealsIn } from '../support/sealed-audit.ts'
import { serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

const revokeAll = ['keys', 'revoke', '--all', '--reason', 'the disk was stolen']

const scene = async (...[t, options]: Parameters<typeof sealedAudit>) => {
  const audit = await sealedAudit(t, options)
  const folder = join(audit.service.folder, 'keys', 'audit')
  return {
    ...audit,
    folder,
    /** The files of private halves. */
    files: () => readdirSync(folder).sort(),
    fileOf: (kid: string) => join(folder, `${kid}.pem`),
    keys: () => select(audit.file, 'select * from audit_keys order by number'),
  }
}

t.test(
  'keys revoke --all replaces the audit key, which signs its successor, and a running service follows',
  async t => {
    const { happen, json, keys, files, publicKey, verify, file } = await scene(t)
    await happen(2)
    const old = await publicKey()
    const [first] = keys()
    const { audit_kid: kid } = await json(revokeAll)
    const [before, after] = keys()
    t.strictSame(before, first)
    t.match(after, { kid, number: 2, signature: /^[\w-]{86}$/ })
    t.strictSame(files(), [`${kid}.pem`])
    const [event] = select(file, "select target, reason, actor from audit_events where type = 'audit_key.replace'")
    t.match(event, { target: kid, reason: 'the disk was stolen', actor: /^operator:/ })
    await happen(2)
    t.equal(sealsIn(file).at(-1)?.['kid'], kid)
    t.equal(sealsIn(file).findLast(seal => seal['kid'] === first?.['kid'])?.['number'], after?.['first_seal'] - 1)
    for (const key of [old, await publicKey()]) t.match(await verify('--public-key', key), { ok: true, problems: [] })
  },
)

t.test('what a replaced key signed counts up to a head that was noted before, and verify names the seals', async t => {
  const { happen, json, verify, service } = await scene(t)
  await happen(2)
  const early = (await verify()).head ?? ''
  await happen(2)
  // A running service would seal what the command writes before it replaces the key.
  await service.stop()
  const late = (await verify()).head ?? ''
  await json(revokeAll)
  const until = Number(late.split(':')[0])
  const replaced = async (...words: string[]) =>
    (await verify(...words)).warnings.filter(warning => /a key that was replaced/.test(warning)).join()
  t.match(await replaced(), `Seals 1 to ${until} were signed`)
  t.match(
    await replaced('--head', early),
    new RegExp(`Seals? ${Number(early.split(':')[0]) + 1}( to ${until} were| was) signed`),
  )
  t.equal(await replaced('--head', late), '')
})

t.test('a key that is replaced twice before it signed anything does not stand in the way', async t => {
  const { happen, json, keys, verify, publicKey, service } = await scene(t)
  await happen(1)
  const old = await publicKey()
  await service.stop()
  await json(revokeAll)
  await json(revokeAll)
  const [, second, third] = keys()
  t.equal(second?.['first_seal'], third?.['first_seal'])
  const again = await serve(t, { folder: service.folder, clock: (await scene(t)).clock, seals: true })
  await again.seal()
  t.match(await verify('--public-key', old), { ok: true, problems: [] })
})

for (const [what, lose] of Object.entries({
  lost: (file: string) => rmSync(file),
  damaged: (file: string) => writeFileSync(file, 'no key'),
}))
  t.test(
    `a private key that is ${what}: the service does not start, and keys revoke --all makes one that must be believed or given`,
    async t => {
      const { service, happen, json, keys, fileOf, clock, verify, publicKey, run } = await scene(t)
      await happen(2)
      const old = await publicKey()
      await service.stop()
      lose(fileOf(keys()[0]?.['kid']))
      await t.rejects(serve(t, { folder: service.folder, clock }), { name: 'KeyError', message: /backup of the keys/ })
      t.match(unwrapped((await run(['doctor'])).stdout), /^PROBLEM {2}audit key: .*backup of the keys/m)
      await json(revokeAll)
      t.equal(keys()[1]?.['signature'], null)
      const again = await serve(t, { folder: service.folder, clock, seals: true })
      await again.seal()
      const current = await publicKey()
      t.match(await verify(), { ok: true })
      t.ok((await verify()).warnings.some(warning => warning.includes(`--public-key ${current}`)))
      t.match(await verify('--public-key', old), {
        ok: false,
        problems: [{ message: /made with a key that the given one has not signed/ }],
      })
      t.match(await verify('--public-key', old, '--public-key', current), { ok: true, problems: [] })
      t.match(await verify('--public-key', current), { ok: true, problems: [] })
    },
  )

t.test(
  'what a replacement leaves behind that was killed at any step is finished or removed by the next start',
  async t => {
    const { service, happen, json, keys, files, fileOf, folder, clock, verify } = await scene(t)
    await happen(1)
    const [first] = keys()
    await service.stop()
    const old = fileOf(first?.['kid'])
    // Killed before the write: prepared, and not known.
    writeFileSync(join(folder, `.${'x'.repeat(43)}.pem.new`), 'half a key', { mode: 0o600 })
    await (await serve(t, { folder: service.folder, clock, seals: true })).stop()
    t.strictSame(files(), [`${first?.['kid']}.pem`])
    // Killed after the write, before the commit; the old one is still there.
    renameSync(old, `${old}.aside`)
    const kept = `${old}.aside`
    await json(revokeAll)
    renameSync(kept, old)
    const kid = keys()[1]?.['kid']
    renameSync(fileOf(kid), join(folder, `.${kid}.pem.new`))
    const again = await serve(t, { folder: service.folder, clock, seals: true })
    t.strictSame(files(), [`${kid}.pem`])
    t.notOk(existsSync(old))
    await again.seal()
    t.match(await verify(), { ok: true, problems: [] })
  },
)

t.test('revoking one signing key leaves the audit key as it is', async t => {
  const { json, keys } = await scene(t)
  const [{ kid }] = await json(['keys', 'list'])
  const done = await json(['keys', 'revoke', kid, '--reason', 'test'])
  t.notOk('audit_kid' in done)
  t.equal(keys().length, 1)
})
