/** kill -9 of `signet users import`, again and again: each person is there once, with the roles, whoever had been added before. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { folderOnDisk } from '../support/environment.ts'
import { select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'
import { startTogether } from '../support/together.ts'
import { kills, random } from './settings.ts'

const timeout = 900_000
const PEOPLE = 20_000

/** A bcrypt that nobody knows a password of. */
const hashOf = (name: string) => `$2b$12$${createHash('sha512').update(name).digest('hex').slice(0, 52)}O`

const lineOf = (_: unknown, at: number) =>
  `${JSON.stringify({ username: `person-${at}`, password_hash: hashOf(`${at}`), roles: ['reader'], user_id: `id-${at}` })}\n`

t.test('killed at random and started again, it has added each person once', { timeout }, async t => {
  const { environment, json } = await commandLine(t)
  await json(['roles', 'add', 'reader', '--permission', 'posts:read'])
  const file = join(folderOnDisk(t), 'people.jsonl')
  writeFileSync(file, Array.from({ length: PEOPLE }, lineOf).join(''))
  const databaseFile = (environment['SIGNET_DATABASE_URL'] ?? '').replace(/^file:/, '')
  const count = (table: string): number =>
    Number(Object.values(select(databaseFile, `select count(*) from ${table}`)[0] ?? {})[0])
  const start = async () => {
    const [part] = await startTogether(t, 'killed-command.ts', [
      { words: ['1000000', 'users', 'import', file], environment },
    ])
    if (part === undefined) throw new Error('Nothing was started.')
    return part
  }

  const next = random('import killed')
  const seen: number[] = [0]
  for (let round = 0; round < kills && (seen.at(-1) ?? 0) < PEOPLE; round += 1) {
    const part = await start()
    // So that all rounds together meet the whole of it, however fast the machine is.
    const enough = (seen.at(-1) ?? 0) + next() * (PEOPLE / kills)
    await until(async () => part.process.exitCode !== null || count('users') >= enough, timeout)
    part.process.kill('SIGKILL')
    await part.ended
    const added = count('users')
    t.ok(added >= (seen.at(-1) ?? 0), `round ${round}: nobody is gone`)
    t.equal(count('user_roles'), added, `round ${round}: nobody without the role`)
    t.equal(count("audit_events where type = 'user.import'"), added, `round ${round}: each of them is in the audit`)
    seen.push(added)
  }
  t.comment(`added when it was killed: ${seen.join(', ')}`)
  t.ok(
    seen.some(added => added > 0 && added < PEOPLE),
    'it was killed while it was at work',
  )
  const { code } = await (await start()).ended
  t.equal(code, 0)
  t.equal(count('users'), PEOPLE)
  t.equal(count('user_roles'), PEOPLE)
})
