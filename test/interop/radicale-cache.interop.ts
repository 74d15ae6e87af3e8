/** How long Radicale remembers what Signet answered, with the configuration on docs/integrations/radicale.md, and how often it asks. */
import { test } from 'tap'
import { byTest, password } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { watched } from './machines.ts'
import { type CalendarProgram, withPeople } from './radicale.ts'
import { standIn } from './stand-in.ts'

const withoutCache = 'cache_logins = False'
const briefly = 'cache_successful_logins_expiry = 1\ncache_failed_logins_expiry = 1'

/** The statuses of so many requests, each once, and how often Signet was asked. */
async function looked({ asked }: { readonly asked: readonly unknown[] }, person: CalendarProgram, times = 1) {
  const before = asked.length
  const statuses = new Set<number>()
  for (let time = 0; time < times; time += 1) statuses.add((await person.looks()).status)
  return { statuses: [...statuses], asked: asked.length - before }
}

test('what was answered is remembered: a disabled user goes on, and so does an outage', async t => {
  const { service, front, as } = await withPeople(t)
  const signet = await standIn(t, service, front)
  const [alice, bob] = [as('alice', password), as('bob', password)]
  t.same(await looked(signet, alice, 5), { statuses: [207], asked: 1 })
  t.match(await as('alice', 'an old one').looks(), { status: 401 }, 'another password is asked about')
  await service.users.setStatus('alice', 'disabled', byTest)
  t.same(await looked(signet, alice), { statuses: [207], asked: 0 })

  signet.insteadAnswers(503)
  t.same(await looked(signet, bob), { statuses: [401], asked: 1 })
  signet.insteadAnswers(undefined)
  t.same(await looked(signet, bob), { statuses: [401], asked: 0 })
})

test('when that has expired, Signet is asked again', async t => {
  const { service, front, radicale, as } = await withPeople(t, { more: briefly })
  const signet = await standIn(t, service, front)
  const alice = as('alice', password)
  const comesTo = (status: number) => until(async () => (await alice.looks()).status === status)
  await comesTo(207)
  await service.users.setStatus('alice', 'disabled', byTest)
  await comesTo(401)
  await service.users.setStatus('alice', 'active', byTest)
  await comesTo(207)
  signet.insteadAnswers(503)
  await comesTo(401)
  t.notMatch(radicale.log(), /[ :]503\b/, 'the log does not say why')
  signet.insteadAnswers(undefined)
  await (await service.container.keyLifecycle()).rotate(byTest)
  await comesTo(207)
  await signet.end()
  await comesTo(401)
  t.match(radicale.log(), /CRITICAL.* Failed to authenticate against OAuth2 server/)
})

test('once slow, each later refusal is as slow, until a restart', async t => {
  const { service, front, as, radicale } = await withPeople(t)
  const signet = await standIn(t, service, front)
  const slowMs = 3000
  async function isSlow(attempt: string): Promise<boolean> {
    const start = performance.now()
    t.match(await as('alice', attempt).looks(), { status: 401 })
    return performance.now() - start > slowMs - 100
  }
  t.equal(await isSlow('first'), false)
  signet.insteadAnswers(503, slowMs)
  t.equal(await isSlow('second'), true)
  signet.insteadAnswers(undefined)
  t.equal(await isSlow('third'), true)
  t.equal(await isSlow('third'), true, 'also when it is remembered')
  await radicale.restart()
  t.equal(await isSlow('third'), false)
})

test('each sign-in is an event and for minutes a session', async t => {
  const { service, front, as, command, clock } = await withPeople(t, { more: withoutCache })
  const { sent } = await watched(t, service, front)
  for (let time = 0; time < 4; time += 1) t.match(await as('alice', password).looks(), { status: 207 })
  t.equal(sent.length, 4, 'without the cache each request is a sign-in')
  const count = async (...words: string[]) => JSON.parse(await command(...words, '--json')).length
  const events = ['audit', 'list', '--type', 'user.sign_in', '--outcome']
  t.same([await count('sessions', 'list'), await count(...events, 'success')], [4, 4])
  clock.advance(120_000)
  t.same([await count('sessions', 'list'), await count(...events, 'success')], [0, 4])
  for (let time = 0; time < 4; time += 1) t.match(await as('alice', 'wrong').looks(), { status: 401 })
  clock.advance(120_000)
  await service.writeEvents()
  t.equal(await count(...events, 'failure'), 2, 'what repeats is counted')
})
