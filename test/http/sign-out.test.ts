import { type Test, test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { isListed, type Scene, scene, type Tokens } from '../support/scene.ts'

import { everythingIn, sessionsOf } from '../support/sqlite.ts'

const notListed = 'There is nothing at this path.'

/** Nothing of the session works any more, here or at a resource service. */
async function isOver(t: Test, { as, refresh }: Scene, tokens: Tokens, title: string): Promise<void> {
  t.equal((await refresh(tokens.refreshToken)).body.error, 'invalid_grant', `${title}: refresh`)
  t.equal((await as(tokens, 'GET', '/me')).status, 401, `${title}: access token`)
  t.equal(await isListed(tokens.access), true, `${title}: status list`)
}

async function goesOn(t: Test, { as, refresh }: Scene, tokens: Tokens, title: string): Promise<void> {
  t.equal((await as(tokens, 'GET', '/me')).status, 200, `${title}: access token`)
  t.equal(await isListed(tokens.access), false, `${title}: status list`)
  t.equal((await refresh(tokens.refreshToken)).status, 200, `${title}: refresh`)
}

test('signing one device out ends its refresh token and its access tokens, and nothing else', async t => {
  const account = await scene(t)
  const { service, as, userId, appended } = account
  const [here, there, elsewhere] = [await account.device(), await account.device(), await account.device()]
  const sibling = (await account.refresh(there.refreshToken)).body.access_token
  await account.fresh()

  const answer = await as(here, 'DELETE', `/me/sessions/${there.sid}`, { headers: { 'user-agent': 'a browser' } })
  t.same([answer.status, answer.text, answer.headers.get('cache-control')], [204, '', 'no-store'])
  const { request_id } = sessionsRequest(service.log())
  await appended(
    'the user did it',
    { actor: 'user', address: '127.0.0.1', user_agent: 'a browser', request_id },
    { type: 'session.end', reason: 'signed_out', user_id: userId, client_id: account.accountId, session_id: there.sid },
  )
  await isOver(t, account, there, 'the device')
  t.equal(await isListed(sibling), true, 'the token of its refresh')
  await goesOn(t, account, here, 'this device')
  await goesOn(t, account, elsewhere, 'another device')
})

const sessionsRequest = (log: string): { request_id: string } =>
  JSON.parse(log.split('\n').findLast(line => line.includes('"msg":"request"')) ?? '')

test('the device that asks may sign itself out', async t => {
  const account = await scene(t)
  const [here, there] = [await account.device(), await account.device()]
  t.equal((await account.as(here, 'DELETE', `/me/sessions/${here.sid}`)).status, 204)
  await isOver(t, account, here, 'this device')
  await goesOn(t, account, there, 'the other one')
})

test("somebody else's session, one that is over and one that never was look the same, and nothing happens", async t => {
  const account = await scene(t)
  const { service, as } = account
  const [here, bob, over] = [await account.device(), await account.device({ username: 'bob' }), await account.device()]
  t.equal((await as(here, 'DELETE', `/me/sessions/${over.sid}`)).status, 204)
  const before = everythingIn(service.databaseFile)
  for (const id of [bob.sid, over.sid, 'session_0', '\0', '%00', "'; drop table sessions; --", 'x'.repeat(90)]) {
    const answer = await as(here, 'DELETE', `/me/sessions/${encodeURIComponent(id)}`)
    isError(t, answer, [404, 'not_found'])
    t.equal(answer.body.error_description, notListed)
  }
  t.same(everythingIn(service.databaseFile), before)
  await goesOn(t, account, bob, 'bob')
})

test('signing the others out leaves this session, and those of other users', async t => {
  const account = await scene(t)
  const { as, userId, appended } = account
  const here = await account.device()
  const others = [await account.device(), await account.device({ clientId: 'web-app' })]
  const bob = await account.device({ username: 'bob' })
  await account.fresh()
  const answer = await as(here, 'DELETE', '/me/sessions')
  t.same([answer.status, answer.text, answer.headers.get('cache-control')], [204, '', 'no-store'])
  const [event] = await account.fresh()
  t.match(event, { type: 'session.end', outcome: 'success', reason: 'signed_out', actor: 'user', user_id: userId })
  t.same([event?.session_id, event?.client_id], [null, null], 'one event for all')
  for (const { access } of others) t.equal(await isListed(access), true)
  t.match(
    sessionsOf(account.service.databaseFile).map(row => row['end_reason']),
    [null, 'signed_out', 'signed_out', null],
  )
  await goesOn(t, account, here, 'this device')
  await goesOn(t, account, bob, 'bob')
  await account.fresh()
  t.equal((await as(here, 'DELETE', '/me/sessions')).status, 204, 'with nothing left to end')
  await appended('no event', {})
})

test('?all=true signs this device out, too', async t => {
  const account = await scene(t)
  const [here, there, bob] = [await account.device(), await account.device(), await account.device({ username: 'bob' })]
  t.equal((await account.as(here, 'DELETE', '/me/sessions?all=true')).status, 204)
  await isOver(t, account, here, 'this device')
  await isOver(t, account, there, 'the other one')
  await goesOn(t, account, bob, 'bob')
})

test('?all says true or false, and nothing is false: anything else is refused before anybody is signed out', async t => {
  const account = await scene(t)
  const [here, there] = [await account.device(), await account.device()]
  for (const query of ['all=1', 'all=TRUE', 'all=yes', 'all=true&all=true', 'all=true&all=false']) {
    isError(t, await account.as(here, 'DELETE', `/me/sessions?${query}`), [400, 'invalid_request'])
  }
  await goesOn(t, account, there, 'the other one')
  for (const query of ['all=false', 'all=']) {
    const other = await account.device()
    t.equal((await account.as(here, 'DELETE', `/me/sessions?${query}`)).status, 204, query)
    t.equal(await isListed(other.access), true)
    await goesOn(t, account, here, 'this device')
  }
})

test('more sessions than one write ends are all ended by one request', async t => {
  const account = await scene(t, { environment: { SIGNET_SESSION_LIMIT: '1000' } })
  const here = await account.device()
  for (let round = 0; round < 25; round += 1)
    await Promise.all(Array.from({ length: 9 }, () => account.device({ clientId: 'web-app' })))
  t.equal((await account.as(here, 'DELETE', '/me/sessions')).status, 204)
  const rows = sessionsOf(account.service.databaseFile)
  t.equal(rows.length, 226)
  t.same(
    rows.filter(row => row['ended_at_ms'] === null).map(row => row['id']),
    [here.sid],
  )
  t.equal((await account.as(here, 'GET', '/me/sessions')).body.sessions.length, 1)
})

test('of two that sign the same device out at once, one is told that there is nothing any more', async t => {
  const account = await scene(t)
  const [here, there] = [await account.device(), await account.device()]
  await account.fresh()
  const path = `/me/sessions/${there.sid}`
  const answers = await Promise.all([account.as(here, 'DELETE', path), account.as(here, 'DELETE', path)])
  t.same(answers.map(({ status }) => status).sort(), [204, 404])
  await account.appendedLike({ type: 'session.end', session_id: there.sid })
})
