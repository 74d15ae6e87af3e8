/** Changes of a role that many have: they reach everybody, and one that was cut short is finished by another try. */

import t, { type Test } from 'tap'
import { inParallel } from '../support/command-line.ts'
import { interruptibleService, listedOf } from '../support/interruptible.ts'
import type { Tokens } from '../support/scene.ts'
import { byTest, password } from '../support/serve.ts'

/** Users whose tokens one write ends. */
const BATCH = 10
const MANY = 2 * BATCH + 3
/** Some dozen sign-ins, on a machine that does other things, too. */
const timeout = 60_000

const role = 'reviewer'

/** Users who all have one role, each signed in once. */
async function team(t: Test) {
  const its = await interruptibleService(t)
  const { roles, users } = its.service
  await roles.add({ name: role, permissions: ['posts:read', 'posts:write'] }, byTest)
  const names = Array.from({ length: MANY }, (_, number) => `${role}-${number}`)
  const many: readonly Tokens[] = await inParallel(names, async username => {
    await users.add({ username, password, roles: [role] }, byTest)
    return its.device({ username })
  })
  return { ...its, many }
}

type Team = Awaited<ReturnType<typeof team>>

const acts: Readonly<Record<string, (its: Team) => Promise<unknown>>> = {
  'is reduced': ({ service }) => service.roles.update({ name: role, permissions: ['posts:read'] }, byTest),
  'is deleted': ({ service }) => service.roles.delete(role, byTest),
}

for (const [title, act] of Object.entries(acts)) {
  t.test(
    `when a role ${title}, the access tokens of everybody who has it end, batch by batch`,
    { timeout },
    async t => {
      const its = await team(t)
      await its.withWrites(Math.ceil(MANY / BATCH), () => act(its))
      t.equal(await listedOf(its.many), MANY)
    },
  )

  t.test(
    `when a role ${title} and that is cut short, nobody has its permission, and another try ends what is left`,
    { timeout },
    async t => {
      const its = await team(t)
      for (const done of [1, 2]) {
        await its.cutShort(t, 1, () => act(its))
        t.equal(await listedOf(its.many), BATCH, `try ${done} ends the same ones first`)
      }
      await its.cutShort(t, 2, () => act(its))
      t.equal(await listedOf(its.many), 2 * BATCH)
      const answers = await inParallel(its.many, ({ access }) => its.introspect(access))
      t.notOk(
        answers.some(({ body }) => (body.scope ?? '').includes('posts:write')),
        'introspection says so at once',
      )
      t.equal(answers.filter(({ body }) => body.active).length, MANY - 2 * BATCH)
      await act(its)
      t.equal(await listedOf(its.many), MANY)
    },
  )
}
