import type { Test } from 'tap'
import type { AuditEvent } from '../../../src/records/audit-event.ts'
import { itself } from '../../../src/records/audit-event.ts'
import type { AuditKey, AuditSeal } from '../../../src/records/audit-seal.ts'
import { type EmptyDatabase, type Engine, farMs, openMigrated } from './records.ts'

const keyOf = (number: number, more: Partial<AuditKey> = {}): AuditKey => ({
  number,
  kid: `kid-${number}`,
  publicJwk: { kty: 'OKP', crv: 'Ed25519', x: `x-of-${number}` },
  firstSeal: number * 10,
  createdAtMs: farMs,
  signature: number === 1 ? null : `signature-of-${number}`,
  ...more,
})

const sealOf = (number: number, count = 1): AuditSeal => ({
  ...{ number, count, encoding: 1, digest: `digest-of-${number}`, sealedAtMs: farMs, kid: 'kid-1' },
  signature: `signature-of-${number}`,
})

const event = (target: string): AuditEvent => ({ type: 'role.add', outcome: 'success', target, provenance: itself })

/** Events of these names, one after the other. */
async function append({ clock, read, write }: EmptyDatabase, ...names: readonly string[]): Promise<readonly string[]> {
  for (const name of names) {
    await write(({ audit }) => audit.append(event(name)))
    clock.advance(1)
  }
  return (await read.auditSeals.unsealed('', 1000)).map(({ id }) => id)
}

export function auditSealChecks(t: Test, engine: Engine): void {
  t.test('an event is read with every column, before and after it is sealed', async t => {
    const database = await openMigrated(t, engine)
    const { clock, read, write } = database
    const provenance = { actor: 'user', address: '2001:db8::1', userAgent: 'curl/8 “x”', requestId: 'req-1' }
    const full: AuditEvent = {
      ...{ type: 'session.end', outcome: 'failure', reason: 'why', userId: 'user_1', clientId: 'client_1' },
      ...{ sessionId: 'session_1', target: '', nameHash: 'hash', count: 7, provenance },
    }
    await write(({ audit }) => audit.append(full))
    const [row] = await read.auditSeals.unsealed('', 10)
    t.match(row, { occurredAtMs: clock.now(), seal: null, ...provenance })
    const { provenance: _, ...members } = full
    t.match(row, members)
    await write(({ auditSeals }) => auditSeals.claim([row?.id ?? ''], 5))
    t.strictSame(await read.auditSeals.unsealed('', 10), [])
    t.strictSame(await read.auditSeals.sealed(4, 5, 10), [{ ...row, seal: 5 }])
  })

  t.test('events without a seal come by their ids, in pages', async t => {
    const database = await openMigrated(t, engine)
    const [first = '', second, third] = await append(database, 'a', 'b', 'c')
    const idsOf = async (afterId: string, limit: number) =>
      (await database.read.auditSeals.unsealed(afterId, limit)).map(({ id }) => id)
    t.strictSame(await idsOf('', 2), [first, second])
    t.strictSame(await idsOf(first, 2), [second, third])
  })

  t.test('events are claimed once, and sealed ones come by seal and id, whatever names no seal', async t => {
    const database = await openMigrated(t, engine)
    const { read, write } = database
    const [a = '', b = '', c = '', d = ''] = await append(database, 'a', 'b', 'c', 'd')
    t.equal(await write(({ auditSeals }) => auditSeals.claim([d, b], 1)), 2)
    t.equal(await write(({ auditSeals }) => auditSeals.claim([a, b, c], 2)), 2, 'one has a seal already')
    const idsOf = async (...asked: Parameters<typeof read.auditSeals.sealed>) =>
      (await read.auditSeals.sealed(...asked)).map(({ id }) => id)
    t.strictSame(await idsOf(undefined, undefined, 10), [b, d, a, c])
    t.strictSame(await idsOf(undefined, 1, 10), [b, d])
    t.strictSame(await idsOf(1, 2, 10), [a, c])
    t.strictSame(await idsOf(undefined, undefined, 3), [b, d, a])
  })

  t.test('a seal is stored with every field, once, and the last one is known', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.equal(await read.auditSeals.last(), undefined)
    for (const number of [2, 1, 3]) t.equal(await write(({ auditSeals }) => auditSeals.insert(sealOf(number))), true)
    t.equal(await write(({ auditSeals }) => auditSeals.insert({ ...sealOf(2), digest: 'other' })), false)
    t.strictSame(await read.auditSeals.seals(undefined, 2), [sealOf(1), sealOf(2)])
    t.strictSame(await read.auditSeals.seals(2, 2), [sealOf(3)])
    t.strictSame(await read.auditSeals.last(), sealOf(3))
  })

  t.test('audit keys come in the order of their numbers, each number and each kid once', async t => {
    const { read, write } = await openMigrated(t, engine)
    const insert = (key: AuditKey) => write(({ auditSeals }) => auditSeals.insertKey(key))
    t.equal(await write(({ auditSeals }) => auditSeals.lockNewestKey()), undefined)
    t.equal(await insert(keyOf(1)), true)
    t.equal(await insert(keyOf(2, { firstSeal: 10 })), true, 'a key before may have signed nothing')
    t.equal(await insert(keyOf(2, { kid: 'another' })), false)
    t.equal(await insert(keyOf(3, { kid: 'kid-1' })), false)
    t.strictSame(await read.auditSeals.keys(), [keyOf(1), keyOf(2, { firstSeal: 10 })])
    t.strictSame(await write(({ auditSeals }) => auditSeals.lockNewestKey()), keyOf(2, { firstSeal: 10 }))
  })

  t.test('whoever waited for the newest key sees the one that was made meanwhile', async t => {
    const { write } = await openMigrated(t, engine)
    await write(({ auditSeals }) => auditSeals.insertKey(keyOf(1)))
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>()
    const making = write(async ({ auditSeals }) => {
      await auditSeals.lockNewestKey()
      isLocked()
      // The other one begins, and waits: on SQLite for its turn, on PostgreSQL for the lock.
      for (let turns = 0; turns < 50; turns += 1) await new Promise(resolve => setImmediate(resolve))
      await auditSeals.insertKey(keyOf(2))
    })
    await locked
    const [seen] = await Promise.all([write(({ auditSeals }) => auditSeals.lockNewestKey()), making])
    t.equal(seen?.number, 2)
  })

  t.test('removed are the events of these seals, and the seals but the last one; nothing else is touched', async t => {
    const database = await openMigrated(t, engine)
    const { read, write } = database
    const ids = await append(database, 'a', 'b', 'c', 'd', 'e')
    for (const number of [1, 2, 3])
      await write(async ({ auditSeals }) => {
        await auditSeals.claim(ids.slice(number - 1, number), number)
        await auditSeals.insert(sealOf(number))
      })
    t.equal(await write(({ auditSeals }) => auditSeals.removeUpTo(2)), 2)
    t.strictSame(await read.auditSeals.seals(undefined, 10), [sealOf(2), sealOf(3)])
    t.strictSame(
      (await read.auditSeals.sealed(undefined, undefined, 10)).map(({ id }) => id),
      ids.slice(2, 3),
    )
    t.strictSame(
      (await read.auditSeals.unsealed('', 10)).map(({ id }) => id),
      ids.slice(3),
    )
    t.equal(await write(({ auditSeals }) => auditSeals.removeUpTo(2)), 0)
  })
}
