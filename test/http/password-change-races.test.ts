import { availableParallelism } from 'node:os'
import t from 'tap'
import { isError } from '../support/error-shape.ts'
import { fastHasher } from '../support/fast-hasher.ts'
import { createHold, during } from '../support/hold.ts'
import { operatorBeside } from '../support/operator.ts'
import { scene, type Tokens } from '../support/scene.ts'
import { type Answer, byTest, password } from '../support/serve.ts'
import { change as changeRow, select, sessionsOf } from '../support/sqlite.ts'

const newPassword = 'another battery staple 10'
const form = { current_password: password, new_password: newPassword }

type Work = 'verify' | 'hash' | 'write'
const holds = { verify: createHold(), hash: createHold(), write: createHold() }
/** How many of which work are to be held back; the rest goes its way. */
const toHold = { verify: 0, hash: 0, write: 0 }

function pass<T>(kind: Work, work: () => Promise<T>): Promise<T> {
  if (toHold[kind] === 0) return work()
  toHold[kind] -= 1
  return holds[kind].pass(work)
}

/** Holds back the next work of this kind that `request` leads to, while `act` is done. */
function duringThe(kind: Work, request: () => Promise<Answer>, act: () => Promise<unknown>): Promise<Answer> {
  toHold[kind] = 1
  return during(holds[kind], request, act)
}

const account = await scene(t, {
  faults: {
    hasher: () => ({
      hash: typed => pass('hash', () => fastHasher.hash(typed)),
      verify: (stored, typed) => pass('verify', () => fastHasher.verify(stored, typed)),
    }),
    write: write => work => pass('write', () => write(work)),
  },
})
const { service, as, attempt, fresh } = account
const { users } = await operatorBeside(t, service, account.clock)

let made = 0
/** A user whom no other case knows, with two devices. */
async function someone() {
  made += 1
  const username = `user-${made}`
  const { userId } = await service.users.add({ username, password, roles: [] }, byTest)
  const [here, there] = [await account.device({ username }), await account.device({ username })]
  return { username, userId, here, there }
}

type Who = Awaited<ReturnType<typeof someone>>

const change = (tokens: Tokens, to = newPassword) =>
  as(tokens, 'POST', '/me/password', { form: { ...form, new_password: to } })
const credentials = ({ userId }: Who) =>
  select(service.databaseFile, 'select status, password_id, password_hash from users where id = ?', userId)
const aliveOf = ({ userId }: Who) =>
  sessionsOf(service.databaseFile)
    .filter(row => row['subject_id'] === userId && row['ended_at_ms'] === null)
    .map(row => row['id'])

const acts: Readonly<Record<string, (who: Who) => Promise<unknown>>> = {
  'the user is disabled': ({ username }) => users.setStatus(username, 'disabled', byTest),
  'the user is disabled and enabled again': async ({ username }) => {
    await users.setStatus(username, 'disabled', byTest)
    await users.setStatus(username, 'active', byTest)
  },
  'the user is disabled, before the sessions have ended': async ({ userId }) =>
    changeRow(service.databaseFile, "update users set status = 'disabled' where id = ?", userId),
  'the user is deleted': ({ username }) => users.setStatus(username, 'deleted', byTest),
  'an operator sets another password': ({ username }) =>
    users.setPassword(username, 'a third battery staple 12', byTest),
  'an operator sets the same password again': ({ username }) => users.setPassword(username, password, byTest),
  'another device signs this one out': ({ here, there }) => as(there, 'DELETE', `/me/sessions/${here.sid}`),
}

for (const [moment, work] of [
  ['the current password is compared', 'verify'],
  ['the new password is hashed', 'hash'],
] as const) {
  t.test(`nothing is changed when, while ${moment},`, async t => {
    for (const [name, act] of Object.entries(acts)) {
      await t.test(name, async t => {
        const who = await someone()
        let [stored, alive]: unknown[] = []
        const answer = await duringThe(
          work,
          () => change(who.here),
          async () => {
            await act(who)
            ;[stored, alive] = [credentials(who), aliveOf(who)]
            await fresh()
          },
        )
        isError(t, answer, [400, 'invalid_grant'])
        t.same(credentials(who), stored)
        t.same(aliveOf(who), alive, 'no other session is ended')
        const failed = { type: 'user.set_password', outcome: 'failure', reason: 'user_changed' }
        await account.appendedLike({ ...failed, actor: 'user', user_id: who.userId })
      })
    }
  })
}

/** With one core, there is one hash at a time. */
const oneCore = availableParallelism() < 2 && 'one hash at a time'

for (const [moment, work, skip] of [
  ['being checked', 'verify', oneCore],
  ['about to be written', 'write', false],
] as const) {
  t.test(`a sign-in with the old password that is ${moment} during the change gets no session`, { skip }, async t => {
    const who = await someone()
    const answer = await duringThe(
      work,
      () => attempt({ username: who.username }),
      async () => t.equal((await change(who.here)).status, 204),
    )
    t.equal(answer.text, '{"error":"invalid_grant","error_description":"The username or the password is wrong."}')
    t.same(aliveOf(who), [who.here.sid])
  })
}

t.test('of two changes at the same moment one counts, and its session is the one that goes on', async t => {
  const passwords = [newPassword, 'a third battery staple 12']
  for (const other of ['there', 'here'] as const) {
    const who = await someone()
    const devices = [who.here, who[other]]
    toHold.write = 2
    holds.write.close()
    const requests = devices.map((tokens, index) => change(tokens, passwords[index]))
    await holds.write.waiting(2)
    holds.write.open()
    const answers = await Promise.all(requests)
    t.same(answers.map(({ status }) => status).sort(), [204, 400], `the other one from ${other}`)
    const winner = answers.findIndex(({ status }) => status === 204)
    t.same(aliveOf(who), [devices[winner]?.sid])
    for (const [index, typed] of passwords.entries()) {
      const { status } = await attempt({ username: who.username, password: typed })
      t.equal(status, index === winner ? 200 : 400)
    }
  }
})

t.test('past the checks that may wait a change is told to come back, before any work and without a trace', async t => {
  let begun = 0
  const busyHold = createHold()
  const busy = await scene(t, {
    faults: {
      hasher: () => ({
        hash: fastHasher.hash,
        verify: (stored, typed) => {
          begun += 1
          return busyHold.pass(() => fastHasher.verify(stored, typed))
        },
      }),
    },
  })
  const here = await busy.device()
  const wrong = { ...form, current_password: 'wrong battery staple 11' }
  begun = 0
  await busy.fresh()

  busyHold.close()
  const early = Promise.withResolvers<Answer>()
  const attempts = Array.from({ length: availableParallelism() + 2 + 1 }, async () => {
    const answer = await busy.as(here, 'POST', '/me/password', { form: wrong })
    early.resolve(answer)
    return answer
  })
  const refused = await early.promise
  isError(t, refused, [503, 'temporarily_unavailable'])
  t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/)
  t.equal(begun, availableParallelism())
  await busy.appendedLike()
  t.equal((await busy.refresh(here.refreshToken)).status, 200, 'a refresh has no lane to wait in')

  busyHold.open()
  const statuses = (await Promise.all(attempts)).map(({ status }) => status)
  t.equal(statuses.filter(status => status === 400).length, statuses.length - 1)
  t.equal((await busy.as(here, 'POST', '/me/password', { form })).status, 204)
})
