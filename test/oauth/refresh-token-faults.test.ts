import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Signer } from '../../src/records/signing-key.ts'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { testClock } from '../support/clock.ts'
import { isError } from '../support/error-shape.ts'
import { createHold, during } from '../support/hold.ts'
import { spawnService } from '../support/process.ts'
import {
  type Answer,
  addAlice,
  auditsAll,
  password,
  refresh,
  secret,
  serve,
  signIn,
  temporaryFolder,
} from '../support/serve.ts'
import { auditOf, everythingIn, notOnPostgres, sessionsOf } from '../support/sqlite.ts'

t.test('a repetition that came within the grace stays one, however long its answer takes', async t => {
  const clock = testClock()
  const signing = createHold()
  const service = await serve(t, {
    clock,
    faults: { signer: inner => ({ kid: inner.kid, sign: input => signing.pass(() => inner.sign(input)) }) },
  })
  await addAlice(service)
  const { refresh_token } = (await signIn(service)).body
  const successor = (await refresh(service, refresh_token)).body.refresh_token
  clock.advance(29_000)
  const late = await during(
    signing,
    () => refresh(service, refresh_token),
    async () => clock.advance(5000),
  )
  t.equal(late.status, 200)
  t.equal(late.body.refresh_token, successor)
  t.equal((await refresh(service, successor)).status, 200, 'and the session lives')
})

t.test(
  'a clock that is set back an hour does not prolong the grace by that hour',
  { skip: notOnPostgres('its own clock measures the grace') },
  async t => {
    const clock = testClock()
    const service = await serve(t, { clock })
    await addAlice(service)
    const { refresh_token } = (await signIn(service)).body
    const { refresh_token: successor } = (await refresh(service, refresh_token)).body
    clock.advance(-3_600_000)
    t.equal((await refresh(service, refresh_token)).body.error, 'invalid_grant')
    t.equal((await refresh(service, successor)).body.error, 'invalid_grant', 'it was noticed as reuse')
  },
)

t.test("a clock that is corrected by seconds ends nobody's session", async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addAlice(service)
  const { refresh_token } = (await signIn(service)).body
  const { refresh_token: successor } = (await refresh(service, refresh_token)).body
  clock.advance(-5000)
  t.equal((await refresh(service, refresh_token)).body.refresh_token, successor)
})

t.test('a repetition that comes too late because the successor was used meanwhile ends nothing', async t => {
  const signing = createHold()
  const service = await serve(t, {
    faults: { signer: inner => ({ kid: inner.kid, sign: input => signing.pass(() => inner.sign(input)) }) },
  })
  await addAlice(service)
  const { refresh_token } = (await signIn(service)).body
  const successor = (await refresh(service, refresh_token)).body.refresh_token
  let third: Answer | undefined
  const late = await during(
    signing,
    () => refresh(service, refresh_token),
    async () => {
      const waiting = refresh(service, successor)
      await signing.waiting(2)
      signing.open()
      third = await waiting
    },
  )
  t.equal(third?.status, 200)
  t.ok(late.status === 200 || late.status === 503, 'it was good when it came')
  t.equal((await refresh(service, third?.body.refresh_token)).status, 200, 'the session lives')
})

t.test(
  'a secret that is overtaken by two generations while its request waits is told to come again, and is judged then',
  async t => {
    const signing = createHold()
    let isAlone = false
    const signer = ({ kid, sign }: Signer): Signer => ({
      kid,
      sign: input => (isAlone ? sign(input) : signing.pass(() => sign(input))),
    })
    const service = await serve(t, { faults: { signer } })
    await addAlice(service)
    const next = async (token: string): Promise<string> => (await refresh(service, token)).body.refresh_token
    for (const use of ['current', 'repeated'] as const) {
      const first: string = (await signIn(service)).body.refresh_token
      if (use === 'repeated') await next(first)
      let newest = ''
      const late = await during(
        signing,
        () => refresh(service, first),
        async () => {
          isAlone = true
          newest = await next(await next(first))
          isAlone = false
        },
      )
      isError(t, late, [503, 'temporarily_unavailable'])
      t.equal(late.headers.get('retry-after'), '1', use)
      newest = await next(newest)
      t.ok(newest, `${use}: the session lives`)
      isError(t, await refresh(service, first), [400, 'invalid_grant'])
      isError(t, await refresh(service, newest), [400, 'invalid_grant'])
      t.match(sessionsOf(service.databaseFile).at(-1), { end_reason: 'refresh_token_reuse' }, use)
    }
  },
)

t.test('a fault of ours consumes nothing: the same refresh token works afterwards', async t => {
  const faults = { signing: false, committing: undefined as Error | undefined }
  const service = await serve(t, {
    faults: {
      signer: inner => ({
        kid: inner.kid,
        sign: input => (faults.signing ? Promise.reject(new Error('the signer is away')) : inner.sign(input)),
      }),
      write: (inner): Write => {
        return work =>
          inner(async stores => {
            const result = await work(stores)
            if (faults.committing !== undefined) throw faults.committing
            return result
          })
      },
    },
  })
  await addAlice(service)
  const { refresh_token } = (await signIn(service)).body
  const before = everythingIn(service.databaseFile)
  const serverError = '{"error":"server_error","error_description":"Something went wrong on our side."}'

  faults.signing = true
  const unsigned = await refresh(service, refresh_token)
  t.equal(unsigned.status, 500)
  t.equal(unsigned.text, serverError)
  t.equal((await signIn(service)).status, 500)
  faults.signing = false
  t.same(everythingIn(service.databaseFile), before, 'a signer that fails')

  faults.committing = new Error('a mistake in the write')
  t.equal((await refresh(service, refresh_token)).text, serverError)
  faults.committing = new StorageUnavailable('the disk is full')
  const unavailable = await refresh(service, refresh_token)
  t.equal(unavailable.status, 503)
  t.equal(unavailable.headers.get('retry-after'), '1')
  t.equal(unavailable.body.error, 'temporarily_unavailable')
  t.equal((await signIn(service)).status, 503)
  faults.committing = undefined
  t.same(everythingIn(service.databaseFile), before, 'a write that fails')

  t.equal((await refresh(service, refresh_token)).status, 200)
  t.match(service.log(), /the signer is away/, 'the cause is in the log')
})

t.test(
  'kill -9 between commit and response: the retry gets the successor, and the files hold nothing in clear',
  { skip: notOnPostgres('it looks into the file') },
  async t => {
    const folder = temporaryFolder(t)
    const setUp = await serve(t, { folder, faults: { hasher: argon2id => argon2id } })
    await addAlice(setUp)
    await setUp.stop()
    const marker = join(folder, 'kill')
    const preload = `--import=${new URL('../programs/kill-before-response.ts', import.meta.url)}`
    // Within the grace the service has to start again.
    const environment = { ...auditsAll, KILL_WHILE_EXISTS: marker, SIGNET_REFRESH_GRACE: '60s' }
    const service = await spawnService(t, folder, environment, [preload])
    const client = ['web-app', secret] as const
    const first = await service.token({ grant_type: 'password', username: 'alice', password }, client)
    t.equal(first.status, 200)
    const retry = () => service.token({ grant_type: 'refresh_token', refresh_token: first.body.refresh_token }, client)

    writeFileSync(marker, '')
    await t.rejects(retry(), 'the response is lost')
    await service.stop('SIGKILL')
    const files = readdirSync(join(folder, 'db')).map(name => join(folder, 'db', name))
    t.ok(files.some(name => name.endsWith('-wal')))
    const stored = files.map(name => readFileSync(name))
    t.match(sessionsOf(setUp.databaseFile), [{ rotated_at_ms: Number, previous_hash: String }], 'it was committed')

    rmSync(marker)
    await service.start()
    const second = await retry()
    t.equal(second.status, 200)
    t.equal((await retry()).body.refresh_token, second.body.refresh_token)
    const third = await service.token({ grant_type: 'refresh_token', refresh_token: second.body.refresh_token }, client)
    t.equal(third.status, 200, 'and the successor works')
    await service.stop()
    t.same(
      auditOf(setUp.databaseFile).filter(event => event.startsWith('session.')),
      ['session.refresh success', 'session.repeat success', 'session.refresh success', 'session.repeat success'],
      'what repeats is counted, and written before the service ends',
    )

    const handle = first.body.refresh_token.slice(10, 42)
    const secrets = [first, second].map(({ body }) => body.refresh_token.slice(42, 106))
    const needles = [password, secret, first.body.access_token, handle, ...secrets]
    const forms = (text: string) => [
      Buffer.from(text),
      Buffer.from(text, 'hex'),
      Buffer.from(Buffer.from(text).toString('base64url').slice(0, -4)),
      Buffer.from(Buffer.from(text, 'hex').toString('base64url')),
      Buffer.from(Buffer.from(text, 'hex').toString('base64')),
    ]
    t.ok(
      stored.some(content => content.includes('web-app')),
      'what may be read is found',
    )
    for (const needle of needles.flatMap(forms).filter(({ length }) => length > 8)) {
      t.notOk(stored.some(content => content.includes(needle)))
      t.notOk(service.log().includes(needle.toString('latin1')))
    }
  },
)
