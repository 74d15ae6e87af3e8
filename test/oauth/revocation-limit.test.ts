/** A session gets a fresh status index for a revoked access token once a minute: nobody can use up a list. To end is never limited. */

import t, { type Test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { ended, good, type Scene, scene, type Tokens } from '../support/scene.ts'
import { byTest } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

const MINUTE_MS = 60_000

/** A session whose access token was revoked just now, and the tokens that it got after that. */
async function revokedOnce(its: Scene): Promise<Tokens> {
  const device = await its.device()
  t.equal((await its.revoke(device.access)).status, 200)
  return its.refreshed(device)
}

async function isTooSoon(t: Test, its: Scene, { access }: Tokens, seconds: number): Promise<void> {
  const answer = await its.revoke(access)
  isError(t, answer, [503, 'temporarily_unavailable'])
  t.equal(answer.headers.get('retry-after'), String(seconds))
}

t.test(
  'within a minute after one, the next access token of a session is not revoked, and the answer says when',
  async t => {
    const its = await scene(t)
    const next = await revokedOnce(its)
    const before = everythingIn(its.service.databaseFile)
    await isTooSoon(t, its, next, 60)
    its.clock.advance(MINUTE_MS - 1500)
    await isTooSoon(t, its, next, 2)
    its.clock.advance(1499)
    await isTooSoon(t, its, next, 1)
    t.same(everythingIn(its.service.databaseFile), before, 'nothing has happened')
    t.same(await its.verdictOn(next), good)

    its.clock.advance(1)
    t.equal((await its.revoke(next.access)).status, 200)
    t.same(await its.verdictOn(next), ended)
    const third = await its.refreshed(next)
    await isTooSoon(t, its, third, 60)
  },
)

t.test('a clock that was set back makes nobody wait for longer', async t => {
  const its = await scene(t)
  const next = await revokedOnce(its)
  its.clock.advance(-1)
  t.equal((await its.revoke(next.access)).status, 200)
  t.same(await its.verdictOn(next), ended)
})

t.test('what is revoked already is no error, and another session is not concerned', async t => {
  const its = await scene(t)
  const device = await its.device()
  for (const _ of [1, 2, 3]) t.equal((await its.revoke(device.access)).status, 200)
  const other = await its.device()
  t.equal((await its.revoke(other.access)).status, 200)
  t.same(await its.verdictOn(other), ended)
})

t.test('a session can be ended at any time', async t => {
  const its = await scene(t)
  const { users, container } = its.service
  const sessions = await container.sessionManagement()
  const ways: Readonly<Record<string, (tokens: Tokens) => Promise<unknown>>> = {
    'its refresh token is revoked': ({ refreshToken }) => its.revoke(refreshToken),
    'its user signs out': tokens => its.as(tokens, 'DELETE', `/me/sessions/${tokens.sid}`),
    'an operator ends it': ({ sid }) => sessions.end({ sessionId: sid }, 'revoked_by_operator', byTest),
    'its user is disabled': () => users.setStatus('alice', 'disabled', byTest),
  }
  for (const [name, end] of Object.entries(ways)) {
    const next = await revokedOnce(its)
    await end(next)
    t.same(await its.verdictOn(next), ended, name)
    t.equal((await its.revoke(next.access)).status, 200, 'what has ended is no error')
  }
})

t.test('whatever else takes access tokens neither waits nor makes anybody wait', async t => {
  const its = await scene(t)
  const { roles } = its.service
  const next = await revokedOnce(its)
  await roles.revoke('editor', 'alice', byTest)
  t.same(await its.verdictOn(next), ended)

  await roles.grant('editor', 'alice', byTest)
  const device = await its.device()
  await roles.revoke('editor', 'alice', byTest)
  const after = await its.refreshed(device)
  t.equal((await its.revoke(after.access)).status, 200)
  t.same(await its.verdictOn(after), ended)
})
