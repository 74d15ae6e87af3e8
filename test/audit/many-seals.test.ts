/** A service makes up to two seals a second for 400 days: the time of verifying them grows as their number, and not faster. */
import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { digestOf, ENCODING, hashOfRow } from '../../src/audit/encoding.ts'
import type { AuditItem } from '../../src/audit/items.ts'
import { kidOf, publicKeyText } from '../../src/audit/public-key.ts'
import { verifyAudit } from '../../src/audit/verification.ts'
import { sealMessage } from '../../src/records/audit-encoding.ts'
import type { AuditRow, AuditSeal } from '../../src/records/audit-seal.ts'

const SEALS = 8000
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const publicJwk = publicKey.export({ format: 'jwk' })
const kid = kidOf(publicJwk.x)

const rowOf = (seal: number): AuditRow => ({
  ...{ id: `event_${seal}`, type: 'role.add', occurredAtMs: seal, outcome: 'success', reason: null, actor: 'signet' },
  ...{ userId: null, clientId: null, sessionId: null, target: null, address: null, userAgent: null, requestId: null },
  ...{ count: 1, nameHash: null, seal },
})

/** @param isAltered whether the row of the seal was changed after it was sealed */
async function* audit(isAltered: (seal: number) => boolean): AsyncGenerator<AuditItem> {
  yield { kind: 'database', id: 'database' }
  yield { kind: 'key', key: { number: 1, kid, publicJwk, firstSeal: 1, createdAtMs: 0, signature: null } }
  let before: AuditSeal | undefined
  for (let number = 1; number <= SEALS; number += 1) {
    const row = rowOf(number)
    const digest = digestOf(before?.digest, [hashOfRow(row)])
    const unsigned = { number, encoding: ENCODING, count: 1, digest, sealedAtMs: number, kid }
    const signature = sign(null, sealMessage('database', unsigned), privateKey).toString('base64url')
    before = { ...unsigned, signature }
    yield { kind: 'batch', seal: before, rows: [isAltered(number) ? { ...row, target: 'altered' } : row] }
  }
}

async function verify(isAltered: (seal: number) => boolean) {
  const options = { publicKeys: [publicKeyText({ publicJwk })], head: undefined, retention: undefined, nowMs: 0 }
  const before = process.cpuUsage()
  const verdict = await verifyAudit(audit(isAltered), options)
  return { verdict, seconds: process.cpuUsage(before).user / 1e6 }
}

for (const [title, isAltered, problems] of [
  ['an untouched audit', () => false, 0],
  ['one in which every event was altered', () => true, SEALS],
  ['one in which some were', (seal: number) => seal % 100 === 0, SEALS / 100],
] as const)
  t.test(`${title} is verified in the time of its seals`, async t => {
    const { verdict, seconds } = await verify(isAltered)
    t.equal(verdict.problems.length + verdict.unlisted, problems)
    t.ok(seconds < 15, `${seconds} s of the processor`)
  })
