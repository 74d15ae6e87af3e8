/** What each grant asks of the database, counted, so that it can't grow unseen. */
import { test } from 'tap'
import { isOnPostgres } from '../support/environment.ts'
import { type Answer, addAlice, refresh, type Service, serve, signIn } from '../support/serve.ts'
import { watchStatements } from '../support/statements.ts'

const readClientAndFamily = ['select clients', 'select sessions']

const acts: readonly {
  name: string
  act: (service: Service, tokens: readonly string[]) => Promise<Answer>
  statements: readonly string[]
  roundTrips: number
}[] = [
  {
    name: 'a refresh',
    act: (service, [, current = '']) => refresh(service, current),
    statements: [...readClientAndFamily, 'update sessions'],
    roundTrips: 3,
  },
  {
    name: 'a refresh that is repeated',
    act: (service, [previous = '']) => refresh(service, previous),
    statements: [...readClientAndFamily, 'select sessions', 'insert audit_events'],
    roundTrips: 6,
  },
  {
    name: 'a sign-in',
    act: service => signIn(service),
    statements: [
      ...['select clients', 'select users', 'select users', 'select roles'],
      ...[
        'select users',
        'select clients',
        'select roles',
        'select sessions',
        'insert sessions',
        'insert audit_events',
      ],
    ],
    roundTrips: 12,
  },
]

for (const { name, act, statements, roundTrips } of acts)
  test(`${name}: ${statements.length} statements; on PostgreSQL ${roundTrips} round trips`, async t => {
    const watch = watchStatements(t)
    const service = await serve(t)
    await addAlice(service)
    const first = (await signIn(service)).body.refresh_token
    // The client is known by then, and when its secret was used last is written.
    const second = (await refresh(service, first)).body.refresh_token
    const seen = await watch(() => act(service, [first, second]))
    t.equal(seen.answer.status, 200)
    t.strictSame(seen.statements, statements)
    if (isOnPostgres()) t.equal(seen.sent.length, roundTrips, seen.sent.join(', '))
    else
      t.equal(
        seen.sent.some(sent => sent.startsWith('savepoint')),
        name !== 'a refresh',
        seen.sent.join(', '),
      )
  })
