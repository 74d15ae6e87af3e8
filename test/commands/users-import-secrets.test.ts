/** What stands in no hash, and comes with an option of `users import`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../support/environment.ts'
import { columnsOfUsual, firebaseConfig } from '../support/foreign-columns.ts'
import { hash, importing } from '../support/importing.ts'

// Each has a database of its own.
t.jobs = 2

/** As `auth:export` has it: without the parameters, which are the same for all. */
const { passwordHash, salt } = JSON.parse(columnsOfUsual['firebase scrypt']?.[0] ?? '{}')
const firebaseUser = { passwordHash, salt }

t.test("Firebase's parameters come with the option, or with the document", async t => {
  const { run } = await importing(t)
  const user = (localId: string) => ({ localId, email: `${localId}@example.com`, ...firebaseUser })
  const file = join(temporaryFolder(t), 'hash-config')
  writeFileSync(
    file,
    `hash_config {\n${Object.entries(firebaseConfig)
      .map(([name, value]) => `  ${name}: ${value},\n`)
      .join('')}}\n`,
  )
  const words = ['users', 'import', '-', '--format', 'firebase', '--json']
  const counts = async (document: object, ...more: readonly string[]) => {
    const { stdout } = await run([...words, ...more], JSON.stringify(document))
    const { added, refused } = JSON.parse(stdout)
    return [added, refused.length]
  }
  t.strictSame(await counts({ users: [user('a')] }), [0, 1], 'without them')
  t.strictSame(await counts({ users: [user('a')], hash_config: firebaseConfig }), [1, 0])
  t.strictSame(await counts({ users: [user('b')] }, '--hash-config', file), [1, 0])
})

t.test('a pepper that is empty, or has two lines, is refused', async t => {
  const { run, rows } = await importing(t)
  const file = join(temporaryFolder(t), 'pepper')
  for (const [content, says] of [
    ['\n', 'The pepper is empty.\n'],
    ['one\ntwo\n', 'The pepper has more than one line.\n'],
  ] as const) {
    writeFileSync(file, content)
    const words = ['users', 'import', '-', '--pepper-file', file]
    t.match(await run(words, JSON.stringify({ username: 'ann', password_hash: hash })), { code: 1, stderr: says })
  }
  t.strictSame(rows(), [])
})

t.test('of who is deleted no hash is left, and no pepper', async t => {
  const { import: run, json, rows } = await importing(t)
  const pepper = join(temporaryFolder(t), 'pepper')
  writeFileSync(pepper, 'a made-up pepper\n')
  await run([{ username: 'ann', password_hash: hash }], '--pepper-file', pepper)
  t.match(rows(), [{ password_hash: /^\{any-spelling\}\{append:[^}]+\}\$2b\$/, hash_cost: Number }])
  await json(['users', 'delete', 'ann'])
  t.match(rows(), [
    { status: 'deleted', password_hash: /^\$argon2id\$v=19\$m=19456,t=2,p=1\$A+\$A+$/, hash_cost: null },
  ])
})
