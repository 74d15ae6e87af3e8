/** The storage conformance suite on every database that Signet supports. */
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import Sqlite from 'better-sqlite3'
import { PGliteDialect } from 'kysely'
import t from 'tap'
import { systemRandomness } from '../../src/randomness.ts'
import { postgresDatabase } from '../../src/storage/engine/postgres.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { prepareStores } from '../../src/storage/stores/stores.ts'
import { testClock } from '../support/clock.ts'
import { temporaryFolder } from '../support/serve.ts'
import type { Engine } from './conformance/records.ts'
import { conformance } from './conformance.ts'

const sqlite: Engine = {
  name: 'SQLite',
  graceClock: 'injected',
  async open(t) {
    const path = join(temporaryFolder(t), 'signet.sqlite')
    const clock = testClock()
    const database = await openDatabase({ kind: 'sqlite', path }, { clock, randomness: systemRandomness })
    const beside = new Sqlite(path)
    t.teardown(async () => {
      beside.close()
      await database.close()
    })
    return {
      ...database,
      clock,
      query: async text => {
        const statement = beside.prepare<[], Record<string, unknown>>(text)
        if (statement.reader) return statement.all()
        statement.run()
        return []
      },
    }
  },
}

// It takes seconds to start and hundreds of megabytes: one for all cases, emptied for each.
const pglite = new PGlite()
t.teardown(() => pglite.close())

const postgres: Engine = {
  name: 'PostgreSQL',
  graceClock: 'database',
  async open() {
    await pglite.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    const clock = testClock()
    const database = postgresDatabase(
      new PGliteDialect({ pglite }),
      { clock, randomness: systemRandomness },
      prepareStores,
    )
    return {
      ...database,
      clock,
      query: async text => (await pglite.query<Record<string, unknown>>(text)).rows,
    }
  },
}

for (const engine of [sqlite, postgres]) {
  t.test(engine.name, async t => conformance(t, engine))
}
