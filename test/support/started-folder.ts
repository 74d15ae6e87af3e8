/**
 * A folder in which a service was started once: with the tables and the two keys of a first start, which take the time of some
 * hundred requests. It is made once a process and copied.
 */
import { cpSync } from 'node:fs'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { databaseCopiedTo, environmentOf, folderOfProcess } from './environment.ts'
import { changeBy } from './sqlite.ts'

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
  const database = await databaseCopiedTo(folder, original)
  const byMs = nowMs - startedAtMs
  changeBy(database, [
    // It is no copy that somebody put back.
    'update instance set server_identity = null',
    `update signing_keys set created_at_ms = created_at_ms + ${byMs}, since_ms = since_ms + ${byMs}, activates_at_ms = activates_at_ms + ${byMs}`,
    `update audit_keys set created_at_ms = created_at_ms + ${byMs}`,
    // What was sealed must not be altered: the service in the copy seals it anew.
    'delete from audit_seals',
    `update audit_events set occurred_at_ms = occurred_at_ms + ${byMs}, seal = null`,
  ])
}
