/** A file that is imported again: who was added by it is known, and nobody is added twice or changed. */
import t from 'tap'
import { hash, importing, password } from '../support/importing.ts'

// Each has a database of its own.
t.jobs = 2

const NAME_TAKEN = 'There is a user with this name already.'

t.test('who was added is there once, whatever became of the user since', async t => {
  const { import: run, json, rows, refused } = await importing(t)
  const lines = ['ann', 'bob', 'carol', 'dora'].map(username => ({
    username,
    password_hash: hash,
    user_id: `id-${username}`,
  }))
  await run(lines.slice(0, 2))
  const again = await run(lines)
  t.match([again.code, again.answer], [0, { added: 2, already_there: 2 }], 'as after a run that was killed')
  await json(['users', 'rename', 'ann', 'anna'])
  await json(['users', 'delete', 'bob'])
  await json(['users', 'set-password', 'carol', '--password-stdin'], password)
  const before = rows()
  t.match(await run(lines), { code: 0, answer: { added: 0, already_there: 4 } })
  const others = lines.map(line => ({ ...line, user_id: `new-${line.username}` }))
  t.strictSame(await refused(others.slice(2)), [`1 ${NAME_TAKEN}`, `2 ${NAME_TAKEN}`], 'another record of the name')
  t.match(await refused(others.slice(0, 2)), [/^1 Another user had this name/, /^2 Another user had this name/])
  t.strictSame(rows(), before)
})

t.test('a record is another one when anything that is stored of it differs', async t => {
  const { import: run, refused, json, rows } = await importing(t)
  for (const role of ['author', 'editor']) await json(['roles', 'add', role, '--permission', 'posts:write'])
  const ann = { username: 'ann', password_hash: hash, roles: ['author', 'editor'] }
  await run([ann])
  const before = rows()
  t.match(await run([{ ...ann, roles: ['editor', 'author', 'editor'], status: 'active' }]), {
    answer: { already_there: 1 },
  })
  const changes = [{ password_hash: null }, { roles: ['author'] }, { status: 'disabled' }, { user_id: '17' }]
  for (const change of changes)
    t.strictSame(await refused([{ ...ann, ...change }]), [`1 ${NAME_TAKEN}`], JSON.stringify(change))
  t.strictSame(rows(), before)
})
