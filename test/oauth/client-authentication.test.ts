import { hash } from 'node:crypto'
import t from 'tap'
import { addClient, visible } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { addAlice, byTest, secret, serve } from '../support/serve.ts'
import { auditedBy, change } from '../support/sqlite.ts'

const clock = testClock()
const service = await serve(t, { clock })
await addAlice(service)

/** A grant type that nobody has: whoever is told so has proved who it is, and nothing was hashed for it. */
const form = { grant_type: 'none-such' }
const proved = { status: 400, body: { error: 'unsupported_grant_type' } }
const refused = {
  status: 401,
  text: '{"error":"invalid_client","error_description":"The client is unknown, or its authentication is missing or wrong."}',
}

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
const withAuthorization = (authorization: string, more: Readonly<Record<string, string>> = {}) =>
  service.token({ ...form, ...more }, { headers: { authorization } })
const withBasic = (pair: string) => withAuthorization(`Basic ${base64(pair)}`)
const inBody = (clientId: string, clientSecret: string) =>
  service.token({ ...form, client_id: clientId, client_secret: clientSecret })

t.test('client_secret_basic, client_secret_post and none each prove a client', async t => {
  t.match(await withBasic(`web-app:${secret}`), proved, 'basic')
  t.match(await inBody('web-app', secret), proved, 'post')
  t.match(await service.token({ ...form, client_id: 'spa' }), proved, 'none')
})

t.test('Basic takes the scheme in any case, and the same client_id again in the body', async t => {
  t.match(await withAuthorization(`bASIC ${base64(`web-app:${secret}`)}`), proved)
  t.match(await withAuthorization(`Basic ${base64(`web-app:${secret}`)}`, { client_id: 'web-app' }), proved)
  t.match(await withAuthorization(`Basic ${base64(`web-app:${secret}`)}`, { client_secret: '' }), proved)
})

t.test('two methods at once are refused, right or wrong, before any secret is looked at', async t => {
  for (const value of [secret, 'wrong']) {
    const answer = await service.token({ ...form, client_secret: value }, { client: ['web-app', value] })
    t.match(answer, { status: 400, body: { error: 'invalid_request' } })
    t.equal(answer.headers.get('www-authenticate'), null)
  }
  const other = await service.token({ ...form, client_id: 'spa' }, { client: ['web-app', secret] })
  t.match(other, { status: 400, body: { error: 'invalid_request' } }, 'Basic and the id of another client')
})

t.test('wrong, missing, unknown, disabled, deleted and superfluous look the same, byte for byte', async t => {
  for (const clientId of ['disabled', 'deleted']) {
    await addClient(service, { clientId })
    await service.clients.setStatus(clientId, clientId as 'disabled' | 'deleted', byTest)
  }
  await addClient(service, { clientId: 'became-public' })
  change(service.databaseFile, 'update clients set is_public = 1 where client_id = ?', 'became-public')
  const answers = {
    'a wrong secret': await withBasic('web-app:wrong'),
    'a wrong secret in the body': await inBody('web-app', 'wrong'),
    'a confidential client without a secret': await service.token({ ...form, client_id: 'web-app' }),
    'a confidential client with an empty secret': await withBasic('web-app:'),
    'an unknown client': await withBasic(`nobody:${secret}`),
    'an unknown client without a secret': await service.token({ ...form, client_id: 'nobody' }),
    'a disabled client': await withBasic(`disabled:${secret}`),
    'a deleted client': await withBasic(`deleted:${secret}`),
    'a public client with a secret': await withBasic(`spa:${secret}`),
    'an empty id with an empty secret': await withBasic(':'),
    'a public client that has a secret stored': await withBasic(`became-public:${secret}`),
    'another case': await withBasic(`WEB-APP:${secret}`),
    'an id with a NUL': await withBasic(`web-app%00:${secret}`),
    'an id that is too long': await withBasic(`${'x'.repeat(2000)}:${secret}`),
    'the hash of the secret': await withBasic(`web-app:${hash('sha256', secret, 'base64url')}`),
  }
  const [first] = Object.values(answers)
  t.match(first, refused)
  t.equal(first?.headers.get('www-authenticate'), 'Basic realm="signet", charset="UTF-8"')
  for (const [name, answer] of Object.entries(answers)) t.same(visible(answer), first && visible(first), name)
})

t.test('a malformed Authorization header is a failed authentication', async t => {
  const malformed = {
    'no credentials': 'Basic',
    'no base64': 'Basic !!!',
    'no colon': `Basic ${base64('web-app')}`,
    'nothing but padding': 'Basic ==',
    'more behind it': `Basic ${base64(`web-app:${secret}`)} more`,
    'a comma-separated list': `Basic ${base64(`web-app:${secret}`)}, Basic ${base64(`web-app:${secret}`)}`,
    'an empty id': `Basic ${base64(`:${secret}`)}`,
    'a broken percent-encoding': `Basic ${base64(`web-app:${secret}%`)}`,
    'percent-encoding that is not UTF-8': `Basic ${base64(`web-app%ff:${secret}`)}`,
    'bytes that are not UTF-8': `Basic ${base64(Buffer.from([0xff, 0x3a, 0xff]))}`,
  }
  for (const [name, authorization] of Object.entries(malformed)) {
    t.match(await withAuthorization(authorization), refused, name)
    const { body } = await withAuthorization(authorization, { client_id: 'spa' })
    t.match(body.error, /^invalid_(client|request)$/, `it does not fall back to the body: ${name}`)
  }
})

t.test('a client may have two secrets, and each works until it is removed', async t => {
  const [older, newer] = [`${secret}-older`, `${secret}-newer`]
  const first = await addClient(service, { clientId: 'two-secrets', secret: older })
  await service.clients.addSecret('two-secrets', { name: 'next', secret: newer, ttlSeconds: undefined }, byTest)
  t.match(await inBody('two-secrets', older), proved)
  t.match(await inBody('two-secrets', newer), proved)
  await service.clients.removeSecret('two-secrets', first.secretId ?? '', byTest)
  t.match(await inBody('two-secrets', older), refused)
  t.match(await inBody('two-secrets', newer), proved)
})

t.test('a secret works until it expires, to the millisecond, and the others beyond that', async t => {
  const passing = `${secret}-passing`
  await addClient(service, { clientId: 'expiring' })
  await service.clients.addSecret('expiring', { name: undefined, secret: passing, ttlSeconds: 60 }, byTest)
  clock.advance(59_999)
  t.match(await inBody('expiring', passing), proved)
  clock.advance(1)
  t.same(visible(await inBody('expiring', passing)), visible(await inBody('expiring', 'wrong')))
  t.match(await inBody('expiring', secret), proved)
})

t.test('a client that is enabled again proves itself as before', async t => {
  await addClient(service, { clientId: 'paused' })
  await service.clients.setStatus('paused', 'disabled', byTest)
  t.match(await inBody('paused', secret), refused)
  await service.clients.setStatus('paused', 'active', byTest)
  t.match(await inBody('paused', secret), proved)
})

t.test(
  'failures are audited with the reason; of an unknown client a keyed hash is kept; an unreadable header leaves no row',
  async t => {
    const audited = (act: () => Promise<unknown>) => auditedBy(service, act)
    t.same(await audited(() => inBody('web-app', 'wrong')), ['client.authenticate failure wrong_secret'])
    t.same(await audited(() => service.token({ ...form, client_id: 'web-app' })), [
      'client.authenticate failure no_credentials',
    ])
    await addClient(service, { clientId: 'asleep' })
    await service.clients.setStatus('asleep', 'disabled', byTest)
    t.same(await audited(() => inBody('asleep', secret)), ['client.authenticate failure client_disabled'])
    t.same(await audited(() => inBody('nobody', secret)), ['client.authenticate failure unknown_client'])
    t.same(await audited(() => withBasic('no colon')), [])
  },
)

t.test('a clock that was set back does not keep failures out of the audit', async t => {
  await addClient(service, { clientId: 'set-back' })
  const audited = () => auditedBy(service, () => inBody('set-back', 'wrong'))
  t.same(await audited(), ['client.authenticate failure wrong_secret'])
  t.same(await audited(), [], 'it is counted')
  clock.advance(-3_600_000)
  t.same(await audited(), ['client.authenticate failure wrong_secret'])
  t.same(await audited(), [], 'counted again')
})
