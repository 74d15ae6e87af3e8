/** Changes of a role that many have: they reach everybody, one user a write, and what one that was cut short has left over is taken up. */

import t, { type Test } from 'tap'
import { inParallel } from '../support/command-line.ts'
import { createHold, during } from '../support/hold.ts'
import { interruptibleOperator, interruptibleService } from '../support/interruptible.ts'
import type { Tokens } from '../support/scene.ts'
import { byTest, claimsOf, password } from '../support/serve.ts'

const MANY = 7
/** The role itself, and the look that finds nobody who is left. */
const BESIDE = 2

const role = 'reviewer'
const wide = ['posts:read', 'posts:write']

/** Users who all have one role, each signed in once, in the order in which a cascade visits them. */
async function team(t: Test) {
  const its = await interruptibleService(t)
  const { roles, users } = its.service
  await roles.add({ name: role, permissions: wide }, byTest)
  const names = Array.from({ length: MANY }, (_, number) => `${role}-${number}`)
  const many: readonly Tokens[] = await inParallel(names, async username => {
    await users.add({ username, password, roles: [role] }, byTest)
    return its.device({ username })
  })
  its.leavesAll()
  const idOf = ({ access }: Tokens): string => claimsOf(access).sub
  return {
    ...its,
    many: many.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)),
    narrow: ({ roles } = its.operator) => roles.update({ name: role, permissions: ['posts:read'] }, byTest),
    remove: ({ roles } = its.operator) => roles.delete(role, byTest),
    mayWrite: async ({ access }: Tokens): Promise<boolean> =>
      ((await its.introspect(access)).body.scope ?? '').includes('posts:write'),
  }
}

type Team = Awaited<ReturnType<typeof team>>

const acts: Readonly<Record<string, (its: Team) => Promise<unknown>>> = {
  'is reduced': its => its.narrow(),
  'is deleted': its => its.remove(),
}

for (const [title, act] of Object.entries(acts)) {
  t.test(`when a role ${title}, the access tokens of everybody who has it end, one user a write`, async t => {
    const its = await team(t)
    await its.operator.withWrites(MANY + BESIDE, () => act(its))
    t.same([its.revokedOf(its.many), its.recorded()], [MANY, 0])
  })

  t.test(
    `when a role ${title} and that is cut short, nobody has its permission, and a server ends what is left`,
    async t => {
      for (const visited of [0, 3, MANY]) {
        const its = await team(t)
        await its.operator.cutShort(t, 1 + visited, () => act(its))
        t.same([its.revokedOf(its.many.slice(0, visited)), its.revokedOf(its.many)], [visited, visited])
        t.equal(its.recorded(), 1)
        for (const tokens of its.many) t.equal(await its.mayWrite(tokens), false, 'introspection says so at once')
        await its.isTakenUp()
        t.equal(its.revokedOf(its.many), MANY)
      }
    },
  )
}

t.test('a role that is reduced again after that was cut short goes on with what is left', async t => {
  const its = await team(t)
  await its.operator.cutShort(t, 3, its.narrow)
  t.equal(its.revokedOf(its.many), 2)
  await its.narrow()
  t.same([its.revokedOf(its.many), its.recorded()], [MANY, 0])
})

t.test(
  'a role that is being deleted is found by nobody, and its name is free when nobody is left who had it',
  async t => {
    const its = await team(t)
    const { roles, users } = its.operator
    await its.operator.cutShort(t, 2, its.remove)
    const unknown = { name: 'AccountError', message: 'There is no such role.' }
    await t.rejects(roles.find(role), unknown)
    await t.rejects(roles.grant(role, 'bob', byTest), unknown)
    await t.rejects(roles.revoke(role, `${role}-0`, byTest), unknown)
    await t.rejects(its.narrow(), unknown)
    await t.rejects(its.remove(), unknown)
    t.notOk((await roles.list()).some(({ name }) => name === role))
    t.same(
      (await users.find(`${role}-0`)).roles.filter(name => name === role),
      [],
    )

    await roles.add({ name: role, permissions: wide }, byTest)
    t.same([its.revokedOf(its.many), its.recorded()], [MANY, 0], 'that comes first')
    for (const tokens of its.many)
      t.equal(await its.mayWrite(await its.refreshed(tokens)), false, 'and gives nothing back')
  },
)

t.test('a role that is deleted while it is being reduced takes from those who were visited already, too', async t => {
  const its = await team(t)
  await its.operator.cutShort(t, 3, its.narrow)
  const next = await inParallel(its.many, its.refreshed)
  for (const { access } of next) t.same(claimsOf(access).roles, [role])
  its.clock.advance(1000)
  await its.remove()
  t.equal(its.revokedOf(next), MANY)
  for (const tokens of next) t.same(claimsOf((await its.refreshed(tokens)).access).roles, [])
})

t.test('who gets the role, or signs in, while it is being reduced keeps nothing that it gave before', async t => {
  const its = await team(t)
  const [hold, other] = [createHold(), await interruptibleOperator(t, its)]
  const given: Tokens[] = [await its.device({ username: 'bob' })]
  its.operator.holdWrite(1, hold)
  await during(hold, its.narrow, async () => {
    await other.roles.grant(role, 'bob', byTest)
    given.push(await its.device({ username: 'bob' }))
  })
  t.same(claimsOf(given[1]?.access ?? '').scope, 'posts:read posts:write')
  t.equal(its.revokedOf(given.slice(1)), 1, 'the role was looked for after it was reduced')

  await its.operator.roles.update({ name: role, permissions: wide }, byTest)
  its.operator.holdWrite(2, hold)
  await during(hold, its.narrow, async () => {
    await other.roles.grant(role, 'alice', byTest)
    given.push(await its.device({ username: 'bob' }))
  })
  t.same(claimsOf(given[2]?.access ?? '').scope, 'posts:read', 'what begins after that has what is left')
})
