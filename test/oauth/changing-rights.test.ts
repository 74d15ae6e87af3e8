/** What becomes of a token whose user's rights change while it is signed, as often as somebody likes. */

import t, { type Test } from 'tap'
import type { Signer } from '../../src/records/signing-key.ts'
import { addKey, addMachine, exchange } from '../support/asking-machines.ts'
import { isError } from '../support/error-shape.ts'
import { scene } from '../support/scene.ts'
import { byTest, claimsOf } from '../support/serve.ts'
import { sessionsOf } from '../support/sqlite.ts'

const MOST_ATTEMPTS = 4

/** As long as there are changes left, alice loses or gets a role with each signature, if it is not said otherwise. */
async function restlessService(t: Test) {
  let [changes, signatures, isEditor] = [0, 0, true]
  let change: () => Promise<unknown> = async () => {}
  const signer = ({ kid, sign }: Signer): Signer => ({
    kid,
    async sign(input) {
      signatures += 1
      if (changes > 0) await change()
      return sign(input)
    },
  })
  const its = await scene(t, { faults: { signer } })
  const { roles } = its.service
  await roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await roles.grant('reader', 'alice', byTest)
  const give = () => roles.grant('editor', 'alice', byTest)
  const take = () => roles.revoke('editor', 'alice', byTest)
  const toggle = () => {
    isEditor = !isEditor
    return isEditor ? give() : take()
  }
  return {
    ...its,
    giveAndTake: () => give().then(take),
    /** How many signatures `act` took while the rights changed `count` times. */
    async restless<T>(count: number, act: () => Promise<T>, changing: () => Promise<unknown> = toggle) {
      ;[changes, signatures] = [count, 0]
      change = async () => {
        changes -= 1
        await changing()
      }
      const answer = await act()
      changes = 0
      return { answer, signatures }
    },
  }
}

t.test('a sign-in whose rights change with each signature is told to come back, and leaves nothing behind', async t => {
  const its = await restlessService(t)
  const { answer, signatures } = await its.restless(Number.POSITIVE_INFINITY, () => its.attempt())
  isError(t, answer, [503, 'temporarily_unavailable'])
  t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
  t.equal(signatures, MOST_ATTEMPTS)
  t.same(sessionsOf(its.service.databaseFile), [])
  t.equal((await its.attempt()).status, 200, 'and is welcome then')
})

t.test('one whose rights change a few times gets what is left at last', async t => {
  const its = await restlessService(t)
  for (const count of [MOST_ATTEMPTS - 1, 2]) {
    const { answer, signatures } = await its.restless(count, () => its.attempt())
    t.same([answer.status, signatures], [200, count + 1])
    t.equal(claimsOf(answer.body.access_token).scope, 'posts:read')
  }
})

t.test('a refresh whose rights change with each signature consumes nothing', async t => {
  const its = await restlessService(t)
  const device = await its.device()
  const refresh = () => its.refresh(device.refreshToken)
  const { answer, signatures } = await its.restless(Number.POSITIVE_INFINITY, refresh, its.giveAndTake)
  isError(t, answer, [503, 'temporarily_unavailable'])
  t.equal(signatures, MOST_ATTEMPTS)
  t.match(sessionsOf(its.service.databaseFile), [{ rotated_at_ms: null, previous_hash: null, ended_at_ms: null }])
  t.equal((await its.refreshed(device)).sid, device.sid, 'the same token goes on')
})

t.test('the exchange of a key whose owner loses and gets rights with each signature leaves nothing behind', async t => {
  const its = await restlessService(t)
  await addMachine(its.service, 'gateway')
  const { text } = await addKey(its.service, { username: 'alice' })
  const ask = () => exchange(its.service, text, 'gateway')
  const { answer, signatures } = await its.restless(Number.POSITIVE_INFINITY, ask)
  isError(t, answer, [503, 'temporarily_unavailable'])
  t.equal(signatures, MOST_ATTEMPTS)
  t.same(sessionsOf(its.service.databaseFile), [])
  t.equal((await ask()).status, 200, 'and is welcome then')
  const again = await its.restless(Number.POSITIVE_INFINITY, ask, its.giveAndTake)
  isError(t, again.answer, [503, 'temporarily_unavailable'])
  t.equal(sessionsOf(its.service.databaseFile).length, 1, 'nor one that goes on')
})
