import { hash } from '@node-rs/argon2'
import t from 'tap'
import type { PasswordHasher } from '../../src/passwords/passwords.ts'
import { visible } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { createHold, during } from '../support/hold.ts'
import { operatorBeside } from '../support/operator.ts'
import { addAlice, byTest, password, secret, serve, signIn } from '../support/serve.ts'
import { auditedBy, change, select, sessionsOf } from '../support/sqlite.ts'

/** Hashes that were computed to the end, and a place to stop new ones. */
const work = { verifications: 0, hashes: 0 }
const rehashing = createHold()
const hasher = (inner: PasswordHasher): PasswordHasher => ({
  async hash(value) {
    const result = await rehashing.pass(() => inner.hash(value))
    work.hashes += 1
    return result
  },
  async verify(stored, value) {
    const result = await inner.verify(stored, value)
    work.verifications += 1
    return result
  },
})

const clock = testClock()
const service = await serve(t, { clock, faults: { hasher } })
const file = service.databaseFile
await addAlice(service)
const operator = await operatorBeside(t, service, clock)
const addUser = (username: string, secretPhrase = password) =>
  operator.users.add({ username, password: secretPhrase, roles: ['editor'] }, byTest)
const tryAs = (username: string, secretPhrase = password) => signIn(service, { username, password: secretPhrase })

const storedHash = (username: string): string =>
  select(file, 'select password_hash from users where username = ?', username)[0]?.['password_hash']
const storeHash = (username: string, value: string) =>
  change(file, 'update users set password_hash = ? where username = ?', value, username)

const refusal = '{"error":"invalid_grant","error_description":"The username or the password is wrong."}'
const current = '$argon2id$v=19$m=19456,t=2,p=1$'
/** The right password under parameters of the past. */
const cheaply = (value: string) => hash(value, { algorithm: 2, memoryCost: 1024, timeCost: 1, parallelism: 1 })

t.test('unknown, wrong, disabled, deleted and unreadable look the same and cost the same hashing', async t => {
  for (const name of ['disabled', 'deleted', 'unreadable']) await addUser(name)
  await operator.users.setStatus('disabled', 'disabled', byTest)
  await operator.users.setStatus('deleted', 'deleted', byTest)
  storeHash('unreadable', '$argon2id$v=19$broken')
  const attempts = {
    wrong: () => tryAs('alice', 'wrong'),
    unknown: () => tryAs('nobody'),
    disabled: () => tryAs('disabled'),
    'disabled, and wrong': () => tryAs('disabled', 'wrong'),
    deleted: () => tryAs('deleted'),
    unreadable: () => tryAs('unreadable'),
    'a name that nobody can have': () => tryAs('\u0001'),
    'a very long name': () => tryAs('x'.repeat(4000)),
    'a password with a control character': () => tryAs('alice', `${password}\u0001`),
    'a very long password': () => tryAs('alice', 'x'.repeat(12_000)),
    'the stored hash as the password': () => tryAs('alice', storedHash('alice')),
    'a password that only compatibility makes equal': () => tryAs('alice', password.replace('9', '９')),
  }
  const first = visible(await attempts.wrong())
  t.match(first, { status: 400, text: refusal, headers: { 'cache-control': 'no-store' } })
  for (const [name, attempt] of Object.entries(attempts)) {
    const before = { ...work }
    t.same(visible(await attempt()), first, name)
    t.same({ ...work }, { ...before, verifications: before.verifications + 1 }, `${name}: one hash`)
  }
  t.same(sessionsOf(file), [], 'nobody got a session')
})

t.test('the audit tells failures apart, and holds nothing that was typed', async t => {
  clock.advance(60_000)
  const names = ['alice', 'nobody', 'disabled', 'deleted']
  const audited = (username: string) => auditedBy(service, () => tryAs(username, 'wrong-phrase'))
  t.same(await audited('alice'), ['user.sign_in failure wrong_password'])
  t.same(await audited('a-stranger'), ['user.sign_in failure unknown_user'])
  t.same(await auditedBy(service, () => tryAs('disabled')), ['user.sign_in failure user_disabled'])
  t.same(await auditedBy(service, () => tryAs('deleted')), ['user.sign_in failure unknown_user'])
  t.same(await auditedBy(service, () => tryAs('alice')), ['user.sign_in success'])
  const everything = JSON.stringify(select(file, 'select * from audit_events'))
  for (const typed of [...names, 'wrong-phrase', 'a-stranger']) t.notOk(everything.includes(`"${typed}"`), typed)
})

t.test('a stored hash that cannot be read is a failed sign-in and an error in the log, not a 500', async t => {
  await addUser('broken')
  const complaints = () => service.log().split('a stored password hash cannot be read').length - 1
  const beyondLimits = `$argon2id$v=19$m=1,t=1,p=9$${'A'.repeat(22)}$${'A'.repeat(43)}`
  const values = ['', 'x', '$argon2id$', `${current}AAAA`, `$2b$10$${'a'.repeat(52)}`, beyondLimits, password]
  for (const value of values) {
    storeHash('broken', value)
    const before = complaints()
    const answer = await tryAs('broken')
    t.equal(answer.status, 400, value)
    t.equal(answer.text, refusal)
    t.equal(complaints(), before + 1)
  }
  t.match(service.log(), /"level":"error".*a stored password hash cannot be read/)
  for (const value of values.slice(2)) t.notOk(service.log().includes(value), 'not even when it was stored in clear')
})

t.test('a password is compared after NFC, however a keyboard composes it', async t => {
  const composed = 'Zoë trägt Ångström-Hüte 7'.normalize('NFC')
  await addUser('zoe', composed)
  await addUser('zoe2', composed.normalize('NFD'))
  t.not(composed, composed.normalize('NFD'))
  for (const name of ['zoe', 'zoe2']) {
    t.equal((await tryAs(name, composed)).status, 200)
    t.equal((await tryAs(name, composed.normalize('NFD'))).status, 200)
    t.equal((await tryAs(name, composed.toLowerCase())).status, 400)
  }
})

t.test('a username means one account in every case and compatibility form', async t => {
  for (const spelled of ['alice', 'Alice', 'ＡＬＩＣＥ', 'ⓐlice', 'alice '])
    t.equal((await tryAs(spelled)).status, 200, spelled)
  for (const spelled of ['alicе', 'al ice', 'älice']) t.equal((await tryAs(spelled)).status, 400, spelled)
})

t.test('a hash with the parameters of the past is replaced at the next sign-in, once, and audited', async t => {
  await addUser('olga')
  const old = await cheaply(password)
  storeHash('olga', old)
  t.equal((await tryAs('olga', 'wrong')).status, 400)
  t.equal(storedHash('olga'), old, 'not by a wrong password')
  t.same(await auditedBy(service, () => tryAs('olga')), ['user.upgrade_password_hash success', 'user.sign_in success'])
  const upgraded = storedHash('olga')
  t.ok(upgraded.startsWith(current))
  t.same(await auditedBy(service, () => tryAs('olga')), ['user.sign_in success'])
  t.equal(storedHash('olga'), upgraded)
})

t.test('a password that was changed meanwhile is not overwritten by the upgrade, and the sign-in fails', async t => {
  await addUser('petra')
  storeHash('petra', await cheaply(password))
  const newPassword = 'another battery staple 8'
  const answer = await during(
    rehashing,
    () => tryAs('petra'),
    () => operator.users.setPassword('petra', newPassword, byTest),
  )
  t.equal(answer.status, 400)
  t.equal(answer.text, refusal)
  t.equal((await tryAs('petra')).status, 400, 'the old password is gone')
  t.equal((await tryAs('petra', newPassword)).status, 200)
})

t.test('an upgrade refuses nobody who signs in with the same right password at the same time', async t => {
  await addUser('rosa')
  storeHash('rosa', await cheaply(password))
  rehashing.close()
  const answers = Promise.all([tryAs('rosa'), tryAs('rosa')])
  await rehashing.waiting(2)
  rehashing.open()
  t.same(
    (await answers).map(({ status }) => status),
    [200, 200],
  )
})

t.test('no password and no secret is in the log', async t => {
  t.notOk(service.log().includes(password))
  t.notOk(service.log().includes(secret))
})
