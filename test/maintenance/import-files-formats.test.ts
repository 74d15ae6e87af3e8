/** People as each system's export tells of them, in the shape in which the system writes it. */
import t from 'tap'
import { foundIn, personNamed } from '../support/import-files.ts'

t.test('signet: each member, and whatever is no such member or has another type', async t => {
  const all = {
    username: 'ann',
    password_hash: { algorithm: 'pbkdf2', iterations: 1 },
    roles: ['editor', 'author'],
    status: 'disabled',
    user_id: '4711',
  }
  t.strictSame(await foundIn('signet', JSON.stringify(all)), [
    ['line 1', personNamed('ann', { hash: all.password_hash, roles: all.roles, status: 'disabled', userId: '4711' })],
  ])
  const refused: [object, RegExp][] = [
    [{ passwordHash: 'x' }, /^The members are username, .*, and passwordHash is not one of them\.$/],
    [{ password_hash: undefined }, /^There is no password_hash\. For somebody without a password it is null\.$/],
    [{ password_hash: 7 }, /^password_hash is neither text/],
    [{ password_hash: ['x'] }, /^password_hash is neither text/],
    [{ username: undefined }, /^There is no username\.$/],
    [{ username: '' }, /^There is no username\.$/],
    [{ username: 17 }, /^username is not text\.$/],
    [{ roles: [1] }, /^roles is not an array of names\.$/],
    [{ roles: { editor: true } }, /^roles is not an array of names\.$/],
    [{ status: 'banned' }, /^status is neither active nor disabled\.$/],
    [{ status: true }, /^status is not text\.$/],
    [{ user_id: 4711 }, /^user_id is not text\.$/],
  ]
  const lines = refused.map(([change]) => JSON.stringify({ ...all, ...change }))
  const found = await foundIn('signet', lines.join('\n'))
  for (const [index, [change, says]] of refused.entries()) t.match(found[index]?.[1], says, JSON.stringify(change))
  t.match(await foundIn('signet', '{"username":"ann","password_hash":null,"__proto__":{"roles":["x"]}}'), [
    ['line 1', /^The members are/],
  ])
})

t.test('signet in columns: what is empty is left out', async t => {
  const rows = 'username,password_hash,roles,status,user_id\nann,$2b$10$x,"editor, author",disabled,4711\nbob,,,,\n'
  t.strictSame(await foundIn('signet', rows), [
    [
      'line 2',
      personNamed('ann', { hash: '$2b$10$x', roles: ['editor', 'author'], status: 'disabled', userId: '4711' }),
    ],
    ['line 3', personNamed('bob')],
  ])
})

const djangoHash = 'pbkdf2_sha256$1000000$QlDYaIBuJVug1LpEfHkL2v$n5QqCCmHSIMCVrdFGk7EXmfQo6e+L52pnw+xv+gqhLs='
const djangoUser = (username: string, more: object = {}) => ({
  password: djangoHash,
  last_login: '2026-04-10T20:23:19.739Z',
  is_superuser: true,
  username,
  first_name: '',
  last_name: '',
  email: `${username}@example.com`,
  is_staff: true,
  is_active: true,
  date_joined: '2024-01-01T00:00:00Z',
  groups: [1],
  user_permissions: [],
  ...more,
})

t.test("django's dumpdata: users of any user model, and what else is in a dump", async t => {
  const { username: _, ...byAddress } = djangoUser('dan')
  const dump = [
    { model: 'auth.group', pk: 1, fields: { name: 'editors', permissions: [] } },
    { model: 'sessions.session', pk: 'abc', fields: { session_data: 'x', expire_date: '2026-05-01T00:00:00Z' } },
    { model: 'auth.user', pk: 1, fields: djangoUser('ann') },
    { model: 'auth.user', pk: 2, fields: djangoUser('bob', { is_active: false, password: '!unusable' }) },
    { model: 'accounts.member', pk: 3, fields: djangoUser('cy') },
    { model: 'accounts.customuser', pk: 4, fields: { ...byAddress, last_login: undefined } },
    { model: 'guests.guestuser', pk: 5, fields: { username: 'eve' } },
    { model: 'wifi.network', pk: 6, fields: { password: 'plain' } },
    { model: 'auth.user', pk: 7, fields: 'none' },
    { model: 'auth.user', fields: djangoUser('fay', { password: '' }) },
  ]
  const expected = [
    'passed over',
    'passed over',
    personNamed('ann', { hash: djangoHash }),
    personNamed('bob', { hash: '!unusable', status: 'disabled' }),
    personNamed('cy', { hash: djangoHash }),
    personNamed('dan@example.com', { hash: djangoHash }),
    'passed over',
    'passed over',
    'fields is not an object.',
    personNamed('fay'),
  ]
  const numbered = (unit: string) => expected.map((each, index) => [`${unit} ${index + 1}`, each])
  t.strictSame(await foundIn('django', JSON.stringify(dump)), numbered('user'))
  t.strictSame(await foundIn('django', JSON.stringify(dump, null, 2)), numbered('user'))
  t.strictSame(await foundIn('django', dump.map(each => JSON.stringify(each)).join('\n')), numbered('line'))
  const byMail = await foundIn('django', JSON.stringify(dump.slice(2, 3)), 'email')
  t.match(byMail, [['user 1', { username: 'ann@example.com' }]])
})

t.test("django's auth_user in columns, of psql and of mysql", async t => {
  const psql = [
    'id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined',
    `1,${djangoHash},2026-04-10 20:23:19.739+00,t,ann,"Ann ""A""","Lee, jr",ann@example.com,t,t,2024-01-01 00:00:00+00`,
    `2,,,f,bob,,,,f,f,2024-01-01 00:00:00+00`,
    `3,${djangoHash},,f,,,,cy@example.com,f,yes,2024-01-01 00:00:00+00`,
  ].join('\n')
  t.strictSame(await foundIn('django', psql), [
    ['line 2', personNamed('ann', { hash: djangoHash })],
    ['line 3', personNamed('bob', { status: 'disabled' })],
    ['line 4', 'is_active is neither true nor false.'],
  ])
  const mysql = `id\tpassword\tlast_login\tusername\tis_active\n1\t${djangoHash}\tNULL\tann\t1\n2\t${djangoHash}\tNULL\tbob\t0\n`
  t.strictSame(await foundIn('django', mysql), [
    ['line 2', personNamed('ann', { hash: djangoHash })],
    ['line 3', personNamed('bob', { hash: djangoHash, status: 'disabled' })],
  ])
  const [row] = [{ id: 1, username: 'ann', password: djangoHash, is_active: 1 }]
  t.strictSame(await foundIn('django', JSON.stringify([row])), [['user 1', personNamed('ann', { hash: djangoHash })]])
})

const passwordCredential = {
  id: 'c28c13eb-d8ae-486c-bf99-c03f9cb9a82c',
  type: 'password',
  userLabel: 'My password',
  createdDate: 1_764_210_000_000,
  secretData:
    '{"value":"wPbCnPpmnna9C4AucBE9Ikyx1vaZbnet9Ase7NbMqQY=","salt":"13hVZ6fSFb5Nd65VlNI+KA==","additionalParameters":{}}',
  credentialData:
    '{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}',
}
const otpCredential = { id: 'o', type: 'otp', secretData: '{"value":"x"}', credentialData: '{"subType":"totp"}' }
const keycloakUser = (username: string, more: object = {}) => ({
  id: `0fe556b0-06a9-4628-84da-${username.padEnd(12, '0')}`,
  username,
  firstName: 'A',
  email: `${username}@example.com`,
  emailVerified: true,
  attributes: { users: ['x'], realm: ['y'] },
  createdTimestamp: 1_643_219_255_179,
  enabled: true,
  totp: false,
  credentials: [otpCredential, passwordCredential],
  disableableCredentialTypes: [],
  requiredActions: [],
  realmRoles: ['default-roles-shop', 'offline_access', 'editor', 'uma_authorization'],
  notBefore: 0,
  groups: ['/staff'],
  ...more,
})

t.test("keycloak's export of a realm, of users alone, and as its API lists them", async t => {
  const idOf = (username: string) => ({ userId: keycloakUser(username).id })
  const users = [
    keycloakUser('ann'),
    keycloakUser('bob', { enabled: false, credentials: [otpCredential], realmRoles: undefined }),
    keycloakUser('service-account-web', { serviceAccountClientId: 'web', credentials: [] }),
    keycloakUser('cy', { federationLink: 'nvaYusWjSAWiGM5_xnzw0g', credentials: null, realmRoles: null }),
    keycloakUser('dan', { credentials: 'none' }),
    keycloakUser('eve', { realmRoles: 'editor' }),
    keycloakUser('fay', { credentials: [null, 7], enabled: undefined }),
  ]
  const expected = [
    personNamed('ann', { hash: passwordCredential, roles: ['editor'], ...idOf('ann') }),
    personNamed('bob', { status: 'disabled', ...idOf('bob') }),
    'passed over',
    personNamed('cy', idOf('cy')),
    'credentials is not a list.',
    'realmRoles is not a list of names.',
    personNamed('fay', { status: 'disabled', roles: ['editor'], ...idOf('fay') }),
  ]
  const realm = {
    id: 'r',
    realm: 'shop',
    roles: { realm: [{ name: 'editor' }] },
    users,
    clients: [{ clientId: 'web' }],
  }
  const byUser = expected.map((each, index) => [`user ${index + 1}`, each])
  t.strictSame(await foundIn('keycloak', JSON.stringify(realm, null, 2)), byUser)
  t.strictSame(await foundIn('keycloak', JSON.stringify({ realm: 'shop', users })), byUser)
  t.strictSame(await foundIn('keycloak', JSON.stringify(users, null, 2)), byUser)
  t.strictSame(
    await foundIn('keycloak', users.map(user => JSON.stringify(user)).join('\n')),
    expected.map((each, index) => [`line ${index + 1}`, each]),
  )
  t.match(await foundIn('keycloak', JSON.stringify({ users: users.slice(0, 1) }), 'email'), [
    ['user 1', { username: 'ann@example.com' }],
  ])
})

t.test('what is of another system, or was exported without its hashes, adds nobody without a password', async t => {
  const names = { username: 'ann', name: 'ann', login: 'ann' }
  for (const [format, column] of [
    ['django', 'password'],
    ['discourse', 'password_hash'],
    ['gitea', 'passwd'],
    ['grafana', 'password'],
    ['auth0', 'passwordHash'],
  ] as const) {
    t.match(await foundIn(format, JSON.stringify(names)), [['line 1', new RegExp(`^There is no ${column}\\.`)]], format)
    t.match(await foundIn(format, JSON.stringify({ ...names, [column]: null })), [['line 1', { hash: null }]], format)
  }
  for (const column of ['password_hash', 'passwordHash', 'password'])
    t.match(await foundIn('keycloak', JSON.stringify({ ...names, [column]: 'x' })), [
      [/1$/, `There is a ${column}, which no user of Keycloak has.`],
    ])
})
