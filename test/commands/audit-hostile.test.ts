/** Whoever wrote the database, or an export, can't keep operators from reading it, nor write over what they are told. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sealedAudit } from '../support/sealed-audit.ts'
import { temporaryFolder } from '../support/serve.ts'
import { change, notOnPostgres } from '../support/sqlite.ts'

const skip = notOnPostgres('what is written there has no type')
const CLEARS_SCREEN = '\u001b[2J'

t.test('events and keys with a time that is none are listed all the same', { skip }, async t => {
  const { happen, run, json, file } = await sealedAudit(t)
  await happen(1)
  change(
    file,
    "update audit_events set occurred_at_ms = 9000000000000000, type = ? where type = 'role.add'",
    CLEARS_SCREEN,
  )
  change(file, "update audit_keys set created_at_ms = 'x'")
  const { code, stdout } = await run(['audit', 'list'])
  t.equal(code, 0)
  t.match(stdout, /^a time that is none .*\?\[2J/m)
  t.match((await json(['audit', 'list'])).at(-1), { occurred_at: 9_000_000_000_000_000 })
  t.match((await run(['audit', 'key', '--wide'])).stdout, /a time that is none/)
})

t.test('what was written as a key or an id does not reach the terminal as it is', { skip }, async t => {
  const { happen, run, file } = await sealedAudit(t)
  await happen(1)
  change(file, 'update audit_keys set kid = ?, public_jwk = ?', CLEARS_SCREEN, '{"x":{"toString":1}}')
  change(file, "update audit_events set id = ?, seal = 99 where type = 'role.add'", CLEARS_SCREEN)
  const { code, stdout } = await run(['audit', 'verify'])
  t.equal(code, 1)
  t.match(stdout, /^THE AUDIT IS NOT WHOLE/)
  t.notMatch(stdout, CLEARS_SCREEN)
  t.match((await run(['audit', 'key'])).stdout, /^ed25519:\?/m)
})

t.test('a line of an export that could be read in two ways is refused', { skip }, async t => {
  const { happen, run, text } = await sealedAudit(t)
  await happen(1)
  const lines = (await text(['audit', 'export'])).trimEnd().split('\n')
  const file = join(temporaryFolder(t), 'audit.jsonl')
  const verifyWith = async (index: number, line: string) => {
    writeFileSync(file, `${lines.with(index, line).join('\n')}\n`)
    return run(['audit', 'verify', file])
  }
  t.equal((await verifyWith(0, lines[0] ?? '')).code, 0)
  const refused = { code: 1, stdout: '', stderr: /is no JSON object as it was written/ }
  for (const [index, line] of lines.entries()) {
    t.match(
      await verifyWith(index, line.replace('{', '{"number":7,"id":"x","database":"x",')),
      refused,
      'a member twice',
    )
    const [name = ''] = Object.keys(JSON.parse(line)).slice(-1)
    t.match(
      await verifyWith(index, JSON.stringify({ ...JSON.parse(line), [name]: { toString: 1 } })),
      refused,
      'no text and no number',
    )
  }
})
