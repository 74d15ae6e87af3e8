/** What a check costs the lane, how it compares, and how long whoever is refused waits. */
import pino from 'pino'
import t from 'tap'
import { type HashingLane, TooManyWaiting } from '../../src/passwords/hashing-lane.ts'
import { createPasswords, type StoredPassword } from '../../src/passwords/passwords.ts'
import { mostCandidates, readStoredHash, spellImported } from '../../src/passwords/stored-hash.ts'

const turn = { key: 'a', most: 2 }
const salt = 'A'.repeat(22)
const tag = 'A'.repeat(43)
const ours = `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}`
const cheaper = `$argon2id$v=19$m=9728,t=1,p=1$${salt}$${tag}`
/** Costs 45. */
const dear = `{any-spelling}$pbkdf2-sha1$i=1300000$${salt}$${Buffer.alloc(64).toString('base64').replace(/=+$/, '')}`
const DEAR = 1_300_000 * 4 * 8.65e-6
const stored = (passwordHash: string, status: StoredPassword['status'] = 'active') => ({
  userId: 'user_1',
  passwordHash,
  status,
})

/** Time passes only in checks: of ours, and of a unit of the others. */
function scene(settings: { msOfOurs?: number; msPerUnit?: number; dearest?: number } = {}) {
  const state = {
    msOfOurs: 20,
    msPerUnit: 20,
    dearest: undefined as number | undefined,
    right: '',
    unreadable: '',
    isFull: false,
  }
  Object.assign(state, settings)
  let now = 0
  const [costs, waits, compared, complaints]: [number[], number[], string[], string[]] = [[], [], [], []]
  const lane: Pick<HashingLane, 'run'> = {
    run: async (of, cost, work) => {
      if (state.isFull && of.key !== turn.key) throw new TooManyWaiting(1)
      costs.push(cost)
      return work()
    },
  }
  const passwords = createPasswords({
    hasher: {
      hash: async () => '',
      async verify(text, candidate) {
        compared.push(candidate)
        if (text === state.unreadable) throw new Error('The library says no.')
        now += text === dear ? DEAR * state.msPerUnit : state.msOfOurs
        return candidate === state.right
      },
    },
    lane,
    users: async () => ({ dearestHashCost: async () => state.dearest, findHashOfCost: async () => dear }),
    elapsedMs: () => now,
    pause: async ms => {
      waits.push(ms)
      now += ms
    },
    log: pino({}, { write: line => complaints.push(line) }),
  })
  /** From the beginning to the answer. */
  async function took(user: StoredPassword | undefined, password = 'wrong'): Promise<number> {
    const began = now
    await passwords.verify(turn, user, password)
    return Math.round(now - began)
  }
  return { passwords, state, costs, waits, compared, complaints, took }
}

t.test('a check takes as much of the lane as it costs, times the spellings that it has to try', async t => {
  const { passwords, costs } = scene()
  const users = {
    ours: stored(ours),
    cheaper: stored(cheaper),
    imported: stored(`{any-spelling}$argon2id$v=19$m=38912,t=3,p=4$${salt}$${tag}`),
    unreadable: stored('$argon2id$v=19$m=1$AAAA$AAAA'),
    'beyond the limits': stored(`$argon2id$v=19$m=19456,t=0,p=1$${salt}$${tag}`),
    unknown: undefined,
  }
  const check = async (name: keyof typeof users, password = 'wrong') => {
    await passwords.verify(turn, users[name], password)
    return costs.at(-1)
  }
  for (const name of ['ours', 'unknown', 'unreadable', 'beyond the limits'] as const)
    t.equal(await check(name, 'schön'), 1, name)
  t.equal(await check('cheaper'), 0.25)
  t.equal(await check('imported'), 3)
  t.equal(await check('imported', 'schön'), 6, 'as composed and as decomposed')
  t.equal(await check('imported', 'scho\u0308n \u00e4'), 9, 'as typed, too')
  await passwords.rehash(turn, 'any')
  t.equal(costs.at(-1), 1)
})

t.test('an imported hash is compared as typed, then composed, then decomposed, until one matches', async t => {
  const { passwords, state, compared } = scene()
  const typed = 'scho\u0308n \u00e4'
  state.right = typed.normalize('NFC')
  const { matches, outdated } = await passwords.verify(turn, stored(dear), typed)
  t.same([matches, outdated], [true, true])
  t.strictSame(compared, [typed, typed.normalize('NFC')])
  compared.length = 0
  t.same(await passwords.verify(turn, stored(ours), typed), { matches: true, outdated: false })
  t.strictSame(compared, [typed.normalize('NFC')], 'one of ours is compared composed')
})

t.test('no hash is compared with what can be no password', async t => {
  const { passwords, state, compared } = scene()
  for (const typed of ['a\0b', '\0', 'a\ud800', '\udfffa']) {
    state.right = typed
    t.equal((await passwords.verify(turn, stored(dear), typed)).matches, false)
    t.equal((await passwords.verify(turn, stored(ours), typed)).matches, false)
  }
  t.equal(compared.length, 8, 'but nobody answers sooner')
})

t.test(
  'a hash that nobody can read is told of in the log, without itself, and costs what an unknown name costs',
  async t => {
    const tooShort = `{any-spelling}$pbkdf2-sha1$i=1000$${salt}$AA`
    for (const text of ['hunter2', tooShort]) {
      const { passwords, complaints, compared } = scene()
      t.equal((await passwords.verify(turn, stored(text), 'wrong')).matches, false)
      t.equal(compared.length, 1)
      t.equal(complaints.length, 1)
      t.match(complaints[0], '"user_id":"user_1"')
      t.notOk(complaints[0]?.includes(text))
    }
  },
)

t.test('a hash that its library refuses to compute costs what an unknown name costs, and is told of', async t => {
  const { passwords, state, complaints, compared, took } = scene()
  state.unreadable = dear
  t.equal(await took(stored(dear)), state.msOfOurs)
  t.equal((await passwords.verify(turn, stored(dear), 'wrong')).matches, false)
  t.equal(compared.length, 4)
  t.match(complaints, [/"user_id":"user_1"/, /"user_id":"user_1"/])
})

t.test('while there are imported hashes, every refusal takes as long as a check of the dearest, and more', async t => {
  const { took, state, waits } = scene({ dearest: DEAR })
  const floor = Math.round(1.5 * DEAR * 20)
  await took(undefined)
  const refused = { unknown: undefined, ours: stored(ours), cheap: stored(cheaper), dear: stored(dear) }
  for (const [name, user] of Object.entries(refused)) t.equal(await took(user), floor, name)
  t.equal(await took(stored('x')), floor, 'unreadable')
  t.equal(await took(undefined, 'schön'), Math.round(3 * DEAR * 20), 'as long as with two spellings')
  state.right = 'right'
  t.equal(await took(stored(ours, 'disabled'), 'right'), floor, 'the right password of somebody who may not sign in')
  waits.length = 0
  t.equal(await took(stored(ours), 'right'), 20)
  t.equal(await took(stored(dear), 'right'), Math.round(DEAR * 20))
  t.strictSame(waits, [], 'who signs in does not wait')
})

t.test('as soon as no imported hash is left, a refusal takes as long as its check', async t => {
  const { took, state, waits } = scene({ dearest: DEAR })
  await took(undefined)
  state.dearest = undefined
  waits.length = 0
  t.equal(await took(undefined), 20)
  t.strictSame(waits, [])
})

t.test('no imported hash has more spellings to try than a refusal waits for', t => {
  const all: Parameters<typeof spellImported>[1][] = [
    ['wordpress'],
    ['maybe-wordpress'],
    ['maybe-symfony'],
    ['sha256-hex'],
    ['append', Buffer.from("a'b ")],
    ['hmac-sha384-base64', Buffer.from('key')],
  ]
  const long = 'x'.repeat(71)
  for (const typed of [
    'plain',
    ' a ',
    "it's",
    ` "schön" `,
    `scho\u0308n ä's `,
    long,
    `${long}ä`,
    `${long} scho\u0308n ä's `,
  ]) {
    const counts = all.map(
      each => readStoredHash(spellImported(`$2b$04$${'a'.repeat(53)}`, each))?.candidates(typed).length,
    )
    t.equal(Math.max(...counts.map(Number)), mostCandidates(typed), typed)
  }
  t.end()
})

t.test('who is signed in and names a wrong password of their own waits for nothing', async t => {
  const { passwords, waits } = scene({ dearest: DEAR })
  t.equal(await passwords.isOf(turn, stored(ours), 'wrong'), false)
  t.strictSame(waits, [])
})

t.test('the first refusal measures: a machine may be slow, or slow at one form', async t => {
  for (const [msOfOurs, msPerUnit] of [
    [200, 200],
    [20, 60],
  ] as const) {
    const { took } = scene({ msOfOurs, msPerUnit, dearest: DEAR })
    await took(undefined)
    for (const user of [undefined, stored(dear)]) t.equal(await took(user), Math.round(1.5 * DEAR * msPerUnit))
  }
  const { took } = scene({ msOfOurs: 20, msPerUnit: 5, dearest: DEAR })
  await took(undefined)
  t.equal(await took(undefined), Math.round(1.5 * DEAR * 20), 'others may be no faster than ours')
})

t.test('a cheap hash makes no refusal shorter than one of ours takes', async t => {
  const { took } = scene({ dearest: 0.02 })
  await took(undefined)
  t.equal(await took(undefined), 30)
})

t.test('where the lane has no room to measure, the next refusal does', async t => {
  const { took, state, costs } = scene({ msPerUnit: 60, dearest: DEAR })
  state.isFull = true
  t.equal(await took(undefined), Math.round(1.5 * DEAR * 50), 'what a machine usually needs')
  state.isFull = false
  await took(undefined)
  t.equal(await took(undefined), Math.round(1.5 * DEAR * 60))
  t.equal(costs.filter(cost => cost === DEAR).length, 2, 'and no other')
})

t.test(
  'how long a refusal takes is not learned from guesses at imported names, and little from one hiccup',
  async t => {
    const { took, state } = scene({ dearest: DEAR })
    const floor = Math.round(1.5 * DEAR * 20)
    await took(undefined)
    state.msPerUnit = 22
    for (let guess = 0; guess < 20; guess += 1) await took(stored(dear))
    t.equal(await took(undefined), floor, 'the next one shows nothing of them')
    state.msOfOurs = 60_000
    await took(undefined)
    state.msOfOurs = 20
    t.equal(await took(undefined), Math.round(floor * 1.1))
    state.msOfOurs = 40
    for (let check = 0; check < 60; check += 1) await took(undefined)
    t.ok((await took(undefined)) > 1.9 * floor, 'but from a machine that became slower')
  },
)
