/** What each grant asks of the database, counted, so that it can't grow unseen. */
import { test } from 'tap'
import { addKey, addMachine, askAs, exchange } from '../support/asking-machines.ts'
import { isOnPostgres } from '../support/environment.ts'
import { type Answer, addAlice, password, refresh, type Service, serve, signIn } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { watchStatements } from '../support/statements.ts'
import { until } from '../support/status-list.ts'

/** With more than one statement. */
const writesMore = ['a sign-in', 'a sign-in through a client without a secret, from a network that is known']

const readClientAndFamily = ['select clients', 'select sessions']

/** They come in any order with the others: some wait for an answer, and others follow that. */
const isCounter = (statement: string): boolean => statement.endsWith(' attempt_counters')
const counters = (verb: 'insert' | 'delete', count: number): string[] => Array(count).fill(`${verb} attempt_counters`)
/** Several of one kind in one statement, on PostgreSQL. */
const together = (verb: 'insert' | 'delete', count: number): string[] => counters(verb, isOnPostgres() ? 1 : count)

const startSession = [
  ...['select users', 'select clients', 'select roles', 'select sessions'],
  ...['insert sessions', 'insert audit_events'],
]

interface Prepared {
  /** Two refresh tokens, the older one first. */
  readonly tokens: readonly string[]
  /** API keys of a user and of a client. */
  readonly keys: readonly string[]
}

const signInWithoutSecret = (service: Service): Promise<Answer> =>
  service.token({ grant_type: 'password', client_id: 'spa', username: 'alice', password })

const acts: readonly {
  name: string
  act: (service: Service, prepared: Prepared) => Promise<Answer>
  statements: readonly string[]
  /** Those of attempts. */
  counted?: readonly string[]
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
    statements: ['select clients', 'select users', 'select roles', ...startSession],
    counted: [...together('insert', 2), ...counters('delete', 2)],
    roundTrips: 4,
  },
  {
    name: 'a sign-in through a client without a secret, from a network that is known',
    act: signInWithoutSecret,
    statements: ['select clients', 'select users', 'select roles', 'select sign_in_networks', ...startSession],
    counted: [...together('insert', 4), ...counters('delete', 2), ...counters('insert', 2), ...together('delete', 2)],
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
  // Where somebody signs in from is written beside the answer.
  await signInWithoutSecret(service)
  await until(async () => select(service.databaseFile, 'select network from sign_in_networks').length > 0)
  const keys = [await addKey(service, { username: 'alice' }), await addKey(service, { clientId: 'job' })]
  for (const { text } of keys) await exchange(service, text, 'job')
  // Repetitions are counted from the second on.
  await refresh(service, first)
  await service.writeEvents()
  return { tokens: [first, second], keys: keys.map(({ text }) => text) }
}

for (const { name, act, statements, counted = [], roundTrips } of acts)
  test(`${name}: ${statements.length + counted.length} statements; on PostgreSQL ${roundTrips} round trips`, async t => {
    const watch = watchStatements(t)
    const service = await serve(t)
    const prepared = await prepare(service)
    const seen = await watch(() => act(service, prepared))
    t.equal(seen.answer.status, 200)
    t.strictSame(
      seen.statements.filter(statement => !isCounter(statement)),
      statements,
    )
    t.strictSame(seen.statements.filter(isCounter), counted)
    if (isOnPostgres()) {
      t.equal(seen.roundTrips, roundTrips, seen.sent.join(', '))
      // The hash is computed after two waits: what begins then and waits twice is over with the rest.
      t.ok(seen.besideRoundTrips <= 2, `${seen.besideRoundTrips} beside`)
    } else
      t.equal(
        seen.sent.some(sent => sent.startsWith('savepoint')),
        writesMore.includes(name),
        seen.sent.join(', '),
      )
  })
