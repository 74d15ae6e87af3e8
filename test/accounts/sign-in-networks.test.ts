/** Networks from which an account has signed in: guesses from elsewhere do not keep it out there. */
import t from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { testClock } from '../support/clock.ts'
import { attempt, guessingAtAlice, right, times, untilThrottled, wrong } from '../support/guessing.ts'
import { byTest } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

t.jobs = 3

t.test('the victim signs in from its own network while a hundred others guess', async t => {
  const clock = testClock()
  const { service } = await guessingAtAlice(t, { clock })
  const home = '192.0.2.1'
  t.equal((await right(service, { address: home })).status, 200)
  await times(110, network => attempt(service, { password: wrong(network), address: `10.${network}.0.1` }))
  t.equal((await right(service, { address: '10.200.0.1' })).status, 429, 'from a new network')
  t.equal((await right(service, { address: home })).status, 200)
  t.equal((await untilThrottled(service, { address: home })).length, 11, 'that network has limits, too')

  clock.advance(91 * 24 * 60 * 60_000)
  t.equal((await right(service, { address: home })).status, 429, 'ninety days later')
})

t.test('ten networks of an account are kept, and those of a confidential client are not its own', async t => {
  const clock = testClock()
  const { service } = await guessingAtAlice(t, { clock })
  const known = () =>
    select(service.databaseFile, 'select network from sign_in_networks order by last_at_ms').map(row => row['network'])
  t.equal((await right(service, { address: '203.0.113.1', isConfidential: true })).status, 200)
  for (let network = 1; network <= 12; network += 1) {
    t.equal((await right(service, { address: `192.0.2.${network}` })).status, 200)
    clock.advance(1000)
  }
  // Nobody waits for these writes, each of which may be the last one.
  const lastTen = Array.from({ length: 10 }, (_, index) => `192.0.2.${index + 3}`)
  await until(async () => known().join() === lastTen.join())
  const before = select(service.databaseFile, 'select * from sign_in_networks order by network')
  t.equal((await right(service, { address: '192.0.2.5' })).status, 200)
  // What this one does not write, none writes later.
  t.equal((await right(service, { address: '192.0.2.6' })).status, 200)
  t.same(select(service.databaseFile, 'select * from sign_in_networks order by network'), before, 'once a day')
  await service.users.setStatus('alice', 'deleted', byTest)
  t.same(known(), [])
})

t.test('of a user who is deleted while a network is being written none is kept', async t => {
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>()
  let holdsNext = false
  const write: Faults['write'] = real => (work, size) => {
    if (!holdsNext) return real(work, size)
    holdsNext = false
    return isReleased.then(() => real(work, size))
  }
  const { service } = await guessingAtAlice(t, { faults: { write } })
  holdsNext = true
  t.equal((await right(service, { address: '192.0.2.1' })).status, 200)
  t.notOk(holdsNext, 'the network waits to be written')
  await service.users.setStatus('alice', 'deleted', byTest)
  release()
  // Comes after it.
  await service.roles.add({ name: 'author', permissions: ['posts:read'] }, byTest)
  t.same(select(service.databaseFile, 'select * from sign_in_networks'), [])
})
