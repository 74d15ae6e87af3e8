/** PostgreSQL: each work is a transaction of its own, on a connection of the pool. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Randomness } from '../../../randomness.ts'
import type { PulseReader, ServerFacts } from '../../../records/pulse.ts'
import { noRequests } from '../../../records/request-waits.ts'
import type { ServerIdentity } from '../../../records/server-identity.ts'
import type { Database, PoolSettings, PrepareStores, Sources } from '../database.ts'
import type { Dialect } from '../dialect.ts'
import { isNew, stepsAhead, stepsOf } from '../migrations.ts'
import { oneStatement } from '../one-statement.ts'
import type { Schema } from '../schema.ts'
import { connect } from './connection.ts'
import { postgresCounters } from './counters.ts'
import { cannotOpen, isVictim } from './errors.ts'
import { readingExecutor, singleExecutor, together, transaction } from './executors.ts'
import { serverFacts } from './identity.ts'
import { assertWritable, STANDING, type Standing } from './inspection.ts'
import { migratePostgres } from './migration.ts'
import { openPool } from './pool.ts'
import { assertRights } from './rights.ts'

/** As the configuration has it. */
const DEFAULTS: PoolSettings = { size: 10, lifetimeSeconds: 30 * 60, timeoutSeconds: 2 }

export function openPostgres(
  url: string,
  { clock, randomness, requestWaits = noRequests, pool: settings = DEFAULTS }: Sources,
  prepareStores: PrepareStores,
): Database {
  const dialect: Dialect = {
    clock,
    randomness,
    nowMs: () => sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    locksRows: true,
    jsonRows: columns =>
      sql`json_agg(json_build_object(${sql.join(columns.flatMap(column => [sql.lit(column), sql.ref(column)]))}))::text`,
    serverFacts,
    contains: (text, part) => sql`strpos(${text}, ${part}) > 0`,
  }
  const pool = openPool(url, requestWaits, settings)
  // What is asked all the time waits for no request; and of a server that may not be used any more, it asks whether that is over.
  const aside = openPool(url, noRequests, { ...settings, size: 1 })
  const connected = () => connect(pool, pool.limits)
  const reader = readingExecutor(connected, requestWaits.current)
  const stores = prepareStores(reader.kysely, dialect)
  const counting = () => connect(pool, pool.limitsOfCounting)
  const { pulse, position, pin } = notingPosition(
    stores(readingExecutor(() => connect(aside, aside.limits), noRequests.current)).pulse,
  )
  return {
    read: { ...stores(reader), pulse },
    snapshot: work =>
      untilNoVictim(
        () =>
          transaction(connected, executor => work(stores(executor)), {
            ...({ isolationLevel: 'repeatable read', accessMode: 'read only' } as const),
            locks: false,
          }),
        randomness,
      ),
    write: (work, size) =>
      untilNoVictim(
        () =>
          size === 'one statement'
            ? work(stores(oneStatement(singleExecutor(connected, !pool.keepsSettings())).executor))
            : transaction(connected, executor => work(stores(executor)), { locks: true }),
        randomness,
      ),
    counterTable: postgresCounters(together(counting, requestWaits.current)),
    isNew: () => isNew(reader.kysely).catch(cannotOpen),
    steps: () => stepsOf(reader.kysely).catch(cannotOpen),
    stepsAhead: () => stepsAhead(reader.kysely),
    async migrate() {
      const ran = await migratePostgres(pool).catch(cannotOpen)
      await assertRights(reader.kysely, pool.who)
      return ran
    },
    integrityProblem: async () => undefined,
    backup: undefined,
    files: undefined,
    server: {
      position,
      pin(identity) {
        pin(identity)
        pool.pin(identity)
      },
      refuse: pool.refuse,
    },
    ping: () => ping(reader.kysely),
    close: async () => void (await Promise.all([pool.end(), aside.end()])),
  }
}

/** How far another server is, means nothing for the one that is used. */
function notingPosition({ take }: PulseReader) {
  let found: ServerFacts | undefined
  let pinned: ServerIdentity | undefined
  const pulse: PulseReader = {
    async take() {
      const taken = await take()
      found = taken.server ?? found
      return taken
    },
  }
  return {
    pulse,
    position: () => (pinned === undefined || found?.identity === pinned ? found?.position : undefined),
    pin(identity: ServerIdentity) {
      pinned = identity
    },
  }
}

/** Fails on a standby and where nothing can be written, in the one statement that reads a row. */
async function ping(db: Kysely<Schema>): Promise<void> {
  const asked = sql<Standing>`select ${sql.raw(STANDING)}, (select kid from signing_keys limit 1) as kid`
  const { rows } = await asked.execute(db)
  for (const standing of rows) assertWritable(standing)
}

const MOST_TRIES = 3

/** A deadlock has a victim, whose transaction is undone, and who may try again: after the other, who is about to get what it waited for. */
async function untilNoVictim<T>(run: () => Promise<T>, randomness: Randomness): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run()
    } catch (error) {
      if (tries === MOST_TRIES || !isVictim(error)) throw error
      await delay(5 + randomness.bytes(1).readUInt8() / 10)
    }
  }
}
