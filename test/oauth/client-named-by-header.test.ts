/**
 * What an Authorization header says of the client when it has no secret: HTTP Basic with an empty one names it, as `client_id` does
 * (RFC 6749 §2.3.1), and any other scheme says nothing.
 */
import t from 'tap'
import { addClient, visible } from '../support/clients.ts'
import { addAlice, api, password, secret, serve } from '../support/serve.ts'
import { auditedBy, everythingIn } from '../support/sqlite.ts'

const service = await serve(t)
await addAlice(service)
await addClient(service, { clientId: 'reader', introspect: [api] })
await addClient(service, { clientId: 'other-spa', isPublic: true, secret: undefined })

const signIn = { grant_type: 'password', username: 'alice', password }
const unauthenticated = { status: 401, body: { error: 'invalid_client' } }
const malformed = { status: 400, body: { error: 'invalid_request' } }

type Form = Readonly<Record<string, string>>
const basicOf = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
const asks = (authorization: string, form: Form = {}, path = '/oauth/token') =>
  service.get(path, { form: { ...(path === '/oauth/token' && signIn), ...form }, headers: { authorization } })

t.test('a public client is named by Basic with an empty secret, for a sign-in, a refresh and a revocation', async t => {
  const authorization = basicOf('spa:')
  const { status, body } = await asks(authorization)
  t.equal(status, 200)
  const refreshed = await service.token(
    { grant_type: 'refresh_token', refresh_token: body.refresh_token },
    { headers: { authorization } },
  )
  t.equal(refreshed.status, 200)
  const token = refreshed.body.refresh_token
  t.match(await asks(authorization, { token }, '/oauth/revoke'), { status: 200, body: {} })
  const after = await service.token({ grant_type: 'refresh_token', refresh_token: token, client_id: 'spa' })
  t.match(after, { status: 400, body: { error: 'invalid_grant' } })
})

t.test('the same client may be named in the body, too, and another one may not', async t => {
  const named = basicOf('spa:')
  const rest = {
    client_assertion: 'x',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  }
  t.match(await asks(named, { client_id: 'spa' }), { status: 200 })
  t.match(await asks(named, { client_id: 'spa', client_secret: '' }), { status: 200 })
  const proved = await asks(named, rest)
  t.match(
    proved,
    { status: 401, body: { error: 'invalid_client' } },
    'an assertion proves something, or the request is refused',
  )
  for (const client_id of ['other-spa', 'web-app', 'nobody', 'SPA', 'spa:'])
    t.match(await asks(named, { client_id }), malformed)
  t.match(await asks(basicOf('web-app:'), { client_id: 'spa' }), malformed)
  t.match(await asks(basicOf(':'), { client_id: 'spa' }), malformed, 'the name of nobody is another one')
})

t.test(
  'it is no proof of a confidential client, which is refused as by client_id alone: the answer and the audit',
  async t => {
    const answers: unknown[] = []
    const audited = (act: () => ReturnType<typeof asks>) =>
      auditedBy(service, async () => answers.push(visible(await act())))
    const events = [
      await audited(() => service.token({ ...signIn, client_id: 'web-app' })),
      await audited(() => asks(basicOf('reader:'))),
      await audited(() => asks(basicOf('reader:'), { token: 'x' }, '/oauth/introspect')),
    ]
    t.same(events, [['client.authenticate failure no_credentials'], ['client.authenticate failure no_credentials'], []])
    t.same(answers, [answers[0], answers[0], answers[0]])
    t.match(answers[0], { status: 401 })
  },
)

t.test('beside it the secret of the client may stand in the body, and only there it is looked at', async t => {
  t.match(await asks(basicOf('web-app:'), { client_secret: secret }), { status: 200 })
  t.match(await asks(basicOf('web-app:'), { client_id: 'web-app', client_secret: secret }), { status: 200 })
  t.match(await asks(basicOf('web-app:'), { client_secret: 'wrong' }), unauthenticated)
  t.match(await asks(basicOf('web-app:'), { client_id: 'reader', client_secret: secret }), malformed)
  t.match(await asks(basicOf('spa:'), { client_secret: secret }), unauthenticated, 'a public client has none')
  const introspected = await asks(basicOf('reader:'), { token: 'x', client_secret: secret }, '/oauth/introspect')
  t.match(introspected, { status: 200, text: '{"active":false}' })
})

t.test('what is not empty is a secret', async t => {
  for (const pair of ['spa: ', 'spa:+', 'spa:%20', 'spa::', 'spa:%', 'spa:undefined'])
    t.match(await asks(basicOf(pair)), unauthenticated, pair)
})

const saysNothing = [
  ...['Bearer old-token', 'Bearer undefined', 'Bearer', 'bearer null', 'DPoP abc', 'Negotiate YII=', 'undefined', ''],
  ...[
    'Digest username="web-app", realm="x"',
    'Basics eDp5',
    'Token token="x"',
    `${basicOf('spa:').slice(6)}`,
    'Bearer basic',
  ],
]

t.test('another scheme says nothing of the client: that of the body counts', async t => {
  for (const authorization of saysNothing) {
    const signedIn = await asks(authorization, { client_id: 'spa' })
    t.equal(signedIn.status, 200, authorization)
    const token = signedIn.body.refresh_token
    t.match(await asks(authorization, { client_id: 'spa', token }, '/oauth/revoke'), { status: 200 }, authorization)
    t.match(await asks(authorization), unauthenticated, `${authorization}, and no client`)
    t.match(await asks(authorization, { client_id: 'web-app' }), unauthenticated, `${authorization}, and no secret`)
    const inBody = { client_id: 'reader', client_secret: secret, token: 'x' }
    t.match(await asks(authorization, inBody, '/oauth/introspect'), { status: 200 }, authorization)
    t.match(await asks(authorization, { ...inBody, client_secret: 'x' }, '/oauth/introspect'), unauthenticated)
  }
})

t.test('a token that is good is no client authentication, either', async t => {
  const { access_token } = (await asks('', { client_id: 'spa' })).body
  t.match(await asks(`Bearer ${access_token}`), unauthenticated)
  t.match(await asks(`Bearer ${access_token}`, { token: access_token }, '/oauth/introspect'), unauthenticated)
})

t.test('a list with Basic in it is refused: nobody knows which of them was meant', async t => {
  const lists = [
    `Bearer x, ${basicOf('spa:')}`,
    `Bearer x,${basicOf(`web-app:${secret}`)}`,
    `${basicOf('spa:')}, Bearer x`,
  ]
  for (const list of lists) t.match(await asks(list, { client_id: 'spa' }), unauthenticated, list)
})

t.test('nothing of such a header is in the log or in the audit', async t => {
  const marker = 'mArKeR'
  for (const authorization of [`Bearer ${marker}`, marker, basicOf(`spa:${marker}`), `Basic ${marker}`])
    for (const form of [{}, { client_id: 'spa' }, { client_id: 'web-app' }] as const) await asks(authorization, form)
  await service.writeEvents()
  const kept = service.log() + JSON.stringify(everythingIn(service.databaseFile))
  for (const text of [marker, basicOf(`spa:${marker}`).slice('Basic '.length)]) t.notMatch(kept, text)
})
