/**
 * A client that does not know how its secret is to be sent tries Basic first and then the body, as golang.org/x/oauth2 does. Each such
 * pair is a failed authentication and a good one.
 */
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { addAlice, api, password, secret, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

const PROBES = 400
const AT_ONCE = 20
const MINUTE_MS = 60_000

/** What the service can't read as this secret, however it tries. */
const misencoded = `${secret}%`

const clock = testClock()
const service = await serve(t, { clock })
await addAlice(service)
await addClient(service, { clientId: 'prober', introspect: [api] })

const failures = async () => {
  await service.writeEvents()
  const failed = "select reason, count from audit_events where type = 'client.authenticate' order by rowid"
  return select(service.databaseFile, failed).map(({ reason, count }) => `${count} × ${reason}`)
}
const inBody = { client_id: 'prober', client_secret: secret }

/** Both requests, at the path. */
async function probe(path: string, form: Readonly<Record<string, string>>) {
  const first = await service.get(path, { form, client: ['prober', misencoded] })
  const second = await service.get(path, { form: { ...form, ...inBody } })
  return { first, second }
}

t.test('however often it tries, the second request succeeds, and the audit has two rows a minute', async t => {
  for (let made = 0; made < PROBES; made += AT_ONCE) {
    const probes = await Promise.all(Array.from({ length: AT_ONCE }, () => probe('/oauth/introspect', { token: 'x' })))
    for (const { first, second } of probes)
      t.strictSame([first.status, first.headers.get('retry-after'), second.status], [401, null, 200])
  }
  const first = ['1 × wrong_secret']
  t.strictSame(await failures(), first)
  clock.advance(MINUTE_MS)
  const counted = [...first, `${PROBES - 1} × wrong_secret`]
  t.strictSame(await failures(), counted)
  for (const _ of [1, 2]) await probe('/oauth/introspect', { token: 'x' })
  t.strictSame(await failures(), [...counted, ...first])
  const good = await service.get('/oauth/introspect', { form: { token: 'x' }, client: ['prober', secret] })
  t.equal(good.status, 200, 'Basic as well, as soon as it is right')
})

t.test('the request that fails consumes nothing: the one behind it refreshes with the same token', async t => {
  const signIn = { grant_type: 'password', username: 'alice', password }
  let { second } = await probe('/oauth/token', signIn)
  for (let round = 0; round < 20; round += 1) {
    const { first, second: next } = await probe('/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: second.body.refresh_token,
    })
    t.strictSame([first.status, next.status], [401, 200])
    second = next
  }
})
