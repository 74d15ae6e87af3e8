import t from 'tap'
import { type FormOptions, HashRefused } from '../../src/passwords/forms/form.ts'
import { columnsForms, readForeignHash, textForms } from '../../src/passwords/forms/forms.ts'
import { readStoredHash } from '../../src/passwords/stored-hash.ts'
import { columnsOfUsual, firebaseConfig, otherColumns } from '../support/foreign-columns.ts'
import { hashesOfUsual, otherHashes, usual, wrong } from '../support/foreign-hashes.ts'

/** More than the default, for Keycloak's SHA-1 and Gitea's scrypt. */
const MAX_COST = 50

/** Whether the password signs in to what is stored of the hash. */
async function matches(hash: string | object, password: string, options: FormOptions = {}): Promise<boolean> {
  const { stored } = readForeignHash(hash as string, MAX_COST, options)
  const read = readStoredHash(stored)
  for (const candidate of read?.candidates(password) ?? []) if (await read?.matches(candidate)) return true
  return false
}

type Sample = readonly [form: string, password: string, isRight: boolean, hash: string]

const samples: readonly Sample[] = [
  ...Object.entries({ ...hashesOfUsual, ...columnsOfUsual }).flatMap(([form, hashes]) =>
    hashes.map((hash): Sample => [form, usual, true, hash]),
  ),
  ...otherHashes,
  ...otherColumns,
]

/** Of each form the cheapest is computed, and what is not dear; the soak test signs in by the others. */
const NOT_DEAR = 6
const costOf = ([, , , hash]: Sample): number => readForeignHash(hash, MAX_COST).cost
const isCheapest = (sample: Sample): boolean =>
  samples.filter(([form]) => form === sample[0]).every(other => costOf(other) >= costOf(sample))

t.test('what other systems wrote is read in its form, and the right password signs in', async t => {
  for (const [form, , , hash] of samples) t.equal(readForeignHash(hash, MAX_COST).form, form)
  const computed = samples.filter(sample => costOf(sample) < NOT_DEAR || isCheapest(sample))
  // All begin at once: a machine has several cores.
  await Promise.all(
    computed.map(async ([form, password, expected, hash]) =>
      t.equal(await matches(hash, password), expected, `${form}: ${hash.slice(0, 30)}`),
    ),
  )
})

t.test('another password signs in to none of the cheap ones', async t => {
  const cheap = samples.filter(([, , , hash]) => readForeignHash(hash, MAX_COST).cost < 0.3)
  for (const [form, , , hash] of cheap) t.equal(await matches(hash, wrong), false, form)
  t.ok(cheap.length > 15)
})

t.test('one form reads a hash, and no other', async t => {
  for (const [form, , , hash] of samples) {
    const columns: object = hash.startsWith('{"') ? JSON.parse(hash) : {}
    const [read, ...others] = hash.startsWith('{"')
      ? columnsForms.flatMap(each => each(columns as Record<string, unknown>, {}) ?? [])
      : textForms.flatMap(each => each(hash, {}) ?? [])
    t.equal(read?.form, form)
    t.same(others, [], form)
  }
})

t.test('columns are read as JSON in a text, and as they are', async t => {
  for (const [form, hashes] of Object.entries(columnsOfUsual)) {
    for (const hash of hashes)
      t.same(readForeignHash(JSON.parse(hash), MAX_COST), readForeignHash(hash, MAX_COST), form)
  }
  const keycloak = JSON.parse(columnsOfUsual['keycloak argon2']?.[0] ?? '')
  const parsed = { secretData: JSON.parse(keycloak.secretData), credentialData: JSON.parse(keycloak.credentialData) }
  t.same(readForeignHash(parsed, MAX_COST), readForeignHash(keycloak, MAX_COST), 'as objects, too')
  parsed.credentialData.additionalParameters.version = ['1.0']
  t.match(readForeignHash(parsed, MAX_COST).stored, '$v=16$')
})

t.test('the members that Keycloak wrote before version 8 stand side by side', async t => {
  const salt = Buffer.from('0123456789abcdef').toString('base64')
  const old = {
    type: 'password',
    hashedSaltedValue: 'g+Qc/DAuAsV5XlXxDE38IoK/fQtgjqiKNEMTVseXczc=',
    salt,
    hashIterations: 1000,
    algorithm: 'pbkdf2-sha256',
  }
  t.equal(await matches(old, usual), true)
})

t.test('Firebase: hash_config may be given once for all', async t => {
  const { hash_config: _, ...user } = JSON.parse(columnsOfUsual['firebase scrypt']?.[0] ?? '')
  t.equal(await matches(user, usual, { hashConfig: firebaseConfig }), true)
  t.throws(() => readForeignHash(user, MAX_COST), { name: HashRefused.name, message: /hash_config is missing/ })
})

t.test('a pepper: behind the password for bcrypt, the secret of Argon2, behind the salt of Spring', async t => {
  const pepper = Buffer.from('a-made-up-pepper-0123456789abcdef')
  const devise = '$2a$12$cjwrVRR/LwfzWBTkGEe/KezU8HJHox6fYAf.hQ.jl787PDkv2bYCi'
  t.equal(await matches(devise, usual, { pepper }), true)
  const argon2 = '$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQtMTZieXRlcw$'
  const withSecret = `${argon2}QLXLNlr/9GHaoLKlWEOHMRjZP48VMk/WuBVT5PqAwsM`
  t.equal(await matches(withSecret, usual, { pepper }), true)
  t.equal(await matches(withSecret, usual), false)
  const spring =
    '{pbkdf2@SpringSecurity_v5_8}40ef37c9dd1efa69d165a35a840415211c5d9253b0f5a52f41b87198552ea577ee6e3e0d282b70d412873200f9edf00c'
  t.equal(await matches(spring, usual, { pepper: Buffer.from('made-up-secret') }), true)
})

t.test(
  'what was done before an unmarked bcrypt: what the operator says, and what Symfony does to long passwords',
  async t => {
    const flask = '$2b$12$BPIIcWEx8I63Ukg/socVOey2xV.0Ai/zyDdWNOpA.e5rDtALUQOIm'
    t.equal(await matches(flask, usual, { prehash: 'sha256-hex' }), true)
    const symfony = '$2y$05$abcdefghijklmnopqrstuu1BSNbmwCf2c5Bbe5IgzsMCazP940CQm'
    t.equal(await matches(symfony, `${usual.repeat(4)}!`), false, 'of a long password every byte counts')
  },
)

t.test('Authlogic hashes the password with its salt', async t => {
  const bcrypt = '$2a$05$abcdefghijklmnopqrstuuHeqBdFxWvnp2gX/DxjjX3GM9o/3VIyq'
  const scrypt =
    '400$8$1$0011223344556677889900aabbccddee$221aa84c61943e8b6b65448586fc1cade782c4d770b75df1dc890e766300fb07'
  const password_salt = 'Zq8sT1vB'
  t.equal(await matches({ crypted_password: bcrypt, password_salt }, usual), true)
  t.equal(await matches({ crypted_password: scrypt, password_salt }, usual), true)
  t.equal(await matches({ crypted_password: scrypt, password_salt: 'another1' }, usual), false)
})

t.test(
  'the scrypt gem drops bytes of zero at the beginning of a salt, and fills up half a byte at its end',
  async t => {
    t.equal(
      await matches(
        '400$8$1$00001122334455667788$a2c3cc3f196e751da586f796a52819c0cde743312fdf68858293df65e1de7205',
        usual,
      ),
      true,
    )
    t.equal(
      await matches(
        '400$8$1$01122334455667788$2b7ca8c885e2d49865a4a5423ae194bc7370d94aebe218a3baf7d408b3ab7c00',
        usual,
      ),
      true,
    )
  },
)

t.test('Argon2 is stored in one spelling, however it was written', async t => {
  const salt = 'c29tZXNhbHQtMTZieXRlcw'
  const tag = 'Xow9gzfoDSNRDJBY7Eiy/Y8mSgm4nPgXy6AJQzMI9sc'
  const stored = (hash: string) => readForeignHash(hash, MAX_COST).stored
  const usualSpelling = stored(`$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}`)
  t.equal(usualSpelling, `{any-spelling}$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}`)
  t.equal(stored(`$argon2id$v=19$t=2,p=1,m=19456$${salt}==$${tag}=`), usualSpelling)
  t.equal(stored(`$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}\0\0  `), usualSpelling, 'a column of a fixed width')
  t.match(stored(`$argon2id$m=19456,t=2,p=1$${salt}$${tag}`), '$argon2id$v=16$', 'as all were before')
})
