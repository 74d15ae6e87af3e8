/** What was written: how long it took, and what of it operators watch. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { WriteObserver } from './observable-write.ts'

/** An increase is seen only of what was there before: these are there from the start. */
const reasonsWatched = ['refresh_token_reuse']

export function createWriteMetrics(register: Registry): WriteObserver {
  const registers = [register]
  const durations = new Histogram({
    name: 'signet_database_write_duration_seconds',
    help: 'Writes to the database that were done, from the call to the durable answer.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const failures = new Counter({
    name: 'signet_database_write_failures_total',
    help: 'Writes that were not done, by outcome: undone (the work itself refused) or unavailable.',
    labelNames: ['outcome'],
    registers,
  })
  const events = new Counter({
    name: 'signet_audit_events_total',
    help: 'Audit events that this process has written, by type and outcome.',
    labelNames: ['type', 'outcome'],
    registers,
  })
  const sessionEnds = new Counter({
    name: 'signet_session_ends_total',
    help: 'Audit events session.end that this process has written, by reason; of many sessions one for each batch.',
    labelNames: ['reason'],
    registers,
  })
  const revocations = new Counter({
    name: 'signet_revocations_total',
    help: 'Indices of status lists that this process has revoked.',
    registers,
  })
  for (const outcome of ['undone', 'unavailable']) failures.inc({ outcome }, 0)
  for (const reason of reasonsWatched) sessionEnds.inc({ reason }, 0)

  return {
    over(outcome, seconds) {
      if (outcome === 'success') durations.observe(seconds)
      else failures.inc({ outcome })
    },
    appended({ type, outcome, reason }) {
      events.inc({ type, outcome })
      // Of other types it may be what an operator typed.
      if (type === 'session.end' && reason !== undefined) sessionEnds.inc({ reason })
    },
    revoked: indices => revocations.inc(indices),
  }
}
