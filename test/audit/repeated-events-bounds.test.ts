/** What callers repeat fills neither the disk nor the memory, and none of it is lost. */
import t from 'tap'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { guessed, MINUTE } from '../support/repeated-events.ts'
import { select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const SECOND = 1000

t.test('together they are 100 rows a second, 40 from one network; one row counts what is beyond', async t => {
  const { knock, guess, clock, service, appendedNow, appendedLike } = await guessed(t)
  const knocks = (many: number, address: string) =>
    Promise.all(Array.from({ length: many }, (_, n) => knock(`${address}-${n}`, address)))
  await knocks(60, '203.0.113.7')
  t.same(await appendedNow(), Array(40).fill('1 × client.authenticate unknown_client'))
  await guess('alice', '198.51.100.1')
  t.same(await appendedNow(), ['1 × user.sign_in wrong_password'], 'of another network nothing is hidden')
  await knocks(60, '198.51.100.7')
  await knocks(60, '192.0.2.7')
  t.equal((await appendedNow()).length, 39 + 20)
  clock.advance(SECOND)
  await guess('bob', '192.0.2.7')
  t.same(await appendedNow(), ['1 × user.sign_in wrong_password'], 'a second later')
  clock.advance(MINUTE - SECOND)
  const beyond = 20 + 21 + 40
  await appendedLike({
    ...{ type: 'audit.overflow', outcome: 'failure', reason: 'too_many_events', actor: 'signet' },
    ...{ count: beyond, occurred_at_ms: clock.now() - MINUTE, address: null },
  })
  const [{ total } = {}] = select(
    service.databaseFile,
    "select sum(count) as total from audit_events where outcome = 'failure'",
  )
  t.equal(Number(total), 60 * 3 + 2, 'none is missing')
})

t.test('the counts of a minute come over seconds, and leave room for what is new', async t => {
  const { knock, clock, service, fresh } = await guessed(t)
  for (const address of ['203.0.113.7', '198.51.100.7'])
    for (const _ of [1, 2]) await Promise.all(Array.from({ length: 40 }, (_, n) => knock(`${n}`, address)))
  t.equal((await fresh()).length, 80)
  clock.advance(MINUTE)
  t.equal((await fresh()).length, 40)
  await Promise.all(Array.from({ length: 70 }, (_, n) => knock(`new-${n}`, `192.0.${n}.7`)))
  t.equal((await fresh()).length, 60)
  clock.advance(SECOND)
  t.equal((await fresh()).length, 40)
  clock.advance(MINUTE)
  await fresh()
  const [{ total } = {}] = select(
    service.databaseFile,
    "select sum(count) as total from audit_events where outcome = 'failure'",
  )
  t.equal(Number(total), 160 + 70, 'none is missing')
})

t.test('while the database is away they wait, and are written when it is back', async t => {
  let isAway = false
  const { knock, clock, service, fresh, appendedNow } = await guessed(t, {
    faults: {
      write: write => (work, size) =>
        isAway ? Promise.reject(new StorageUnavailable('the database is away')) : write(work, size),
    },
  })
  isAway = true
  for (const _ of [1, 2, 3]) t.equal((await knock('nobody')).status, 401)
  await t.rejects(service.writeEvents(), { name: 'StorageUnavailable' })
  clock.advance(MINUTE)
  await t.rejects(fresh(), { name: 'StorageUnavailable' })
  isAway = false
  t.same((await appendedNow()).sort(), [
    '1 × client.authenticate unknown_client',
    '2 × client.authenticate unknown_client',
  ])
  clock.advance(MINUTE)
  t.same(await appendedNow(), [])
})

t.test('an event that the database refuses for good keeps no other one waiting', async t => {
  const { knock, clock, service, appendedNow } = await guessed(t, {
    faults: {
      write: write => work =>
        write(stores =>
          work({
            ...stores,
            audit: {
              ...stores.audit,
              append: async event => {
                if (event.provenance.address === '203.0.113.66') throw new Error('the row is refused')
                await stores.audit.append(event)
              },
            },
          }),
        ),
    },
  })
  await Promise.all(['203.0.112.7', '203.0.113.66', '203.0.114.7'].map(address => knock('nobody', address)))
  t.same(await appendedNow(), Array(2).fill('1 × client.authenticate unknown_client'))
  t.match(service.log(), /"level":"error".*the row is refused.*an audit event was refused/)
  clock.advance(MINUTE)
  t.same(await appendedNow(), ['1 × audit.overflow too_many_events'])
})

t.test('a service that is stopped writes what it has counted', async t => {
  const { guess, knock, service, fresh } = await guessed(t)
  for (const _ of [1, 2, 3]) await guess('alice')
  for (let n = 0; n < 50; n += 1) for (const _ of [1, 2]) await knock(`${n}`)
  await fresh()
  await service.stop()
  const counted = select(
    service.databaseFile,
    "select type, sum(count) as total from audit_events where outcome = 'failure' group by type order by type",
  )
  t.same(
    counted.map(({ type, total }) => [type, Number(total)]),
    [
      ['audit.overflow', 22],
      ['client.authenticate', 78],
      ['user.sign_in', 3],
    ],
  )
})
