import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../support/environment.ts'
import { hash, importing, linesOf, password } from '../support/importing.ts'

// Each has a database of its own.
t.jobs = 2

const NAMED_TWICE = 'The file has this name more than once, as names are compared.'
const NAME_TAKEN = 'There is a user with this name already.'

t.test('who can be added is, and who can not is told of with the line', async t => {
  const { run, json, rows } = await importing(t)
  await json(['roles', 'add', 'editor', '--permission', 'posts:write'])
  const lines = linesOf([
    { username: 'ann', password_hash: hash, roles: ['editor'], user_id: '17' },
    { username: 'bob', password_hash: null, status: 'disabled' },
    '{"username":',
    { username: 'carol', password_hash: 'a word that is no hash' },
    { username: 'dora', passwordHash: hash },
    { username: ' ', password_hash: hash },
  ])
  const refusals =
    /^line 3: .+\n(?: {4}.+\n)*line 4: .+\n(?: {4}.+\n)*line 5: .+\n {4}passwordHash .+\n(?: {4}.+\n)*line 6: .+\n/
  const dry = await run(['users', 'import', '-', '--dry-run'], lines)
  t.equal(dry.code, 1)
  t.match(dry.stdout, refusals)
  t.match(dry.stdout, /\n2 people would be added\n4 records were refused\n/)
  t.strictSame(rows(), [], 'a dry run changes nothing')

  const { code, stdout, stderr } = await run(['users', 'import', '-'], lines)
  t.equal(code, 1)
  t.match(stdout, refusals)
  t.match(stdout, /\nAdded 2 people\n4 records were refused\nPasswords by form:\n {2}bcrypt: 2\n {2}no password: 1\n$/)
  t.match(stderr, /^A hash does not show whether the other system used a pepper/)
  t.notMatch(stdout + stderr, /\$2b|a word/, 'no hash is repeated')
  t.match(await json(['users', 'show', 'ann']), { user_id: '17', status: 'active', roles: ['editor'] })
  t.match(await json(['users', 'show', 'bob']), { user_id: /^user_[0-9a-f]{32}$/, status: 'disabled', roles: [] })
})

t.test('under --json it is one value, with nothing refused and with much', async t => {
  const { import: run } = await importing(t)
  const ann = { username: 'ann', password_hash: hash }
  const counts = { already_there: 0, passed_over: 0, dry_run: false }
  const first = await run([ann])
  t.equal(first.code, 0)
  t.strictSame(first.answer, { refused: [], added: 1, ...counts, forms: { bcrypt: 1 } })
  const second = await run([ann, '[]', '7', '{}'], '--dry-run')
  t.equal(second.code, 1)
  t.equal(second.stderr, '', 'no hint about a pepper, since nobody would be added')
  t.match(second.answer, { added: 0, already_there: 1, passed_over: 0, dry_run: true, forms: { bcrypt: 1 } })
  t.strictSame(
    second.answer.refused.map(({ line }: { line: number }) => line),
    [2, 3, 4],
  )
  t.match(await run([]), { code: 1, answer: undefined, stderr: 'The file is empty.\n' })
})

t.test('what a file has besides people is passed over, and counted', async t => {
  const { run, rows } = await importing(t)
  const group = { model: 'auth.group', pk: 1, fields: { name: 'editors' } }
  const ann = { model: 'auth.user', pk: 2, fields: { username: 'ann', password: hash, last_login: null } }
  const { code, stdout } = await run(
    ['users', 'import', '-', '--format', 'django'],
    JSON.stringify([group, ann, group]),
  )
  t.equal(code, 0)
  t.match(stdout, /^Added 1 person\n2 records were passed over/)
  t.equal(rows().length, 1)
})

t.test('nobody who is there is changed', async t => {
  const { import: run, json, rows } = await importing(t)
  await json(['users', 'add', 'Alice', '--password-stdin'], password)
  const before = rows()
  for (const username of ['Alice', 'ALICE', 'ａｌｉｃｅ']) {
    const { code, answer } = await run([{ username, password_hash: hash, status: 'disabled', roles: [] }])
    t.match([code, answer.refused], [1, [{ line: 1, reason: NAME_TAKEN }]], username)
  }
  t.strictSame(rows(), before)
})

t.test('records that are one name by our rules are all refused', async t => {
  const { refused, rows } = await importing(t)
  const same = ['ann', 'straße', 'ＡＮＮ'].map(username => ({ username, password_hash: hash }))
  const many = Array.from({ length: 3000 }, (_, at) => ({
    username: at % 2 ? 'Straße' : 'STRASSE',
    password_hash: hash,
  }))
  t.strictSame(
    await refused([...same, ...many]),
    Array.from({ length: 3003 }, (_, at) => `${at + 1} ${NAMED_TWICE}`),
  )
  t.strictSame(rows(), [])
})

t.test('an id stays when nobody ever had it and no machine could', async t => {
  const { import: run, refused, json, rows } = await importing(t)
  const person = (user_id: string, username = `of ${user_id}`.slice(0, 80)) => ({
    username,
    password_hash: hash,
    user_id,
  })
  const good = [
    '1',
    'a'.repeat(64),
    '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
    'A.b_c-d',
    'user',
    'client',
    'User_1',
    '...',
  ]
  t.match(await run(good.map(id => person(id))), { code: 0, answer: { added: good.length } })
  t.strictSame(
    rows()
      .map(({ id }) => id)
      .sort(),
    good.toSorted(),
  )
  const bad = ['user_1', 'client_1', 'a'.repeat(65), 'a b', 'auth0|1', 'ä', 'a/b', '.', '..', '']
  t.equal((await refused(bad.map(id => person(id)))).length, bad.length)
  await json(['users', 'delete', 'of 1'])
  t.match(await refused([person('1', 'another'), person('A.b_c-d', 'one more')]), [
    /^1 .*had this id/,
    /^2 .*had this id/,
  ])
  const twice = [person('twice', 'first'), person('twice', 'second'), person('twice', '')]
  for (const options of [['--dry-run'], []])
    t.match(await refused(twice, ...options), [
      /^1 The file has this id more than once/,
      /^2 The file has this id/,
      /^3 /,
    ])
  t.equal(rows().length, good.length)
})

t.test('a role that does not exist, or is of an administrator, refuses the record', async t => {
  const { import: run, refused, json } = await importing(t)
  for (const [role, permission] of [
    ['editor', 'posts:write'],
    ['support', 'signet:users:read'],
  ] as const)
    await json(['roles', 'add', role, '--permission', permission])
  const person = (username: string, ...roles: readonly string[]) => ({ username, password_hash: hash, roles })
  t.match(
    await refused([person('a', 'editor', 'nobody'), person('b', 'support'), person('c', 'editor', 'signet-admin')]),
    [
      /^1 There is no role nobody/,
      /^2 The role support gives permissions of Signet's own.*--allow-admin/,
      /^3 The role signet-admin gives/,
    ],
  )
  t.match(await refused([person('a')], '--role', 'support'), [/^1 The role support/])
  t.match(await run([person('a', 'editor'), person('b')], '--role', 'support', '--role', 'editor', '--allow-admin'), {
    code: 0,
  })
  for (const name of ['a', 'b']) t.strictSame((await json(['users', 'show', name])).roles, ['editor', 'support'])
})

t.test('who has not signed in since is named, and the doctor tells what that means', async t => {
  const { import: run, json, run: command, text } = await importing(t)
  const note = async () => {
    const { stdout } = await command(['doctor', '--json'])
    return JSON.parse(stdout).findings.find(({ check }: { check: string }) => check === 'imported passwords').note
  }
  t.equal(await note(), null)
  await run(['ann', 'bob'].map(username => ({ username, password_hash: hash.replace('$04$', '$12$') })))
  await json(['users', 'add', 'carol', '--password-stdin'], password)
  t.match(await note(), /^2 users still have the password hash of another system.* 11 times Signet's own/)
  const names = async () =>
    (await json(['users', 'list', '--imported'])).map(({ username }: { username: string }) => username)
  t.strictSame(await names(), ['ann', 'bob'])
  await json(['users', 'set-password', 'ann', '--password-stdin'], password)
  t.strictSame(await names(), ['bob'])
  await text(['users', 'delete', 'bob'])
  t.equal(await note(), null)
})

t.test('the audit has each person and each role, and who did it', async t => {
  const { import: run, json } = await importing(t)
  await json(['roles', 'add', 'editor', '--permission', 'posts:write'])
  await run([{ username: 'ann', password_hash: hash, roles: ['editor'], user_id: '17' }])
  // What is written in one millisecond has no order.
  const events = async (name: string) =>
    (await json(['audit', 'list', '--user', name])).toSorted((one: { type: string }, other: { type: string }) =>
      other.type.localeCompare(one.type),
    )
  const [byId, byName] = [await events('17'), await events('ann')]
  const byType = byId.toSorted((one: { type: string }, other: { type: string }) => (one.type < other.type ? 1 : -1))
  t.match(byType, [
    { type: 'user.import', user_id: '17', username: 'ann', actor: /^operator:/ },
    { type: 'role.grant', user_id: '17', target: 'editor' },
  ])
  t.strictSame(byId, byName)
})

t.test('what is asked wrongly, or cannot be read, changes nothing', async t => {
  const { refuses, rows } = await importing(t)
  const folder = temporaryFolder(t)
  const file = join(folder, 'people.jsonl')
  writeFileSync(file, linesOf([{ username: 'ann', password_hash: hash }]))
  mkdirSync(join(folder, 'folder'))
  await refuses([
    { words: ['users', 'import'], code: 2, says: /missing required argument/ },
    { words: ['users', 'import', file, '--format', 'ldap'], code: 2, says: /It is one of signet/ },
    { words: ['users', 'import', file, '--max-cost', '0'], code: 2, says: /whole number from 1 to 1000/ },
    { words: ['users', 'import', file, '--prehash', 'md5'], code: 2, says: /sha256-hex/ },
    { words: ['users', 'import', file, '--username-from', 'email'], code: 2, says: /formats of other systems/ },
    { words: ['users', 'import', '-', '--pepper-file', '-'], code: 2, says: /Only one of the files/ },
    { words: ['users', 'import', join(folder, 'none')], code: 1, says: /There is no such file/ },
    { words: ['users', 'import', join(folder, 'folder')], code: 1, says: /directory/ },
    { words: ['users', 'import', file, '--pepper-file', join(folder, 'none')], code: 1, says: /There is no such file/ },
    { words: ['users', 'import', file, '--hash-config', file], code: 1, says: /no hash_config of Firebase/ },
  ])
  t.strictSame(rows(), [])
})
