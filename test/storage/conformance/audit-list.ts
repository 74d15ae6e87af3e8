import type { Test } from 'tap'
import type { AuditEvent, AuditFilter, AuditPage, ListedAuditEvent } from '../../../src/records/audit-event.ts'
import type { Position } from '../../../src/records/position.ts'
import { ALL, clientOf, type Engine, farMs, openMigrated, userOf } from './records.ts'

const at = (address: string | null, actor = 'client'): AuditEvent['provenance'] => ({
  actor,
  address,
  userAgent: null,
  requestId: null,
})

/** Each with its name as the reason, a second after the one before. */
const happened: readonly (Partial<AuditEvent> & {
  readonly reason: string
  readonly from?: string
  readonly by?: string
})[] = [
  { reason: 'tried', type: 'user.sign_in', outcome: 'failure', nameHash: 'hash', clientId: 'client_spa', from: '::1' },
  { reason: 'added', type: 'user.add', userId: 'user_alice' },
  { reason: 'in', type: 'user.sign_in', userId: 'user_alice', clientId: 'client_spa', from: '192.0.2.1' },
  {
    reason: 'wrong',
    type: 'user.sign_in',
    outcome: 'failure',
    userId: 'user_alice',
    clientId: 'client_spa',
    from: '::1',
  },
  { reason: 'bob', type: 'user.sign_in', userId: 'user_bob', clientId: 'client_web', from: '192.0.2.1' },
  { reason: 'out', type: 'session.end', userId: 'user_alice', clientId: 'client_spa', sessionId: 'session_1' },
  { reason: 'web', type: 'client.update', clientId: 'client_web' },
  { reason: 'key', type: 'signing_key.add' },
  { reason: 'made', type: 'user.add', userId: 'user_bob', by: 'user:user_alice' },
  { reason: 'signed up', type: 'user.add', userId: 'user_alice', by: 'client:client_web', from: '::1' },
  { reason: 'ordered', type: 'role.add', by: 'operator:user_alice' },
]

const START_MS = farMs
const SECOND_MS = 1000
const timeOf = (reason: string): number => START_MS + happened.findIndex(event => event.reason === reason) * SECOND_MS

async function openWithEvents(t: Test, engine: Engine) {
  const database = await openMigrated(t, engine)
  const { read, write } = database
  await write(async ({ users, clients, audit }) => {
    await users.insert(userOf('alice', { status: 'deleted' }))
    for (const id of ['spa', 'web']) await clients.insert(clientOf(id))
    // Whatever the order of writing.
    for (const [index, { from, by, ...event }] of [...happened.entries()].toReversed())
      await audit.append({
        ...{ type: 'user.add', outcome: 'success', ...event },
        ...{ occurredAtMs: START_MS + index * SECOND_MS, provenance: at(from ?? null, by) },
      })
  })
  const reasons = (events: readonly ListedAuditEvent[]) => events.map(({ reason }) => reason)
  const list = async (filter: AuditFilter, limit = ALL) => reasons(await read.audit.list(filter, limit))
  return { ...database, reasons, list }
}

const spa = { ids: ['client_spa'], nameHash: undefined }
const alice = { ids: ['user_alice'], nameHash: 'hash' }

export function auditListChecks(t: Test, engine: Engine): void {
  t.test('a list has the newest events, the oldest of them first, whatever the order of writing', async t => {
    const { list } = await openWithEvents(t, engine)
    const all = happened.map(({ reason }) => reason)
    t.same(await list({}), all)
    for (const limit of [1, 3, all.length]) t.same(await list({}, limit), all.slice(-limit))
  })

  t.test('a listed event has every field, and the names of its user and its client, deleted or not', async t => {
    const { read } = await openWithEvents(t, engine)
    const [listed] = await read.audit.list({ user: alice, types: ['session.end'] }, 1)
    t.strictSame(listed, {
      ...{ id: listed?.id, type: 'session.end', occurredAtMs: timeOf('out'), outcome: 'success', reason: 'out' },
      ...{ actor: 'client', userId: 'user_alice', username: 'alice', publicClientId: 'spa', clientId: 'client_spa' },
      ...{ sessionId: 'session_1', target: null, address: null, userAgent: null, requestId: null },
      ...{ count: 1, nameHash: null, details: null, seal: null, actorName: null },
    })
    const actors = await read.audit.list({ types: ['user.add', 'role.add'] }, 3)
    t.same(
      actors.map(({ actor, actorName }) => [actor, actorName]),
      [
        ['user:user_alice', 'alice'],
        ['client:client_web', 'web'],
        ['operator:user_alice', null],
      ],
    )
    const [bob] = await read.audit.list({ user: { ids: ['user_bob'], nameHash: undefined } }, 2)
    t.match(bob, { userId: 'user_bob', username: null, publicClientId: 'web' }, 'of a user that is in no row')
  })

  const cases: readonly (readonly [title: string, filter: AuditFilter, found: readonly string[]])[] = [
    [
      'a user with what was tried before, and what the user did',
      { user: alice },
      ['tried', 'added', 'in', 'wrong', 'out', 'made', 'signed up'],
    ],
    [
      'several users',
      { user: { ids: ['user_bob', 'user_alice'], nameHash: undefined } },
      ['added', 'in', 'wrong', 'bob', 'out', 'made', 'signed up'],
    ],
    ['nobody', { user: { ids: [], nameHash: undefined } }, []],
    ['a client', { client: { ids: ['client_web'], nameHash: undefined } }, ['bob', 'web', 'signed up']],
    [
      'what a client did to a user',
      { client: { ids: ['client_web'], nameHash: undefined }, user: alice },
      ['signed up'],
    ],
    ['no client', { client: { ids: [], nameHash: undefined } }, []],
    ['types', { types: ['user.sign_in', 'client.update'] }, ['tried', 'in', 'wrong', 'bob', 'web']],
    ['an outcome', { outcome: 'failure' }, ['tried', 'wrong']],
    ['an address', { addresses: ['192.0.2.1', '::ffff:192.0.2.1'] }, ['in', 'bob']],
    ['from a moment on', { sinceMs: timeOf('web') }, ['web', 'key', 'made', 'signed up', 'ordered']],
    ['up to a moment', { beforeMs: timeOf('in') }, ['tried', 'added']],
    ['a user between two moments', { user: alice, sinceMs: timeOf('in'), beforeMs: timeOf('out') }, ['in', 'wrong']],
    ['a user, from an address', { user: alice, addresses: ['::1'] }, ['tried', 'wrong', 'signed up']],
    ['a user, through a client', { user: { ids: ['user_bob'], nameHash: undefined }, client: spa }, []],
    ['a user, through no client', { user: alice, client: { ids: [], nameHash: undefined } }, []],
    [
      'a client, from an address',
      { client: { ids: ['client_web'], nameHash: undefined }, addresses: ['192.0.2.1'] },
      ['bob'],
    ],
    [
      'everything',
      {
        user: alice,
        client: { ids: ['client_spa'], nameHash: 'other' },
        types: ['user.sign_in'],
        outcome: 'failure',
        addresses: ['::1'],
        sinceMs: timeOf('added'),
      },
      ['wrong'],
    ],
  ]
  t.test('every condition that is given holds', async t => {
    const { list } = await openWithEvents(t, engine)
    for (const [title, filter, found] of cases) t.same(await list(filter), found, title)
    t.same(await list({ user: alice, outcome: 'failure' }, 1), ['wrong'], 'and the limit is of those that are found')
  })

  t.test('pages hold what a list holds, the newest first, however far each of them looks', async t => {
    const { read, list, query } = await openWithEvents(t, engine)
    // Some at the same moment.
    await query(`update audit_events set occurred_at_ms = ${timeOf('out')} where reason in ('bob', 'web', 'made')`)
    const filters = [...cases.map(([, filter]) => filter), {}, { user: alice, types: ['user.add'] }]
    for (const filter of filters) {
      const all = (await list(filter)).toReversed()
      for (const [limit, look] of [
        [1, 1],
        [2, 1],
        [3, 2],
        [1, 100],
        [100, 3],
        [all.length || 1, 100],
      ] as const) {
        const found: ListedAuditEvent[] = []
        let before: Position | undefined
        let requests = 0
        do {
          const page: AuditPage = await read.audit.page(filter, before, limit, look)
          t.ok(page.events.length <= limit)
          found.push(...page.events)
          before = page.next
          requests += 1
        } while (before !== undefined && requests < ALL)
        t.same(
          found.map(({ reason }) => reason),
          all,
          `${JSON.stringify(filter)} ${limit} at a time, ${look} looked at`,
        )
        if (look === 100 && limit >= all.length) t.equal(requests, 1, 'the last page knows that it is')
      }
    }
  })

  t.test('what is rare is found behind many others', async t => {
    const { list, query } = await openWithEvents(t, engine)
    const many = 45_000
    const numbers = `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${many})`
    await query(
      `${numbers.replace('with', `insert into audit_events (id, type, occurred_at_ms, outcome, actor, user_id) with`)} ` +
        `select 'event_z' || n, 'session.refresh', ${START_MS + 100_000} + n / 3, 'success', 'client', 'user_alice' from numbers`,
    )
    t.same(await list({ types: ['user.sign_in'] }, 3), ['in', 'wrong', 'bob'])
    t.same(await list({ user: alice, outcome: 'failure' }), ['tried', 'wrong'])
    t.same((await list({ types: ['session.refresh'] }, many + 1)).length, many)
    t.same((await list({ user: alice, types: ['session.refresh', 'user.add'] }, many + 4)).length, many + 3)
  })

  t.test('what no seal covers is listed by its id, and what is covered by the number of its seal', async t => {
    const { read, query, reasons } = await openWithEvents(t, engine)
    const first = await read.audit.list({}, ALL)
    for (const [index, { id }] of first.slice(0, 6).entries())
      await query(`update audit_events set seal = ${1 + Math.floor(index / 2)} where id = '${id}'`)
    const unsealed = async (filter: AuditFilter, afterId: string, limit: number) =>
      reasons(await read.audit.listUnsealed(filter, afterId, limit))
    t.same(await unsealed({}, '', ALL), ['web', 'key', 'made', 'signed up', 'ordered'])
    t.same(await unsealed({ user: alice }, '', ALL), ['made', 'signed up'])
    t.same(await unsealed({}, '', 1), ['web'])
    t.same(await unsealed({}, first[6]?.id ?? '', 2), ['key', 'made'])
    t.same(await unsealed({ types: ['signing_key.add'] }, '', ALL), ['key'])
    const sealed = async (filter: AuditFilter, after: number, to: number) =>
      reasons(await read.audit.listSealed(filter, { after, to }))
    t.same(await sealed({}, 0, 3), ['tried', 'added', 'in', 'wrong', 'bob', 'out'])
    t.same(await sealed({}, 1, 2), ['in', 'wrong'])
    t.same(await sealed({}, 3, 9), [])
    t.same(await sealed({ user: alice, addresses: ['::1'] }, 0, 3), ['tried', 'wrong'])
    t.equal((await read.audit.list({ types: ['session.end'] }, 1))[0]?.seal, 3)
  })

  t.test('who has a name and who had it are both found by it', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(async ({ users }) => {
      for (const id of ['user_1', 'user_2']) await users.insert(userOf('ann', { userId: id, status: 'deleted' }))
      await users.insert(userOf('ann', { userId: 'user_3', status: 'disabled' }))
      await users.insert(userOf('bob'))
    })
    t.same([...(await read.users.idsOf('ann'))].sort(), ['user_1', 'user_2', 'user_3'])
    t.same(await read.users.idsOf('Ann'), [])
  })
}
