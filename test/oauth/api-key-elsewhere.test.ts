/** An API key is of use in one place: never as another credential, nor another credential as a key. */
import t from 'tap'
import { API_KEY, EXCHANGE } from '../support/asking-machines.ts'
import { withChecksum } from '../support/checksum.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { badKey, machines } from '../support/machines.ts'
import { api, password, secret } from '../support/serve.ts'

// Each has a service of its own.
t.jobs = 2

t.test('a key is no password, client secret, refresh token or access token', async t => {
  const { make, service, exchange, revoke, introspect } = await machines(t)
  const own = await make({ owner: ['--client', 'worker'] })
  const { api_key } = await make()
  const webApp = ['web-app', secret] as const
  const signIn = { grant_type: 'password', username: 'alice' }
  isError(t, await service.token({ ...signIn, password: api_key }, { client: webApp }), [400, 'invalid_grant'])
  for (const key of [api_key, api_key.slice(-72), api_key.slice(-72, -8)]) {
    const form = { grant_type: 'client_credentials' }
    isError(t, await service.token(form, { client: ['worker', key] }), [401, 'invalid_client'])
    isError(t, await service.token(form, { client: ['worker', own.api_key] }), [401, 'invalid_client'])
    isError(t, await service.token({ ...form, client_id: 'worker', client_secret: key }), [401, 'invalid_client'])
    const refresh = { grant_type: 'refresh_token', refresh_token: key }
    const refused = await service.token(refresh, { client: webApp })
    t.same([refused.status, refused.body.error], [400, 'invalid_grant'])
    const headers = { authorization: `Bearer ${key}` }
    isError(t, await service.get('/me', { headers }), [401, 'invalid_token'])
    isError(t, await service.get('/oauth/introspect', { form: { token: key }, headers }), [401, 'invalid_client'])
    isError(t, await service.token(form, { headers }), [401, 'invalid_client'])
  }
  isError(t, await service.get(`/me?access_token=${api_key}`), [400, 'invalid_request'])
  isError(t, await service.get('/me', { headers: { authorization: `Basic ${btoa(`alice:${api_key}`)}` } }), [
    401,
    'missing_token',
  ])
  t.equal((await introspect(api_key, webApp)).body.active, false)
  t.equal((await revoke('x', { client: ['web-app', api_key] })).status, 401)
  for (const key of [api_key, own.api_key]) t.equal((await exchange(key)).status, 200, 'and nothing has happened to it')
})

t.test('a password, a client secret and tokens are no key, also in the form of one', async t => {
  const { make, device, given, exchange, json, introspect, service } = await machines(t)
  const { access, refreshToken } = await device()
  const { api_key } = await make()
  const { client_secret, secret_id } = await json(['clients', 'add-secret', 'worker'])
  for (const key of [password, secret, client_secret, access, refreshToken, await given(api_key), secret_id]) {
    const { status, text } = await exchange(key)
    t.same([status, text], [400, badKey])
  }
  // A secret that was chosen so that its hash and its id could be those of a key.
  const hexadecimal = '0123456789abcdef'.repeat(4)
  await addClient(service, { clientId: 'sly', secret: hexadecimal, audiences: [api] })
  const [{ id = '' } = {}] = (await json(['clients', 'show', 'sly'])).secrets
  for (const prefix of [`signet_${id}`, `signet_${id.replace('secret_', 'key_')}`]) {
    const body = `${prefix}_${hexadecimal}`
    const forged = withChecksum(body)
    const { status, text } = await exchange(forged)
    t.same([status, text], [400, badKey])
    t.equal((await introspect(forged)).body.active, false)
  }
  t.equal(
    (await service.token({ grant_type: 'password', username: 'alice', password }, { client: ['sly', hexadecimal] }))
      .status,
    200,
  )
})

t.test('as a subject_token an access token is not taken, under whatever type', async t => {
  const { device, exchange } = await machines(t)
  const { access } = await device()
  for (const subject_token_type of [
    'urn:ietf:params:oauth:token-type:access_token',
    'urn:ietf:params:oauth:token-type:jwt',
    'urn:ietf:params:oauth:token-type:refresh_token',
    API_KEY,
  ])
    isError(t, await exchange(access, { subject_token_type }), [400, 'invalid_request'])
})

t.test('a name that is no grant is no grant', async t => {
  const { make, exchange } = await machines(t)
  const { api_key } = await make()
  for (const grant_type of ['token-exchange', `${EXCHANGE} `, EXCHANGE.toUpperCase(), API_KEY])
    isError(t, await exchange(api_key, { grant_type }), [400, 'unsupported_grant_type'])
})
