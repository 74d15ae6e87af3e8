/** /admin/clients/{client_id}/secrets: several at once, and what goes with one that is removed. */
import t from 'tap'
import { administered, etagOf, saysOfFields } from '../support/administered.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { isListed } from '../support/scene.ts'
import { secret } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const path = '/admin/clients'

t.test('secrets are added beside the others, and removed with what the client got for itself', async t => {
  const { ask, admin, service, clock, json } = await administered(t)
  await addClient(service, { clientId: 'worker', grants: ['client_credentials'] })
  const secrets = `${path}/worker/secrets`
  const granted = (value: string) => service.token({ grant_type: 'client_credentials' }, { client: ['worker', value] })
  const added = await ask(admin, 'POST', secrets, { body: { name: 'ci', expires_in: 60 } })
  t.equal(added.status, 201)
  const { client_secret, secret_id, ...client } = added.body
  t.equal(added.headers.get('location'), `${secrets}/${secret_id}`)
  t.strictSame(client, await json(['clients', 'show', 'worker']))
  t.equal(etagOf(added), etagOf(await ask(admin, 'GET', `${path}/worker`)))
  const expires_at = new Date(clock.now() + 60_000).toISOString()
  t.match(
    client.secrets.find(({ id }: { id: string }) => id === secret_id),
    { name: 'ci', expires_at, last_used_at: null },
  )
  const { access_token } = (await granted(client_secret)).body
  t.equal((await granted(secret)).status, 200, 'the other one works on')
  // The uses are written beside the requests, and make another tag of the client.
  await until(async () => {
    const { secrets: both } = await json(['clients', 'show', 'worker'])
    return both.every(({ last_used_at }: { last_used_at: string | null }) => last_used_at !== null)
  })

  saysOfFields(t, await ask(admin, 'POST', secrets, { body: { name: ' x', expires_in: 0 } }), {
    name: /name/,
    expires_in: /1s to/,
  })
  saysOfFields(t, await ask(admin, 'POST', secrets, { body: { client_secret: secret } }), {
    client_secret: /made here/,
  })
  isError(t, await ask(admin, 'POST', secrets), [400, 'invalid_request'])
  isError(t, await ask(admin, 'POST', `${path}/spa/secrets`, { body: {} }), [409, 'conflict'])
  isError(t, await ask(admin, 'POST', `${path}/nobody/secrets`, { body: {} }), [404, 'not_found'])
  isError(t, await ask(admin, 'DELETE', `${path}/web-app/secrets/${secret_id}`), [404, 'not_found'])
  const stale = { 'if-match': etagOf(added) }
  isError(t, await ask(admin, 'DELETE', `${secrets}/${secret_id}`, { headers: stale }), [412, 'precondition_failed'])
  t.equal((await ask(admin, 'DELETE', `${secrets}/${secret_id}`)).status, 204)
  t.ok(await isListed(access_token))
  isError(t, await granted(client_secret), [401, 'invalid_client'])
  isError(t, await ask(admin, 'DELETE', `${secrets}/${secret_id}`), [404, 'not_found'])
  const made = await Promise.all(Array.from({ length: 21 }, () => ask(admin, 'POST', secrets, { body: {} })))
  t.equal(made.filter(({ status }) => status === 201).length, 19)
  for (const answer of made.filter(({ status }) => status !== 201)) isError(t, answer, [409, 'conflict'])
})
