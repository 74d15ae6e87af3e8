/** People keep their calendars in a Radicale by their names and passwords in Signet, as docs/integrations/radicale.md says. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { byTest, password } from '../support/serve.ts'
import { frontOf } from './front.ts'
import { watched } from './machines.ts'
import { clientId, startRadicale, withPeople } from './radicale.ts'
import { standIn } from './stand-in.ts'
import { wrongTokens } from './wrong-tokens.ts'

test('who has a password in Signet has calendars, and nobody else', async t => {
  const { service, front, secret, as } = await withPeople(t)
  const { sent } = await watched(t, service, front)
  const alice = as('alice', password)
  t.match(await alice.looks(), { status: 207 })
  t.match(await alice.makesCalendar(), { status: 201 })
  t.match(await alice.putsEvent('dentist'), { status: 201 })
  t.match(await as('Alice', password).getsEvent('dentist', '/alice/'), { status: 200, text: /SUMMARY:dentist/ })
  t.match(await as('bob', password).getsEvent('dentist', '/alice/'), { status: 403 }, 'those of somebody else')

  t.match(await as('alice', `${password}x`).looks(), { status: 401 })
  t.match(await as('nobody', password).looks(), { status: 401 })
  const form = { grant_type: 'password', username: 'bob', password }
  const { access_token: good } = (await service.token(form, { client: [clientId, secret] })).body
  for (const [what, token] of Object.entries({ good, ...(await wrongTokens(service, good)) }))
    t.match(await as('bob', token).looks(), { status: 401 }, what)

  t.match(sent[0], { path: '/oauth/token', authorization: undefined, status: 200 })
  t.same(sent[0]?.form, {
    ...{ grant_type: 'password', client_id: clientId, client_secret: secret },
    ...{ username: 'alice', password },
  })
})

test('a name has one folder, in one spelling', async t => {
  const { service, front, as, radicale, command } = await withPeople(t)
  const { sent } = await watched(t, service, front)
  const odd = '100% %41 a&b=c+d:e "f" \\g Ünï€𝄞'
  for (const [username, status] of [
    ['mary-jane_1.x@example.com', 207],
    ['zoë', 401],
    ["o'brien", 401],
    ['o+x', 401],
  ] as const) {
    await service.users.add({ username, password: odd, roles: [] }, byTest)
    const asked = sent.length
    t.match(await as(username, odd).looks('/'), { status }, username)
    t.equal(sent.length - asked, status === 207 ? 1 : 0)
  }
  t.match(await as('mary-jane_1.x@example.com', `${odd} `).looks('/'), { status: 401 })
  for (const spelling of ['alice ', ' alice', 'ａlice'])
    t.match(await as(spelling, password).looks('/'), { status: 401 }, `"${spelling}"`)

  const alice = as('alice', password)
  t.match(
    [await alice.looks(), await alice.makesCalendar(), await alice.putsEvent('dentist')],
    [{}, {}, { status: 201 }],
  )
  await command('users', 'rename', 'alice', 'alicia')
  const alicia = as('alicia', password)
  t.match(await alicia.looks(), { status: 207 })
  t.match(await alicia.getsEvent('dentist'), { status: 404 }, 'her calendars are where they were')
  const folderOf = (name: string): string => join(radicale.collections, 'collection-root', name)
  renameSync(folderOf('alicia'), folderOf('empty'))
  renameSync(folderOf('alice'), folderOf('alicia'))
  t.match(await alicia.getsEvent('dentist'), { status: 200 }, 'until they are moved')
})

test('without the two lines about names, one person has several calendars', async t => {
  const { service, front, as } = await withPeople(t, {
    more: 'lc_username = False\n[server]\nvalidate_user_value = minimal',
  })
  await watched(t, service, front)
  const alice = as('alice', password)
  t.match(
    [await alice.looks(), await alice.makesCalendar(), await alice.putsEvent('dentist')],
    [{}, {}, { status: 201 }],
  )
  for (const spelling of ['Alice', 'alice ', 'ａlice']) {
    t.match(await as(spelling, password).looks(), { status: 207 })
    t.match(await as(spelling, password).getsEvent('dentist'), { status: 404 }, `"${spelling}"`)
  }
})

test('ten wrong passwords keep out one person, and fifty of others nobody', async t => {
  const { service, front, secret, as, command, guessesManyNames } = await withPeople(t)
  await standIn(t, service, front)
  for (let tried = 0; tried < 10; tried += 1) t.match(await as('alice', `wrong ${tried}`).looks(), { status: 401 })
  t.match(await as('alice', password).looks(), { status: 401 }, 'by a 429')
  const form = { grant_type: 'password', username: 'alice', password }
  t.match(await service.token(form, { client: [clientId, secret] }), { status: 429 })
  await guessesManyNames(clientId, secret)
  t.match(await as('bob', password).looks(), { status: 207 })
  await service.writeEvents()
  const reasons = await command('audit', 'list', '--user', 'alice', '--since', '1h')
  t.match(reasons, 'wrong_password')
  t.match(reasons, 'throttled')
  await command('users', 'unlock', 'alice')
  t.match(await as('Alice', password).looks('/'), { status: 401 }, 'it is remembered')
  t.match(await service.token(form, { client: [clientId, secret] }), { status: 200 })
})

test('through a public client, fifty wrong passwords keep out everybody', async t => {
  const { service, front, as, command, guessesManyNames } = await withPeople(t, {
    more: 'oauth2_client_id = open\noauth2_client_secret =',
  })
  await standIn(t, service, front)
  await command('clients', 'add', 'open', '--public', '--grant', 'password', '--audience', 'https://dav.example.com')
  t.match(await as('bob', password).looks(), { status: 207 })
  await guessesManyNames('open')
  t.match(await as('alice', password).looks(), { status: 401 })
})

test('Signet is not asked without its certificate, and refuses whoever has another secret', async t => {
  const { service, front, secret, command } = await withPeople(t)
  const signet = await standIn(t, service, front)
  const { authorityFile: stranger = '' } = await frontOf(t, true)
  const distrusting = await startRadicale(t, { front: { ...front, authorityFile: stranger }, secret })
  t.match(await distrusting.as('alice', password).looks(), { status: 401 })
  t.match(distrusting.log(), /CRITICAL.*CERTIFICATE_VERIFY_FAILED/)
  t.equal(signet.asked.length, 0)
  const wrong = await startRadicale(t, { front, secret: `${secret}x` })
  t.match(await wrong.as('alice', password).looks(), { status: 401 })
  await service.writeEvents()
  const failures = await command('audit', 'list', '--client', 'radicale', '--outcome', 'failure', '--since', '24h')
  t.match(failures, /client\.authenticate.*wrong_secret/s)
  for (const { log } of [distrusting, wrong]) t.notOk(log().includes(password) || log().includes(secret))
})

test('permissions in Signet keep nobody out, the rights of Radicale do', async t => {
  const { service, front, as, command } = await withPeople(t, { withRights: true })
  const { sent } = await watched(t, service, front)
  await command('roles', 'add', 'dav', '--permission', 'dav:use')
  await command('clients', 'update', 'radicale', '--scope', 'dav:use')
  const alice = as('Alice', password)
  t.match(await alice.looks('/alice/'), { status: 207 })
  t.equal(sent[0]?.body.scope, undefined, 'she has none')
  t.match(await alice.looks('/'), { status: 207 })
  t.match(await alice.makesCalendar('/alice/'), { status: 201 })
  t.match(await alice.putsEvent('dentist', '/alice/'), { status: 201 })
  t.match(await as('bob', password).getsEvent('dentist', '/alice/'), { status: 403 })
  await service.users.add({ username: 'carol', password, roles: [] }, byTest)
  const carol = as('carol', password)
  for (const path of ['/', '/carol/']) t.match(await carol.looks(path), { status: 403 })
  t.match(await carol.makesCalendar(), { status: 403 })
})
