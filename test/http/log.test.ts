import { type Test, test } from 'tap'
import { createHold } from '../support/hold.ts'
import { exchange, open } from '../support/raw-http.ts'
import { addAlice, basic, password, refresh, type Service, secret, serve, signIn } from '../support/serve.ts'
import { change, select } from '../support/sqlite.ts'

const trace = { SIGNET_LOG_LEVEL: 'trace' }

/** Every line of the log, after the last request is over. Fails unless each is one JSON object. */
async function linesOf(t: Test, service: Service) {
  await service.stop()
  const lines = service.log().trimEnd().split('\n')
  const objects = lines.map(line => JSON.parse(line))
  for (const object of objects) {
    t.match(object, { level: /^(trace|debug|info|warn|error|fatal)$/, time: /^\d{4}-.*Z$/, msg: String })
  }
  return objects
}

const requestsOf = async (t: Test, service: Service) =>
  (await linesOf(t, service)).filter(({ msg }) => msg === 'request')

test('a caller who hangs up before the answer leaves a line all the same', async t => {
  const hashing = createHold()
  const service = await serve(t, {
    faults: {
      hasher: real => ({ ...real, verify: (hash, entered) => hashing.pass(() => real.verify(hash, entered)) }),
    },
  })
  await addAlice(service)
  hashing.close()
  const form = new URLSearchParams({ grant_type: 'password', username: 'alice', password, client_id: 'spa' }).toString()
  const connection = await open(service.issuer)
  const type = 'Content-Type: application/x-www-form-urlencoded'
  connection.send(`POST /oauth/token HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Length: ${form.length}\r\n\r\n${form}`)
  await hashing.waiting(1)
  connection.drop()
  // The service hears of it when its event loop comes to the socket.
  while (!service.log().includes('aborted')) await new Promise(resolve => setImmediate(resolve))
  hashing.open()
  const lines = await requestsOf(t, service)
  t.equal(lines.length, 1)
  t.match(lines, [{ method: 'POST', route: '/oauth/token', status: null, outcome: 'aborted', client_id: 'spa' }])
})

test('each request leaves one line: its id, client, route and outcome', async t => {
  const service = await serve(t)
  await addAlice(service)
  const answers = [
    await signIn(service),
    await signIn(service, { password: 'wrong' }),
    await service.token({ grant_type: 'password' }, { client: ['nobody', secret] }),
    await service.get('/.well-known/jwks.json?x=1'),
    await service.get('/nothing'),
    await service.get('/oauth/token'),
  ]
  const lines = await requestsOf(t, service)
  t.same(
    lines.map(({ request_id }) => request_id),
    answers.map(({ headers }) => headers.get('x-request-id')),
  )
  t.match(lines, [
    { method: 'POST', route: '/oauth/token', status: 200, outcome: 'success', client_id: 'web-app' },
    { method: 'POST', route: '/oauth/token', status: 400, outcome: 'invalid_grant', client_id: 'web-app' },
    { method: 'POST', route: '/oauth/token', status: 401, outcome: 'invalid_client', client_id: undefined },
    { method: 'GET', route: '/.well-known/jwks.json', status: 200, outcome: 'success' },
    { method: 'GET', route: null, status: 404, outcome: 'not_found' },
    { method: 'GET', route: '/oauth/token', status: 405, outcome: 'method_not_allowed' },
  ])
  for (const line of lines) t.match(line, { address: '127.0.0.1', duration_ms: Number })
})

test('no password, secret, token or query is in the log at any level, whatever goes wrong', async t => {
  let mustFail = false
  const service = await serve(t, {
    environment: trace,
    faults: {
      signer: real => ({
        kid: real.kid,
        sign: async input => {
          if (mustFail) throw new Error('the key store is gone')
          return real.sign(input)
        },
      }),
    },
  })
  await addAlice(service)
  const pasted = 'pasted-Secret-0123456789'
  const client = ['web-app', secret] as const
  const good = { grant_type: 'password', username: 'alice', password }

  const { body } = await signIn(service)
  const refreshed = await refresh(service, body.refresh_token)
  await refresh(service, body.refresh_token)
  await refresh(service, `${body.refresh_token}x`)
  await refresh(service, pasted)
  await signIn(service, { password: pasted })
  await signIn(service, { username: pasted })
  await signIn(service, { scope: pasted })
  await signIn(service, { resource: pasted })
  await signIn(service, { grant_type: pasted })
  await service.token({ ...good, client_id: pasted })
  await service.token({ ...good, client_id: 'web-app', client_secret: pasted })
  await service.token(good, { client: [pasted, pasted] })
  await service.token(good, { client, headers: { 'user-agent': pasted, cookie: pasted, referer: pasted } })
  await service.token(good, { client, headers: { origin: `https://${pasted}.example` } })
  await service.token(good, { headers: { authorization: `Bearer ${pasted}` } })
  await service.token(`password=${pasted}&password=${pasted}`)
  await service.token(`${pasted}=%zz`)
  await service.get(`/${pasted}?${pasted}`)
  await service.get(`/oauth/token?password=${pasted}`, { method: 'POST' })
  await service.get(`/.well-known/jwks.json?access_token=${pasted}`)
  await service.get('/oauth/token', {
    body: `{"password":"${pasted}"}`,
    headers: { 'content-type': 'application/json' },
  })
  await exchange(service.issuer, `GET /${pasted}/%zz HTTP/1.1\r\nHost: ${pasted}\r\n\r\n`)
  await exchange(service.issuer, `${pasted}\r\n\r\n`)
  await exchange(service.issuer, `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ${pasted.repeat(1000)}\r\n\r\n`)
  mustFail = true
  await signIn(service)
  await refresh(service, refreshed.body.refresh_token)
  const unreadable = `$argon2id$${pasted}`
  change(service.databaseFile, 'update users set password_hash = ?', unreadable)
  await signIn(service)

  await linesOf(t, service)
  const log = service.log()
  t.match(log, 'the key store is gone', 'the cause is there')
  t.match(log, 'a stored password hash cannot be read')
  const secrets = [password, secret, pasted, body.access_token, body.refresh_token, refreshed.body.refresh_token]
  for (const [index, text] of [...secrets, basic(client).slice(6), '$argon2id$', 'access_token='].entries()) {
    t.notOk(log.includes(text), `secret ${index}`)
    t.notOk(log.includes(encodeURIComponent(text)), `secret ${index}, percent-encoded`)
    t.notOk(log.includes(new URLSearchParams([['', text]]).toString().slice(1)), `secret ${index}, as in a form`)
  }
})

test('nothing that a caller types can forge a line', async t => {
  const service = await serve(t, { environment: { ...trace, SIGNET_TRUST_PROXY: '127.0.0.0/8' } })
  await addAlice(service)
  const forged = '"}\n{"level":"info","msg":"request","outcome":"forged"}\r\n\u2028\u0000\u001b[2J'
  const inHeader = '"}\t{"level":"info","msg":"request","outcome":"forged"}'
  await signIn(service, { username: `alice${forged}` })
  await signIn(service, { password: forged })
  await service.token({ grant_type: forged, client_id: forged })
  await service.get(`/${encodeURIComponent(forged)}`)
  const headers = { 'x-forwarded-for': inHeader, 'user-agent': inHeader, 'x-request-id': inHeader }
  await service.get('/nothing', { headers })
  const requests = await requestsOf(t, service)
  t.equal(requests.length, 5, 'one line a request and no more')
  t.notOk(requests.some(({ outcome }) => outcome === 'forged'))
  t.notMatch(service.log(), '\u001b')
})

test('X-Forwarded-For is believed from trusted networks alone', async t => {
  const addressesSeen = async (trusted: string | undefined, forwarded: string) => {
    const service = await serve(t, { environment: trusted === undefined ? {} : { SIGNET_TRUST_PROXY: trusted } })
    await addAlice(service)
    const form = { grant_type: 'password', username: 'alice', password }
    const headers = { 'x-forwarded-for': forwarded }
    t.equal((await service.token(form, { client: ['web-app', secret], headers })).status, 200)
    const [request] = await requestsOf(t, service)
    const statement = 'select address, request_id from audit_events where type = ? order by rowid'
    const [event] = select(service.databaseFile, statement, 'user.sign_in')
    t.equal(event?.['request_id'], request.request_id, 'log and audit tell of the same request')
    return [request.address, event?.['address']]
  }
  t.same(await addressesSeen(undefined, '203.0.113.7'), ['127.0.0.1', '127.0.0.1'], 'nobody is trusted')
  t.same(await addressesSeen('10.0.0.0/8', '203.0.113.7'), ['127.0.0.1', '127.0.0.1'], 'another network is')
  t.same(await addressesSeen('127.0.0.0/8', '203.0.113.7'), ['203.0.113.7', '203.0.113.7'])
  const chain = '198.51.100.1, 203.0.113.7, 10.1.2.3'
  t.same(await addressesSeen('127.0.0.0/8,10.0.0.0/8', chain), ['203.0.113.7', '203.0.113.7'], 'the last untrusted one')
})
