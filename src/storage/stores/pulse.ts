import { type Kysely, sql } from 'kysely'
import type { Pulse, PulseReader, ServerFacts } from '../../records/pulse.ts'
import type { SigningKeyState } from '../../records/signing-key.ts'
import { StorageUnavailable } from '../../records/unit-of-work.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'

interface Row {
  readonly epoch: string | null
  readonly server_identity: string | null
  readonly server: string | null
  readonly schema_steps: number
  readonly signing_keys: string | null
  readonly status_lists: string | null
  readonly last_seal: string | null
  readonly audit_kid: string | null
  readonly has_unsealed: number
  readonly has_cascades: number
}

const CHANGING = [
  'kid',
  'state',
  'since_ms',
  'activates_at_ms',
  'rotation_asked_at_ms',
  'retires_at_ms',
  'seen_ahead_at_ms',
]

const rowsIn = <R>(text: string | null): readonly R[] => JSON.parse(text ?? '[]') ?? []

const RIGHTS_ARE_MISSING = '42501'

/** Some of what calls itself PostgreSQL has no write-ahead log that could be asked, or lets nobody ask. */
const isRefused = (error: unknown): boolean =>
  !(error instanceof StorageUnavailable) || (error.cause as { code?: string } | undefined)?.code === RIGHTS_ARE_MISSING

type KeyRow = { readonly kid: string; readonly state: SigningKeyState }

function toPulse(row: Row): Pulse {
  const keys = rowsIn<KeyRow>(row.signing_keys).toSorted((a, b) => (a.kid < b.kid ? -1 : 1))
  return {
    epoch: row.epoch ?? undefined,
    serverIdentity: row.server_identity ?? undefined,
    server: row.server === null ? undefined : (JSON.parse(row.server) as ServerFacts),
    schemaSteps: row.schema_steps,
    signingKeys: new Map(keys.map(({ kid, state }) => [kid, state])),
    keysVersion: JSON.stringify(keys),
    statusLists: new Map(
      rowsIn<{ id: string; revision: number }>(row.status_lists).map(({ id, revision }) => [id, revision]),
    ),
    lastSeal: rowsIn<NonNullable<Pulse['lastSeal']>>(row.last_seal)[0],
    auditKid: row.audit_kid ?? undefined,
    hasUnsealed: row.has_unsealed === 1,
    hasCascades: row.has_cascades === 1,
  }
}

export function preparePulseReader(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => PulseReader {
  const lastSeal = db.selectFrom('audit_seals').select(['number', 'digest']).orderBy('number', 'desc').limit(1)
  const prepareTake = (facts: Dialect['serverFacts']) =>
    prepared<Record<never, never>, Row>(() =>
      db.selectNoFrom(({ selectFrom, exists, case: either }) => [
        selectFrom('instance').select('epoch').as('epoch'),
        selectFrom('instance').select('server_identity').as('server_identity'),
        facts.as('server'),
        sql<number>`(select count(*) from kysely_migration)`.as('schema_steps'),
        selectFrom('signing_keys').select(dialect.jsonRows(CHANGING).as('keys')).as('signing_keys'),
        selectFrom('status_lists')
          .select(dialect.jsonRows(['id', 'revision']).as('lists'))
          .as('status_lists'),
        selectFrom(lastSeal.as('newest'))
          .select(dialect.jsonRows(['number', 'digest']).as('seal'))
          .as('last_seal'),
        selectFrom('audit_keys').select('kid').orderBy('number', 'desc').limit(1).as('audit_kid'),
        either()
          .when(exists(selectFrom('audit_events').select('id').where('seal', 'is', null)))
          .then(sql.lit(1))
          .else(sql.lit(0))
          .end()
          .as('has_unsealed'),
        either()
          .when(exists(selectFrom('cascades').select('id')))
          .then(sql.lit(1))
          .else(sql.lit(0))
          .end()
          .as('has_cascades'),
      ]),
    )
  const [takeAll, takeWithoutFacts] = [prepareTake(dialect.serverFacts), prepareTake(sql`null`)]
  /** Known from the first answer. One that has told goes on, or something is wrong: it is not asked less because of that. */
  let tellsFacts: boolean | undefined
  return executor => {
    const takeWith = async (query: typeof takeAll): Promise<Pulse> => toPulse((await query.first(executor, {})) as Row)
    return {
      async take() {
        if (tellsFacts === false) return takeWith(takeWithoutFacts)
        try {
          const pulse = await takeWith(takeAll)
          tellsFacts = true
          return pulse
        } catch (error) {
          if (tellsFacts || !isRefused(error)) throw error
          const pulse = await takeWith(takeWithoutFacts)
          tellsFacts = false
          return pulse
        }
      },
    }
  }
}
