/** Files that belong to another user are left alone: root must not leave some that the service can't open. */
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { addedRoles } from '../support/added-roles.ts'
import { commandLine } from '../support/command-line.ts'
import { databaseIn } from '../support/database-in.ts'
import { signetProcess } from '../support/process.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const skip = notOnPostgres('it is about the file')
const needsRoot = process.getuid?.() === 0 ? false : 'only root can give a file to another user'
const NOBODY = 65_534

t.test(
  'a command leaves the database of another user alone and names that user',
  { skip: needsRoot || skip },
  async t => {
    const { environment, file } = await databaseIn(t)
    const { json, refuses } = await commandLine(t, environment)
    await json(['migrate'])
    chownSync(file, NOBODY, NOBODY)
    const says = /signet\.sqlite belongs to (nobody|uid 65534)\..*sudo -u (nobody|'#65534') \.\/signet/
    const words = [['migrate'], ['users', 'list'], ['roles', 'add', 'r', '--permission', 'p'], ['clients', 'add', 'c']]
    await refuses(words.map(command => ({ words: command, code: 1, says })))
    const { code, stderr } = await signetProcess(environment, ['serve'])
    t.equal(code, 1)
    t.match(stderr, says)
    t.strictSame(readdirSync(join(file, '..')), ['signet.sqlite'], 'no file beside it that its owner could not open')
    chownSync(file, 0, 0)
    t.strictSame(addedRoles(await json(['roles', 'list'])), [], 'it stayed as it was')
  },
)

t.test('serve leaves the keys of another user alone and names that user', { skip: needsRoot }, async t => {
  const { environment, keys } = await databaseIn(t)
  mkdirSync(keys, { mode: 0o700 })
  chownSync(keys, NOBODY, NOBODY)
  const { code, stderr } = await signetProcess(environment, ['serve'])
  t.equal(code, 1)
  t.match(stderr, /keys belongs to (nobody|uid 65534)\..*sudo -u/)
  t.strictSame(readdirSync(keys), [])
  t.ok(existsSync(keys))
})
