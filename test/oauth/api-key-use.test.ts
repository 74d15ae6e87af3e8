/** When and from where an API key was used last: at most once an hour, in a write of its own. */
import t from 'tap'
import { machines } from '../support/machines.ts'
import { select } from '../support/sqlite.ts'
import { watchStatements } from '../support/statements.ts'
import { until } from '../support/status-list.ts'

// Statements are watched in the whole process.
t.jobs = 1

const hour = 3_600_000
const environment = { SIGNET_TRUST_PROXY: '127.0.0.0/8' }
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

t.test('the time and the address are those of the first use of an hour, as list and show tell', async t => {
  const { make, exchange, json, clock } = await machines(t, { environment })
  const { api_key, api_key_id } = await make()
  const lastUse = async () => {
    const { last_used_at, last_used_address } = await json(['api-keys', 'show', api_key_id])
    return [last_used_at, last_used_address]
  }
  const now = () => new Date(clock.now()).toISOString()
  t.same(await lastUse(), [null, null])
  await exchange(api_key, {}, from('203.0.113.7'))
  // Nobody waits for the write.
  await until(async () => (await lastUse())[0] !== null)
  const first = [now(), '203.0.113.7']
  t.same(await lastUse(), first)
  clock.advance(hour - 1)
  await exchange(api_key, {}, from('2001:db8::7'))
  t.same(await lastUse(), first)
  clock.advance(1)
  await exchange(api_key, {}, from('2001:db8::8'))
  await until(async () => (await lastUse())[0] !== first[0])
  t.same(await lastUse(), [now(), '2001:db8::8'])
  t.match(await json(['api-keys', 'list']), [{ last_used_at: now(), last_used_address: '2001:db8::8' }])
})

t.test('what is refused is no use', async t => {
  const { make, exchange, service, json } = await machines(t)
  const { api_key, api_key_id } = await make()
  for (const form of [
    { scope: 'posts:write' },
    { audience: 'https://other.example.com' },
    { actor_token: 'x' },
    { subject_token: `${api_key}0` },
  ])
    t.equal((await exchange(api_key, form)).status, 400)
  await json(['users', 'disable', 'alice'])
  await exchange(api_key)
  await json(['users', 'enable', 'alice'])
  await json(['api-keys', 'revoke', api_key_id])
  await exchange(api_key)
  t.same(select(service.databaseFile, 'select last_used_at_ms from credentials where id = ?', api_key_id), [
    { last_used_at_ms: null },
  ])
})

t.test(
  'it is written by itself, and the token does not wait for it, nor is it written again within the hour',
  async t => {
    const { make, exchange, service, clock } = await machines(t)
    const { api_key, api_key_id } = await make()
    const lastUse = 'select last_used_at_ms from credentials where id = ?'
    const isUsedNow = async () =>
      select(service.databaseFile, lastUse, api_key_id)[0]?.['last_used_at_ms'] === clock.now()
    await exchange(api_key)
    // Nobody waits for the write.
    await until(isUsedNow)
    const watch = watchStatements(t)
    const written = async (act: () => Promise<unknown>) =>
      (await watch(act)).statements.filter(statement => !statement.startsWith('select'))
    t.same(await written(() => exchange(api_key)), [])
    clock.advance(299_000)
    t.same(await written(() => exchange(api_key)), [])
    clock.advance(hour - 299_000)
    const anew = await written(async () => {
      await exchange(api_key)
      await until(isUsedNow)
    })
    t.same(anew.sort(), ['insert audit_events', 'update credentials', 'update sessions'])
  },
)

t.test('a clock that was set back does not keep it from being written', async t => {
  const { make, exchange, json, clock } = await machines(t)
  const { api_key, api_key_id } = await make()
  const isWritten = async () =>
    (await json(['api-keys', 'show', api_key_id])).last_used_at === new Date(clock.now()).toISOString()
  await exchange(api_key)
  await until(isWritten)
  clock.advance(-30 * 24 * hour)
  await exchange(api_key)
  await until(isWritten)
  clock.advance(hour - 1)
  await exchange(api_key)
  t.notOk(await isWritten(), 'and then once an hour again')
})
