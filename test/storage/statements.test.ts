/** What each grant asks of the database, counted, so that it can't grow unseen. */
import { test } from 'tap'
import { addKey, addMachine, askAs, exchange } from '../support/asking-machines.ts'
import { isOnPostgres } from '../support/environment.ts'
import { type Answer, addAlice, refresh, type Service, serve, signIn } from '../support/serve.ts'
import { watchStatements } from '../support/statements.ts'

/** With more than one statement. */
const writesMore = ['a sign-in']

const readClientAndFamily = ['select clients', 'select sessions']

const counted = isOnPostgres() ? ['insert attempt_counters'] : ['insert attempt_counters', 'insert attempt_counters']

interface Prepared {
  /** Two refresh tokens, the older one first. */
  readonly tokens: readonly string[]
  /** API keys of a user and of a client. */
  readonly keys: readonly string[]
}

const acts: readonly {
  name: string
  act: (service: Service, prepared: Prepared) => Promise<Answer>
  statements: readonly string[]
  roundTrips: number
}[] = [
  {
    name: 'a refresh',
    act: (service, { tokens: [, current = ''] }) => refresh(service, current),
    statements: [...readClientAndFamily, 'update sessions'],
    roundTrips: 3,
  },
  {
    name: 'a refresh that is repeated',
    act: (service, { tokens: [previous = ''] }) => refresh(service, previous),
    statements: [...readClientAndFamily, 'select sessions'],
    roundTrips: 3,
  },
  {
    name: 'a sign-in',
    act: service => signIn(service),
    statements: [
      ...['select clients', 'select users', 'select roles'],
      ...counted,
      ...['delete attempt_counters', 'delete attempt_counters'],
      ...[
        'select users',
        'select clients',
        'select roles',
        'select sessions',
        'insert sessions',
        'insert audit_events',
      ],
    ],
    roundTrips: 4,
  },
  {
    name: 'a grant of a client for itself',
    act: service => askAs(service, 'job'),
    statements: ['select clients', 'select sessions', 'select sessions'],
    roundTrips: 3,
  },
  {
    name: 'the exchange of a key of a user',
    act: (service, { keys: [ofUser = ''] }) => exchange(service, ofUser, 'job'),
    statements: [
      ...['select clients', 'select credentials', 'select sessions'],
      ...['select users', 'select roles', 'select sessions'],
    ],
    roundTrips: 6,
  },
  {
    name: 'the exchange of a key of a client',
    act: (service, { keys: [, ofClient = ''] }) => exchange(service, ofClient, 'job'),
    statements: [
      ...['select clients', 'select credentials', 'select sessions'],
      ...['select clients', 'select credentials', 'select sessions'],
    ],
    roundTrips: 6,
  },
]

/** All that an act goes on with: clients are known by then, rows are there, when credentials were used last is written, and repetitions are counted. */
async function prepare(service: Service): Promise<Prepared> {
  await addAlice(service)
  await addMachine(service, 'job')
  await askAs(service, 'job')
  const first = (await signIn(service)).body.refresh_token
  const second = (await refresh(service, first)).body.refresh_token
  const keys = [await addKey(service, { username: 'alice' }), await addKey(service, { clientId: 'job' })]
  for (const { text } of keys) await exchange(service, text, 'job')
  // Repetitions are counted from the second on.
  await refresh(service, first)
  await service.writeEvents()
  return { tokens: [first, second], keys: keys.map(({ text }) => text) }
}

for (const { name, act, statements, roundTrips } of acts)
  test(`${name}: ${statements.length} statements; on PostgreSQL ${roundTrips} round trips`, async t => {
    const watch = watchStatements(t)
    const service = await serve(t)
    const prepared = await prepare(service)
    const seen = await watch(() => act(service, prepared))
    t.equal(seen.answer.status, 200)
    t.strictSame(seen.statements, statements)
    if (isOnPostgres()) t.equal(seen.roundTrips, roundTrips, seen.sent.join(', '))
    else
      t.equal(
        seen.sent.some(sent => sent.startsWith('savepoint')),
        writesMore.includes(name),
        seen.sent.join(', '),
      )
  })
