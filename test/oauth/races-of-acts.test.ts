/** Acts of operators beside each other and beside requests, at the same moment and in rounds, as they happen to meet. */

import t, { type Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { inParallel } from '../support/command-line.ts'
import { operatorBeside } from '../support/operator.ts'
import { type Scene, scene, type Tokens, tokensOf } from '../support/scene.ts'
import { byTest, claimsOf, password } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { statusIn, storedAs, storedRevocations } from '../support/status-list.ts'

const ROUNDS = 10
const wide = ['posts:read', 'posts:write']
const narrow = ['posts:read']

const mayWrite = ({ access }: Tokens): boolean => (claimsOf(access).scope ?? '').split(' ').includes('posts:write')

/** Those that are good for longer than they should be: they may write, and nothing has revoked them. */
function tooWide({ service }: Scene, tokens: readonly Tokens[]): number {
  const stored = new Set(storedRevocations(service.databaseFile))
  return tokens.filter(tokens => mayWrite(tokens) && !stored.has(storedAs(statusIn(tokens.access)))).length
}

/** A service, an operator beside it, and what each gave or was refused at the same moment. */
async function stage(t: Test) {
  const its = await scene(t)
  return { its, beside: await operatorBeside(t, its.service, its.clock) }
}

t.test(
  'who is given a role, signs in or refreshes while it is reduced is left with nothing that it gave before',
  async t => {
    const { its, beside } = await stage(t)
    const { roles, users } = its.service
    for (let round = 0; round < ROUNDS; round += 1) {
      const [role, has, gets] = [`role-${round}`, `has-${round}`, `gets-${round}`]
      await roles.add({ name: role, permissions: wide }, byTest)
      await users.add({ username: has, password, roles: [role] }, byTest)
      await users.add({ username: gets, password, roles: [] }, byTest)
      const [first, second] = [await its.device({ username: has }), await its.device({ username: gets })]
      const given: Tokens[] = [first]
      const keep = (tokens: Tokens) => void given.push(tokens)
      await Promise.all([
        beside.roles.update({ name: role, permissions: narrow }, byTest),
        roles.grant(role, gets, byTest).then(async () => {
          await its.refreshed(second).then(keep)
          await its.device({ username: gets }).then(keep)
        }),
        its.device({ username: has }).then(keep),
        its.refreshed(first).then(keep),
      ])
      t.equal(tooWide(its, given), 0, role)
      t.equal(given.length, 5)
      for (const username of [has, gets])
        t.notOk(mayWrite(await its.device({ username })), `${username} signs in again`)
    }
  },
)

t.test('a role that is given while it, or the user, is deleted is given or refused, with a sentence', async t => {
  const { its, beside } = await stage(t)
  const { roles, users } = its.service
  const outcomes = new Set<string>()
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const [role, username, other] = [`role-${round}`, `user-${round}`, `other-${round}`]
    await roles.add({ name: role, permissions: wide }, byTest)
    await users.add({ username, password, roles: [] }, byTest)
    const acts = [
      () => roles.grant(role, username, byTest),
      round % 2 === 0
        ? () => beside.roles.delete(role, byTest)
        : () => beside.users.setStatus(username, 'deleted', byTest),
      () => users.add({ username: other, password, roles: [role] }, byTest),
      () => roles.revoke(role, username, byTest),
    ]
    for (const result of await Promise.allSettled(acts.map(act => act()))) {
      if (result.status === 'fulfilled') continue
      const { name, message } = result.reason
      t.equal(name, 'AccountError', message)
      outcomes.add(message)
    }
    if (round % 2 === 0) await t.rejects(roles.find(role), { message: 'There is no such role.' })
    else
      t.same(select(its.service.databaseFile, 'select status from users where username = ?', username), [
        { status: 'deleted' },
      ])
    const orphans = 'select role_name from user_roles where role_name not in (select name from roles)'
    t.same(select(its.service.databaseFile, orphans), [])
  }
  for (const message of outcomes)
    t.match(message, /^There is no such (role|user|role: number 1 of those that are given)\.$/)
})

t.test('sixty clients that refresh without a pause go on while their client is changed again and again', async t => {
  const environment = { SIGNET_SESSION_LIMIT: '100' }
  const its = await scene(t, { environment })
  const { clients } = await operatorBeside(t, its.service, its.clock)
  await addClient(its.service, { clientId: 'busy' })
  const devices = await inParallel(Array.from({ length: 60 }), () => its.device({ clientId: 'busy' }))
  const given: Tokens[] = [...devices]
  let goesOn = true

  /** As a client does it that is told to come back: the same token again. */
  async function chain(first: Tokens): Promise<Tokens> {
    let last = first
    while (goesOn) {
      const answer = await its.refresh(last.refreshToken, { clientId: 'busy' })
      if (answer.status === 503) continue
      t.equal(answer.status, 200, answer.text)
      last = tokensOf(answer)
      given.push(last)
    }
    return its.refreshed(last, { clientId: 'busy' })
  }

  const chains = devices.map(chain)
  for (const scope of [narrow, wide, narrow, wide, narrow]) await clients.update('busy', { scope }, byTest)
  goesOn = false
  const ends = await Promise.all(chains)
  t.same(new Set(ends.map(({ sid }) => sid)), new Set(devices.map(({ sid }) => sid)), 'the same sessions')
  t.notOk(ends.some(mayWrite))
  t.equal(tooWide(its, given), 0)
  t.ok(given.length > devices.length, `${given.length - devices.length} refreshes meanwhile`)
})

t.test('a user or client that is disabled and enabled again and again keeps no session from before', async t => {
  const { its, beside } = await stage(t)
  for (let round = 0; round < ROUNDS; round += 1) {
    const who = await its.parties()
    const before = [who, await its.device(who)]
    const set = (
      status: 'active' | 'disabled',
      { users, clients }: Pick<typeof beside, 'users' | 'clients'> = beside,
    ): Promise<unknown> =>
      round % 2 === 0 ? users.setStatus(who.username, status, byTest) : clients.setStatus(who.clientId, status, byTest)
    const answers = await Promise.all([
      set('disabled').then(() => set('active')),
      set('disabled', its.service).then(() => set('active', its.service)),
      its.attempt(who),
      ...before.map(({ refreshToken }) => its.refresh(refreshToken, who)),
    ])
    t.equal(answers.length, 5)
    for (const { refreshToken } of before) t.equal((await its.refresh(refreshToken, who)).status, 400)
    const last = await its.device(who)
    t.equal((await its.refresh(last.refreshToken, who)).status, 200, 'and a new sign-in works')
  }
})
