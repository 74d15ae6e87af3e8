/** What the database is asked for when somebody looks. */
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { AuditRow } from '../records/audit-seal.ts'
import type { CascadeReader } from '../records/cascade.ts'
import type { CredentialReader } from '../records/credential.ts'
import { EXPIRES_SOON_SECONDS } from '../records/limits.ts'
import type { Source } from './scrape.ts'

/** More than these are told of as so many. */
const MOST_COUNTED = 1000

export function credentialsSource(dependencies: {
  readonly register: Registry
  readonly credentials: Pick<CredentialReader, 'listExpiring'>
  readonly clock: Clock
}): Source {
  const { register, credentials, clock } = dependencies
  const expiring = new Gauge({
    name: 'signet_credentials_expiring',
    help: `Client secrets and API keys that expire within 14 days, by kind, at most ${MOST_COUNTED} together.`,
    labelNames: ['kind'],
    registers: [register],
  })
  return {
    name: 'credentials',
    gauges: [expiring],
    async read() {
      const nowMs = clock.now()
      const found = await credentials.listExpiring(nowMs, nowMs + EXPIRES_SOON_SECONDS * 1000, MOST_COUNTED)
      return ['client_secret', 'api_key'].map(kind => ({
        gauge: expiring,
        labels: { kind },
        value: found.filter(credential => credential.kind === kind).length,
      }))
    },
  }
}

/** One number that is asked for; undefined when there is none at the moment. */
const numberSource = (
  register: Registry,
  source: string,
  {
    name,
    help,
    read,
  }: { readonly name: string; readonly help: string; readonly read: () => Promise<number | undefined> },
): Source => {
  const gauge = new Gauge({ name, help, registers: [register] })
  return {
    name: source,
    gauges: [gauge],
    async read() {
      const value = await read()
      return value === undefined ? [] : [{ gauge, value }]
    },
  }
}

export const cascadesSource = (register: Registry, cascades: CascadeReader): Source =>
  numberSource(register, 'cascades', {
    name: 'signet_cascades_open',
    help: 'Changes of many sessions that are not over yet.',
    read: async () => (await cascades.list()).length,
  })

/** @param age answers undefined for what the database said just now */
export const statusListsSource = (register: Registry, age: () => Promise<number | undefined>): Source =>
  numberSource(register, 'status_lists', {
    name: 'signet_status_list_age_seconds',
    help: 'For how long the database could not be asked what is revoked; 0 when it answers.',
    read: async () => (await age()) ?? 0,
  })

export const sealerSource = ({
  register,
  auditSeals,
  clock,
}: {
  readonly register: Registry
  readonly auditSeals: {
    unsealed(afterId: string, limit: number): Promise<readonly Pick<AuditRow, 'occurredAtMs'>[]>
  }
  readonly clock: Clock
}): Source =>
  numberSource(register, 'sealer', {
    name: 'signet_audit_sealer_lag_seconds',
    help: 'For how long the oldest audit event without a seal has waited for one; 0 when all have one.',
    async read() {
      const [oldest] = await auditSeals.unsealed('', 1)
      return oldest === undefined ? 0 : Math.max(0, clock.now() - oldest.occurredAtMs) / 1000
    },
  })
