/**
 * A folder in which a service was started once: with the tables and the two keys of a first start, which take the time of some
 * hundred requests. It is made once a process and copied.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { environmentOf, folderOfProcess } from './environment.ts'

async function start() {
  const folder = folderOfProcess()
  const startedAtMs = Date.now()
  const clock = { now: () => startedAtMs }
  const container = createContainer(readConfig(await environmentOf(folder)), {
    clock,
    logTo: { write: () => undefined },
  })
  await (await container.serve()).stop()
  await container.close()
  return { folder, startedAtMs }
}

let started: ReturnType<typeof start> | undefined

/** Fills `folder`, as if the first start had been at `nowMs`. */
export async function copyStartedFolder(folder: string, nowMs: number): Promise<void> {
  started ??= start()
  const { folder: original, startedAtMs } = await started
  cpSync(original, folder, { recursive: true })
  const database = new Sqlite(join(folder, 'db', 'signet.sqlite'))
  const byMs = nowMs - startedAtMs
  database
    .prepare(
      'update signing_keys set created_at_ms = created_at_ms + :byMs, since_ms = since_ms + :byMs, activates_at_ms = activates_at_ms + :byMs',
    )
    .run({ byMs })
  database.prepare('update audit_events set occurred_at_ms = occurred_at_ms + :byMs').run({ byMs })
  database.close()
}
