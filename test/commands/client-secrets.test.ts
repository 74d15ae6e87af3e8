import t from 'tap'
import { testClock } from '../support/clock.ts'
import { commandLine, isoTime } from '../support/command-line.ts'
import { api, password, secret, serve } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

t.test('secrets are exchanged without an interruption, beside a running server', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  const { json, text, refuses } = await commandLine(t, service.environment)
  await json(['users', 'add', 'ann', '--password-stdin'], password)
  const settings = ['--grant', 'password', '--grant', 'refresh_token', '--audience', api]
  const first = await json(['clients', 'add', 'web-app', '--secret-stdin', ...settings], secret)
  const works = async (value: string) => {
    const form = { grant_type: 'password', username: 'ann', password }
    const { status, body } = await service.token(form, { client: ['web-app', value] })
    return status === 200 ? body.refresh_token : status
  }

  const second = await json(['clients', 'add-secret', 'web-app', '--name', 'the second', '--expires', '90d'])
  t.match(second.client_secret, /^[\w-]{43}$/)
  t.strictSame(
    second.secrets.map(({ id, name }: { id: string; name: string | null }) => [id, name]),
    [
      [first.secret_id, null],
      [second.secret_id, 'the second'],
    ],
  )
  const { created_at, expires_at } = second.secrets[1]
  t.match(expires_at, isoTime)
  t.equal(Date.parse(expires_at) - Date.parse(created_at), 90 * DAY_MS)
  t.strictSame(
    Object.keys(second.secrets[1]).sort(),
    ['created_at', 'expires_at', 'id', 'last_used_at', 'name'],
    'and no hash',
  )
  t.type(await works(secret), 'string', 'the first still works')
  const refreshToken = await works(second.client_secret)
  t.type(refreshToken, 'string', 'the second works at once')

  const left = await json(['clients', 'remove-secret', 'web-app', first.secret_id])
  t.strictSame(left.secrets, [{ ...second.secrets[1], last_used_at: left.secrets[0].last_used_at }])
  t.notOk('client_secret' in left)
  t.equal(await works(secret), 401, 'a removed secret')
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
  t.equal((await service.token(form, { client: ['web-app', second.client_secret] })).status, 200, 'sessions go on')

  const third = await json(['clients', 'add-secret', 'web-app', '--secret-stdin'], `${secret} again\n`)
  t.notOk('client_secret' in third, 'one that was given is not repeated')
  t.match(await text(['clients', 'add-secret', 'web-app']), /^Added secret_[0-9a-f]{32}\nSecret \(.*\): [\w-]{43}\n$/)
  t.equal(await text(['clients', 'remove-secret', 'web-app', third.secret_id]), `Removed ${third.secret_id}\n`)

  clock.advance(90 * DAY_MS - 60_000)
  t.type(await works(second.client_secret), 'string', 'a minute before it expires')
  clock.advance(2 * 60_000)
  t.equal(await works(second.client_secret), 401, 'expired')

  await json(['clients', 'add', 'spa', '--public'])
  const stored = await json(['clients', 'list'])
  await refuses([
    { words: ['clients', 'remove-secret', 'web-app', first.secret_id], code: 1, says: /no such secret/ },
    { words: ['clients', 'remove-secret', 'spa', second.secret_id], code: 1, says: /no such secret/ },
    { words: ['clients', 'remove-secret', 'nobody', second.secret_id], code: 1, says: /no such client/ },
    { words: ['clients', 'remove-secret', 'web-app'], code: 2, says: /missing required argument 'secret-id'/ },
    { words: ['clients', 'add-secret', 'spa'], code: 1, says: /public client has no secret/ },
    { words: ['clients', 'add-secret', 'web-app', '--secret-stdin'], input: 'short', code: 1, says: /32 to 256/ },
    { words: ['clients', 'add-secret', 'web-app', '--expires', 'soon'], code: 2, says: /is invalid/ },
    { words: ['clients', 'add-secret', 'web-app', '--expires', '0s'], code: 1, says: /after 1s to 3650d/ },
    { words: ['clients', 'add-secret', 'web-app', '--expires', '3651d'], code: 1, says: /after 1s to 3650d/ },
    { words: ['clients', 'add-secret', 'web-app', '--expires', `9${'0'.repeat(20)}d`], code: 1, says: /after 1s/ },
  ])
  t.strictSame(await json(['clients', 'list']), stored, 'what was refused changed nothing')
})

t.test('of each secret it is told when it was used last, to the hour', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  const { json } = await commandLine(t, service.environment)
  await json(['clients', 'add', 'billing-api', '--secret-stdin', '--introspect', api], secret)
  const { client_secret: unused } = await json(['clients', 'add-secret', 'billing-api'])
  const use = (value: string) =>
    service.get('/oauth/introspect', { form: { token: 'x' }, client: ['billing-api', value] })
  const usedAt = async () => {
    const { secrets } = await json(['clients', 'show', 'billing-api'])
    return secrets.map(({ last_used_at }: { last_used_at: string | null }) => last_used_at)
  }
  t.strictSame(await usedAt(), [null, null])
  t.equal((await use(`${unused}x`)).status, 401)
  t.strictSame(await usedAt(), [null, null], 'a wrong one is no use')

  const first = new Date(clock.now()).toISOString()
  t.equal((await use(secret)).status, 200)
  await until(async () => (await usedAt())[0] !== null)
  t.strictSame(await usedAt(), [first, null])
  clock.advance(HOUR_MS - 1)
  t.equal((await use(secret)).status, 200)
  t.equal((await use(unused)).status, 200)
  await until(async () => (await usedAt())[1] !== null)
  t.equal((await usedAt())[0], first, 'once an hour is enough')
  clock.advance(1)
  t.equal((await use(secret)).status, 200)
  await until(async () => (await usedAt())[0] !== first)
  t.equal((await usedAt())[0], new Date(clock.now()).toISOString())
})
