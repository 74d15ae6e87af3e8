import type { Kysely } from 'kysely'
import { orderedId } from '../../randomness.ts'
import { type AuditEvent, type AuditStore, EVENT_ID_PREFIX } from '../../records/audit-event.ts'
import type { AuditEventsTable } from '../engine/audit-schema.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'
import { auditLists } from './audit-list.ts'

function detailsOf({ details, provenance: { forwardedBy } }: AuditEvent): string | null {
  const said = { ...details, ...(forwardedBy !== undefined && { forwarded_by: forwardedBy }) }
  return Object.keys(said).length === 0 ? null : JSON.stringify(said)
}

export function prepareAuditStore(
  db: Kysely<Schema>,
  { clock, randomness }: Dialect,
): (executor: Executor) => AuditStore {
  const insert = prepared<Omit<AuditEventsTable, 'seal'>>(param =>
    db.insertInto('audit_events').values({
      id: param('id'),
      type: param('type'),
      occurred_at_ms: param('occurred_at_ms'),
      outcome: param('outcome'),
      reason: param('reason'),
      actor: param('actor'),
      user_id: param('user_id'),
      client_id: param('client_id'),
      session_id: param('session_id'),
      target: param('target'),
      address: param('address'),
      user_agent: param('user_agent'),
      request_id: param('request_id'),
      count: param('count'),
      name_hash: param('name_hash'),
      details: param('details'),
    }),
  )

  return executor => ({
    ...auditLists(executor.kysely),
    async lastEventAtMs() {
      // The ids are in the order of time.
      const query = executor.kysely.selectFrom('audit_events').select('occurred_at_ms').orderBy('id', 'desc').limit(1)
      return (await query.executeTakeFirst())?.occurred_at_ms
    },
    async append(event) {
      const atMs = event.occurredAtMs ?? clock.now()
      await insert.send(executor, {
        id: orderedId(randomness, atMs, EVENT_ID_PREFIX),
        type: event.type,
        occurred_at_ms: atMs,
        outcome: event.outcome,
        reason: event.reason ?? null,
        actor: event.provenance.actor,
        user_id: event.userId ?? null,
        client_id: event.clientId ?? null,
        session_id: event.sessionId ?? null,
        target: event.target ?? null,
        address: event.provenance.address,
        user_agent: event.provenance.userAgent,
        request_id: event.provenance.requestId,
        count: event.count ?? 1,
        name_hash: event.nameHash ?? null,
        details: detailsOf(event),
      })
    },
  })
}
