import t from 'tap'
import {
  attempt,
  countersOf,
  countingHasher,
  guessingAtAlice,
  right,
  times,
  untilThrottled,
  wrong,
} from '../support/guessing.ts'
import { createHold } from '../support/hold.ts'
import { type Answer, addAlice, byTest, password, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { stillDate } from '../support/still-date.ts'

t.jobs = 3
stillDate(t)

/** Ten times what an account may be guessed at. */
const MANY = 100

t.test('after ten wrong passwords an account is not tried from that network, and the answer says how long', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const answers = await untilThrottled(service)
  t.equal(answers.length, 11)
  t.equal(compared(), 10)
  const last = answers.at(-1)
  t.equal(last?.status, 429)
  t.match(last?.body, { error: 'too_many_requests', error_description: String })
  t.equal(last?.headers.get('cache-control'), 'no-store')
  t.equal(last?.headers.get('retry-after'), '300')
})

t.test('known and unknown names, wrong and right passwords look the same', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const known = await untilThrottled(service, { username: 'alice' })
  const unknown = await untilThrottled(service, { username: 'nobody' })
  t.same(
    unknown.map(({ status, text }) => [status, text]),
    known.map(({ status, text }) => [status, text]),
  )
  const before = compared()
  const good = await right(service)
  const headersOf = (answer: typeof good) => {
    const { date: _, 'x-request-id': __, 'retry-after': ___, ...headers } = Object.fromEntries(answer.headers)
    return headers
  }
  const refused = known.at(-1) as typeof good
  t.same([good.status, good.text], [refused.status, refused.text], 'the right password')
  t.same(headersOf(good), headersOf(refused))
  t.same(headersOf(unknown.at(-1) as typeof good), headersOf(refused))
  t.equal(compared(), before, 'nothing was hashed')
})

t.test('a name with white space around it is counted as the name', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const spellings = ['alice', ' alice', 'alice\t', '\u{3000}Alice ']
  for (let number = 0; number < 11; number += 1)
    await attempt(service, { username: spellings[number % spellings.length] as string, password: wrong(number) })
  t.equal(compared(), 10)
  t.equal((await right(service)).status, 429)
})

t.test('of 200 guesses at once no more are compared than of one after the other', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, number) => attempt(service, { password: wrong(number) })),
  )
  t.ok(answers.every(({ status }) => [400, 429, 503].includes(status)))
  t.ok(compared() <= 10, `${compared()} compared at once`)
  await untilThrottled(service, {}, 200)
  t.equal(compared(), 10)
})

t.test('what was counted outlives a restart, and two instances count together', async t => {
  const { service, compared } = await guessingAtAlice(t)
  for (let number = 0; number < 5; number += 1) await attempt(service, { password: wrong(number) })
  const second = countingHasher()
  const other = await serve(t, { folder: service.folder, faults: { hasher: () => second.hasher } })
  await Promise.all(
    Array.from({ length: 100 }, (_, number) =>
      attempt(number % 2 === 0 ? service : other, { password: wrong(5 + number) }),
    ),
  )
  await untilThrottled(service, {}, 200)
  t.equal((await right(other)).status, 429)
  t.equal(compared() + second.compared(), 10)
  await service.stop()
  await other.stop()
  const later = await serve(t, { folder: service.folder })
  t.equal((await right(later)).status, 429)
})

t.test('a right password begins anew, and gives back what it took of others', async t => {
  const { service } = await guessingAtAlice(t)
  for (let number = 0; number < 9; number += 1) await attempt(service, { password: wrong(number) })
  t.equal((await right(service)).status, 200)
  t.match(
    countersOf(service).map(({ key, points }) => [key.split(':')[0], points]),
    [
      ['account', 9],
      ['network', 9],
      ['wider_network', 9],
    ],
  )
  for (let number = 0; number < 30; number += 1) t.equal((await right(service)).status, 200)
  t.equal((await untilThrottled(service, {}, 100)).length, 11)
})

t.test('whoever is disabled learns nothing of a right password', async t => {
  const { service } = await guessingAtAlice(t)
  await service.users.setStatus('alice', 'disabled', byTest)
  t.equal((await right(service)).status, 400)
  t.match(
    countersOf(service).map(({ points }) => points),
    [1, 1, 1, 1, 1],
  )
})

t.test('a password that a device repeats counts once, and a hundred different ones count all', async t => {
  const { service, compared } = await guessingAtAlice(t)
  for (let time = 0; time < 30; time += 1) await attempt(service, { password: wrong(time % 2) })
  t.equal(compared(), 30, 'each is compared all the same')
  t.match(
    countersOf(service).map(({ points }) => points),
    [2, 2, 2, 2, 2],
  )
  await times(MANY, number => attempt(service, { password: wrong(number + 2) }))
  await untilThrottled(service, {}, 2000)
  t.equal(compared(), 38)
})

t.test('networks are counted with what one host has, and a wider one with more', async t => {
  const { service } = await guessingAtAlice(t)
  const guessAs = (username: string, address: string) =>
    attempt(service, { username, address, password: wrong(0) }).then(({ status }) => status)
  await times(50, number => guessAs(`somebody-${number}`, `2001:db8:0:1::${number}`))
  t.equal(await guessAs('another', '2001:db8:0:1::ffff'), 429, 'the /64')
  t.equal(await guessAs('another', '2001:db8:0:2::1'), 400, 'the next one')
  for (let host = 1; host <= 4; host += 1)
    await times(50, number => guessAs(`person-${host}-${number}`, `198.51.100.${host}`))
  t.equal(await guessAs('another', '198.51.100.99'), 429, 'the /24')
  t.equal(await guessAs('another', '198.51.101.1'), 400, 'the next one')
})

t.test('through a confidential client one account is slowed down, and no other user of it', async t => {
  const { service } = await guessingAtAlice(t)
  await service.users.add({ username: 'bob', password, roles: ['editor'] }, byTest)
  const through = { isConfidential: true, address: '192.0.2.1' }
  await times(MANY, () => attempt(service, { ...through, password: wrong(0) }))
  t.equal((await right(service, through)).status, 200, "that person's second device")
  t.equal((await right(service, { ...through, username: 'bob' })).status, 200)

  t.equal((await untilThrottled(service, through, 1)).length, 11)
  t.equal((await right(service, through)).status, 429)
  t.equal((await right(service, { ...through, username: 'bob' })).status, 200)
  t.equal((await right(service, { address: '192.0.2.1' })).status, 200, 'through another client')
})

t.test('a refresh is never throttled', async t => {
  const { service } = await guessingAtAlice(t)
  const { refresh_token } = (await right(service)).body
  await untilThrottled(service)
  t.equal((await service.token({ grant_type: 'refresh_token', refresh_token, client_id: 'spa' })).status, 200)
})

t.test('an attempt that could not be checked is given back', async t => {
  const { hasher } = countingHasher()
  let isBroken = false
  const broken = { ...hasher, verify: async () => Promise.reject(new Error('broken')) }
  const service = await serve(t, {
    faults: { hasher: () => ({ ...hasher, verify: (...words) => (isBroken ? broken : hasher).verify(...words) }) },
  })
  await addAlice(service)
  isBroken = true
  for (let number = 0; number < 12; number += 1)
    t.equal((await attempt(service, { password: wrong(number) })).status, 500)
  isBroken = false
  t.same(countersOf(service), [])
  t.equal((await right(service)).status, 200)
})

t.test('a throttled sign-in is in the audit, and the name of nobody is not', async t => {
  const { service } = await guessingAtAlice(t)
  await untilThrottled(service)
  await untilThrottled(service, { username: 'my password in the wrong field' })
  await service.stop()
  const rows = select(
    service.databaseFile,
    "select reason, user_id, name_hash, count from audit_events where type = 'user.sign_in' and reason = 'throttled' order by rowid",
  )
  t.match(rows, [
    { user_id: /^user_/, name_hash: null, count: 1 },
    { user_id: null, name_hash: /^[\w-]{43}$/, count: 1 },
  ])
  t.notMatch(JSON.stringify(countersOf(service)), /wrong field|user_|alice/)
})

t.test('devices that begin together with the right password are told to come back at once, not in minutes', async t => {
  const hold = createHold()
  const { hasher } = countingHasher()
  const held = {
    ...hasher,
    verify: (...words: Parameters<typeof hasher.verify>) => hold.pass(() => hasher.verify(...words)),
  }
  const { service } = await guessingAtAlice(t, { faults: { hasher: () => held } })
  hold.close()
  const early = Promise.withResolvers<Answer>()
  const all = Array.from({ length: 30 }, async () => {
    const answer = await right(service, { isConfidential: true })
    if (answer.status === 429) early.resolve(answer)
    return answer
  })
  t.equal((await early.promise).headers.get('retry-after'), '1')
  hold.open()
  t.ok((await Promise.all(all)).every(({ status }) => status !== 400))
  t.equal((await right(service, { isConfidential: true })).status, 200)
})
