/** People as hosted services and the tables of Discourse, Gitea and Grafana tell of them. */
import t from 'tap'
import { foundIn, personNamed } from '../support/import-files.ts'

const lines = (...records: object[]) => records.map(record => JSON.stringify(record)).join('\n')

t.test("auth0's password hashes: the name wherever it stands, and no id", async t => {
  const hash = '$2b$10$.qHPp/srqo1NAAAAAvlkmOdqAbH2Rg0qPv2Txj3ZwXfjJnewSjc4m'
  const exported = (more: object) => ({
    _id: { $oid: '5dea9f9c82dd7c0e76e4ec93' },
    email_verified: false,
    email: 'ann@example.com',
    passwordHash: hash,
    password_set_date: { $date: '2019-12-06T18:36:12.412Z' },
    tenant: 'example',
    connection: 'Username-Password-Authentication',
    _tmp_is_unique: true,
    identifiers: [{ type: 'email', value: 'listed@example.com', verified: false }],
    alt_id: 'euclid',
    ...more,
  })
  const content = lines(
    exported({}),
    exported({ username: 'ann' }),
    exported({ email: undefined }),
    exported({ email: undefined, identifiers: [{ type: 'phone_number', value: '+1' }, null] }),
    exported({ blocked: true, passwordHash: undefined, password_hash: hash }),
    exported({ passwordHash: null }),
    exported({ passwordHash: undefined, custom_password_hash: { algorithm: 'md5', hash: { value: 'x' } } }),
    exported({ passwordHash: { $binary: 'x' } }),
  )
  t.strictSame(await foundIn('auth0', content), [
    ['line 1', personNamed('ann@example.com', { hash })],
    ['line 2', personNamed('ann', { hash })],
    ['line 3', personNamed('listed@example.com', { hash })],
    ['line 4', 'There is no username and no email.'],
    ['line 5', personNamed('ann@example.com', { hash, status: 'disabled' })],
    ['line 6', personNamed('ann@example.com')],
    ['line 7', "custom_password_hash is for Auth0's own import, and can't be read."],
    ['line 8', 'passwordHash is not text.'],
  ])
  t.match(await foundIn('auth0', lines(exported({ username: 'ann' })), 'email'), [
    ['line 1', { username: 'ann@example.com' }],
  ])
})

t.test("firebase's auth:export: the id stays, and who has no hash has no password", async t => {
  const hash = {
    passwordHash: 'NA+hegmzmeWp9eqtIromPqV8+FuM5pAIU2VO+7+EbiYWLG3XNiajF592sPZRUXKJD4fHnnQ1ZnXk0W3gpwNXbg==',
    salt: 'md0V7VrQzW0bcg==',
  }
  const exported = (localId: string, more: object) => ({
    localId,
    email: `${localId}@example.com`,
    emailVerified: true,
    ...hash,
    displayName: 'A, B',
    lastSignedInAt: '1486324963000',
    createdAt: '1486324945000',
    disabled: false,
    customAttributes: '{"admin":true}',
    providerUserInfo: [],
    ...more,
  })
  const users = [
    exported('a', {}),
    exported('b', { disabled: true }),
    exported('c', {
      passwordHash: undefined,
      salt: undefined,
      providerUserInfo: [{ providerId: 'google.com', rawId: '1' }],
    }),
    exported('d', { email: undefined, phoneNumber: '+15555550100' }),
    exported('e', { hash_config: { rounds: 8 } }),
  ]
  // As the command writes it: each user over several lines, and commas between.
  const content = `{"users": [\n${users.map(user => JSON.stringify(user, null, 2)).join(',\n')}\n]}`
  const expected = [
    ['user 1', personNamed('a@example.com', { hash, userId: 'a' })],
    ['user 2', personNamed('b@example.com', { hash, userId: 'b', status: 'disabled' })],
    ['user 3', personNamed('c@example.com', { userId: 'c' })],
    ['user 4', 'There is no email.'],
    ['user 5', personNamed('e@example.com', { hash: { ...hash, hash_config: { rounds: 8 } }, userId: 'e' })],
  ]
  t.strictSame(await foundIn('firebase', content), expected)
  t.match((await foundIn('firebase', content, 'phoneNumber'))[3], ['user 4', { username: '+15555550100' }])
})

t.test('discourse: rows of before and after user_passwords, and who may not sign in', async t => {
  const hash = {
    password_hash: 'c4467b45c0aa6c5c2ba5bd312f7f4822898fcb52af81f597988cfb62a4c3630b',
    password_salt: 'bfb3e3c59fb34fda33f522d0c28c07b8',
    password_algorithm: '$pbkdf2-sha256$i=600000,l=32$',
  }
  const three = Object.values(hash).join('","')
  const content = [
    'id,username,active,staged,suspended_till,email,password_hash,password_salt,password_algorithm,password_expired_at',
    `1,ann,t,f,,ann@example.com,"${three}",`,
    `2,bob,f,f,,bob@example.com,"${three}",`,
    `3,cy,t,f,3026-01-01 00:00:00,cy@example.com,"${three}",`,
    '4,dan,t,f,,dan@example.com,,,,',
    `5,eve,t,f,,eve@example.com,"${three}",2026-01-01 00:00:00`,
    '-1,system,t,f,,no_email,,,,',
    '6,fay,t,t,,fay@example.com,,,,',
  ].join('\n')
  t.strictSame(await foundIn('discourse', content), [
    ['line 2', personNamed('ann', { hash })],
    ['line 3', personNamed('bob', { hash, status: 'disabled' })],
    ['line 4', personNamed('cy', { hash, status: 'disabled' })],
    ['line 5', personNamed('dan')],
    ['line 6', personNamed('eve')],
    ['line 7', 'passed over'],
    ['line 8', 'passed over'],
  ])
  const { password_salt: salt, ...others } = hash
  t.strictSame(await foundIn('discourse', lines({ id: 1, username: 'ann', active: true, salt, ...others })), [
    ['line 1', personNamed('ann', { hash })],
  ])
  t.match(await foundIn('discourse', content, 'email'), [['line 2', { username: 'ann@example.com' }]])
})

t.test('gitea: people of the table user, and what else stands there', async t => {
  const hash = { passwd: 'aac947ee1d69', salt: '42d6a739aee71378fedc58b5233a50b9', passwd_hash_algo: 'pbkdf2$50000$50' }
  const content = [
    'id,lower_name,name,full_name,email,passwd,passwd_hash_algo,login_type,type,salt,is_active,is_admin,prohibit_login',
    `1,ann,Ann,Ann Lee,ann@example.com,${hash.passwd},${hash.passwd_hash_algo},0,0,${hash.salt},1,1,0`,
    `2,bob,bob,,bob@example.com,${hash.passwd},,0,0,${hash.salt},0,0,0`,
    `3,cy,cy,,cy@example.com,${hash.passwd},${hash.passwd_hash_algo},0,0,${hash.salt},t,f,t`,
    '4,acme,acme,,,,,0,1,,1,0,0',
    '5,dan,dan,,dan@example.com,,,2,0,,true,false,false',
  ].join('\n')
  t.strictSame(await foundIn('gitea', content), [
    ['line 2', personNamed('Ann', { hash })],
    // Of the oldest rows the algorithm is empty, which says which one it is.
    ['line 3', personNamed('bob', { hash: { ...hash, passwd_hash_algo: '' }, status: 'disabled' })],
    ['line 4', personNamed('cy', { hash, status: 'disabled' })],
    ['line 5', 'passed over'],
    ['line 6', personNamed('dan')],
  ])
  t.strictSame(
    await foundIn('gitea', lines({ name: 'ann', type: 0, is_active: 1, ...hash }, { name: 'bot', type: 4 })),
    [
      ['line 1', personNamed('ann', { hash })],
      ['line 2', 'passed over'],
    ],
  )
})

t.test('grafana: people of the table user, and its service accounts', async t => {
  const hash = { password: '556bc2a36437e85f', salt: 'Qw3rTy7uIo' }
  const content = [
    'id,version,login,email,name,password,salt,rands,company,org_id,is_admin,is_disabled,is_service_account',
    `1,0,ann,ann@example.com,Ann,${hash.password},${hash.salt},x,,1,1,0,0`,
    `2,0,bob,bob@example.com,,${hash.password},${hash.salt},x,,1,0,1,0`,
    '3,0,sa-1-robot,sa-1-robot,robot,,,,,1,0,0,1',
    '4,0,cy,cy@example.com,,,Ab3rTy7uIo,x,,1,0,0,0',
  ].join('\n')
  t.strictSame(await foundIn('grafana', content), [
    ['line 2', personNamed('ann', { hash })],
    ['line 3', personNamed('bob', { hash, status: 'disabled' })],
    ['line 4', 'passed over'],
    ['line 5', personNamed('cy')],
  ])
  t.match(await foundIn('grafana', content, 'email'), [['line 2', { username: 'ann@example.com' }]])
  t.match(await foundIn('grafana', content, 'constructor'), [['line 2', 'There is no constructor.']])
})
