/** What ends a password ticket, and what happens while one is redeemed. */
import { availableParallelism } from 'node:os'
import { hash } from '@node-rs/argon2'
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { another, badTicket, withTickets } from '../support/password-tickets.ts'
import { password } from '../support/serve.ts'
import { auditOf, change } from '../support/sqlite.ts'
import { pathOf } from '../support/users-over-http.ts'

const its = await withTickets(t)
const { service, clock, ask, admin, json, fresh, attempt } = its
const { patch, act, setRoles, hashing, given, ticketFor, redeem, through, person, countOf } = its

t.test('tickets go with the password, the status and a role that is given, and with nothing else', async t => {
  const { username, id } = await person()
  const goes: Readonly<Record<string, () => Promise<unknown>>> = {
    'set by an operator': () => json(['users', 'set-password', username, '--password-stdin'], password),
    'set over HTTP': () => act(id, 'set-password', { password }),
    'changed by the user': async () => {
      const account = await its.device({ username })
      const form = { current_password: password, new_password: another }
      t.equal((await its.as(account, 'POST', '/me/password', { form })).status, 204)
      await act(id, 'set-password', { password })
    },
    disabled: () => patch(id, { status: 'disabled' }),
    enabled: () => patch(id, { status: 'active' }),
    'a role is given': () => setRoles(id, ['editor']),
    'a role is given by an operator': () => json(['roles', 'grant', 'signet-admin', '--user', username]),
  }
  for (const [name, doIt] of Object.entries(goes)) {
    const ticket = name === 'enabled' ? given.at(-1) : await ticketFor(id)
    await doIt()
    t.equal(countOf(id), 0, name)
    isError(t, await redeem(ticket ?? ''), badTicket)
  }
  const ticket = await ticketFor(id)
  await patch(id, { username: `${username}-renamed`, status: 'active' })
  await setRoles(id, ['editor'])
  await act(id, 'unlock')
  const outdated = await hash(password, { algorithm: 2, memoryCost: 64, timeCost: 1, parallelism: 1 })
  change(service.databaseFile, 'update users set password_hash = ? where id = ?', outdated, id)
  t.equal((await attempt({ username: `${username}-renamed` })).status, 200)
  t.ok(auditOf(service.databaseFile).includes('user.upgrade_password_hash success'))
  t.equal((await redeem(ticket)).status, 204)
  await ticketFor(id)
  await ask(admin, 'DELETE', pathOf(id))
  t.equal(countOf(id), 0)
})

t.test('the janitor removes tickets that have expired, and no others', async t => {
  const { id } = await person()
  await ticketFor(id)
  clock.advance(29 * 60_000)
  Object.assign(admin, await its.signIn('admin'))
  await ticketFor(id)
  clock.advance(60_000)
  const { passwordTickets } = await (await service.container.janitor()).sweep()
  t.ok(passwordTickets >= 1)
  t.equal(countOf(id), 1)
  Object.assign(admin, await its.signIn('admin'))
})

t.test('of those who redeem one ticket at once exactly one wins', async t => {
  const { username, id } = await person()
  await addClient(service, { clientId: 'backend' })
  const ticket = await ticketFor(id, 'backend')
  await fresh()
  const passwords = ['first', 'second', 'third', 'fourth'].map(word => `${word} battery staple 10`)
  const all = passwords.map(word => () => through('backend', ticket, { new_password: word }))
  const answers = await hashing.together(all, Math.min(availableParallelism(), all.length))
  t.same(answers.map(({ status }) => status).toSorted(), [204, 400, 400, 400])
  const signIns = []
  for (const word of passwords) signIns.push((await attempt({ username, password: word })).status === 200)
  t.same(
    signIns,
    answers.map(({ status }) => status === 204),
  )
  const events = (await fresh()).filter(({ type }) => type === 'password_ticket.redeem')
  t.match(
    events.find(({ outcome }) => outcome === 'failure'),
    { reason: /^(ticket_changed|unknown_ticket)$/ },
  )
})

t.test('what happens while the new password is hashed is seen', async t => {
  const changes: Readonly<Record<string, (who: { id: string; username: string }) => Promise<unknown>>> = {
    disabled: ({ id }) => patch(id, { status: 'disabled' }),
    'disabled and enabled': async ({ id }) => {
      await patch(id, { status: 'disabled' })
      await patch(id, { status: 'active' })
    },
    'another password': ({ id }) => act(id, 'set-password', { password: 'a third battery staple 12' }),
    'the client is disabled': () => json(['clients', 'disable', 'login']),
  }
  for (const [name, change] of Object.entries(changes)) {
    const who = await person()
    const ticket = await ticketFor(who.id)
    await fresh()
    const answer = await hashing.during(
      () => redeem(ticket),
      () => change(who),
    )
    isError(t, answer, badTicket)
    const [refused] = (await fresh()).filter(({ type }) => type === 'password_ticket.redeem')
    t.match(refused, { outcome: 'failure', reason: 'ticket_changed', user_id: who.id }, name)
    t.equal((await attempt({ username: who.username, password: another })).status, 400)
  }
  await json(['clients', 'enable', 'login'])
  const { id } = await person()
  const ticket = await ticketFor(id)
  const answer = await hashing.during(
    () => redeem(ticket),
    () => ticketFor(id),
  )
  t.equal(answer.status, 204, 'one more ticket changes nothing')
})
