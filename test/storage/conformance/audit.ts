import type { Test } from 'tap'
import type { AuditEvent } from '../../../src/records/audit-event.ts'
import { type Engine, farMs, openMigrated } from './records.ts'

const full: AuditEvent = {
  type: 'session.end',
  outcome: 'failure',
  reason: 'why',
  userId: 'user_1',
  clientId: 'client_1',
  sessionId: 'session_1',
  target: 'editor',
  nameHash: 'hash',
  details: { sub: 'x' },
  count: 7,
  provenance: { actor: 'operator:root', address: '2001:db8::1', userAgent: 'curl/8 “x”', requestId: 'req-1' },
}

const bare: AuditEvent = {
  type: 'role.add',
  outcome: 'success',
  provenance: { actor: 'signet', address: null, userAgent: null, requestId: null },
}

export function auditChecks(t: Test, engine: Engine): void {
  t.test('an event is stored with every field, and with the time of the injected clock', async t => {
    const { clock, query, write } = await openMigrated(t, engine)
    clock.advance(farMs - clock.now())
    await write(({ audit }) => audit.append(full))
    const [row] = await query('SELECT * FROM audit_events')
    t.match(row?.['id'], /^event_[0-9a-f]{32}$/)
    t.strictSame(row, {
      id: row?.['id'],
      type: 'session.end',
      occurred_at_ms: farMs,
      outcome: 'failure',
      reason: 'why',
      actor: 'operator:root',
      user_id: 'user_1',
      client_id: 'client_1',
      session_id: 'session_1',
      target: 'editor',
      address: '2001:db8::1',
      user_agent: 'curl/8 “x”',
      request_id: 'req-1',
      count: 7,
      name_hash: 'hash',
      details: '{"sub":"x"}',
      seal: null,
    })
  })

  t.test('what an event does not say is NULL, and nothing of the event before it', async t => {
    const { query, write } = await openMigrated(t, engine)
    await write(async ({ audit }) => {
      await audit.append(full)
      await audit.append(bare)
    })
    const columns =
      'reason, user_id, client_id, session_id, target, address, user_agent, request_id, name_hash, details'
    const [row] = await query(`SELECT ${columns} FROM audit_events WHERE type = 'role.add'`)
    t.strictSame([...new Set(Object.values(row ?? {}))], [null])
    const [{ count } = {}] = await query("SELECT count FROM audit_events WHERE type = 'role.add'")
    t.equal(count, 1)
  })

  t.test('an event that is written late has the time at which it happened', async t => {
    const { clock, query, write } = await openMigrated(t, engine)
    const occurredAtMs = clock.now() - 60_000
    await write(({ audit }) => audit.append({ ...bare, occurredAtMs }))
    t.match(await query('SELECT occurred_at_ms FROM audit_events'), [{ occurred_at_ms: occurredAtMs }])
  })

  t.test('the same event twice is two events', async t => {
    const { query, write } = await openMigrated(t, engine)
    await Promise.all([write(({ audit }) => audit.append(bare)), write(({ audit }) => audit.append(bare))])
    t.equal((await query('SELECT DISTINCT id FROM audit_events')).length, 2)
  })

  t.test('the time of the newest event is known, and that there is none', async t => {
    const { clock, read, write } = await openMigrated(t, engine)
    t.equal(await read.audit.lastEventAtMs(), undefined)
    await write(({ audit }) => audit.append(full))
    clock.advance(1)
    await write(({ audit }) => audit.append(bare))
    t.equal(await read.audit.lastEventAtMs(), clock.now())
    clock.advance(-5000)
    await write(({ audit }) => audit.append(bare))
    t.equal(await read.audit.lastEventAtMs(), clock.now() + 5000, 'also when the clock was set back since')
    clock.advance(farMs)
    await write(({ audit }) => audit.append(bare))
    t.equal(await read.audit.lastEventAtMs(), clock.now())
  })
}
