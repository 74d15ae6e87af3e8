/**
 * After a revocation another key signs as soon as it has been published for 20 minutes, whatever the lead: there are verifiers that
 * fetch the JWKS only for a kid that they do not know, and until then they accept the revoked key.
 */
import { renameSync } from 'node:fs'
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { byTest, type ServeOptions } from '../support/serve.ts'
import { DAY, keyAuditOf, keyIn, keyNamed, keysOf, MINUTE, SECOND, signingKidOf } from '../support/signing-keys.ts'
import { restarted, withAlice } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const INTERVAL = 90 * DAY
const LEAD = DAY
const LEAST_LEAD = 20 * MINUTE

/** A service whose standby may sign, and its keys. */
async function secondDay(t: Test, options: ServeOptions = {}) {
  const clock = testClock()
  const service = await withAlice(t, { ...options, clock })
  const lifecycle = await service.container.keyLifecycle()
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds)
    await service.tick()
  }
  await pass(LEAD)
  return { clock, service, lifecycle, pass, active: keyIn(service, 'active'), pending: keyIn(service, 'pending') }
}

for (const [title, environment] of [
  ['the interval is far away', {}],
  ['there is no planned rotation', { SIGNET_KEY_ROTATION_INTERVAL: 'off' }],
] as const) {
  t.test(
    `after the key that signs was revoked, the new standby signs when it was published for 20 minutes: ${title}`,
    async t => {
      const { clock, service, lifecycle, pass, active, pending } = await secondDay(t, { environment })
      await lifecycle.revoke(active.kid, 'stolen', byTest)
      const standby = keyIn(service, 'pending')
      t.match(standby, { rotation_asked_at_ms: clock.now(), activates_at_ms: clock.now() + LEAST_LEAD })

      await pass(LEAST_LEAD - SECOND)
      t.equal(await signingKidOf(service), pending.kid)
      const heard = keyAuditOf(service).length
      await pass(SECOND)
      t.equal(await signingKidOf(service), standby.kid)
      t.match(keyNamed(service, pending.kid), { state: 'retiring', cause: 'rotation_asked' })
      const next = keyIn(service, 'pending')
      t.match(
        keyAuditOf(service).slice(heard),
        [
          { type: 'signing_key.stop_signing', reason: 'rotation_asked', target: pending.kid, actor: 'signet' },
          { type: 'signing_key.activate', reason: 'rotation_asked', target: standby.kid, actor: 'signet' },
          { type: 'signing_key.add', target: next.kid },
        ],
        'by itself',
      )
      t.equal(next.rotation_asked_at_ms, null)
      t.equal(next.activates_at_ms, clock.now() + LEAD, 'the one after it has the whole lead')
      await pass(INTERVAL - SECOND)
      t.equal(await signingKidOf(service), standby.kid, 'once')
    },
  )
}

t.test('after the standby was revoked, the one in its place signs when it was published for 20 minutes', async t => {
  const { service, lifecycle, pass, active, pending } = await secondDay(t)
  await lifecycle.revoke(pending.kid, 'stolen', byTest)
  const standby = keyIn(service, 'pending')
  await pass(LEAST_LEAD - SECOND)
  t.equal(await signingKidOf(service), active.kid)
  await pass(SECOND)
  t.equal(await signingKidOf(service), standby.kid)
})

t.test('two revocations, the second of what stood by after the first: the last standby still follows', async t => {
  const { service, lifecycle, pass, active, pending } = await secondDay(t)
  await lifecycle.revoke(active.kid, 'stolen', byTest)
  await pass(LEAST_LEAD / 2)
  await lifecycle.revoke(keyIn(service, 'pending').kid, 'stolen', byTest)
  const standby = keyIn(service, 'pending')
  await pass(LEAST_LEAD - SECOND)
  t.equal(await signingKidOf(service), pending.kid)
  await pass(SECOND)
  t.equal(await signingKidOf(service), standby.kid)
})

t.test('the rotation that follows a revocation is done though the service was down when its time came', async t => {
  const { clock, service: before, lifecycle, active } = await secondDay(t)
  await lifecycle.revoke(active.kid, 'stolen', byTest)
  const standby = keyIn(before, 'pending')
  await before.stop()
  clock.advance(2 * LEAD)
  const service = await restarted(t, before, { clock })
  await service.tick()
  t.equal(await signingKidOf(service), standby.kid)
})

t.test('no rotation follows when a key signs at once that nobody knew', async t => {
  const acts: Readonly<Record<string, (scene: Awaited<ReturnType<typeof secondDay>>) => Promise<unknown>>> = {
    'in place of a standby whose file is missing': ({ service, lifecycle, active, pending }) => {
      renameSync(`${service.folder}/keys/${pending.kid}.pem`, `${service.folder}/elsewhere`)
      return lifecycle.revoke(active.kid, 'stolen', byTest)
    },
    'when all keys were revoked': ({ lifecycle }) => lifecycle.revokeAll('stolen', byTest),
  }
  for (const [when, act] of Object.entries(acts)) {
    const scene = await secondDay(t)
    const { service, pass } = scene
    await act(scene)
    await service.tick()
    const known = keysOf(service)
    t.equal(keyIn(service, 'pending').rotation_asked_at_ms, null, when)
    await pass(2 * LEAD)
    t.strictSame(keysOf(service), known, when)
  }
})
