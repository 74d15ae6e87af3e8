/** Client secrets and API keys that are over stay for 90 days, for whoever looks back, and no longer. */
import { mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { Write } from '../../src/records/unit-of-work.ts'
import { EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { commandLine } from '../support/command-line.ts'
import { linesSaying } from '../support/log.ts'
import { machines } from '../support/machines.ts'
import { scene } from '../support/scene.ts'
import { api, byTest, secret } from '../support/serve.ts'
import { change, notOnPostgres, select, sessionsOf } from '../support/sqlite.ts'
import { restarted } from '../support/status-list.ts'

const DAY_MS = 86_400_000
const KEPT_MS = 90 * DAY_MS
const form = { 'content-type': 'application/x-www-form-urlencoded' }

async function withKeys(t: Test) {
  const { clock, service, device, as } = await scene(t)
  await addClient(service, { clientId: 'exchanger', grants: [EXCHANGE], audiences: [api] })
  const { json } = await commandLine(t, service.environment)
  const ids = () => select(service.databaseFile, 'select id from credentials').map(({ id }) => id)
  return {
    clock,
    service,
    json,
    as,
    isStored: (id: string) => ids().includes(id),
    /** alice, at this moment. */
    signIn: () => device(),
    sweep: async () => (await service.container.janitor()).sweep(),
    /** A key that alice makes for herself, in days. */
    async make(days: number) {
      const body = new URLSearchParams({ name: 'script', scope: 'posts:read', expires_in: String(days * 86_400) })
      const answer = await as(await device(), 'POST', '/me/api-keys', { body: body.toString(), headers: form })
      if (answer.status !== 201) throw new Error(`No key: ${answer.text}`)
      return answer.body
    },
    /** A key's entry in the list of its owner, and in that of the operator. */
    async listed(id: string) {
      const { body } = await as(await device(), 'GET', '/me/api-keys')
      const ofOwner = body.api_keys.find(({ api_key_id }: { api_key_id: string }) => api_key_id === id)
      const all = await json(['api-keys', 'list', '--user', 'alice'])
      const ofOperator = all.find(({ api_key_id }: { api_key_id: string }) => api_key_id === id)
      return [ofOwner?.status, ofOperator?.status]
    },
    exchange: (text: string) =>
      service.token(
        {
          grant_type: EXCHANGE,
          subject_token: text,
          subject_token_type: 'urn:signet:params:oauth:token-type:api-key',
        },
        { client: ['exchanger', secret] },
      ),
  }
}

test('an API key that was revoked is listed for 90 days, and then gone', async t => {
  const { clock, as, signIn, make, listed, sweep, exchange } = await withKeys(t)
  const { api_key_id: id, api_key: text } = await make(365)
  const { api_key_id: kept } = await make(365)
  t.equal((await as(await signIn(), 'DELETE', `/me/api-keys/${id}`)).status, 204)
  clock.advance(89 * DAY_MS)
  t.equal((await sweep()).credentials, 0)
  t.strictSame(await listed(id), ['revoked', 'revoked'], 'on day 89')
  clock.advance(DAY_MS)
  t.equal((await sweep()).credentials, 0)
  t.strictSame(await listed(id), ['revoked', 'revoked'], 'after 90 days, to the millisecond')
  clock.advance(1)
  t.equal((await sweep()).credentials, 1)
  t.strictSame(await listed(id), [undefined, undefined])
  t.strictSame(await listed(kept), ['active', 'active'])
  t.match(await exchange(text), { status: 400, body: { error: 'invalid_request' } })
  t.equal((await sweep()).credentials, 0)
})

test('so is one that has expired, by the time of its end', async t => {
  const { clock, make, listed, sweep } = await withKeys(t)
  const { api_key_id: id, expires_at } = await make(10)
  clock.advance(Date.parse(expires_at) + KEPT_MS - clock.now())
  t.equal((await sweep()).credentials, 0)
  t.strictSame((await listed(id))[0], 'expired')
  clock.advance(1)
  t.equal((await sweep()).credentials, 1)
  t.strictSame(await listed(id), [undefined, undefined])
})

test('client secrets go in the same way, and those that work stay', async t => {
  const { clock, service, sweep, isStored } = await withKeys(t)
  const add = async (ttlSeconds?: number) => {
    const asked = { name: undefined, secret: undefined, ttlSeconds }
    return (await service.clients.addSecret('web-app', asked, byTest)).secretId as string
  }
  const [removed, expired, lives] = [await add(), await add(3600), await add()]
  await service.clients.removeSecret('web-app', removed, byTest)
  clock.advance(KEPT_MS + 1)
  t.equal((await sweep()).credentials, 1)
  t.strictSame([removed, expired, lives].map(isStored), [false, true, true])
  clock.advance(3600_000)
  t.equal((await sweep()).credentials, 1)
  t.strictSame([removed, expired, lives].map(isStored), [false, false, true])
  t.strictSame(
    linesSaying(service, 'swept').map(({ credentials }) => credentials),
    [1, 1],
    'and the log says so',
  )
})

test('the row of sessions that hung on a key goes before it; one that is left does no harm', async t => {
  const { clock, service, json, make, sweep, exchange } = await withKeys(t)
  const [gone, left] = [await make(10), await make(10)]
  for (const { api_key } of [gone, left]) t.equal((await exchange(api_key)).status, 200)
  const rows = () =>
    select(service.databaseFile, 'select credential_id, end_reason from sessions where credential_id is not null')
  t.equal(rows().length, 2)
  clock.advance(10 * DAY_MS)
  // As if a token lived on for centuries.
  const forLong = 'update sessions set status_last_expiry_ms = ? where credential_id = ?'
  change(service.databaseFile, forLong, clock.now() * 10, left.api_key_id)
  clock.advance(DAY_MS)
  t.match(await sweep(), { credentials: 0 })
  t.strictSame(rows(), [{ credential_id: left.api_key_id, end_reason: null }])
  clock.advance(KEPT_MS)
  t.match(await sweep(), { credentials: 2 })
  t.strictSame(rows(), [{ credential_id: left.api_key_id, end_reason: null }])
  t.equal((await exchange(left.api_key)).status, 400)
  t.equal((await exchange((await make(1)).api_key)).status, 200, 'another key works beside it')
  await json(['clients', 'disable', 'exchanger'])
  t.ok(rows().every(({ end_reason }) => end_reason === 'client_disabled'))
})

test('a clock that was set ahead for a moment removes nothing', {
  skip: notOnPostgres('the timers of the test are those of its pool, too'),
}, async t => {
  const { clock, service, json, make, isStored } = await withKeys(t)
  const { api_key_id: id } = await make(365)
  await json(['api-keys', 'revoke', id])
  await service.stop()
  let looks = 0
  const write =
    (real: Write): Write =>
    (work, size) =>
      real(({ credentials, ...stores }) => {
        const removeOver: typeof credentials.removeOver = async (...values) => {
          const removed = await credentials.removeOver(...values)
          looks += 1
          return removed
        }
        return work({ ...stores, credentials: { ...credentials, removeOver } })
      }, size)
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const again = await restarted(t, service, { clock, faults: { write } })
  /** A second each, by the timers, until it is so. */
  async function tick(most: number, isSo: () => boolean): Promise<void> {
    for (let turn = 0; turn < most && !isSo(); turn += 1) {
      mock.timers.tick(1000)
      await nextTurn()
    }
  }
  await tick(100_000, () => looks === 1)
  clock.advance(KEPT_MS + DAY_MS)
  await tick(400, () => false)
  t.strictSame([looks, isStored(id)], [1, true], 'in the round after that')
  await tick(100_000, () => looks > 1 && !isStored(id))
  t.notOk(isStored(id), 'it stayed so')
  await tick(100_000, () => linesSaying(again, 'the clock was set: nothing is removed').length > 0)
  t.equal(linesSaying(again, 'the clock was set: nothing is removed').length, 1)
})

test('the rows of a credential that has expired go with its last token, while it is still listed', async t => {
  const { make, given, json, service, clock } = await machines(t)
  await given((await make({ more: ['--expires', '1h'] })).api_key)
  const { client_secret } = await json(['clients', 'add-secret', 'worker', '--expires', '1h'])
  await service.token({ grant_type: 'client_credentials' }, { client: ['worker', client_secret] })
  const rowsLeft = async () => {
    await (await service.container.janitor()).sweep()
    return sessionsOf(service.databaseFile).length
  }
  clock.advance(3_600_000 - 1)
  t.equal(await rowsLeft(), 2)
  clock.advance(1)
  t.equal(await rowsLeft(), 0)
  t.equal((await json(['api-keys', 'list'])).length, 1)
})

test('the secrets of a client that is deleted are gone after 90 days', async t => {
  const { clock, service, isStored, sweep } = await withKeys(t)
  const { id } = (await service.clients.find('exchanger')).secrets[0] as { id: string }
  await service.clients.setStatus('exchanger', 'deleted', byTest)
  clock.advance(KEPT_MS)
  await sweep()
  t.ok(isStored(id))
  clock.advance(1)
  await sweep()
  t.notOk(isStored(id))
})
