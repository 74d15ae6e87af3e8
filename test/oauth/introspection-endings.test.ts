/** Introspection (RFC 7662): what is stored wins over what a token claims. */
import t, { type Test } from 'tap'
import type { Status } from '../../src/records/standing.ts'
import { isError } from '../support/error-shape.ts'
import { good, inactive, type Parties, type Scene, scene } from '../support/scene.ts'
import { type Answer, byTest, secret } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

const account = ['account', secret] as const
const isInactive = (t: Test, { status, text }: Answer, title = '') => t.same([status, text], [200, inactive], title)

type Act = (its: Scene, who: Parties) => Promise<unknown>
const setUser =
  (status: Status): Act =>
  ({ service }, { username }) =>
    service.users.setStatus(username, status, byTest)
const setClient =
  (status: Status): Act =>
  ({ service }, { clientId }) =>
    service.clients.setStatus(clientId, status, byTest)

const endings: Readonly<Record<string, Act>> = {
  'the user is disabled': setUser('disabled'),
  'the user is deleted': setUser('deleted'),
  'the password is changed': ({ service }, { username }) =>
    service.users.setPassword(username, 'another battery staple 8', byTest),
  'the client is disabled': setClient('disabled'),
  'the client is deleted': setClient('deleted'),
  'the session is revoked': async ({ service }, { sid }) =>
    (await service.container.sessionManagement()).end({ sessionId: sid }, 'revoked_by_operator', byTest),
  'the refresh token is revoked': (its, { refreshToken, clientId }) =>
    its.revoke(refreshToken, { client: [clientId, secret] }),
  // What a command has begun and not finished yet: nothing is revoked so far.
  'the user is disabled and nothing else has happened': async ({ service }, { username }) =>
    change(service.databaseFile, "update users set status = 'disabled' where username = ?", username),
  'the client is disabled and nothing else has happened': async ({ service }, { clientId }) =>
    change(
      service.databaseFile,
      "update clients set status = 'disabled', revision = revision + 1 where client_id = ?",
      clientId,
    ),
}

t.test('what is stored wins: both tokens are inactive at once when', async t => {
  const its = await scene(t)
  for (const [name, act] of Object.entries(endings)) {
    await t.test(name, async t => {
      const who = await its.parties()
      t.same(await its.verdictOn(who), good)
      await act(its, who)
      isInactive(t, await its.introspect(who.access))
      const ofRefreshToken = await its.introspect(who.refreshToken, [who.clientId, secret])
      if (name.includes('client')) isError(t, ofRefreshToken, [401, 'invalid_client'])
      else isInactive(t, ofRefreshToken)
      t.same(await its.verdictOn(await its.parties()), good, 'and nobody else is concerned')
    })
  }
})

t.test('a revoked access token is inactive, and the refresh token of its session is not', async t => {
  const its = await scene(t)
  const device = await its.device()
  await its.revoke(device.access)
  isInactive(t, await its.introspect(device.access))
  t.equal((await its.introspect(device.refreshToken, account)).body.active, true)
})

t.test('a permission that was taken away is missing from scope and roles at once', async t => {
  const its = await scene(t)
  const { roles, databaseFile } = { ...its.service }
  await roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await roles.grant('reader', 'alice', byTest)
  const device = await its.device()
  t.match((await its.introspect(device.access)).body, { scope: 'posts:read posts:write', roles: ['editor', 'reader'] })

  // As long as the access tokens of everybody who has the role have not ended yet.
  change(databaseFile, "delete from user_roles where role_name = 'editor'")
  t.match((await its.introspect(device.access)).body, { active: true, scope: 'posts:read', roles: ['reader'] })
  t.match((await its.introspect(device.refreshToken, account)).body, { active: true, scope: 'posts:read' })
  change(databaseFile, `update roles set permissions = '["posts:other"]' where name = 'reader'`)
  const { body } = await its.introspect(device.access)
  t.same([body.active, body.scope, body.roles], [true, undefined, []])
  t.notOk('scope' in (await its.introspect(device.refreshToken, account)).body)

  await roles.revoke('reader', 'alice', byTest)
  isInactive(t, await its.introspect(device.access), 'and then it has ended')
})
