/** A sign-in through a client that may not refresh is over with its access token: it is no session of which people see a list. */
import t from 'tap'
import { rowsOf } from '../support/audit.ts'
import { addClient } from '../support/clients.ts'
import { isListed, scene } from '../support/scene.ts'
import { api, claimsOf, password, secret } from '../support/serve.ts'
import { sessionsOf } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const minute = 60_000

/** alice, who is signed in on a device, and her mail program, whose server has the password grant alone. */
async function withMail(t: Parameters<typeof scene>[0], environment = {}) {
  const its = await scene(t, { environment })
  const { service } = its
  await addClient(service, { clientId: 'mail', grants: ['password'], scope: ['*'], audiences: [api, service.issuer] })
  const connect = async () => {
    const form = { grant_type: 'password', username: 'alice', password, resource: service.issuer }
    const { status, body } = await service.token(form, { client: ['mail', secret] })
    t.equal(status, 200)
    t.notOk('refresh_token' in body)
    return body.access_token as string
  }
  return { ...its, connect }
}

t.test('ten connections of a mail program are in no list of the user, and push no device out', async t => {
  const { service, connect, device, as, clock } = await withMail(t, { SIGNET_SESSION_LIMIT: '2' })
  const phone = await device()
  let last = ''
  for (let connection = 0; connection < 10; connection += 1) {
    clock.advance(1000)
    last = await connect()
  }
  const here = await device()
  const listed = async (access: string) =>
    (await as({ access }, 'GET', '/me/sessions')).body.sessions.map(({ id }: { id: string }) => id)
  t.same(new Set(await listed(here.access)), new Set([phone.sid, here.sid]))
  t.same(await listed(last), await listed(here.access), 'whoever asks')
  t.ok(sessionsOf(service.databaseFile).every(({ end_reason }) => end_reason === null))
  clock.advance(1000)
  await device()
  t.same(
    sessionsOf(service.databaseFile)
      .filter(({ end_reason }) => end_reason !== null)
      .map(({ id }) => id),
    [phone.sid],
    'devices are counted as before',
  )
})

t.test('each is audited, and ends with its token', async t => {
  const { service, connect, as, clock } = await withMail(t)
  const access = await connect()
  const { sid, exp } = claimsOf(access)
  t.match(
    rowsOf(service.databaseFile)
      .filter(({ type }) => type === 'user.sign_in')
      .at(-1),
    { outcome: 'success', session_id: sid },
  )
  const row = sessionsOf(service.databaseFile).find(({ id }) => id === sid)
  t.equal(Math.floor(row?.['expires_at_ms'] / 1000), exp)
  clock.advance(9 * minute)
  t.equal((await as({ access }, 'GET', '/me')).status, 200)
  clock.advance(2 * minute)
  t.equal((await as({ access }, 'GET', '/me')).status, 401)
})

t.test('operators see them, and whoever signs out everywhere ends them, too', async t => {
  const { service, connect, device, as } = await withMail(t)
  const access = await connect()
  const { sid } = claimsOf(access)
  const management = await service.container.sessionManagement()
  t.equal((await management.list({ sessionId: sid })).length, 1)
  const here = await device()
  t.equal((await as(here, 'DELETE', '/me/sessions')).status, 204)
  t.equal((await as({ access }, 'GET', '/me')).status, 401)
  t.equal(await isListed(access), true, 'resource services are told')
})
