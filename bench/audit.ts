/**
 * What seals cost: how long a sealed audit of many events takes to be made, verified and removed, and how long others' writes take
 * meanwhile, beside what they take alone. On SQLite, in the process of the bench.
 *
 *     npm run bench:audit
 *     npm run bench:audit -- --events 5000000
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Sqlite from 'better-sqlite3'
import { kidOf } from '../src/audit/public-key.ts'
import { readAudit } from '../src/audit/read-audit.ts'
import { createRetention } from '../src/audit/retention.ts'
import { createSealing } from '../src/audit/sealing.ts'
import { verifyAudit } from '../src/audit/verification.ts'
import { systemRandomness } from '../src/randomness.ts'
import type { AuditEvent } from '../src/records/audit-event.ts'
import { openMigrated } from '../src/storage/open-database.ts'

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } })
const events = Number(values.events)
const DAY_MS = 86_400_000
const RETENTION_DAYS = 400
/** Between two writes of somebody else. */
const PAUSE_MS = 5

const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
const path = join(folder, 'signet.sqlite')
let nowMs = Date.now()
const clock = { now: () => nowMs }
const database = await openMigrated({ kind: 'sqlite', path }, { clock, randomness: systemRandomness })
const { read, write, snapshot } = database

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const publicJwk = publicKey.export({ format: 'jwk' })
const kid = kidOf(publicJwk.x)
const signer = { kid, sign: (data: Buffer) => sign(null, data, privateKey), secretFor: () => Buffer.alloc(32) }
await write(async ({ auditSeals, instance }) => {
  await instance.insert({
    id: 'database_bench',
    epoch: '',
    backedUpAtMs: null,
    serverIdentity: null,
    acceptedAtMs: null,
  })
  await auditSeals.insertKey({ number: 1, kid, publicJwk, firstSeal: 1, createdAtMs: nowMs, signature: null })
})

function fill(): void {
  const beside = new Sqlite(path)
  beside
    .prepare(
      `with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < ? - 1)
       insert into audit_events (id, type, occurred_at_ms, outcome, actor, user_id, client_id, session_id, address, user_agent, request_id, count)
       select 'event_' || printf('%012x', ? + n) || lower(hex(randomblob(10))), 'user.sign_in', ? + n, 'success', 'client',
         'user_' || (n % 100000), 'client_' || (n % 50), 'session_' || lower(hex(randomblob(16))),
         '203.0.' || (n % 250) || '.' || (n % 199), 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0)', lower(hex(randomblob(8))), 1
       from numbers`,
    )
    .run(events, nowMs, nowMs)
  beside.close()
}

const event: AuditEvent = {
  ...{ type: 'role.add', outcome: 'success', target: 'bench' },
  provenance: { actor: 'bench', address: null, userAgent: null, requestId: null },
}

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)

/** How long writes of one event take until `work` is done. */
async function beside(title: string, work: () => Promise<unknown>): Promise<void> {
  const latencies: number[] = []
  let isDone = false
  const startedMs = performance.now()
  const working = work().finally(() => {
    isDone = true
  })
  while (!isDone) {
    const sinceMs = performance.now()
    await write(({ audit }) => audit.append(event))
    latencies.push(performance.now() - sinceMs)
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
  await working
  const sorted = latencies.toSorted((one, other) => one - other)
  console.log(
    `${title}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s; a write beside it takes ${at(sorted, 0.5)} ms, p99 ${at(sorted, 0.99)}, at most ${at(sorted, 1)}`,
  )
}

try {
  fill()
  console.log(`${events} events`)
  const keys = { current: () => signer, follow: async () => {} }
  const sealing = createSealing({ read, write, keys, clock })
  await beside('nothing for 5 s', () => new Promise(resolve => setTimeout(resolve, 5000)))
  await beside('to seal them', async () => {
    while ((await sealing.sealNext()) === 'sealed') await nextTurn()
  })
  const options = {
    publicKeys: [],
    head: undefined,
    retention: { seconds: RETENTION_DAYS * 86_400, text: '400d' },
    nowMs,
  }
  const startedMs = performance.now()
  const { problems, rows } = await verifyAudit(readAudit(snapshot), options)
  if (problems.length > 0 || rows < events) throw new Error(`not whole: ${JSON.stringify(problems)}`)
  console.log(`to verify them: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  nowMs += (RETENTION_DAYS + 1) * DAY_MS
  const remove = createRetention({ read, write, clock, retentionSeconds: RETENTION_DAYS * 86_400 })
  await beside('to remove them', async () => {
    while ((await remove()) > 0) await nextTurn()
  })
  const after = await verifyAudit(readAudit(snapshot), { ...options, nowMs })
  if (after.problems.length > 0) throw new Error(`not whole: ${JSON.stringify(after.problems)}`)
  console.log(`${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB at the end`)
} finally {
  await database.close()
  rmSync(folder, { recursive: true })
}
