/** `signet audit verify`, `export` and `key`, as operators and scripts use them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commandLine, isoTime } from '../support/command-line.ts'
import { sealedAudit } from '../support/sealed-audit.ts'
import { temporaryFolder } from '../support/serve.ts'
import { change, select } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

const D = 'A'.repeat(43)

/** An audit with a replaced key, events that wait, and its export. */
async function exported(t: Test) {
  const audit = await sealedAudit(t)
  const { service, happen, json, text, publicKey } = audit
  await happen(3)
  const first = await publicKey()
  await json(['keys', 'revoke', '--all', '--reason', 'test'])
  await happen(20)
  await service.stop()
  await json(['roles', 'add', 'waiting', '--permission', 'posts:read'])
  const lines = (await text(['audit', 'export'])).trimEnd().split('\n')
  const file = join(temporaryFolder(t), 'audit.jsonl')
  writeFileSync(file, `${lines.join('\n')}\n`)
  /** Verifies an export where there is no database and no key. */
  const elsewhere = await commandLine(
    t,
    { SIGNET_DATABASE_URL: `file:${join(temporaryFolder(t), 'none.sqlite')}` },
    audit.clock,
  )
  return { ...audit, first, lines, jsonl: file, elsewhere }
}

t.test('an export has every event and every seal, a line each, with the names of the database in it', async t => {
  const { lines, file } = await exported(t)
  const [header, ...objects] = lines.map(line => JSON.parse(line))
  t.match(header, { format: 'signet-audit', version: 1, database: select(file, 'select id from instance')[0]?.['id'] })
  const events = objects.filter(({ occurred_at: at }) => at !== undefined)
  t.equal(events.length, select(file, 'select id from audit_events').length)
  t.equal(new Set(events.map(({ id }) => id)).size, events.length)
  t.match(events.at(-1), {
    type: 'role.add',
    target: 'waiting',
    seal: null,
    occurred_at: isoTime,
    client: null,
    count: 1,
  })
  const seals = objects.filter(({ digest }) => digest !== undefined)
  t.equal(seals.length, select(file, 'select number from audit_seals').length)
  for (const { number, count } of seals) t.equal(events.filter(({ seal }) => seal === number).length, count)
})

t.test('an export is verified without database and keys, and says what the database says', async t => {
  const { jsonl, elsewhere, verify, first } = await exported(t)
  const inDatabase = await verify('--public-key', first)
  const { head } = inDatabase
  const inFile = await elsewhere.json(['audit', 'verify', jsonl, '--public-key', first, '--head', head ?? ''])
  t.match(inFile, { ok: true, problems: [], unsealed_events: 1, head })
  t.strictSame({ ...inFile, warnings: [] }, { ...inDatabase, warnings: [] })
})

t.test('each line of an export that is altered, removed, doubled or cut off is found', async t => {
  const { lines, jsonl, elsewhere, verify, first } = await exported(t)
  const { head = '' } = await verify()
  const words = ['audit', 'verify', jsonl, '--public-key', first, '--head', head ?? '']
  const isFound = async (title: string, changed: readonly string[]) => {
    writeFileSync(jsonl, changed.map(line => `${line}\n`).join(''))
    t.equal((await elsewhere.run(words)).code, 1, title)
  }
  // What waits for its seal is not proved yet.
  const sealed = lines.slice(0, -1)
  for (const [index, line] of sealed.entries()) {
    const object = JSON.parse(line)
    const [name = '', value] = Object.entries(object)[index % Object.keys(object).length] ?? []
    const other = typeof value === 'number' ? value + 1 : `${value}x`
    // When a key was made is for people; seals have their own times.
    if (name !== 'created_at')
      await isFound(`line ${index + 1}: ${name}`, lines.with(index, JSON.stringify({ ...object, [name]: other })))
    await isFound(`line ${index + 1} with more`, lines.with(index, JSON.stringify({ ...object, more: 1 })))
    await isFound(`line ${index + 1} removed`, lines.toSpliced(index, 1))
    await isFound(`line ${index + 1} doubled`, lines.toSpliced(index, 0, line))
    await isFound(`cut off before line ${index + 1}`, lines.slice(0, index))
  }
  await isFound('half a line', [...lines.slice(0, -1), lines.at(-1)?.slice(0, 30) ?? ''])
})

t.test(
  'people are told which seal and which events are wrong, and where to read what to do; scripts the same',
  async t => {
    const { run, file, verify } = await exported(t)
    // Not of the first seal, of whose beginning nobody knows, nor of one that the sealer made of a single event.
    const [row] = select(
      file,
      `select audit_events.id, seal from audit_events join audit_seals on number = seal
       where type = 'role.add' and seal > 1 and audit_seals.count > 1`,
    )
    change(file, "update audit_events set actor = 'nobody' where id = ?", row?.['id'])
    const { code, stdout } = await run(['audit', 'verify'])
    t.equal(code, 1)
    t.match(stdout, /^THE AUDIT IS NOT WHOLE: \d+ events in \d+ seals?, 1 not sealed yet$/m)
    t.match(
      unwrapped(stdout),
      new RegExp(
        `^PROBLEM {2}Seal ${row?.['seal']} does not fit its events: one or more of its \\d+ events were altered`,
        'm',
      ),
    )
    t.match(stdout, /^What to do: docs\/runbooks\/audit-not-whole\.md$/m)
    t.match(await verify(), {
      ok: false,
      problems: [{ seal: row?.['seal'], from: isoTime, until: isoTime, event: null }],
    })
  },
)

t.test('a row that was added, or whose number was taken off, is named', async t => {
  const { file, verify } = await exported(t)
  const [row] = select(file, "select id, seal from audit_events where type = 'role.add' and seal is not null")
  change(file, 'update audit_events set seal = null where id = ?', row?.['id'])
  t.match(await verify(), { problems: [{ seal: row?.['seal'] }, { seal: row?.['seal'], event: row?.['id'] }] })
  change(file, 'update audit_events set seal = ? where id = ?', row?.['seal'] + 1, row?.['id'])
  t.match(await verify(), { problems: [{ seal: row?.['seal'] }, { seal: row?.['seal'] + 1, event: row?.['id'] }] })
})

t.test('audit key prints the public halves, without a service and without the private ones', async t => {
  const { json, text, first, publicKey } = await exported(t)
  const keys = await json(['audit', 'key'])
  t.match(keys, [
    { number: 1, first_seal: 1, current: false, public_key: first, created_at: isoTime, signature: null },
    {
      number: 2,
      current: true,
      public_key: await publicKey(),
      public_jwk: { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' },
    },
  ])
  for (const { public_jwk: jwk } of keys) t.notOk('d' in jwk)
  t.match(await text(['audit', 'key']), new RegExp(`^${first} .* replaced\\n.* signs$`, 'm'))
})

t.test('before the first start there is nothing to prove, and nothing is wrong', async t => {
  const { json, text } = await commandLine(t)
  await json(['users', 'list'])
  t.strictSame(await json(['audit', 'key']), [])
  t.match(await text(['audit', 'key']), /There is no audit key yet/)
  t.match(await json(['audit', 'verify']), { ok: true, head: null, seals: 0 })
})

t.test('what cannot be a head, a key or an export is refused', async t => {
  const folder = temporaryFolder(t)
  const noExport = join(folder, 'lines')
  writeFileSync(noExport, '{"a":1}\n')
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  const { refuses, json } = await commandLine(t)
  await json(['users', 'list'])
  await refuses([
    ...['1', '0:x', `0:${D}`, `1:${D}x`, `-1:${D}`, ''].map(head => ({
      words: ['audit', 'verify', '--head', head],
      code: 2 as const,
      says: /A head is NUMBER:DIGEST/,
    })),
    ...['', 'x', `ed25519:${D}x`, D].map(key => ({
      words: ['audit', 'verify', '--public-key', key],
      code: 2 as const,
      says: /It is ed25519:/,
    })),
    { words: ['audit', 'verify', noExport], code: 1, says: /is none that signet audit export writes|is no export/ },
    { words: ['audit', 'verify', empty], code: 1, says: /is no export of an audit/ },
    { words: ['audit', 'verify', join(folder, 'none')], code: 1, says: /can't be read \(ENOENT\)/ },
    { words: ['audit', 'verify', folder], code: 1, says: /can't be read \(EISDIR\)/ },
  ])
})

t.test('another database with its own key is not taken for this one', async t => {
  const made = () => sealedAudit(t, { folder: temporaryFolder(t) })
  const [one, other] = [await made(), await made()]
  await one.happen(1)
  await other.happen(1)
  t.match(await one.verify('--public-key', await other.publicKey()), {
    ok: false,
    problems: [{ message: /No key of this audit/ }],
  })
  t.match(await one.verify('--head', (await other.verify()).head ?? ''), {
    ok: false,
    problems: [{ message: /another one than the head that you noted/ }],
  })
})
