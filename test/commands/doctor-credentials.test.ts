/** `signet doctor` warns of credentials that expire soon: in time, and without saying that something is wrong. */
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { addAlice, byTest, serve } from '../support/serve.ts'
import { changeEach, everythingIn } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

// Each has a database of its own.
t.jobs = 2

const DAY_SECONDS = 86_400

async function scene(t: Test) {
  const service = await serve(t)
  await addAlice(service)
  const { json, run } = await commandLine(t, service.environment)

  /** What the doctor says of credentials; null when nothing. It says it as a warning, and the rest is well. */
  async function warning(): Promise<string | null> {
    const { ok, findings } = await json(['doctor'])
    t.equal(ok, true)
    // The server of the tests waits for no disk.
    const asked = findings.filter(({ check }: { check: string }) => check !== 'durability')
    const isAsked = ({ check }: { check: string }) => check === 'credentials'
    for (const { problem, warning } of asked.filter((found: { check: string }) => !isAsked(found)))
      t.strictSame([problem, warning], [null, null])
    return asked.find(isAsked).warning
  }
  const addSecret = (name: string | undefined, seconds: number) =>
    service.clients.addSecret('web-app', { name, secret: undefined, ttlSeconds: seconds }, byTest)
  const addKey = (name: string, expires: string) =>
    json([
      ...['api-keys', 'create', '--user', 'alice', '--name', name, '--scope', 'posts:read'],
      ...['--expires', expires],
    ])
  return { service, json, run, warning, addSecret, addKey }
}

t.test('what ends within 14 days is named, with its owner, kind and time, the first to end first', async t => {
  const { service, json, run, warning, addSecret, addKey } = await scene(t)
  await addSecret('in time', 15 * DAY_SECONDS)
  await addKey('in time, too', '15d')
  t.equal(await warning(), null)
  const key = await addKey('a "script"', '14d')
  t.equal(
    await warning(),
    `1 expires within 14 days: API key "a \\"script\\"" (${key.api_key_id}) of alice on ${key.expires_at}. Give their owners new ones in time: docs/runbooks/stolen-client-secret.md`,
  )
  const { secretId } = await addSecret(undefined, 10 * DAY_SECONDS)
  const { secrets } = await json(['clients', 'show', 'web-app'])
  const { expires_at } = secrets.find(({ id }: { id: string }) => id === secretId)
  const before = everythingIn(service.databaseFile)
  const said = await warning()
  t.match(said, /^2 expire within 14 days: /)
  t.ok(said?.includes(`: client secret ${secretId} of web-app on ${expires_at}; API key "a `), said ?? '')
  const { code, stdout, stderr } = await run(['doctor'])
  t.strictSame([code, stderr], [0, ''], 'a warning is not a problem')
  t.ok(unwrapped(stdout).split('\n').includes(`WARNING  credentials: ${said}`), stdout)
  t.strictSame(everythingIn(service.databaseFile), before, 'nothing is changed')
})

t.test('what does not work any more is not warned of', async t => {
  const { service, json, warning, addSecret, addKey } = await scene(t)
  const { secretId } = await addSecret('removed', DAY_SECONDS)
  const key = await addKey('revoked', '1d')
  await service.users.add({ username: 'bob', password: 'correct horse battery staple 9', roles: [] }, byTest)
  await json(['api-keys', 'create', '--user', 'bob', '--name', 'b', '--scope', 'posts:read', '--expires', '1d'])
  await json(['clients', 'add', 'old', '--scope', 'posts:read'])
  await json(['clients', 'add-secret', 'old', '--expires', '1d'])
  t.match(await warning(), /^4 expire/)
  await json(['clients', 'remove-secret', 'web-app', secretId as string])
  await json(['api-keys', 'revoke', key.api_key_id])
  t.match(await warning(), /^2 expire/)
  await json(['users', 'delete', 'bob'])
  await json(['clients', 'delete', 'old'])
  t.equal(await warning(), null)
})

t.test('ten are named, and how many there are beside them', async t => {
  const { warning, addSecret } = await scene(t)
  for (let day = 1; day <= 12; day += 1) await addSecret(`day ${day}`, day * DAY_SECONDS)
  const said = await warning()
  const named = said?.match(/"day \d+"/g)
  t.strictSame(
    named,
    Array.from({ length: 10 }, (_, index) => `"day ${index + 1}"`),
  )
  t.match(said, /^12 expire within 14 days: .*; and 2 more\. Give/)
})

t.test('of very many it is said that there are as many or more', async t => {
  const { service, warning } = await scene(t)
  const { id } = await service.clients.find('web-app')
  const expiresAtMs = Date.now() + 1000 * DAY_SECONDS
  changeEach(
    service.databaseFile,
    `insert into credentials (id, owner_id, kind, hash, created_at_ms, expires_at_ms) values (?, ?, 'client_secret', 'none', 0, ?)`,
    Array.from({ length: 1001 }, (_, at) => [`secret_${at}`, id, expiresAtMs]),
  )
  t.match(await warning(), /^1000 or more expire within 14 days: .*; and 990 more\. Give/)
})
