/** Refused sign-ins look the same in time: while there are imported hashes they wait for the dearest, and compute no more than their own. */
import t from 'tap'
import { readStoredHash } from '../../src/passwords/stored-hash.ts'
import { addAlice, byTest, password, serve, signIn } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

const [salt, key] = ['A'.repeat(22), 'A'.repeat(43)]
const cheap = `{any-spelling}$pbkdf2-sha256$i=10000$${salt}$${key}`
const dear = `{any-spelling}$pbkdf2-sha256$i=1000000$${salt}$${key}`
/** Of a version of Signet with other parameters. */
const former = `$argon2id$v=19$m=38912,t=2,p=1$${salt}$${key}`
const costs = { [cheap]: 0.1, [dear]: 10, [former]: 2 }

const MS_OF_OURS = 20
const MARGIN = 1.5
const other = 'another battery staple 8'

/** Time passes in checks alone, as their cost says, and in what is waited for. Each of the users has the same password. */
async function scene(t: Parameters<typeof serve>[0]) {
  let now = 0
  const checks: string[] = []
  const service = await serve(t, {
    elapsedMs: () => now,
    pause: async ms => {
      now += ms
    },
    faults: {
      hasher: inner => ({
        hash: inner.hash,
        async verify(stored, candidate) {
          checks.push(candidate)
          now += MS_OF_OURS * (readStoredHash(stored)?.cost ?? 0)
          return candidate === password
        },
      }),
    },
  })
  await addAlice(service)
  async function add(username: string, stored: keyof typeof costs): Promise<void> {
    await service.users.add({ username, password, roles: [] }, byTest)
    const statement = 'update users set password_hash = ?, hash_cost = ? where username = ?'
    change(service.databaseFile, statement, stored, costs[stored], username)
  }
  /** The status, how long it took, and how many hashes were computed. */
  async function attempt(username: string, typed = other) {
    const [began, before] = [now, checks.length]
    const { status } = await signIn(service, { username, password: typed })
    return [status, Math.round(now - began), checks.length - before]
  }
  return { service, add, attempt }
}

t.test('while there are none but hashes of ours, whoever is refused waits for nothing', async t => {
  const { attempt } = await scene(t)
  for (const name of ['alice', 'nobody']) t.same(await attempt(name), [400, MS_OF_OURS, 1], name)
})

t.test('while others are left, every refusal takes as long as the dearest, whatever it computes', async t => {
  const { service, add, attempt } = await scene(t)
  await add('carla', cheap)
  await add('diana', dear)
  await add('felix', former)
  await add('disabled', cheap)
  await service.users.setStatus('disabled', 'disabled', byTest)
  await add('broken', cheap)
  change(service.databaseFile, "update users set password_hash = 'x' where username = ?", 'broken')

  await attempt('nobody')
  const asDearest = [400, MARGIN * 10 * MS_OF_OURS, 1]
  for (const name of ['alice', 'nobody', 'carla', 'diana', 'felix', 'disabled', 'broken', 'nobody'])
    t.same(await attempt(name), asDearest, name)
  t.same(await attempt('disabled', password), asDearest, 'the right password of somebody who may not sign in')
  for (const name of ['alice', 'nobody', 'carla'])
    t.equal((await attempt(name, 'grün wie Gras'))[1], 2 * MARGIN * 10 * MS_OF_OURS, `${name}, with two spellings`)
  // What phpass reads in each round; of these bcrypt may have been given a SHA-512, too. What is longer than any password is none.
  for (const [bytes, times] of [
    [400, 2],
    [800, 2 * 2],
    [4096, 2 * 2.56],
    [4097, 1],
  ] as const)
    t.equal((await attempt('nobody', 'x'.repeat(bytes)))[1], Math.round(times * 300), `${bytes} bytes`)
})

t.test('who signs in waits for nothing, and refusals are quick again after the last one', async t => {
  const { add, attempt } = await scene(t)
  await add('carla', cheap)
  await add('diana', dear)
  await attempt('nobody')
  t.same(await attempt('diana', password), [200, 10 * MS_OF_OURS, 1])
  t.same(await attempt('nobody'), [400, 3 * MS_OF_OURS + 2 * 2, 5], 'another is the dearest now, and measured')
  t.same(await attempt('nobody'), [400, MARGIN * MS_OF_OURS, 1])
  t.same(await attempt('carla', password), [200, 2, 1])
  t.same(await attempt('nobody'), [400, MS_OF_OURS, 1])
  t.same(await attempt('diana', password), [200, MS_OF_OURS, 1])
})

t.test('a user who is deleted, or gets another password, keeps nobody waiting', async t => {
  const { service, add, attempt } = await scene(t)
  for (const name of ['carla', 'diana']) await add(name, dear)
  await attempt('nobody')
  await service.users.setStatus('diana', 'deleted', byTest)
  t.equal((await attempt('nobody'))[1], MARGIN * 10 * MS_OF_OURS)
  await service.users.setPassword('carla', other, byTest)
  t.equal((await attempt('nobody'))[1], MS_OF_OURS)
})
