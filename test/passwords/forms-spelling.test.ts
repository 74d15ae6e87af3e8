import t from 'tap'
import { readForeignHash } from '../../src/passwords/forms/forms.ts'
import { mostCandidates, readStoredHash } from '../../src/passwords/stored-hash.ts'
import { composed, decomposed, long, usual } from '../support/foreign-hashes.ts'

const candidatesOf = (hash: string, password: string): readonly string[] =>
  readStoredHash(readForeignHash(hash, 25).stored)?.candidates(password) ?? []

async function matches(hash: string, password: string): Promise<boolean> {
  const read = readStoredHash(readForeignHash(hash, 25).stored)
  for (const candidate of candidatesOf(hash, password)) if (await read?.matches(candidate)) return true
  return false
}

/** A family, the hash of the composed password, and that of the decomposed. */
const families: readonly (readonly [string, string, string])[] = [
  [
    'bcrypt',
    '$2b$05$abcdefghijklmnopqrstuuyw2hE57XT5szuyaMJ.0aAr6yUVa25EO',
    '$2b$05$abcdefghijklmnopqrstuumRXgtXlougQf5lnbGr0bKLhXygYfBey',
  ],
  [
    'argon2',
    '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQtMTZieXRlcw$KG2EzgWiZgPq/Fd9BXerS/Mn1gnt0zh/rSZ87bp7wgw',
    '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQtMTZieXRlcw$GkU/NmZeKzB7FuiileMe/vqYWj4CCz0hg00m9TA1FMs',
  ],
  [
    'django pbkdf2',
    'pbkdf2_sha256$1000$saltsaltsalt$xOPTrZxBx69JF7R4qi24pGLeUVIJ8/zOI0j8VBd5XbY=',
    'pbkdf2_sha256$1000$saltsaltsalt$vZDDAWZrx9/GRggmE6M1PFLj+hx7fwNiFoc508laneQ=',
  ],
  [
    'django bcrypt_sha256',
    'bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuurLTg/2FmShlEK2YVVVWbzjZQZ77dqsi',
    'bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuu2dczFqorN5meiuYokGupjY8h0Oal7iC',
  ],
  [
    'werkzeug',
    'scrypt:1024:8:1$saltsaltsalt$ac667953b6a4c6b66c6234bf7f83b51d9d9cca3851072479f6f9546c8fa7ba892af1b997faf942355a7ed65e3414baec79694158d2922ee8f78304abf807b2fb',
    'scrypt:1024:8:1$saltsaltsalt$2d6750e108ee7a9c6b84a9da84f4b454ae874e625ea3b55db482213cd15a23d28ecdee3d3ce020ecbbe81a4bf1e0363017d31c45a4d91236e70b26778161486b',
  ],
  [
    'passlib v1',
    '$bcrypt-sha256$2b,5$abcdefghijklmnopqrstuu$UYhMZovLoYoVsWpmJBTydXVB1FZKfwG',
    '$bcrypt-sha256$2b,5$abcdefghijklmnopqrstuu$E1KTKlOT59PSgDiRstG6BUXEClL6nNW',
  ],
  [
    'passlib v2',
    '$bcrypt-sha256$v=2,t=2b,r=5$abcdefghijklmnopqrstuu$UW8yGzbEcyY61De4BFs85UHwGjSJTjy',
    '$bcrypt-sha256$v=2,t=2b,r=5$abcdefghijklmnopqrstuu$VvMYPalrWZ2l9VuzCT9GpMwhNtJMy7W',
  ],
  [
    'ldap',
    '{PBKDF2-SHA512}1000$MDEyMzQ1Njc4OWFiY2RlZg$yo1WLntge6jrPDiVA7.3UCGfgMgyTMNvS8lclIqm2M44.KKACW0ZWHhYOusM44Mkaudxxsg3hU.ZwIjRzcCVzA',
    '{PBKDF2-SHA512}1000$MDEyMzQ1Njc4OWFiY2RlZg$LTALTMSNHRhWqrVFFau9QzmjxMKFBWgsdDrjKDXhOXti45K5gXx4DZA6dgOkMtW3r1rJ/W8p3klnEbbZZ753Sg',
  ],
  [
    'spring',
    '{scrypt}$a0801$MDEyMzQ1Njc4OWFiY2RlZg==$QNgX88kFIOrWyro+j+V7HXmmY6XNvfwQXp10Uy+TGAo=',
    '{scrypt}$a0801$MDEyMzQ1Njc4OWFiY2RlZg==$SYMx8iRYP/WBwSz2iVLkaxMZppDUhoW06vh+Hi2Adek=',
  ],
  [
    'aspnet',
    'AQAAAAIAAAPoAAAAEDAxMjM0NTY3ODlhYmNkZWbKjVYue2B7qOs8OJUDv7dQIZ+AyDJMw29LyVyUiqbYzg==',
    'AQAAAAIAAAPoAAAAEDAxMjM0NTY3ODlhYmNkZWYtMAtMxI0dGFaqtUUVq71DOaPEwoUFaCx0OuMoNeE5ew==',
  ],
  [
    'wordpress',
    '$wp$2y$05$abcdefghijklmnopqrstuu7RYUH.jMc0H1ZvaQd67OzoJylL3F2q2',
    '$wp$2y$05$abcdefghijklmnopqrstuuawLo5FCgbjagfuXurV8g6rqnDMJLgMW',
  ],
  ['phpass', '$P$5abcdefghYzrpKyNyqBNS.2mxiyn9u1', '$P$5abcdefghHYwYvvlOdUH/qqQTzBLr8.'],
  [
    'nextcloud',
    '2|$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQtMTZieXRlcw$a5swtjiVVlEMcRAWGD9UGoKkeBXoC+Z7RhR5+XTsfok',
    '2|$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQtMTZieXRlcw$svmBDZbd+wBWUOI9YAs16hbyxb3NtlS/wIFfQShveu0',
  ],
  [
    'ruby scrypt',
    '400$8$1$1122334455667788$35d3dc5f48547c19619f9affb8f19437c5a630613d40fa7c5330372a9b410537',
    '400$8$1$1122334455667788$de79ff92696818a00aff95a9cd3ed6ac83ba12991b5eac2fa9c54bee3a16303a',
  ],
  [
    'mattermost',
    '$pbkdf2$f=SHA256,w=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$Dv1fbfMFidHGc/8wsYFSTGv5z25y4abJ51BMTThLNCw',
    '$pbkdf2$f=SHA256,w=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$Z49VnAXJlmnQZ9m5LDWg746oM4ogw+lX+EByR6jz1fY',
  ],
  [
    'discourse',
    '{"password_hash": "cbef3cadb95d4275d4ad5acd7fde65b99e6b40c287de9fa985b9b21eb424cabd", "password_salt": "bfb3e3c59fb34fda33f522d0c28c07b8", "password_algorithm": "$pbkdf2-sha256$i=1000,l=32$"}',
    '{"password_hash": "08ef26c55d517ec2089940606521f3e13e404b493840b95c7eeae59cb57056c2", "password_salt": "bfb3e3c59fb34fda33f522d0c28c07b8", "password_algorithm": "$pbkdf2-sha256$i=1000,l=32$"}',
  ],
  [
    'gitea',
    '{"passwd": "b2394bb66ca9e471cb13a8b2de4048b10d4c8a4de44bce4e0771fe6b13e65409064df3bbfb0cbb729242bc0738620302c9ba", "salt": "42d6a739aee71378fedc58b5233a50b9", "passwd_hash_algo": "pbkdf2$1000$50"}',
    '{"passwd": "d64e8ba4b81c4ec806521766bce3f9d4b4897251a53985dba233fbb981597e812e807715407da39d94d143fd4b0c70b576e0", "salt": "42d6a739aee71378fedc58b5233a50b9", "passwd_hash_algo": "pbkdf2$1000$50"}',
  ],
  [
    'grafana',
    '{"password": "87569fac11817e956674687ca90c7f60db8ffdf18a7e127b1ba55c1289de453ffe0d5015ede7b4f03a0739c2a9411b8bd4e2", "salt": "Qw3rTy7uIo"}',
    '{"password": "dbeac8f844320c3212fdf6adb32ad686b5bff712276c6ea76f13ea982179ccaa4425fec4274c5cd78150550401d44a01c61f", "salt": "Qw3rTy7uIo"}',
  ],
  [
    'keycloak',
    '{"secretData": {"value": "yo1WLntge6jrPDiVA7+3UCGfgMgyTMNvS8lclIqm2M44+KKACW0ZWHhYOusM44Mkaudxxsg3hU+ZwIjRzcCVzA==", "salt": "MDEyMzQ1Njc4OWFiY2RlZg=="}, "credentialData": {"algorithm": "pbkdf2-sha512", "hashIterations": 1000}}',
    '{"secretData": {"value": "LTALTMSNHRhWqrVFFau9QzmjxMKFBWgsdDrjKDXhOXti45K5gXx4DZA6dgOkMtW3r1rJ/W8p3klnEbbZZ753Sg==", "salt": "MDEyMzQ1Njc4OWFiY2RlZg=="}, "credentialData": {"algorithm": "pbkdf2-sha512", "hashIterations": 1000}}',
  ],
]

t.test('the 72 bytes of bcrypt end within a character', async t => {
  // 71 bytes and an ä of two: its first byte counts, and its second does not.
  const cut = '$2b$05$abcdefghijklmnopqrstuuFx0K4NioRn8jIei4LlA62dzKwH461xC'
  const beginning = 'correct horse battery staple 9'.repeat(3).slice(0, 71)
  t.equal(await matches(cut, `${beginning}ä and more`), true)
  t.equal(await matches(cut, `${beginning}å and other things`), true, 'of ä and å the first byte is the same')
  t.equal(await matches(cut, `${beginning}a`), false)
})

t.test('of each family a password may be composed otherwise than where it was hashed', async t => {
  for (const [family, ofComposed, ofDecomposed] of families) {
    t.equal(await matches(ofComposed, decomposed), true, `${family}: hashed composed`)
    t.equal(await matches(ofDecomposed, composed), true, `${family}: hashed decomposed`)
    t.equal(
      await matches(ofComposed, composed.normalize('NFKD').replaceAll(/\p{M}/gu, '')),
      false,
      `${family}: no marks`,
    )
  }
})

t.test('WordPress trims, and has hashed what was escaped', async t => {
  const slashed = '$wp$2y$10$cIZjMzlwfX/Jv.2jeEUOMusBS04qu3gpQ0s4F5nj70UuZqiHPQEDu'
  t.equal(await matches(slashed, 'it\'s a "quoted" \\ 9'), true)
  t.equal(await matches(slashed, ' it\'s a "quoted" \\ 9\n'), true)
  const blank = '$wp$2y$10$TPBopq6MoHRPCYVdaLEHM.5S2shZ38EpUNdiiSRal8XPa2Sn17y06'
  t.equal(await matches(blank, `\t ${usual} `), true)
  const phpass = '$P$5VKLhkkIHReDxJw9xBIyh40DLkvpjA/'
  t.equal(await matches(phpass, ` ${usual}`), true)
  t.equal(await matches('$P$5abcdefghv86jMLH3I6hWbKP/ucXKV.', ` ${usual}`), true, 'others do not trim')
})

t.test("only a long password may be Symfony's", async t => {
  const count = (password: string) =>
    candidatesOf('$2b$12$uNTBkDLegFB46C7Z74ZuYeXjQa/rGsYQwujtElqkfgIY51xmAvwcu', password).length
  t.equal(count('x'.repeat(72)), 1)
  t.equal(count('x'.repeat(73)), 2)
  t.equal(count(long), 2)
})

t.test('no hash has more candidates than a refusal waits for', async t => {
  const hashes = families.flatMap(([, ...both]) => both)
  for (const password of [usual, long, composed, ` ${decomposed} "9" ä`, `${decomposed} ä`.repeat(4)]) {
    const most = Math.max(...hashes.map(hash => candidatesOf(hash, password).length))
    t.equal(most, mostCandidates(password), JSON.stringify(password))
  }
})

t.test('many blanks within a password are trimmed in no time', async t => {
  const password = `a${' '.repeat(200_000)}b`
  const before = process.cpuUsage()
  t.same(candidatesOf('$P$5VKLhkkIHReDxJw9xBIyh40DLkvpjA/', password), [password])
  t.ok(process.cpuUsage(before).user < 1_000_000)
})
