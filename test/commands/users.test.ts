import t from 'tap'
import { auditScene } from '../support/audit-scene.ts'
import { commandLine, isoTime, type Refused } from '../support/command-line.ts'
import { api, claimsOf, password, serve } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const HOUR_MS = 3_600_000
const newPassword = 'another battery staple 10'
const add = (name: string, ...more: readonly string[]) => ['users', 'add', '--password-stdin', ...more, '--', name]

t.test('under --json each command answers the user as it then is, with these members and no other', async t => {
  const { json } = await commandLine(t)
  await json(['roles', 'add', 'editor', '--permission', 'posts:write'])
  await json(['roles', 'add', 'author', '--permission', 'posts:read'])
  const added = await json(add('Ann', '--role', 'editor', '--role', 'author', '--role', 'editor'), password)
  t.match(added.user_id, /^user_[0-9a-f]{32}$/)
  t.match(added.created_at, isoTime)
  const { user_id, created_at } = added
  const ann = { user_id, username: 'Ann', status: 'active', roles: ['author', 'editor'], created_at }
  t.strictSame(added, ann)
  t.strictSame(await json(['users', 'show', 'Ann']), { ...ann, last_sign_in: null })
  t.strictSame(await json(['users', 'disable', 'Ann']), { ...ann, status: 'disabled' })
  t.strictSame(await json(['users', 'list']), [{ ...ann, status: 'disabled' }])
  t.strictSame(await json(['users', 'enable', 'Ann']), ann)
  t.strictSame(await json(['users', 'set-password', 'Ann', '--password-stdin'], newPassword), ann)
  t.strictSame(await json(['users', 'delete', 'Ann']), { ...ann, status: 'deleted' })
  t.strictSame(await json(['users', 'list']), [], 'an empty list is an array, too')
})

t.test('for people each command answers in a line, and list in a table', async t => {
  const { text } = await commandLine(t)
  t.match(await text(add('ann'), password), /^Added ann {2}user_[0-9a-f]{32} {2}active {2}\(no roles\)\n$/)
  t.match((await text(['users', 'show', 'ann'])).split('\n'), [
    'Name:          ann',
    /^ID: {12}user_[0-9a-f]{32}$/,
    'Status:        active',
    'Roles:         none',
    /^Created: {7}\d{4}-\S+Z \(.+\)$/,
    'Last sign-in:  none in the audit',
  ])
  t.match(await text(['users', 'list']), /^NAME +STATUS +ROLES +CREATED\nann +active +(now|\d s ago)\n$/)
  t.match(
    await text(['users', 'list', '--wide']),
    /^NAME +ID +STATUS +ROLES +CREATED\nann +user_[0-9a-f]{32} +active +\d{4}-\S+Z\n$/,
  )
  t.equal(await text(['users', 'set-password', 'ann', '--password-stdin'], newPassword), 'Set the password of ann\n')
  t.equal(await text(['users', 'disable', 'ann']), 'ann is disabled\n')
  t.equal(await text(['users', 'enable', 'ann']), 'ann is active\n')
  t.equal(await text(['users', 'delete', 'ann']), 'ann is deleted\n')
})

t.test('show has the last sign-in: when, from where and through which client', async t => {
  const { service, clock, typed, json, text } = await auditScene(t)
  const show = async () => (await text(['users', 'show', 'alice'])).split('\n').slice(5, -1)
  const last = async () => (await json(['users', 'show', 'alice'])).last_sign_in
  t.same([await last(), await show()], [null, ['Last sign-in:  none in the audit']])
  await typed('alice', password, '203.0.113.9')
  clock.advance(HOUR_MS)
  const { body } = await typed('alice', password, '198.51.100.7')
  const at = (await last()).at
  clock.advance(3 * HOUR_MS)
  await typed('alice', 'a wrong password 1', '203.0.113.66')
  await service.token({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: body.refresh_token })
  await service.writeEvents()
  t.strictSame(await last(), {
    at,
    ...{ client_id: 'spa', session_id: claimsOf(body.access_token).sid },
    ...{ address: '198.51.100.7', user_agent: 'a browser' },
  })
  t.same(await show(), [
    `Last sign-in:  ${at} (3 h ago)`,
    '               from 198.51.100.7 through spa',
    '               with "a browser"',
  ])
})

t.test('one account however its name is written: NFKC and letter case do not tell users apart', async t => {
  const { json, refuses } = await commandLine(t)
  await json(add('Alice'), password)
  await json(add('Straße'), password)
  const taken = ['ＡＬＩＣＥ', 'alice', 'STRASSE', 'A\u{FE00}lice'].map(
    (name): Refused => ({
      words: add(name),
      input: password,
      code: 1,
      says: /^There is a user with this name already\.\n$/,
    }),
  )
  await refuses(taken)
  const shown = await Promise.all(['aLICE', 'ａｌｉｃｅ', 'strasse'].map(name => json(['users', 'show', name])))
  t.strictSame(
    shown.map(({ username }) => username),
    ['Alice', 'Alice', 'Straße'],
    'shown as entered',
  )
  await json(['users', 'delete', 'ALICE'])
  t.equal((await json(add('ALICE', '--reuse-name'), password)).username, 'ALICE', 'the name of a deleted user')
})

t.test('a name that begins with a dash is a name after --, and an option before it', async t => {
  const { json, refuses } = await commandLine(t)
  t.equal((await json(add('--json'), password)).username, '--json')
  t.equal((await json(add('-h'), password)).username, '-h')
  t.equal((await json(['users', 'show', '--', '--json'])).username, '--json')
  t.equal((await json(['users', 'disable', '--', '-h'])).status, 'disabled')
  await refuses([
    { words: ['users', 'show', '-x'], code: 2, says: /unknown option '-x'/ },
    { words: add('--json'), input: password, code: 1, says: /already/ },
  ])
})

t.test('what is refused ends with 1, wrong usage with 2, and neither leaves a user behind', async t => {
  const { json, refuses } = await commandLine(t)
  await json(add('taken'), password)
  const refusedPassword = (input: string, says: RegExp, words = add('new')): Refused => ({
    words,
    input,
    code: 1,
    says,
  })
  const refusedName = (entered: string, says: RegExp): Refused => ({
    words: add(entered),
    input: password,
    code: 1,
    says,
  })
  await refuses([
    ...['show', 'disable', 'enable', 'delete'].map(
      (verb): Refused => ({ words: ['users', verb, 'nobody'], code: 1, says: /^There is no such user\.\n$/ }),
    ),
    refusedPassword(password, /^There is no such user\.\n$/, ['users', 'set-password', 'nobody', '--password-stdin']),
    refusedPassword(password, /no such role/, add('new', '--role', 'unheard-of')),
    refusedPassword('only 14 chars!', /shorter than 15/),
    refusedPassword('', /shorter than 15/),
    refusedPassword('aB3$'.repeat(65), /longer than 256/),
    refusedPassword('passwordpassword', /^The password repeats|common password/),
    refusedPassword('abcdefghijklmnopq', /sequence/),
    refusedPassword('a rather long name', /a username/, add('A Rather Long Name')),
    refusedPassword('taken taken taken', /repeats|a username/, ['users', 'set-password', 'taken', '--password-stdin']),
    refusedPassword('correct horse\0battery staple', /NUL/),
    refusedName('taken', /already/),
    refusedName('', /empty/),
    refusedName(' ann', /white space/),
    refusedName('a\u0007nn', /control/),
    refusedName('\u{200B}', /control|visible/),
    refusedName('x'.repeat(129), /128/),
    { words: add('new'), input: Buffer.from([0xc3, 0x28, ...Buffer.from(password)]), code: 2, says: /is not UTF-8/ },
    { words: ['users', 'add', 'new'], input: password, code: 2, says: /--password-stdin, or run this in a terminal/ },
    { words: ['users', 'set-password', 'taken'], code: 2, says: /--password-stdin, or run this in a terminal/ },
    { words: ['users', 'add'], code: 2, says: /missing required argument 'name'/ },
    { words: ['users', 'show', 'one', 'two'], code: 2, says: /too many arguments/ },
    { words: ['users', 'add', 'new', '--password', password], code: 2, says: /unknown option '--password'/ },
    { words: ['users', 'add', 'new', '--role'], code: 2, says: /argument missing/ },
  ])
  const left: { username: string }[] = await json(['users', 'list'])
  t.strictSame(
    left.map(({ username }) => username),
    ['taken'],
  )
})

t.test('beside a running server a command takes effect at once, and what it ended stays ended', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  const grants = ['--grant', 'password', '--grant', 'refresh_token']
  await json(['clients', 'add', 'spa', '--public', ...grants, '--audience', api])
  const signIn = (typed = password) =>
    service.token({ grant_type: 'password', client_id: 'spa', username: 'ann', password: typed })
  const refresh = (token: string) =>
    service.token({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: token })
  const sessions: string[] = []
  const opens = async (title: string, typed?: string) => {
    const { status, body } = await signIn(typed)
    t.equal(status, 200, title)
    sessions.push(body.refresh_token)
  }
  const areOver = async (title: string) => {
    const answers = await Promise.all(sessions.map(refresh))
    t.strictSame(
      answers.map(({ status, body }) => [status, body.error]),
      sessions.map(() => [400, 'invalid_grant']),
      title,
    )
  }

  t.equal((await signIn()).status, 400, 'before there is such a user')
  const first = await json(add('ann'), password)
  await opens('added')
  await json(['users', 'set-password', 'ann', '--password-stdin'], newPassword)
  await areOver('a new password ends the sessions')
  t.equal((await signIn()).status, 400, 'the old password')
  await opens('the new password', newPassword)
  await json(['users', 'disable', 'ann'])
  await areOver('disabled')
  t.equal((await signIn(newPassword)).status, 400, 'disabled')
  await json(['users', 'enable', 'ann'])
  await areOver('enabled again')
  await opens('enabled again', newPassword)
  await json(['users', 'delete', 'ann'])
  await areOver('deleted')
  t.equal((await signIn(newPassword)).status, 400, 'deleted')
  const second = await json(add('ann', '--reuse-name'), password)
  t.not(second.user_id, first.user_id, 'an id is never used again')
  t.strictSame(second.roles, [], 'nothing is inherited')
  await areOver('added again')
  await opens('added again')
})
