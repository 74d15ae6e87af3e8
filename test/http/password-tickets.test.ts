import t from 'tap'
import { saysOfFields } from '../support/administered.ts'
import { addKey } from '../support/asking-machines.ts'
import { addClient, visible } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { another, badTicket, withTickets } from '../support/password-tickets.ts'
import { isListed, page } from '../support/scene.ts'
import type { Answer } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

const MINUTE_MS = 60_000

const its = await withTickets(t)
const { service, clock, admin, json, fresh, appendedLike, attempt, machineWith } = its
const { add, patch, act, hashing, given, ticketFor, redeem, through, person, countOf } = its

/** The tokens of the administrator are over by then. */
async function later(milliseconds: number): Promise<void> {
  clock.advance(milliseconds)
  Object.assign(admin, await its.signIn('admin'))
}

t.test('a user without a password signs in with the one that was set by a ticket, which works once', async t => {
  const backend = await machineWith(['signet:users:read', 'signet:users:write'])
  const { body: user } = await add({ username: 'eve', roles: [] }, backend)
  t.equal((await attempt({ username: 'eve' })).status, 400)
  await fresh()
  const answer = await act(user.user_id, 'password-tickets', { client_id: 'login' }, { by: backend })
  const { password_ticket: ticket, password_ticket_id: id, expires_at, ...rest } = answer.body
  given.push(ticket)
  t.equal(answer.status, 201)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.match(ticket, /^signet_pt_[0-9a-f]{72}$/)
  t.equal(Date.parse(expires_at), clock.now() + 30 * MINUTE_MS)
  t.strictSame(rest, { user_id: user.user_id, client_id: 'login' })
  const { id: clientId } = await service.clients.find('login')
  const about = { user_id: user.user_id, client_id: clientId, target: id, outcome: 'success' }
  await appendedLike({ ...about, type: 'password_ticket.create', actor: `client:${backend.id}` })
  t.notOk(JSON.stringify(select(service.databaseFile, 'select * from password_tickets')).includes(ticket.slice(10, 74)))

  const other = await ticketFor(user.user_id, 'account', backend)
  await fresh()
  const headers = { origin: page }
  const redeemed = await redeem(ticket, {}, { headers })
  t.strictSame([redeemed.status, redeemed.text], [204, ''])
  t.equal(redeemed.headers.get('access-control-allow-origin'), page)
  const set = { type: 'user.set_password', user_id: user.user_id, actor: 'client', outcome: 'success' }
  await appendedLike(set, { ...about, type: 'password_ticket.redeem', actor: 'client' })
  t.equal((await attempt({ username: 'eve', password: another })).status, 200)
  t.equal(countOf(user.user_id), 0)
  for (const answer of [await redeem(ticket), await through('account', other)]) isError(t, answer, badTicket)
})

t.test('redeeming ends the sessions, revokes the keys, and forgets the wrong passwords that were counted', async t => {
  const { username, id } = await person()
  const device = await its.device({ username })
  const key = await addKey(service, { username })
  for (let wrong = 0; wrong < 10; wrong += 1) await attempt({ username, password: `wrong ${wrong}` })
  t.equal((await attempt({ username })).status, 429)
  const ticket = await ticketFor(id)
  t.equal((await redeem(ticket)).status, 204)
  t.ok(await isListed(device.access))
  t.equal((await its.refresh(device.refreshToken)).status, 400)
  t.match(await json(['api-keys', 'show', key.id]), { status: 'revoked' })
  t.equal((await attempt({ username, password: another })).status, 200)
})

t.test('whatever is wrong with a ticket, the answer is one and the same, before the password is looked at', async t => {
  const { id } = await person()
  const [expired, another] = [await ticketFor(id), await ticketFor(id)]
  await later(30 * MINUTE_MS)
  const gone = await person()
  const [ofDisabled, elsewhere] = [await ticketFor(gone.id), await ticketFor(id, 'account')]
  const before = select(service.databaseFile, 'select * from users')
  const hashed = hashing.count()
  await fresh()
  const answers = [
    await redeem(''.padEnd(82, 'x')),
    await redeem(`signet_pt_${'0'.repeat(72)}`),
    await redeem(`${ofDisabled} `),
    await redeem(elsewhere),
    await redeem(expired),
    await redeem(another, { new_password: 'short' }),
  ]
  for (const answer of answers) isError(t, answer, badTicket)
  t.equal(new Set(answers.map(answer => JSON.stringify(visible(answer)))).size, 1)
  t.equal(hashing.count(), hashed)
  t.same(select(service.databaseFile, 'select * from users'), before)
  const failed = { type: 'password_ticket.redeem', outcome: 'failure', actor: 'client', client_id: String }
  const events = await fresh()
  for (const event of events) t.match(event, failed)
  t.match(
    events.map(({ reason, user_id }) => [reason, user_id]).toSorted(),
    [
      ['ticket_expired', id],
      ['ticket_of_another_client', id],
      ['unknown_ticket', null],
    ],
    'what repeats is counted, and told later',
  )

  await patch(gone.id, { status: 'disabled' })
  isError(t, await redeem(ofDisabled), badTicket)
  await patch(gone.id, { status: 'active' })
  isError(t, await redeem(ofDisabled), badTicket)
})

t.test('what is asked for wrongly, or by a client that can not prove who it is, costs no ticket', async t => {
  const { username, id } = await person()
  const [ticket, confidential] = [await ticketFor(id), await ticketFor(id, 'account')]
  const refusals: readonly (readonly [Answer, readonly [number, string]])[] = [
    [await redeem(ticket, { new_password: 'short' }), [400, 'invalid_request']],
    [await redeem(ticket, { new_password: `${username}-1234567` }), [400, 'invalid_request']],
    [await redeem(ticket, { new_password: '' }), [400, 'invalid_request']],
    [await redeem(''), [400, 'invalid_request']],
    [await redeem(ticket, { client_id: 'account' }), [401, 'invalid_client']],
    [await redeem(ticket, { client_id: 'nobody' }), [401, 'invalid_client']],
    [await redeem(confidential, { client_id: 'account', client_secret: 'x' }), [401, 'invalid_client']],
    [await redeem(ticket, {}, { headers: { origin: 'https://evil.example.com' } }), [403, 'origin_not_allowed']],
    [await service.get(`/oauth/password-tickets/redeem?t=${ticket}`, { form: '' }), [400, 'invalid_request']],
    [await service.get('/oauth/password-tickets/redeem?ticket=x', { form: '' }), [400, 'invalid_request']],
    [await service.get('/oauth/password-tickets/redeem'), [405, 'method_not_allowed']],
    [await service.get('/oauth/password-tickets/redeem', { body: '{}' }), [415, 'invalid_request']],
  ]
  for (const [answer, expected] of refusals) isError(t, answer, expected)
  t.match(refusals[0]?.[0].body.error_description, /shorter than 15/)
  t.equal((await attempt({ username })).status, 200)
  t.equal((await through('account', confidential)).status, 204)
})

t.test('a user has at most three tickets, and only somebody who is active has any', async t => {
  const { id } = await person()
  const tickets = [await ticketFor(id)]
  await later(10 * MINUTE_MS)
  const create = (body: object = { client_id: 'login' }) => act(id, 'password-tickets', body)
  const both = await Promise.all([create(), create(), create()])
  t.same(both.map(({ status }) => status).toSorted(), [201, 201, 429], 'also of those made at once')
  const fourth = await create()
  isError(t, fourth, [429, 'too_many_requests'])
  t.equal(fourth.headers.get('retry-after'), String(20 * 60))
  await later(20 * MINUTE_MS)
  t.equal((await create()).status, 201)
  isError(t, await redeem(tickets[0] ?? ''), badTicket)
  await later(-60 * MINUTE_MS)
  t.equal((await create()).status, 201, 'what was made before the clock was set back keeps nobody waiting')
  await later(60 * MINUTE_MS)

  for (const client_id of ['none', 'a\nb', ''])
    saysOfFields(t, await create({ client_id }), { client_id: /no such client/ })
  saysOfFields(t, await create({}), { client_id: /needed/ })
  await addClient(service, { clientId: 'off' })
  await json(['clients', 'disable', 'off'])
  saysOfFields(t, await create({ client_id: 'off' }), { client_id: /disabled/ })
  await patch(id, { status: 'disabled' })
  isError(t, await create(), [409, 'conflict'])
})

t.test('no line of the log has a ticket', async t => {
  t.ok(given.length > 5)
  const log = service.log()
  t.ok(log.includes('/oauth/password-tickets/redeem'))
  for (const ticket of given) t.notOk(log.includes(ticket.slice(10, 40)))
})
