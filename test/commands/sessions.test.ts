import t, { type Test } from 'tap'
import { rowsOf } from '../support/audit.ts'
import { commandLine, inParallel, isoTime } from '../support/command-line.ts'
import { basic, claimsOf, password, request, serve } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'
import { isRevoked, statusIn } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

interface Device {
  readonly id: string
  readonly username: string
  readonly clientId: string
  readonly access: string
  readonly refreshToken: string
}

/** A running service with ann and ben, each signed in once through each of two clients. */
async function scene(t: Test) {
  const service = await serve(t)
  const { databaseFile, issuer } = service
  const { json, text, refuses } = await commandLine(t, service.environment)
  const grants = ['--grant', 'password', '--grant', 'refresh_token', '--audience', issuer]
  const clientIds = ['web', 'phone']
  const secrets = new Map<string, string>()
  await inParallel(['ann', 'ben'], name => json(['users', 'add', '--password-stdin', name], password))
  await inParallel(clientIds, async id =>
    secrets.set(id, (await json(['clients', 'add', ...grants, id])).client_secret),
  )

  const post = (clientId: string, form: Readonly<Record<string, string>>, userAgent = 'a browser') =>
    request(`${issuer}/oauth/token`, {
      form,
      headers: { authorization: basic([clientId, secrets.get(clientId) ?? '']), 'user-agent': userAgent },
    })
  async function signIn(username: string, clientId: string): Promise<Device> {
    const { body } = await post(clientId, { grant_type: 'password', username, password })
    const { access_token: access, refresh_token: refreshToken } = body
    return { id: claimsOf(access).sid, username, clientId, access, refreshToken }
  }
  const devices: Device[] = []
  for (const username of ['ann', 'ben'])
    for (const clientId of clientIds) devices.push(await signIn(username, clientId))

  const [annWeb, annPhone, benWeb, benPhone] = devices as [Device, Device, Device, Device]
  const refresh = ({ clientId, refreshToken }: Device, userAgent?: string) =>
    post(clientId, { grant_type: 'refresh_token', refresh_token: refreshToken }, userAgent)
  const me = ({ access }: Device) => request(`${issuer}/me`, { headers: { authorization: `Bearer ${access}` } })
  return {
    ...{ json, text, refuses, refresh, annWeb, annPhone, benWeb, benPhone },
    databaseFile,
    audit: () => rowsOf(databaseFile),
    idsOf: async (...words: readonly string[]): Promise<string[]> =>
      (await json(['sessions', 'list', ...words])).map(({ id }: { id: string }) => id),
    /** Of the four, these and only these work no more, at the service beside the command and at every resource service. */
    async areOver(t: Test, ...over: readonly Device[]): Promise<void> {
      for (const device of devices) {
        const title = `${device.username} at ${device.clientId}`
        const isOver = over.includes(device)
        t.equal((await me(device)).status, isOver ? 401 : 200, `${title}: access token`)
        t.equal(await isRevoked(statusIn(device.access)), isOver, `${title}: status list`)
      }
      for (const device of over) t.equal((await refresh(device)).body.error, 'invalid_grant')
    },
  }
}

t.test('list shows every session that is alive, the one used last first, with these members and no other', async t => {
  const { json, refresh, annWeb, annPhone, benWeb, benPhone, idsOf } = await scene(t)
  t.same(await idsOf(), [benPhone.id, benWeb.id, annPhone.id, annWeb.id])
  await refresh(annPhone, 'a telephone')
  t.same(await idsOf(), [annPhone.id, benPhone.id, benWeb.id, annWeb.id], 'a refresh is a use')
  const [first] = await json(['sessions', 'list'])
  const { user_id } = await json(['users', 'show', 'ann'])
  for (const member of ['created_at', 'last_used_at', 'expires_at']) t.match(first[member], isoTime, member)
  t.ok(first.created_at < first.last_used_at && first.last_used_at < first.expires_at)
  const { created_at, last_used_at, expires_at } = first
  t.strictSame(first, {
    ...{ id: annPhone.id, user_id, username: 'ann', client_id: 'phone' },
    ...{ created_at, last_used_at, expires_at },
    ...{ address: '127.0.0.1', forwarded_by: null, user_agent: 'a telephone' },
  })
})

t.test('list takes a user, a client and an id, and all that are given hold', async t => {
  const { annWeb, annPhone, benWeb, benPhone, idsOf, refuses } = await scene(t)
  const [list, none] = [['sessions', 'list'], /^There is no such/]
  const asked: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['--user', 'ann'],
      [annPhone.id, annWeb.id],
    ],
    [
      ['--user', 'ANN'],
      [annPhone.id, annWeb.id],
    ],
    [
      ['--client', 'web'],
      [benWeb.id, annWeb.id],
    ],
    [['--user', 'ben', '--client', 'phone'], [benPhone.id]],
    [[benWeb.id], [benWeb.id]],
    [[benWeb.id, '--user', 'ben', '--client', 'web'], [benWeb.id]],
    [[benWeb.id, '--user', 'ann'], []],
    [['session_0'], []],
  ]
  await inParallel(asked, async ([words, ids]) => t.same(await idsOf(...words), ids, words.join(' ')))
  await refuses([
    { words: [...list, '--user', 'nobody'], code: 1, says: none },
    { words: [...list, '--client', 'nothing'], code: 1, says: none },
    { words: [...list, 'a', 'b'], code: 2, says: /too many arguments/ },
  ])
})

t.test('for people list is a table and revoke a line', async t => {
  const { text, annWeb, annPhone } = await scene(t)
  const rows = (await text(['sessions', 'list', '--user', 'ann', '--wide'])).split('\n')
  t.match(rows[0], /^ID +USER +CLIENT +CREATED +LAST USED +ADDRESS +FORWARDED BY +USER AGENT$/)
  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
  const row = ({ id, clientId }: Device) =>
    new RegExp(`^${id} +ann +${clientId} +${time} +${time} +127\\.0\\.0\\.1 +a browser$`)
  t.match(rows[1], row(annPhone))
  t.match(rows[2], row(annWeb))
  t.equal(rows.length, 4)
  t.equal(await text(['sessions', 'revoke', annWeb.id]), 'Revoked 1 session\n')
  t.equal(await text(['sessions', 'revoke', '--user', 'ben']), 'Revoked 2 sessions\n')
  t.equal(await text(['sessions', 'revoke', '--user', 'ben']), 'Revoked 0 sessions\n')
})

t.test('a terminal obeys no user agent, and the table stays as wide as it is', async t => {
  const { text, json, refresh, annWeb, databaseFile } = await scene(t)
  const shown = async () =>
    (await text(['sessions', 'list', annWeb.id, '--wide'])).split('\n')[1]?.split(/127\.0\.0\.1 +/)[1]
  const typed = `t\u00e9l\u00e9 ${'x'.repeat(60)}`
  await refresh(annWeb, typed)
  t.equal(await shown(), `t?l? ${'x'.repeat(35)}`)
  t.equal((await json(['sessions', 'list', annWeb.id]))[0].user_agent, typed, 'JSON has all of it')
  const evil = 'a\u001b[2J\u009b\u202e\tb'
  change(databaseFile, 'update sessions set user_agent = ? where id = ?', evil, annWeb.id)
  t.equal(await shown(), 'a?[2J???b')
  change(databaseFile, 'update sessions set user_agent = null, address = null')
  t.match(await text(['sessions', 'list', annWeb.id, '--wide']), /Z\n$/)
})

t.test('revoke ID ends that session at the service beside it, and the audit says which operator did it', async t => {
  const { json, annPhone, areOver, audit, refuses, idsOf } = await scene(t)
  const before = audit().length
  t.strictSame(await json(['sessions', 'revoke', annPhone.id]), { revoked: 1 })
  const rows = audit().slice(before)
  t.equal(rows.length, 1)
  const nowhere = { address: null, user_agent: null, request_id: null }
  const ended = { type: 'session.end', outcome: 'success', reason: 'revoked_by_operator', session_id: annPhone.id }
  const whose = { user_id: /^user_/, client_id: /^client_/ }
  t.match(rows[0], { ...nowhere, ...ended, ...whose, actor: /^operator:.+/ })
  await areOver(t, annPhone)
  t.notOk((await idsOf()).includes(annPhone.id))
  const says = /^There is no such session\.\n$/
  await refuses([{ words: ['sessions', 'revoke', annPhone.id], code: 1, says }])
})

t.test('revoke --user ends what that user has, and nothing else', async t => {
  const { json, annWeb, annPhone, areOver, audit } = await scene(t)
  t.strictSame(await json(['sessions', 'revoke', '--user', 'ann']), { revoked: 2 })
  const { user_id } = await json(['users', 'show', 'ann'])
  t.match(audit().at(-1), { type: 'session.end', reason: 'revoked_by_operator', user_id, client_id: null })
  await areOver(t, annWeb, annPhone)
  t.strictSame(await json(['sessions', 'revoke', '--user', 'ann']), { revoked: 0 }, 'nothing is left')
})

t.test('revoke --client ends what goes through that client, and --user with it narrows that', async t => {
  const { json, annWeb, benPhone, benWeb, areOver, audit } = await scene(t)
  t.strictSame(await json(['sessions', 'revoke', '--user', 'ben', '--client', 'phone']), { revoked: 1 })
  const [{ id: phone }, { user_id }] = await Promise.all([
    json(['clients', 'show', 'phone']),
    json(['users', 'show', 'ben']),
  ])
  t.match(audit().at(-1), { type: 'session.end', user_id, client_id: phone, session_id: null })
  await areOver(t, benPhone)
  t.strictSame(await json(['sessions', 'revoke', '--client', 'web']), { revoked: 2 })
  await areOver(t, benPhone, annWeb, benWeb)
})

t.test('what is unknown ends with 1, a revoke of nothing in particular with 2, and neither ends a session', async t => {
  const { refuses, annWeb, areOver, audit } = await scene(t)
  const before = audit().length
  const revoke = ['sessions', 'revoke']
  await refuses([
    { words: [...revoke, 'session_0'], code: 1, says: /^There is no such session\.\n$/ },
    { words: [...revoke, ''], code: 1, says: /^There is no such session\.\n$/ },
    { words: [...revoke, '--user', 'nobody'], code: 1, says: /^There is no such user\.\n$/ },
    { words: [...revoke, '--client', 'nothing'], code: 1, says: /^There is no such client\.\n$/ },
    { words: [...revoke, annWeb.id, '--user', 'ben'], code: 1, says: /^There is no such session\.\n$/ },
    { words: [...revoke, annWeb.id, '--client', 'phone'], code: 1, says: /^There is no such session\.\n$/ },
    { words: revoke, code: 2, says: /an id, --user or --client/ },
    { words: [...revoke, '--user'], code: 2, says: /argument missing/ },
    { words: [...revoke, '--all'], code: 2, says: /unknown option/ },
    { words: [...revoke, annWeb.id, annWeb.id], code: 2, says: /too many arguments/ },
  ])
  t.equal(audit().length, before)
  await areOver(t)
})
