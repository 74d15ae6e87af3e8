/** kill -9 at every step of what changes the keys: the act was done or it was not, and the service starts again and signs. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { environmentOf, type Service, serve, temporaryFolder } from '../../support/serve.ts'
import {
  DAY,
  filesNeeded,
  keyAuditOf,
  keyFilesIn,
  keyIn,
  keysOf,
  kidsIn,
  publishedBy,
  signingKidOf,
} from '../../support/signing-keys.ts'
import { change } from '../../support/sqlite.ts'
import { withAlice } from '../../support/status-list.ts'
import { startTogether } from '../../support/together.ts'

const at = (folder: string) => ({ folder, databaseFile: join(folder, 'db', 'signet.sqlite') })

/** Where a service with alice was stopped, whose standby may sign. */
async function startedBefore(t: Test): Promise<string> {
  const service = await withAlice(t)
  await service.stop()
  change(service.databaseFile, 'update signing_keys set created_at_ms = created_at_ms - ?', DAY)
  change(service.databaseFile, 'update signing_keys set activates_at_ms = created_at_ms + ?', DAY)
  return service.folder
}

/** Does `act` in a process that is killed at step `killAt`; answers whether it came to its end before. */
export async function isKilled(t: Test, folder: string, act: string, killAt: number): Promise<boolean> {
  const environment = await environmentOf(folder)
  const [part] = await startTogether(t, 'change-keys.ts', [{ words: [act, String(killAt)], environment }])
  const { code, signal, stderr } = (await part?.ended) ?? {}
  if (signal === 'SIGKILL') return true
  if (code !== 0) throw new Error(`${act} ended with ${code}: ${stderr}`)
  return false
}

/** One key signs, one stands by, their files are there and no other one, and what is signed verifies. */
export async function isWhole(t: Test, service: Service, step: number): Promise<void> {
  const { kid } = keyIn(service, 'active')
  keyIn(service, 'pending')
  t.strictSame(keyFilesIn(service), filesNeeded(service), `step ${step}: files`)
  t.strictSame(
    await publishedBy(service),
    kidsIn(service, 'pending', 'active', 'retiring').sort(),
    `step ${step}: JWKS`,
  )
  t.equal(await signingKidOf(service), kid, `step ${step}: signs`)
}

export const statesIn = (where: { databaseFile: string }) => keysOf(where).map(({ state }) => state)

/** @param after the states of the keys once `act` is done */
export async function killedAtEachStep(t: Test, act: string, after: readonly string[]): Promise<void> {
  const template = await startedBefore(t)
  const events = keyAuditOf(at(template)).length
  const outcomes: ('done' | 'not done')[] = []
  for (let step = 1; ; step += 1) {
    const folder = temporaryFolder(t)
    cpSync(template, folder, { recursive: true })
    const killed = await isKilled(t, folder, act, step)
    if (!killed) break
    const isDone = statesIn(at(folder)).length > 2
    outcomes.push(isDone ? 'done' : 'not done')
    t.strictSame(statesIn(at(folder)), isDone ? after : ['active', 'pending'], `step ${step}: states`)
    t.equal(
      keyAuditOf(at(folder)).length - events,
      isDone ? after.length : 0,
      `step ${step}: one event for each step of a key`,
    )
    const service = await serve(t, { folder })
    await isWhole(t, service, step)
    t.strictSame(statesIn(service), isDone ? after : ['active', 'pending'], `step ${step}: nothing more was done`)
    await service.stop()
  }
  const half = outcomes.lastIndexOf('not done') + 1
  t.ok(half >= 2 && outcomes.length - half >= 3, `killed at ${outcomes.length} steps, ${half} of them before the write`)
  t.notOk(outcomes.slice(0, half).includes('done'))
}
