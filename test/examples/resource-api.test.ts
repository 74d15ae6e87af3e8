/** The example resource API as a program, without a browser. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import {
  type ResourceApiEnvironment,
  resourceApi,
  spawnResourceApi,
  startResourceApi,
} from '../support/resource-api.ts'
import { freePort, request } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

/** How it ends when it can't start. */
async function refusalOf(t: Test, environment: ResourceApiEnvironment) {
  const child = spawnResourceApi(environment)
  t.teardown(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', chunk => (stderr += chunk))
  const [code] = await once(child, 'close')
  return { code, stderr }
}

t.test('all mistakes in the configuration are told at once, each with its rule and an example', async t => {
  const { code, stderr } = await refusalOf(t, {
    SIGNET_ISSUER: 'http://127.0.0.1:3000/',
    AUDIENCE: 'posts',
    CLIENT_ID: '',
    ACCOUNT_BACKEND: 'http://127.0.0.1:8082/',
    PORT: '80a',
  })
  t.equal(code, 1)
  t.same(stderr.split('\n'), [
    'PORT is "80a": it must be a whole number from 1 to 65535. Example: PORT=8080',
    'SIGNET_ISSUER is "http://127.0.0.1:3000/": it must be a URL without a slash at its end. Example: SIGNET_ISSUER=http://127.0.0.1:3000',
    'AUDIENCE is "posts": it must be an absolute URI without a fragment. Example: AUDIENCE=http://127.0.0.1:8080',
    'CLIENT_ID is "": it must not be empty. Example: CLIENT_ID=login-page',
    'ACCOUNT_BACKEND is "http://127.0.0.1:8082/": it must be an origin, without a path or a slash at its end. Example: ACCOUNT_BACKEND=http://127.0.0.1:8082',
    '',
  ])
})

t.test('a port that another program has is told in a sentence', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const { code, stderr } = await refusalOf(t, { PORT: port })
  t.equal(code, 1)
  t.match(
    stderr,
    new RegExp(
      `^Another program has this port \\(.*${port}\\)\\. PORT chooses another one; README.md says what changes with it\\.\n$`,
    ),
  )
})

t.test(
  'without a token service it starts, says that it is not ready and why, and answers what needs no token',
  async t => {
    const [port, nobody] = [await freePort(), await freePort()]
    const { log } = await startResourceApi(t, { SIGNET_ISSUER: `http://127.0.0.1:${nobody}`, PORT: String(port) })
    const origin = `http://127.0.0.1:${port}`
    t.match(await request(`${origin}/readyz`), { status: 503, body: { status: 'unavailable' } })
    t.match(await request(`${origin}/posts`), { status: 200, body: [] })
    // Its log comes by another way than its answers.
    await until(async () => /"level":40,.*"type":"outage"/.test(log()))
  },
)

t.test('errors have one shape, its own ones and those of the verifier', async t => {
  const { page: origin, service, log } = await resourceApi(t)
  const signIn = { grant_type: 'password', client_id: 'login-page', username: 'alice' }
  const { body } = await service.token({ ...signIn, password: 'correct horse battery staple 9' })
  const authorization = `Bearer ${body.access_token}`
  const json = { authorization, 'content-type': 'application/json' }
  const post = (text: string) => request(`${origin}/posts`, { body: text, headers: json })

  const cases = [
    [await request(`${origin}/me`), 401, 'missing_token', '/me'],
    [await request(`${origin}/me?access_token=${body.access_token}`), 400, 'invalid_request', '/me'],
    [await request(`${origin}/nowhere?x=1`), 404, 'not_found', '/nowhere'],
    [await post('{'), 400, 'invalid_request', '/posts'],
    [await post('{"title":""}'), 400, 'invalid_request', '/posts'],
    [await post(JSON.stringify({ title: 'x'.repeat(20_000) })), 413, 'invalid_request', '/posts'],
  ] as const
  for (const [answer, status, error, path] of cases) {
    t.match(answer, { status, body: { error, error_description: /\w/, status, path } }, `${status} ${error} ${path}`)
    t.equal(answer.headers.get('cache-control'), 'no-store')
  }
  t.equal((await post('{"title":"Hello"}')).status, 201)
  t.match(await request(`${origin}/readyz`), { status: 200, body: { status: 'ok' } })
  t.notOk(log().includes(body.access_token), 'a token in the query does not get into the log')
})

t.test('the page lets run its own scripts only, and lets them talk to its services only', async t => {
  const backend = 'https://accounts.example.com'
  const { page: origin, service } = await resourceApi(t, {}, { ACCOUNT_BACKEND: backend })
  for (const path of ['/', '/page.js', '/config.json', '/nowhere']) {
    const { headers } = await request(origin + path)
    t.same(
      headers.get('content-security-policy')?.split('; '),
      [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        `connect-src 'self' ${service.issuer} ${backend}`,
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ],
      path,
    )
    t.match(
      Object.fromEntries(headers),
      {
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      },
      path,
    )
  }
})
