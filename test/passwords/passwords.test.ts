import pino from 'pino'
import t from 'tap'
import { nobodysHash } from '../../src/passwords/hash-parameters.ts'
import type { HashingLane } from '../../src/passwords/hashing-lane.ts'
import { createPasswords } from '../../src/passwords/passwords.ts'

const turn = { key: 'a', most: 2 }
const stored = (parameters: string) => ({
  userId: 'user_1',
  passwordHash: nobodysHash(parameters),
  status: 'active' as const,
})

t.test('a check takes as much of the lane as the hashes that it may have to make, for every name the same', async t => {
  const costs: number[] = []
  const lane: Pick<HashingLane, 'run'> = {
    run: (_, cost, work) => {
      costs.push(cost)
      return work()
    },
  }
  const hasher = { hash: async () => '', verify: async () => false }
  const passwords = createPasswords({ hasher, lane, log: pino({ enabled: false }) })
  const users = {
    ours: stored('$argon2id$v=19$m=19456,t=2,p=1$'),
    cheaper: stored('$argon2id$v=19$m=9728,t=1,p=1$'),
    dearer: stored('$argon2id$v=19$m=38912,t=3,p=4$'),
    unknown: undefined,
  }
  const check = async (name: keyof typeof users) => {
    await passwords.verify(turn, users[name], 'wrong')
    return costs.at(-1)
  }
  t.equal(await check('ours'), 1)
  t.equal(await check('unknown'), 1)
  for (const name of ['cheaper', 'dearer'] as const) await check(name)
  for (const name of ['ours', 'unknown', 'cheaper', 'dearer'] as const) t.equal(await check(name), 1 + 0.25 + 3, name)
  await passwords.rehash(turn, 'any')
  t.equal(costs.at(-1), 1)
})
