/** What the parts of a service know by themselves, asked for when somebody looks or told when it happens. */
import { Counter, Gauge, type Registry } from 'prom-client'

export interface Parts {
  readonly hashingLane: {
    /** Password checks that wait. */
    depth(): number
    /** The work that waits, in checks of an Argon2id of ours. */
    waitingWork(): number
  }
  readonly recorder: {
    /** Audit events that were counted in the row of another one since the process began. */
    folded(): number
  }
  readonly janitor: {
    /** Rows that were removed since the process began, by kind, and when a round was last over. */
    done(): { readonly removed: Readonly<Record<string, number>>; readonly lastAtMs: number | undefined }
  }
}

export function addPartMetrics(register: Registry, { hashingLane, recorder, janitor }: Parts): void {
  const registers = [register]
  new Gauge({
    name: 'signet_hashing_waiting',
    help: 'Password checks that wait for their turn.',
    registers,
    collect() {
      this.set(hashingLane.depth())
    },
  })
  new Gauge({
    name: 'signet_hashing_waiting_work',
    help: "The work that waits in the hashing lane, in checks of Signet's own hashes.",
    registers,
    collect() {
      this.set(hashingLane.waitingWork())
    },
  })
  new Counter({
    name: 'signet_audit_folded_total',
    help: 'Audit events that have no row of their own: another one counts them.',
    registers,
    collect() {
      this.reset()
      this.inc(recorder.folded())
    },
  })
  new Counter({
    name: 'signet_janitor_removed_total',
    help: 'Rows that the janitor has removed, by kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset()
      for (const [kind, rows] of Object.entries(janitor.done().removed)) this.inc({ kind }, rows)
    },
  })
  const lastRound = new Gauge({
    name: 'signet_janitor_last_run_timestamp_seconds',
    help: 'When a round of the janitor was last over, in seconds since the epoch; absent before the first.',
    registers,
    collect() {
      const { lastAtMs } = janitor.done()
      if (lastAtMs !== undefined) this.set(lastAtMs / 1000)
    },
  })
  lastRound.remove({})
}

export function createProtectionMetrics(register: Registry) {
  const registers = [register]
  const throttled = new Counter({
    name: 'signet_throttled_total',
    help: 'Requests that were refused because a limit was reached, by limit.',
    labelNames: ['limit'],
    registers,
  })
  const storeAway = new Gauge({
    name: 'signet_throttling_store_away',
    help: 'Whether sign-ins are counted in memory alone, because the store of the counters does not answer: 1 or 0.',
    registers,
  })
  return {
    /** A request was refused. @param limit which limit it had reached, of a few fixed words */
    throttled: (limit: string): void => throttled.inc({ limit }),
    /** Whether the store of the counters is away. */
    throttlingStoreAway: (isAway: boolean): void => storeAway.set(isAway ? 1 : 0),
  }
}
