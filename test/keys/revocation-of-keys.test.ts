/** A key that was stolen: it leaves the JWKS, and what it signed is worth nothing. */

import { chmodSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { isError } from '../support/error-shape.ts'
import { ended, good, scene } from '../support/scene.ts'
import { byTest, headerOf, request, type ServeOptions } from '../support/serve.ts'
import {
  DAY,
  filesNeeded,
  keyAuditOf,
  keyFilesIn,
  keyIn,
  keyNamed,
  keysOf,
  kidsIn,
  MINUTE,
  publishedBy,
  RETIRING,
} from '../support/signing-keys.ts'
import { everythingIn } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

/** A service after its first rotation: a key of each state that is published. */
async function afterRotation(t: Test, options: ServeOptions = {}) {
  const parties = await scene(t, options)
  const { service, clock } = parties
  clock.advance(90 * DAY)
  await service.tick()
  const lifecycle = await service.container.keyLifecycle()
  let heard = keyAuditOf(service).length
  return {
    ...parties,
    lifecycle,
    retiring: keyIn(service, 'retiring'),
    active: keyIn(service, 'active'),
    pending: keyIn(service, 'pending'),
    /** What the audit says of keys since the last look. */
    freshAudit() {
      const rows = keyAuditOf(service).slice(heard)
      heard += rows.length
      return rows.map(({ type, reason, target, actor }) => `${actor}: ${type} ${reason} ${target}`)
    },
    /** The key that signs what is issued now. */
    async signs(): Promise<string> {
      return headerOf((await parties.device()).access).kid
    },
    /** As many keys as there must be, published by the service, with their files and no other. */
    async isWhole(t: Test) {
      t.strictSame(await publishedBy(service), kidsIn(service, 'pending', 'active', 'retiring').sort())
      t.equal(kidsIn(service, 'active').length, 1)
      t.equal(kidsIn(service, 'pending').length, 1)
      t.strictSame(keyFilesIn(service), filesNeeded(service))
    },
  }
}

const by = byTest.actor

t.test('when the key that signs is revoked, the standby signs at once and a new one stands by', async t => {
  const { service, clock, lifecycle, active, pending, freshAudit, signs, isWhole } = await afterRotation(t)
  await lifecycle.revoke(active.kid, 'the laptop was stolen', byTest)
  await service.tick()
  const standby = keyIn(service, 'pending')
  const now = clock.now()
  t.match(keyNamed(service, active.kid), { state: 'revoked', since_ms: now, cause: 'the laptop was stolen' })
  t.match(keyNamed(service, pending.kid), { state: 'active', since_ms: now, cause: 'active_key_revoked' })
  t.ok(pending.activates_at_ms > now, 'before its lead has passed')
  t.match(standby, { since_ms: now, activates_at_ms: now + 20 * MINUTE, rotation_asked_at_ms: now })
  t.strictSame(freshAudit(), [
    `${by}: signing_key.revoke the laptop was stolen ${active.kid}`,
    `${by}: signing_key.activate active_key_revoked ${pending.kid}`,
    `${by}: signing_key.add pending ${standby.kid}`,
  ])
  t.equal(await signs(), pending.kid)
  await isWhole(t)
})

t.test('when the standby is revoked, another one stands by, and the same key signs', async t => {
  const { service, lifecycle, active, pending, freshAudit, signs, isWhole } = await afterRotation(t)
  await lifecycle.revoke(pending.kid, 'leaked', byTest)
  await service.tick()
  t.equal(keyNamed(service, pending.kid).state, 'revoked')
  t.strictSame(freshAudit(), [
    `${by}: signing_key.revoke leaked ${pending.kid}`,
    `${by}: signing_key.add pending ${keyIn(service, 'pending').kid}`,
  ])
  t.equal(await signs(), active.kid)
  await isWhole(t)
})

t.test('when a key that signs no more is revoked, it leaves the JWKS, and nothing else changes', async t => {
  const { service, lifecycle, retiring, active, pending, freshAudit, signs, isWhole } = await afterRotation(t)
  await lifecycle.revoke(retiring.kid, 'leaked', byTest)
  await service.tick()
  t.match(keyNamed(service, retiring.kid), { state: 'revoked', retires_at_ms: null })
  t.strictSame(freshAudit(), [`${by}: signing_key.revoke leaked ${retiring.kid}`])
  t.equal(await signs(), active.kid)
  t.strictSame(await publishedBy(service), [active.kid, pending.kid].sort())
  await isWhole(t)
})

t.test('when the whole key store was read, every key is replaced, and the new ones are used at once', async t => {
  const { service, clock, lifecycle, freshAudit, signs, isWhole } = await afterRotation(t)
  // In the order of the store: two keys were made in one millisecond.
  const before = keysOf(service).toSorted((a, b) => a.created_at_ms - b.created_at_ms || (a.kid < b.kid ? -1 : 1))
  t.strictSame(
    await lifecycle.revokeAll('the key store was read', byTest),
    before.map(({ kid }) => kid),
  )
  await service.tick()
  for (const { kid } of before)
    t.match(keyNamed(service, kid), { state: 'revoked', since_ms: clock.now(), cause: 'the key store was read' })
  const [active, pending] = [keyIn(service, 'active'), keyIn(service, 'pending')]
  t.strictSame(freshAudit(), [
    ...before.map(({ kid }) => `${by}: signing_key.revoke the key store was read ${kid}`),
    `${by}: signing_key.add active ${active.kid}`,
    `${by}: signing_key.add pending ${pending.kid}`,
  ])
  t.equal(await signs(), active.kid)
  t.strictSame(await publishedBy(service), [active.kid, pending.kid].sort())
  await isWhole(t)
})

t.test('a key that is unknown, retired or revoked already cannot be revoked, and nothing happens', async t => {
  const { service, clock, lifecycle, retiring, pending } = await afterRotation(t)
  clock.advance(RETIRING)
  await service.tick()
  await lifecycle.revoke(pending.kid, 'leaked', byTest)
  const before = everythingIn(service.databaseFile)
  for (const kid of ['unknown', '', retiring.kid, pending.kid]) {
    const refusal = { name: 'KeyError', message: 'There is no such key in the JWKS.' }
    await t.rejects(lifecycle.revoke(kid, 'leaked', byTest), refusal, kid)
    t.strictSame(everythingIn(service.databaseFile), before, kid)
  }
  t.strictSame(keyFilesIn(service), filesNeeded(service))
})

for (const which of ['active', 'retiring', 'all'] as const) {
  t.test(
    `tokens signed by a key that was revoked (${which}) are refused by the service itself; sessions go on`,
    async t => {
      const { service, clock, lifecycle, device, refreshed, verdictOn } = await afterRotation(t)
      const tokens = await device()
      if (which === 'retiring') {
        clock.advance(DAY)
        await lifecycle.rotate(byTest)
        await service.tick()
        clock.advance(-DAY)
      }
      t.same(await verdictOn(tokens), good)
      const { kid } = headerOf(tokens.access)
      await (which === 'all' ? lifecycle.revokeAll('leaked', byTest) : lifecycle.revoke(kid, 'leaked', byTest))
      await service.tick()
      t.same(await verdictOn(tokens), { ...ended, listed: false })
      t.same(await verdictOn(await refreshed(tokens)), good)
    },
  )
}

const damages: readonly (readonly [string, (file: string) => void])[] = [
  ['missing', file => renameSync(file, `${file}.elsewhere`)],
  ['truncated', file => truncateSync(file, 900)],
  ['open to others', file => chmodSync(file, 0o644)],
]
for (const [what, damage] of damages) {
  t.test(`when the standby's file is ${what}, a new key signs at once in its place`, async t => {
    const { service, lifecycle, active, pending, signs, isWhole } = await afterRotation(t)
    damage(`${service.folder}/keys/${pending.kid}.pem`)
    await lifecycle.revoke(active.kid, 'leaked', byTest)
    await service.tick()
    t.match(keyNamed(service, pending.kid), { state: 'revoked', cause: 'unusable' })
    const signing = keyIn(service, 'active')
    t.notOk([active.kid, pending.kid].includes(signing.kid))
    t.equal(await signs(), signing.kid)
    t.strictSame((await publishedBy(service)).includes(pending.kid), false)
    rmSync(`${service.folder}/keys/${pending.kid}.pem.elsewhere`, { force: true })
    await isWhole(t)
  })

  t.test(`when the file of the key that takes over is ${what}, nothing is signed until it is mended`, async t => {
    let beforeCommit = () => {}
    // What was begun before it is set is another's.
    const write: Faults['write'] = real => (work, size) => {
      const atItsEnd = beforeCommit
      return real(stores => work(stores).finally(atItsEnd), size)
    }
    const parties = await afterRotation(t, { faults: { write } })
    const { service, lifecycle, active, pending, attempt, device, refresh, refreshed, verdictOn } = parties
    const tokens = await device()
    const file = `${service.folder}/keys/${pending.kid}.pem`
    const content = readFileSync(file)
    // The service looks every second, too: afterwards it could have the key already.
    beforeCommit = () => {
      beforeCommit = () => {}
      damage(file)
    }
    await lifecycle.revoke(active.kid, 'leaked', byTest)
    await t.rejects(service.tick(), { name: 'KeyError', message: file })

    for (const answer of [await attempt(), await refresh(tokens.refreshToken)]) {
      isError(t, answer, [503, 'temporarily_unavailable'])
      t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
      t.notMatch(answer.text, pending.kid)
    }
    isError(t, await request(`${service.management}/readyz`), [503, 'temporarily_unavailable'])
    t.notOk((await publishedBy(service)).includes(active.kid), 'the revoked key left the JWKS all the same')
    t.same(await verdictOnAccess(tokens), [false, 401])
    t.match(service.log(), /was revoked, and the one after it can't be used/)

    writeFileSync(file, content)
    chmodSync(file, 0o600)
    await service.tick()
    t.equal((await request(`${service.management}/readyz`)).status, 200)
    const next = await refreshed(tokens)
    t.equal(headerOf(next.access).kid, pending.kid, 'nothing was consumed meanwhile')
    t.same(await verdictOn(next), good)

    async function verdictOnAccess({ access }: { readonly access: string }): Promise<[boolean, number]> {
      const me = await service.get('/me', { headers: { authorization: `Bearer ${access}` } })
      return [(await parties.introspect(access)).body.active, me.status]
    }
  })
}
