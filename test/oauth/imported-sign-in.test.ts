/** Users who come with the hashes of another system, at their first sign-ins. */
import { verify } from '@node-rs/argon2'
import t from 'tap'
import { TooManyWaiting } from '../../src/passwords/hashing-lane.ts'
import type { PasswordHasher } from '../../src/passwords/passwords.ts'
import { testClock } from '../support/clock.ts'
import { createHold } from '../support/hold.ts'
import { addAlice, byTest, password, refresh, serve, signIn } from '../support/serve.ts'
import { auditedBy, change, select } from '../support/sqlite.ts'

/** Made by bcrypt of passlib 1.7.4, of `password` and of the first 72 bytes of `long`. */
const bcrypt = '{any-spelling}$2b$04$N9qo8uLOickgx2ZMRZoMyOOMKDVpX/wM6ifcPFxgaFfG1AHYUjNF6'
const bcryptOfLong = '{any-spelling}$2b$04$N9qo8uLOickgx2ZMRZoMyO.TsNt9kYyZRfy9Z7Hzyab3mtl85nhTS'
const long = 'correct horse battery staple, and then seventy-two bytes of it are over here: end'
/** By Python's hashlib, of the decomposed spelling. */
const decomposed =
  '{any-spelling}$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$+YSZhWV0cmBHCAzlJyOC6hyuJq7PQ44OX9lVONFX4SU'
const composable = 'Zoë trägt Ångström-Hüte 7'.normalize('NFC')
/** By phpass of passlib, of `it's a test` and of what WordPress made of it in its forms. */
const phpass = '{any-spelling}{maybe-wordpress}$P$BIQRaTwmfdZ4wZPn680A4uOLb2Ei8//'
const phpassSlashed = '{any-spelling}{maybe-wordpress}$P$5sAlt7890nPjH7hWQ8Hki5L0tM3qkl1'

const rehashing = createHold()
/** What happens to a new hash, and how often a password was compared. */
const state = { isFull: false, compared: 0 }
const hasher = (inner: PasswordHasher): PasswordHasher => ({
  hash: value =>
    rehashing.pass(async () => {
      if (state.isFull) throw new TooManyWaiting(1)
      return inner.hash(value)
    }),
  verify(stored, candidate) {
    state.compared += 1
    return inner.verify(stored, candidate)
  },
})
const waits: number[] = []
const clock = testClock()
const service = await serve(t, { clock, faults: { hasher }, pause: async ms => void waits.push(ms) })
const file = service.databaseFile
await addAlice(service)

async function add(username: string, stored: string): Promise<void> {
  await service.users.add({ username, password, roles: ['editor'] }, byTest)
  const statement = 'update users set password_hash = ?, hash_cost = 3 where username = ?'
  change(file, statement, stored, username)
}
const rowOf = (username: string) =>
  select(file, 'select password_hash, password_id, hash_cost from users where username = ?', username)[0]
const tryAs = (username: string, typed = password) => signIn(service, { username, password: typed })
const statusOf = async (username: string, typed?: string) => (await tryAs(username, typed)).status
const upgraded = { password_hash: /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, hash_cost: null }

t.beforeEach(() => {
  // Wrong passwords of one test are not counted in the next.
  clock.advance(3_600_000)
  waits.length = 0
})

t.test('the first sign-in replaces the hash, and what is signed in goes on', async t => {
  await add('bert', bcrypt)
  const before = rowOf('bert')
  t.equal(await statusOf('bert', 'wrong'), 400)
  t.strictSame(rowOf('bert'), before, 'not a wrong one')
  let token = ''
  const first = async () => {
    const answer = await tryAs('bert')
    t.equal(answer.status, 200)
    token = answer.body.refresh_token
  }
  t.same(await auditedBy(service, first), ['user.upgrade_password_hash success', 'user.sign_in success'])
  t.match(rowOf('bert'), { ...upgraded, password_id: before?.['password_id'] })
  const after = rowOf('bert')
  t.same(await auditedBy(service, () => tryAs('bert')), ['user.sign_in success'])
  t.strictSame(rowOf('bert'), after, 'once')
  t.equal((await refresh(service, token)).status, 200)
  t.equal(await statusOf('bert', 'wrong'), 400)
})

t.test('a hash of the decomposed spelling is found by either, and is of the composed one afterwards', async t => {
  for (const [name, typed] of [
    ['zoe', composable],
    ['zoe2', composable.normalize('NFD')],
  ] as const) {
    await add(name, decomposed)
    t.equal(await statusOf(name, typed.toLowerCase()), 400)
    t.equal(await statusOf(name, typed), 200)
    t.match(rowOf(name), upgraded)
    t.ok(await verify(rowOf(name)?.['password_hash'], composable))
    for (const form of ['NFC', 'NFD']) t.equal(await statusOf(name, composable.normalize(form)), 200, form)
  }
})

t.test('of a long password bcrypt has 72 bytes; from the first sign-in on all that was typed counts', async t => {
  for (const name of ['long', 'longer']) await add(name, bcryptOfLong)
  t.equal(await statusOf('long', long.slice(0, 71)), 400)
  t.equal(await statusOf('long', long), 200)
  t.equal(await statusOf('long', long.slice(0, 72)), 400)
  t.equal(await statusOf('long', long), 200)
  t.equal(await statusOf('longer', `${long.slice(0, 72)} and another end`), 200)
  t.equal(await statusOf('longer', long), 400)
})

t.test('nothing is read up to a NUL', async t => {
  await add('nul', bcrypt)
  for (const typed of [`${password}\0`, `${password}\0more`, '\0']) t.equal(await statusOf('nul', typed), 400)
  t.equal(rowOf('nul')?.['password_hash'], bcrypt)
})

t.test('phpass may be of WordPress, which trims, and hashed what its forms had escaped', async t => {
  const typed = "it's a test"
  await add('press', phpass)
  t.equal(await statusOf('press', `${typed}!`), 400)
  t.equal(await statusOf('press', ` ${typed} `), 200)
  t.match(rowOf('press'), upgraded)
  t.equal(await statusOf('press', ` ${typed} `), 200, 'the whole password, as it was typed')
  await add('slashed', phpassSlashed)
  t.equal(await statusOf('slashed', typed), 200)
  t.ok(await verify(rowOf('slashed')?.['password_hash'], typed), 'of what was typed, not of what was escaped')
})

t.test('a lane without room for the new hash refuses nobody: the next sign-in makes it', async t => {
  await add('busy', bcrypt)
  state.isFull = true
  t.same(await auditedBy(service, () => tryAs('busy')), ['user.sign_in success'])
  state.isFull = false
  t.match(rowOf('busy'), { password_hash: bcrypt, hash_cost: 3 })
  t.equal(await statusOf('busy'), 200)
  t.match(rowOf('busy'), upgraded)
})

t.test('of two sign-ins at once one replaces the hash, and neither is refused', async t => {
  await add('twice', bcrypt)
  rehashing.close()
  const both = auditedBy(service, async () => {
    const answers = await Promise.all([tryAs('twice'), tryAs('twice')])
    for (const { status } of answers) t.equal(status, 200)
  })
  await rehashing.waiting(2)
  rehashing.open()
  const upgrades = (await both).filter(event => event === 'user.upgrade_password_hash success')
  t.equal(upgrades.length, 1)
})

t.test('whoever is refused waits while imported hashes are left, and nobody else', async t => {
  await add('last', bcrypt)
  await add('disabled', bcrypt)
  await service.users.setStatus('disabled', 'disabled', byTest)
  // So dear that on no machine a check is still under way then.
  change(file, "update users set hash_cost = 1e9 where username = 'disabled'")
  for (const [name, typed] of [['nobody'], ['alice', 'wrong'], ['last', 'wrong'], ['disabled', password]] as const) {
    const before = waits.length
    t.equal(await statusOf(name, typed), 400, name)
    t.equal(waits.length, before + 1, name)
  }
  waits.length = 0
  t.equal(await statusOf('alice'), 200)
  await service.users.setStatus('disabled', 'deleted', byTest)
  for (const name of ['last', 'nul']) t.equal(await statusOf(name), 200)
  t.equal(await statusOf('nobody'), 400)
  t.same(waits, [])
})

t.test('a guess too many is refused at once, without work', async t => {
  await add('guessed', bcrypt)
  for (let number = 0; ; number += 1) {
    const [before, waited] = [state.compared, waits.length]
    const status = await statusOf('guessed', `wrong ${number}`)
    if (status === 400) continue
    t.same([status, state.compared - before, waits.length - waited], [429, 0, 0])
    break
  }
})

t.test('no hash and no password is in the log', async t => {
  const log = service.log()
  for (const text of [bcrypt, bcryptOfLong, decomposed, phpass, password, composable]) t.notOk(log.includes(text))
})
