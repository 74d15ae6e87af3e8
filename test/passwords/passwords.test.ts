import pino from 'pino'
import t from 'tap'
import type { HashingLane } from '../../src/passwords/hashing-lane.ts'
import { createPasswords } from '../../src/passwords/passwords.ts'

const turn = { key: 'a', most: 2 }
const salt = 'A'.repeat(22)
const tag = 'A'.repeat(43)
const stored = (passwordHash: string) => ({ userId: 'user_1', passwordHash, status: 'active' as const })

t.test('a check takes as much of the lane as it costs, times the spellings that it has to try', async t => {
  const costs: number[] = []
  const lane: Pick<HashingLane, 'run' | 'expectedMs'> = {
    run: (_, cost, work) => {
      costs.push(cost)
      return work()
    },
    expectedMs: cost => cost,
  }
  const hasher = { hash: async () => '', verify: async () => false }
  const surroundings = { dearestImported: async () => undefined, pause: async () => {} }
  const passwords = createPasswords({ hasher, lane, ...surroundings, log: pino({ enabled: false }) })
  const users = {
    ours: stored(`$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}`),
    cheaper: stored(`$argon2id$v=19$m=9728,t=1,p=1$${salt}$${tag}`),
    imported: stored(`{any-spelling}$argon2id$v=19$m=38912,t=3,p=4$${salt}$${tag}`),
    unreadable: stored('$argon2id$v=19$m=1$AAAA$AAAA'),
    unknown: undefined,
  }
  const check = async (name: keyof typeof users, password = 'wrong') => {
    await passwords.verify(turn, users[name], password)
    return costs.at(-1)
  }
  for (const name of ['ours', 'unknown', 'unreadable'] as const) t.equal(await check(name, 'schön'), 1, name)
  t.equal(await check('cheaper'), 0.25)
  t.equal(await check('imported'), 3)
  t.equal(await check('imported', 'schön'), 6, 'as composed and as decomposed')
  t.equal(await check('imported', 'scho\u0308n \u00e4'), 9, 'as typed, too')
  await passwords.rehash(turn, 'any')
  t.equal(costs.at(-1), 1)
})
