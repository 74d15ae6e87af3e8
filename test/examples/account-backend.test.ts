/** The example backend for sign-ups and forgotten passwords, without a browser. */
import t, { type Test } from 'tap'
import { readConfig } from '../../examples/account-backend/config.ts'
import { addBackend, fakeSignet, says, startAccountBackend } from '../support/account-backend.ts'
import { addClient, visible } from '../support/clients.ts'
import { exchange } from '../support/raw-http.ts'
import { type Answer, byTest, request, type Service, serve } from '../support/serve.ts'

const newPassword = 'quite another horse battery 7'

/** A token service whose client `login-page` is the page, and the backend beside it. */
async function backend(t: Test) {
  const service = await serve(t)
  await service.roles.add({ name: 'user', permissions: ['posts:read'] }, byTest)
  await service.roles.add({ name: 'admin', permissions: ['posts:write'] }, byTest)
  const page = 'https://page.example'
  await addClient(service, { clientId: 'login-page', isPublic: true, secret: undefined, scope: ['*'], origins: [page] })
  await addBackend(service)
  return { service, ...(await startAccountBackend(t, { issuer: service.issuer, pages: [page] })) }
}

const redeem = ({ issuer }: Service, ticket: string, password = newPassword): Promise<Answer> =>
  request(`${issuer}/oauth/password-tickets/redeem`, {
    form: { client_id: 'login-page', ticket, new_password: password },
    headers: { origin: 'https://page.example' },
  })

const signIn = (service: Service, username: string, password = newPassword): Promise<Answer> =>
  service.token({ grant_type: 'password', client_id: 'login-page', username, password })

const accepted = { message: 'If there is something to do, a mail is on its way. It has a link to set a password.' }
const expires_at = '2030-01-01T00:00:00.000Z'
const dora = { username: 'dora', email: 'dora@example.org' }

t.test('people sign up by mail; a forgotten password is replaced by mail, and old sessions end', async t => {
  const { service, send, idle, mails, links, log } = await backend(t)
  t.match(await send('/sign-up', dora), { status: 202, body: accepted })
  await idle()
  t.match(mails(), [{ to: dora.email, subject: 'Welcome', text: /\nhttps:\/\/page\.example\/#ticket=\S+\n/ }])
  const [first] = links()
  t.equal(first?.get('username'), 'dora')
  t.match(await signIn(service, 'dora'), { status: 400, body: { error: 'invalid_grant' } })
  t.equal((await redeem(service, first?.get('ticket') ?? '')).status, 204)
  const { body: session } = await signIn(service, 'dora')
  t.equal(session.scope, 'posts:read')
  t.match(await redeem(service, first?.get('ticket') ?? ''), { status: 400, body: { error: 'invalid_grant' } })

  await send('/forgot-password', { username: 'Dora' })
  await send('/forgot-password', { email: 'Dora@example.org' })
  await idle()
  t.equal(mails().length, 3, 'by the name and by the address, whatever their letters')
  const [second] = links()
  t.equal((await redeem(service, second?.get('ticket') ?? '', `${newPassword} too`)).status, 204)
  const form = { grant_type: 'refresh_token', client_id: 'login-page', refresh_token: session.refresh_token }
  t.match(await service.token(form), { status: 400, body: { error: 'invalid_grant' } }, 'the session of before')
  t.equal((await signIn(service, 'dora', `${newPassword} too`)).status, 200)

  for (const secret of [...links().map(link => link.get('ticket') ?? ''), dora.email])
    t.notOk(log().includes(secret), 'not in the log')
})

t.test('an answer does not say whether a name or an address is known; who reads the mail learns it', async t => {
  const { service, send, idle, mails } = await backend(t)
  await service.users.add({ username: 'alice', password: newPassword, roles: ['admin'] }, byTest)
  await send('/sign-up', dora)
  await idle()
  const answers = []
  for (const email of ['eve@example.org', dora.email]) answers.push(await send('/forgot-password', { email }))
  for (const username of ['eve', 'alice', 'dora']) answers.push(await send('/forgot-password', { username }))
  for (const username of ['eve', 'alice']) answers.push(await send('/sign-up', { ...dora, username }))
  answers.push(await send('/sign-up', { username: 'alice', email: 'mallory@example.org' }))
  await idle()
  for (const answer of answers) t.same(visible(answer), visible(answers[0] as Answer))
  t.same(
    mails()
      .map(({ to, subject }) => [to, subject])
      .toReversed(),
    [
      [dora.email, 'Welcome'],
      [dora.email, 'A new password'],
      [dora.email, 'A new password'],
      ['mallory@example.org', 'Please choose another user name'],
    ],
    'at most three tickets wait for a user: no mail tells of the sign-ups with the address of dora',
  )
  t.same((await service.users.list()).map(({ username }) => username).sort(), ['alice', 'dora'])
})

t.test('the answer comes before Signet is asked, and nobody can fill a mailbox or the queue', async t => {
  const held = Promise.withResolvers<void>()
  const token = says(200, { access_token: 'a', expires_in: 600 })
  const ticket = says(201, { password_ticket: 'b', expires_at })
  const { issuer, asked } = await fakeSignet(
    t,
    (message, reply) => void held.promise.then(() => token(message, reply)),
    says(201, { user_id: 'user_1' }),
    ticket,
  )
  const { send, idle, mails } = await startAccountBackend(t, { issuer })
  t.equal((await send('/sign-up', dora)).status, 202, 'while Signet answers nothing')
  for (let times = 0; times < 9; times += 1) await send('/forgot-password', { email: dora.email })
  held.resolve()
  await idle()
  t.equal(mails().length, 5, 'an hour')
  t.equal(asked.filter(each => each === 'POST /oauth/token').length, 1, 'a token is kept')
  const { status, headers, body } = await send('/forgot-password', { email: 'eve@example.org' })
  t.match(
    { status, body },
    { status: 429, body: { error: 'too_many_requests', status: 429, path: '/forgot-password' } },
  )
  t.match(headers.get('retry-after'), /^([1-9]|[1-5]\d|60)$/)
})

t.test('what is wrong with a form is said field by field, and other pages can not send it', async t => {
  const { send, origin, idle } = await startAccountBackend(t, { issuer: 'http://127.0.0.1:1' })
  const fieldsOf = ({ status, body }: Answer) => [status, ...body.errors.map(({ field }: { field: string }) => field)]
  t.same(fieldsOf(await send('/sign-up', { username: 'D', email: 'dora' })), [422, 'username', 'email'])
  t.same(fieldsOf(await send('/sign-up', { ...dora, email: 'a@b\nBcc: c@d' })), [422, 'email'])
  t.same(fieldsOf(await send('/forgot-password', { email: 1 })), [422, 'email'])
  t.same(fieldsOf(await send('/forgot-password', [])), [422, 'username'])

  const foreign = await send('/sign-up', dora, { origin: 'https://other.example' })
  t.match(foreign, { status: 403, body: { error: 'origin_not_allowed' } })
  const own = { origin: 'https://page.example' }
  const preflight = await request(`${origin}/sign-up`, { method: 'OPTIONS', headers: own })
  t.equal(preflight.status, 204)
  t.match(Object.fromEntries(preflight.headers), {
    'access-control-allow-origin': 'https://page.example',
    'access-control-allow-headers': 'Content-Type',
    vary: 'Origin',
  })
  t.equal((await request(`${origin}/sign-up`, { form: dora })).status, 415, 'a form that needs no preflight')
  t.equal((await send('/nowhere', {})).status, 404)
  await idle()
})

t.test('mails are shown at this machine only, as JSON or as a page', async t => {
  const answers = [says(200, { access_token: 'a', expires_in: 600 }), says(201, { user_id: 'u' })]
  const { issuer } = await fakeSignet(t, ...answers, says(201, { password_ticket: 'a<b', expires_at }))
  const { send, idle, origin } = await startAccountBackend(t, { issuer })
  await send('/sign-up', { ...dora, email: "d'o&ra@example.org" })
  await idle()
  t.match((await request(`${origin}/mails`)).body, [{ to: "d'o&ra@example.org", subject: 'Welcome' }])
  const { text, headers } = await request(`${origin}/mails`, { headers: { accept: 'text/html,*/*' } })
  t.match(text, "<p>To d'o&#38;ra@example.org</p>")
  t.match(text, '<a href="https://page.example/#ticket=a%3Cb&#38;username=dora">')
  t.match(headers.get('content-security-policy'), "default-src 'none'")
  for (const more of [
    { 'x-forwarded-for': '192.0.2.1' },
    { forwarded: 'for=192.0.2.1' },
    { origin: 'https://page.example' },
  ])
    t.equal((await request(`${origin}/mails`, { headers: more })).status, 404)
  const rebound = await exchange(origin, 'GET /mails HTTP/1.1\r\nHost: other.example\r\n\r\n')
  t.equal(rebound.status, 404, 'under a name that leads here')
})

t.test('what Signet puts off is asked again when it says; an outage is told to whoever comes next', async t => {
  const busy = (seconds: string) => says(503, { error: 'temporarily_unavailable' }, { 'retry-after': seconds })
  const answers = [
    ...[busy('2'), says(200, { access_token: 'a', expires_in: 600 })],
    ...[
      says(429, {}, { 'retry-after': '3' }),
      says(201, { user_id: 'u' }),
      says(201, { password_ticket: 'b', expires_at }),
    ],
    // A token that was revoked; then a time that is too long to wait for, and a user who has enough tickets.
    ...[says(401, {}), says(200, { access_token: 'c', expires_in: 600 }), busy('11')],
    says(429, { error: 'too_many_requests' }, { 'retry-after': '1' }),
  ]
  const signet = await fakeSignet(t, ...answers)
  const { send, idle, mails, waits, log } = await startAccountBackend(t, { issuer: signet.issuer })
  await send('/sign-up', dora)
  await idle()
  t.same(waits, [2000, 3000])
  t.equal(mails().length, 1)
  await send('/forgot-password', { email: dora.email })
  await idle()
  t.same(signet.asked.slice(5), [
    'POST /admin/users/u/password-tickets',
    'POST /oauth/token',
    'POST /admin/users/u/password-tickets',
  ])
  await send('/forgot-password', { email: dora.email })
  await idle()
  t.same([waits.length, mails().length, signet.asked.length], [2, 1, 9], 'neither is waited for')
  t.match(log(), /"reason":"\/admin\/users\/u\/password-tickets: 503 temporarily_unavailable/)

  await signet.stop()
  t.equal((await send('/forgot-password', { email: dora.email })).status, 202)
  await idle()
  t.match(log(), /"reason":"http:\S+ can't be reached\./)
  const refused = await send('/forgot-password', { email: 'eve@example.org' })
  t.match(refused, { status: 503, body: { error: 'temporarily_unavailable' } })
  t.equal(refused.headers.get('retry-after'), '5')
})

t.test('all mistakes in its configuration are told at once', t => {
  const environment = { SIGNET_ISSUER: 'x', PAGE: 'http://127.0.0.1:8080/', CLIENT_ID: '', ROLE: '', PORT: '0' }
  const names = ['CLIENT_SECRET', 'SIGNET_ISSUER', 'CLIENT_ID', 'PAGE', 'ROLE', 'PORT']
  t.throws(() => readConfig(environment), { message: new RegExp(`^${names.join('.*\\n')}.*$`) })
  t.match(readConfig({ CLIENT_SECRET: 'x' }), { pages: ['http://127.0.0.1:8080'], port: 8082, role: 'reader' })
  t.end()
})
