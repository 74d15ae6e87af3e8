import t, { type Test } from 'tap'
import { type ForeignHash, type FormOptions, HashRefused } from '../../src/passwords/forms/form.ts'
import { DEFAULT_MAX_COST, readForeignHash } from '../../src/passwords/forms/forms.ts'
import { hasNoPassword } from '../../src/passwords/forms/no-password.ts'
import { usual } from '../support/foreign-hashes.ts'

const hex = (bytes: number) => '5a'.repeat(bytes)
const base64 = (bytes: number) => Buffer.alloc(bytes, 'Z').toString('base64').replace(/=+$/, '')

function refuses(t: Test, foreign: ForeignHash, reason: RegExp, options?: FormOptions): void {
  const name = typeof foreign === 'string' ? foreign.slice(0, 60) : JSON.stringify(foreign).slice(0, 60)
  try {
    readForeignHash(foreign, DEFAULT_MAX_COST, options)
    t.fail(name)
  } catch (error) {
    t.ok(error instanceof HashRefused, name)
    const { message } = error as HashRefused
    t.match(message, reason, name)
    t.match(message, /^[^\n]+\.$/, 'is a sentence')
    const secrets = JSON.stringify(foreign).match(/[A-Za-z0-9+/]{12,}/g) ?? []
    for (const secret of secrets.filter(each => /\d/.test(each))) t.notMatch(message, secret, 'repeats nothing')
  }
}

function isRead(t: Test, foreign: ForeignHash, name: string): void {
  t.doesNotThrow(() => readForeignHash(foreign, DEFAULT_MAX_COST), name)
}

t.test('what is known and not imported is refused with what it is and what to do', t => {
  const crypt = 'saltsaltsalt1234$hash5678hash5678hash'
  const table: readonly (readonly [string, RegExp])[] = [
    [`{noop}${usual}`, /plain text is not imported.*password ticket.*set-password/],
    ['{PLAIN}hunter2', /plain text/],
    ['{CLEARTEXT}hunter2', /plain text/],
    ['plain$$hunter2', /plain text/],
    ['$2x$05$abcdefghijklmnopqrstuu6eguiO20917QuEXRVDTlshd/SquSiBy', /\$2x\$.*2011.*set-password/],
    ['{bcrypt}$2x$05$abcdefghijklmnopqrstuu6eguiO20917QuEXRVDTlshd/SquSiBy', /\$2x\$/],
    ['bcrypt$$2x$05$abcdefghijklmnopqrstuu6eguiO20917QuEXRVDTlshd/SquSiBy', /\$2x\$/],
    ['$2$05$abcdefghijklmnopqrstuu6eguiO20917QuEXRVDTlshd/SquSiBy', /\$2\$/],
    [`$y$j9T$${crypt}`, /yescrypt/],
    [`{CRYPT}$y$j9T$${crypt}`, /yescrypt/],
    [`$gy$j9T$${crypt}`, /yescrypt/],
    [`$7$C6..../....${crypt}`, /scrypt in the form of crypt/],
    [`$5$rounds=5000$${crypt}`, /sha256crypt/],
    [`$6$${crypt}`, /sha512crypt/],
    [`{CRYPT}$6$${crypt}`, /sha512crypt/],
    [`{SHA512-CRYPT}$6$${crypt}`, /sha512crypt/],
    [`crypt$$$6$${crypt}`, /sha512crypt/],
    [`$1$${crypt}`, /md5crypt/],
    [`$apr1$${crypt}`, /md5crypt/],
    ['$S$D1234567890123456789012345678901234567890123456789012', /Drupal/],
    ['U$S$D1234567890123456789012345678901234567890123456789012', /Drupal/],
    ['{CRYPT}ab1234567890a', /crypt\(3\)/],
    ['crypt$ab$ab1234567890a', /crypt\(3\)/],
    ...['{SSHA}', '{SHA}', '{SHA-256}', '{SHA-1}', '{SHA256}', '{sha256}', '{SSHA512}', '{MD5}', '{SMD5}', '{MD4}'].map(
      scheme => [`${scheme}W6ph5Mm5Pz8GgiULbPgzG37mj9g=`, /without a work factor/] as const,
    ),
    ['{ldap}{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /without a work factor/],
    ...['md5$salt$', 'sha1$salt$', 'md5$$', 'sha1$$', 'sha256$salt$', 'unsalted_md5$$'].map(
      name => [`${name}${hex(16)}`, /without a work factor/] as const,
    ),
    ...[16, 20, 32, 64].map(bytes => [hex(bytes), /looks like MD5 or SHA/] as const),
    [`${hex(16)}:salt`, /looks like MD5 or SHA/],
    [`*${hex(20).toUpperCase()}`, /looks like MD5 or SHA/],
    [`pbkdf2:sha256$saltsalt$${hex(32)}`, /iterations/],
    [`scrypt$saltsalt$${hex(64)}`, /iterations/],
    [`{pbkdf2@MyOwn}${hex(48)}`, /application that wrote it/],
    [`400$8$1$${hex(20)}$${hex(20)}`, /2012/],
    [usual, /not known.*plain text.*set-password/],
    ...[47, 49].map(bytes => [Buffer.from([0, ...Buffer.alloc(bytes, 'Z')]).toString('base64'), /not known/] as const),
    [`{unheard-of}${base64(32)}`, /not known/],
    ['', /not known/],
  ]
  for (const [hash, reason] of table) refuses(t, hash, reason)
  t.end()
})

t.test('a hash that was cut off or changed is told from an unknown one', t => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['$2b$12$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiG', /of bcrypt/],
    ['$2b$12$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiGCC', /of bcrypt/],
    ['$2b$03$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiGC', /of bcrypt/],
    ['$2b$32$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiGC', /of bcrypt/],
    ['{bcrypt}hello', /of bcrypt/],
    ['1|$2y$10$short', /of bcrypt/],
    [`$argon2id$v=18$m=64,t=1,p=1$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=64,t=1$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=64,t=1,p=1,p=1$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=64,t=1,p=1,data=AAAA$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=64,t=1,p=1,secret=AAAA$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=064,t=1,p=1$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=+64,t=1,p=1$${base64(16)}$${base64(32)}`, /of Argon2/],
    [`$argon2id$v=19$m=6e4,t=1,p=1$${base64(16)}$${base64(32)}`, /of Argon2/],
    // What is left over of the last character is not nothing.
    [`$argon2id$v=19$m=64,t=1,p=1$${base64(16)}$${base64(32).slice(0, -1)}p`, /of Argon2/],
    [`$argon2id$v=19$m=64,t=1,p=1$${base64(16)}$${base64(32)}===`, /of Argon2/],
    [`$argon2id$v=19$m=64,t=1,p=1$${base64(16)} $${base64(32)}`, /of Argon2/],
    [`pbkdf2_sha256$1000$saltsalt$${base64(32).slice(1)}-`, /of PBKDF2/],
    [`pbkdf2_md5$1000$saltsalt$${base64(16)}`, /of PBKDF2/],
    [`pbkdf2_sha256$0$saltsalt$${base64(32)}`, /of PBKDF2/],
    [`pbkdf2_sha256$-1$saltsalt$${base64(32)}`, /of PBKDF2/],
    [`pbkdf2:sha3_256:1000$saltsalt$${hex(32)}`, /of PBKDF2/],
    [`pbkdf2:sha256:1000$saltsalt$${hex(32)}f`, /of PBKDF2/],
    [`pbkdf2:sha256:1000$saltsalt$${hex(31)}fg`, /of PBKDF2/],
    [`$pbkdf2-sha256$i=1000,l=33$${base64(16)}$${base64(32)}`, /of PBKDF2/],
    [`$pbkdf2$f=SHA256,w=1000,l=31$${base64(16)}$${base64(32)}`, /of PBKDF2/],
    [`$pbkdf2-sha256$1000$${base64(16)}=$${base64(32)}`, /of PBKDF2/],
    [`{pbkdf2}${hex(47)}f`, /of PBKDF2/],
    [`$scrypt$ln=32,r=8,p=1$${base64(16)}$${base64(32)}`, /of scrypt/],
    [`{scrypt}$e08$${base64(16)}$${base64(32)}`, /of scrypt/],
    ['$P$Bshort', /of phpass/],
  ]
  for (const [hash, reason] of table) refuses(t, hash, reason)
  t.end()
})

t.test('columns that are incomplete or changed are refused with what to export', t => {
  const discourse = {
    password_hash: hex(32),
    password_salt: hex(16),
    password_algorithm: '$pbkdf2-sha256$i=1000,l=32$',
  }
  const gitea = { passwd: hex(50), salt: hex(16), passwd_hash_algo: 'pbkdf2$1000$50' }
  const secretData = { value: base64(32), salt: base64(16) }
  const credentialData = { algorithm: 'pbkdf2-sha256', hashIterations: 1000 }
  const hash_config = {
    algorithm: 'SCRYPT',
    base64_signer_key: base64(64),
    base64_salt_separator: 'Bw==',
    rounds: 8,
    mem_cost: 14,
  }
  const firebase = { passwordHash: base64(64), salt: base64(10), hash_config }
  const grafana = { password: hex(50), salt: 'Qw3rTy7uIo' }
  for (const whole of [discourse, gitea, { secretData, credentialData }, firebase, grafana]) isRead(t, whole, 'whole')
  const table: readonly (readonly [object, RegExp])[] = [
    [{ ...discourse, password_algorithm: undefined }, /without password_algorithm/],
    [{ ...discourse, password_algorithm: 'bcrypt' }, /password_algorithm, which begins/],
    [{ ...discourse, password_algorithm: '$pbkdf2-sha256$i=1000,l=64$' }, /can't be read/],
    [{ ...discourse, password_hash: 'zz' }, /can't be read/],
    [{ ...gitea, passwd_hash_algo: undefined }, /export passwd, salt and passwd_hash_algo/],
    [{ ...gitea, salt: null }, /export passwd, salt and passwd_hash_algo/],
    [{ ...gitea, passwd_hash_algo: 'pbkdf2$1000$32' }, /can't be read/],
    [{ ...gitea, passwd_hash_algo: 'dummy' }, /can't be read/],
    [{ ...gitea, passwd_hash_algo: 'bcrypt$10' }, /can't be read/],
    [{ ...gitea, salt: 'eleven text' }, /can't be read/],
    [{ secretData, credentialData: { ...credentialData, algorithm: 'bcrypt' } }, /provider/],
    [{ secretData, credentialData: { ...credentialData, hashIterations: '1e3' } }, /can't be read/],
    [{ secretData, credentialData: { ...credentialData, algorithm: 'argon2' } }, /can't be read/],
    [{ secretData, credentialData: '{' }, /can't be read/],
    [{ secretData, credentialData: 'null' }, /can't be read/],
    [{ secretData }, /can't be read/],
    [{ secretData: {}, credentialData }, /can't be read/],
    [{ secretData, credentialData, type: 'otp' }, /not a password/],
    [{ ...firebase, hash_config: undefined }, /hash_config is missing.*console/],
    [{ ...firebase, hash_config: { ...hash_config, mem_cost: 32 } }, /hash_config can't be read/],
    [{ ...firebase, hash_config: { ...hash_config, algorithm: 'BCRYPT' } }, /hash_config can't be read/],
    [{ ...firebase, hash_config: { ...hash_config, base64_signer_key: base64(32) } }, /another signer key/],
    [{ ...grafana, password: hex(49) }, /Grafana/],
    [{ crypted_password: hex(64), password_salt: 'salt' }, /Authlogic/],
    [{ anything: 'else' }, /not those of a known system/],
    [{}, /not those of a known system/],
    [JSON.parse('{"__proto__": {"passwd": "a", "salt": "b"}}'), /not those of a known system/],
  ]
  for (const [columns, reason] of table) refuses(t, columns as ForeignHash, reason)
  t.end()
})

t.test('each limit lets in what is one step within it', t => {
  const argon2 = (m: number, time: number, p: number, salt = 16, tag = 32) =>
    `$argon2id$v=19$m=${m},t=${time},p=${p}$${base64(salt)}$${base64(tag)}`
  const scrypt = (n: number, r: number, p: number) => `scrypt:${n}:${r}:${p}$saltsaltsalt$${hex(64)}`
  const pbkdf2 = (key: number, salt = 16, iterations = 1000) =>
    `$pbkdf2-sha512$i=${iterations}$${base64(salt)}$${base64(key)}`
  const table: readonly (readonly [string, string, RegExp])[] = [
    [pbkdf2(16), pbkdf2(15), /fewer than 16 bytes/],
    [pbkdf2(64), pbkdf2(65), /more than 64 bytes/],
    [pbkdf2(32, 8), pbkdf2(32, 7), /salt has fewer than 8 bytes/],
    [pbkdf2(32, 1024), pbkdf2(32, 1025), /salt has more than 1024 bytes/],
    [pbkdf2(64, 16, 1_041_666), pbkdf2(64, 16, 1_041_667), /the limit is 25 \(--max-cost\)/],
    [argon2(64, 1, 1, 16, 16), argon2(64, 1, 1, 16, 15), /fewer than 16 bytes/],
    [argon2(64, 1, 1, 16, 64), argon2(64, 1, 1, 16, 65), /more than 64 bytes/],
    [argon2(64, 1, 1, 8), argon2(64, 1, 1, 7), /salt has fewer than 8 bytes/],
    [argon2(262_144, 1, 1), argon2(262_145, 1, 1), /Argon2 with more than 256 MiB/],
    [argon2(128, 1, 16), argon2(136, 1, 17), /parallelism of more than 16/],
    [argon2(128, 1, 16), argon2(127, 1, 16), /at least 8 KiB/],
    [argon2(19_456, 50, 1), argon2(19_456, 51, 1), /costs as much as 26 /],
    [scrypt(131_072, 8, 1), scrypt(131_072, 9, 1), /scrypt with more than 128 MiB/],
    [scrypt(2, 1, 8), scrypt(2, 1, 1_048_577), /scrypt with more than 128 MiB/],
    [scrypt(16_384, 8, 9), scrypt(16_384, 8, 10), /--max-cost/],
    [scrypt(16_384, 8, 1), scrypt(16_383, 8, 1), /not valid for scrypt/],
    [scrypt(32_768, 1, 1), scrypt(65_536, 1, 1), /not valid for scrypt/],
    [scrypt(2, 8, 1), scrypt(1, 8, 1), /not valid for scrypt/],
    ['$P$FKHRkyNplrB0Wmza.XsuKi739bE84k0', '$P$HpskGw8BkfhjIY37mSzLp3WF.tzGOw1', /phpass with more than 2\^17 rounds/],
    [
      '$2b$13$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiGC',
      '$2b$14$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiGC',
      /costs as much as 45 .*--max-cost/,
    ],
  ]
  for (const [within, beyond, reason] of table) {
    isRead(t, within, within.slice(0, 50))
    refuses(t, beyond, reason)
  }
  t.end()
})

t.test('people without a password are known', t => {
  const without = [
    '',
    '  ',
    '!',
    '!Zj4wRk2',
    '*',
    '{"passwd":"","salt":"","passwd_hash_algo":"pbkdf2"}',
    { password_hash: ' ' },
  ]
  for (const foreign of without) t.ok(hasNoPassword(foreign), JSON.stringify(foreign))
  const others = [
    '*a',
    'secret',
    '$2b$',
    '{"passwd":"ab"}',
    '{"}',
    '{}',
    {},
    { secretData: '' },
    { password_hash: 'ab' },
  ]
  for (const foreign of others) t.notOk(hasNoPassword(foreign), JSON.stringify(foreign))
  t.end()
})
