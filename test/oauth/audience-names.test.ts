/** An audience may be a name (RFC 7519 §4.1.3), as brokers and orchestrators have it. No request can ask for it by `resource`. */
import { createVerifier } from '@signet/verifier'
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { machines, shop } from '../support/machines.ts'
import { addAlice, api, byTest, claimsOf, password, secret, serve } from '../support/serve.ts'

// Each has a service of its own.
t.jobs = 2

const name = 'rabbitmq'

t.test('a token is for the name where nothing else is asked for, and a resource service verifies it', async t => {
  const service = await serve(t)
  await addAlice(service)
  await addClient(service, { clientId: 'queue', audiences: [name, api], introspect: [name] })
  const ask = (form: Record<string, string>) => service.token(form, { client: ['queue', secret] })
  const credentials = { grant_type: 'password', username: 'alice', password }

  const first = (await ask(credentials)).body
  t.equal(claimsOf(first.access_token).aud, name)
  const verifier = createVerifier({ issuer: service.issuer, audience: name })
  t.teardown(() => verifier.close())
  t.equal((await verifier.verify(first.access_token)).client_id, 'queue')
  const introspection = { form: { token: first.access_token }, client: ['queue', secret] as const }
  t.match((await service.get('/oauth/introspect', introspection)).body, { active: true, aud: name })

  const second = (await ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token, resource: api })).body
  t.equal(claimsOf(second.access_token).aud, api)
  const third = (await ask({ grant_type: 'refresh_token', refresh_token: second.refresh_token })).body
  t.equal(claimsOf(third.access_token).aud, name)
  for (const form of [credentials, { grant_type: 'refresh_token', refresh_token: third.refresh_token }])
    for (const resource of [name, 'RabbitMQ', 'kafka'])
      isError(t, await ask({ ...form, resource }), [400, 'invalid_target'])
  t.equal((await ask({ grant_type: 'refresh_token', refresh_token: third.refresh_token })).status, 200)
})

t.test('an exchange asks for a name by audience (RFC 8693 §2.1), and never by resource', async t => {
  const { make, exchange, service } = await machines(t)
  await service.clients.update('gateway', { audiences: [name, api] }, byTest)
  const [any, kept, other] = [
    await make({}),
    await make({ more: ['--audience', name] }),
    await make({ more: ['--audience', shop] }),
  ]
  const audienceOf = async (key: string, form = {}) => claimsOf((await exchange(key, form)).body.access_token).aud
  t.equal(await audienceOf(any.api_key), name)
  t.equal(await audienceOf(any.api_key, { audience: api }), api)
  t.equal(await audienceOf(any.api_key, { audience: name }), name)
  t.equal(await audienceOf(kept.api_key), name)
  isError(t, await exchange(any.api_key, { resource: name }), [400, 'invalid_target'])
  isError(t, await exchange(any.api_key, { audience: 'RabbitMQ' }), [400, 'invalid_target'])
  isError(t, await exchange(other.api_key, { audience: name }), [400, 'invalid_target'])
})
