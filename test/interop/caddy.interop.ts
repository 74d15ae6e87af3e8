/** Caddy, which CADDY names, with deploy/Caddyfile before two instances on PostgreSQL, as compose.postgres.yaml starts them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { checkout, compose } from '../support/deployment.ts'
import { emptyPostgres } from '../support/postgres.ts'
import { spawnService } from '../support/process.ts'
import { type Answer, freePort, request, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const password = 'correct horse battery staple 9'
const { SIGNET_SHUTDOWN_DELAY = '', SIGNET_KEYS_STORE = '' } = compose.services['signet-1']?.environment ?? {}

async function startCaddy(t: Test, site: string, instances: readonly string[]): Promise<void> {
  const environment = { SITE: site, INSTANCES: instances.join(' '), HOME: temporaryFolder(t) }
  const words = ['run', '--config', join(checkout, 'deploy/Caddyfile'), '--adapter', 'caddyfile']
  const caddy = spawn(process.env['CADDY'] ?? 'caddy', words, { env: environment, stdio: 'ignore' })
  t.teardown(async () => {
    caddy.kill('SIGKILL')
    await once(caddy, 'exit')
  })
}

/** Two instances behind Caddy, with alice and a client for pages. */
async function behindCaddy(t: Test) {
  const [folder, database, port] = [temporaryFolder(t), await emptyPostgres(t), await freePort()]
  const issuer = `http://127.0.0.1:${port}`
  const start = async () => {
    const own = { SIGNET_PORT: String(await freePort()), SIGNET_MANAGEMENT_PORT: String(await freePort()) }
    return spawnService(t, folder, {
      ...{
        SIGNET_ISSUER: issuer,
        SIGNET_DATABASE_URL: database,
        SIGNET_TRUST_PROXY: '127.0.0.1',
        SIGNET_SHUTDOWN_DELAY,
        SIGNET_KEYS_STORE,
        SIGNET_KEY_ENCRYPTION_KEY: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
        // In a container that is read-only there is none.
        SIGNET_KEYS_DIR: '/proc/nowhere/keys',
      },
      ...own,
    })
  }
  const instances = [await start(), await start()] as const
  const { cli } = instances[0]
  await cli(['users', 'add', 'alice', '--password-stdin'], password)
  const client = ['clients', 'add', 'page', '--public', '--grant', 'password', '--grant', 'refresh_token']
  const { code, stderr } = await cli([...client, '--scope', '*', '--audience', 'https://api.example.com'])
  if (code !== 0) throw new Error(stderr)
  await startCaddy(
    t,
    issuer,
    instances.map(({ environment }) => `127.0.0.1:${environment['SIGNET_PORT']}`),
  )
  const isServed = () =>
    request(`${issuer}/healthz`).then(
      ({ status }) => status === 200,
      () => false,
    )
  await until(isServed)
  const token = (form: Readonly<Record<string, string>>) =>
    request(`${issuer}/oauth/token`, { form: { client_id: 'page', ...form } })
  const signIn = () => token({ grant_type: 'password', username: 'alice', password })
  const refresh = (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken })
  return { issuer, instances, signIn, refresh }
}

type Scene = Awaited<ReturnType<typeof behindCaddy>>

/** Keeps sessions going, without a pause, and repeats a refresh that got no token. What it answers ends that and gives all answers. */
async function refreshing({ signIn, refresh }: Scene, sessions: number) {
  let isOver = false
  const answers: Answer[] = []
  const keepGoing = async ({ body }: Answer) => {
    let { refresh_token: current } = body
    while (!isOver) {
      const answer = await refresh(current)
      answers.push(answer)
      current = answer.status === 200 ? answer.body.refresh_token : current
    }
  }
  const signedIn: Answer[] = []
  for (let number = 0; number < sessions; number += 1) signedIn.push(await signIn())
  const running = Promise.all(signedIn.map(keepGoing))
  return {
    answers,
    /** So many more are answered. */
    more: (count: number) => {
      const enough = answers.length + count
      return until(async () => answers.length >= enough)
    },
    end: async () => {
      isOver = true
      await running
      return answers
    },
  }
}

test('both instances are asked, by the address that called; what a caller says of it counts for nothing', async t => {
  const { issuer, instances } = await behindCaddy(t)
  const get = async (path: string) => {
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    const [response] = await once(
      httpRequest(`${issuer}${path}`, { localAddress: '127.0.0.2', headers }).end(),
      'response',
    )
    response.resume()
    return response.statusCode
  }
  const areAllAsked = async () => {
    t.equal(await get('/.well-known/jwks.json'), 200)
    return instances.every(({ log }) => /"route":"\/\.well-known\/jwks\.json".*"address":"127\.0\.0\.2"/.test(log()))
  }
  await until(areAllAsked)
  t.notMatch(instances.map(({ log }) => log()).join(''), '203.0.113.9')
  for (const path of ['/readyz', '/livez', '/metrics', '/docs']) t.equal(await get(path), 404, path)
})

test('one instance is exchanged after the other under load: each request gets its token', async t => {
  const scene = await behindCaddy(t)
  const load = await refreshing(scene, 4)
  for (const instance of scene.instances) {
    await load.more(50)
    t.equal(await instance.stop('SIGTERM'), 0)
    await load.more(50)
    await instance.start()
    await until(async () => instance.log().includes('"grant_type":"refresh_token"'))
  }
  const answers = await load.end()
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200], `${answers.length} refreshes`)
})

test('an instance is killed under load: what is not answered may be repeated, and no session is lost', async t => {
  const scene = await behindCaddy(t)
  const load = await refreshing(scene, 4)
  const [first, second] = scene.instances
  await load.more(50)
  await first.stop('SIGKILL')
  await load.more(50)
  await first.start()
  await until(async () => first.log().includes('"grant_type":"refresh_token"'))
  const answers = await load.end()
  const others = answers.filter(({ status }) => status !== 200)
  t.ok(others.length <= 4, `${others.length} of ${answers.length} were in its hands`)
  for (const { status, headers, body } of others)
    t.strictSame([status, headers.get('retry-after'), body], [503, '1', { error: 'temporarily_unavailable' }])

  await Promise.all([first.stop('SIGKILL'), second.stop('SIGKILL')])
  const { status, headers, body } = await scene.signIn()
  t.strictSame(
    [status, headers.get('retry-after'), body],
    [503, '1', { error: 'temporarily_unavailable' }],
    'nobody is there',
  )
})
