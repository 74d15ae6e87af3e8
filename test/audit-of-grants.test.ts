/** Which refreshes are in the audit: those from another network than the one before, or all. */

import t, { type Test } from 'tap'
import { scene } from './support/scene.ts'
import { auditsAll } from './support/serve.ts'
import { sessionsOf } from './support/sqlite.ts'

const forwarded = (address: string) => ({ headers: { 'x-forwarded-for': address } })

/** alice, signed in at home, whose refreshes come from wherever it is said. */
async function traveller(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const its = await scene(t, { environment: { SIGNET_TRUST_PROXY: '127.0.0.0/8', ...environment } })
  let last = await its.device(forwarded('203.0.113.7'))
  await its.fresh()
  return {
    ...its,
    async refreshFrom(address: string): Promise<void> {
      last = await its.refreshed(last, forwarded(address))
    },
    repeatFrom: async (address: string) => {
      const before = last
      last = await its.refreshed(before, forwarded(address))
      await its.fresh()
      await its.refreshed(before, forwarded(address))
    },
  }
}

t.test('a refresh from another network than the one before is an event, and one from the same is none', async t => {
  const its = await traveller(t)
  for (const [address, isElsewhere, stored = address] of [
    ['203.0.113.7', false],
    ['203.0.113.250', false],
    ['203.0.114.7', true],
    ['203.0.114.8', false],
    ['203.0.113.7', true],
    ['2001:db8:1::7', true],
    ['2001:db8:1:ffff:ffff:ffff:ffff:ffff', false],
    ['2001:db8:2::7', true],
    ['203.0.113.9', true],
    ['::ffff:203.0.113.10', false, '203.0.113.10'],
    ['unknown', true, null],
    ['_hidden', false, null],
    ['203.0.113.7', true],
  ] as const) {
    await its.refreshFrom(address)
    t.match(sessionsOf(its.service.databaseFile), [{ address: stored }], 'the session knows where it was used last')
    const event = { type: 'session.refresh', outcome: 'success', user_id: its.userId, address: stored }
    await its.appendedLike(...(isElsewhere ? [event] : []))
  }
})

t.test('with SIGNET_AUDIT_GRANTS=all each refresh is an event', async t => {
  const its = await traveller(t, auditsAll)
  for (const address of ['203.0.113.7', '203.0.113.7', '203.0.114.7']) {
    await its.refreshFrom(address)
    await its.appendedLike({ type: 'session.refresh', outcome: 'success', address })
  }
})

t.test('a repetition is an event from wherever it comes', async t => {
  for (const environment of [{}, auditsAll]) {
    const its = await traveller(t, environment)
    await its.repeatFrom('203.0.113.7')
    await its.appendedLike({ type: 'session.repeat', outcome: 'success', address: '203.0.113.7' })
  }
})
