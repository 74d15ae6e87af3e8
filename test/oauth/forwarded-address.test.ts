/** A mail or network server says from where a person signs in through it: that is believed of its own users, and adds to what is counted. */
import t from 'tap'
import { rowsOf } from '../support/audit.ts'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { attempt, countersOf, right, times, wrong } from '../support/guessing.ts'
import { mailServer } from '../support/mail-server.ts'
import { byTest, claimsOf, password, secret } from '../support/serve.ts'
import { select, sessionsOf } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

t.jobs = 3

const serverItself = { address: '10.0.0.5', forwarded_by: null }
const person = (address: string) => ({ address, forwarded_by: '10.0.0.5' })

t.test('audit and sessions have the address of the person and that of the server, and say which is which', async t => {
  const { service, signIn } = await mailServer(t)
  const answer = await signIn({ from: '203.0.113.7:55710' })
  t.equal(answer.status, 200)
  t.match(sessionsOf(service.databaseFile), [person('203.0.113.7')])
  const { json, text } = await commandLine(t, service.environment)
  t.match(await json(['sessions', 'list']), [person('203.0.113.7')])
  t.match(await text(['sessions', 'list', '--wide']), / {2}203\.0\.113\.7 +10\.0\.0\.5( {2}|\n)/)
  await signIn({ from: '203.0.113.8:1', password: 'wrong' })
  await service.writeEvents()
  const events = await json(['audit', 'list', '--type', 'user.sign_in'])
  t.match(events, [
    { outcome: 'success', address: '203.0.113.7', details: { forwarded_by: '10.0.0.5' } },
    { outcome: 'failure', address: '203.0.113.8', details: { forwarded_by: '10.0.0.5' } },
  ])
  t.match(await json(['audit', 'list', '--address', '203.0.113.7']), [
    { session_id: claimsOf(answer.body.access_token).sid },
  ])
})

t.test('an address is read as a server writes it, with a port or without', async t => {
  const { service, signIn } = await mailServer(t)
  const spellings = [
    ['203.0.113.7:0', '203.0.113.7'],
    ['203.0.113.7', '203.0.113.7'],
    ['[2001:db8::5]:44444', '2001:db8::5'],
    ['2001:DB8::6', '2001:db8::6'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
  ] as const
  for (const [from, address] of spellings) {
    t.equal((await signIn({ from })).status, 200)
    t.match(sessionsOf(service.databaseFile).at(-1), person(address), from)
  }
})

t.test('what is absent, comes twice or holds something else counts as absent', async t => {
  const { service, signIn } = await mailServer(t)
  const nothings = [
    [],
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7', ''],
    '203.0.113.7, 203.0.113.8',
    '203.0.113.7 203.0.113.8',
    '127.0.0.1:55710',
    '[::1]:0',
    '::ffff:127.0.0.2',
    'mail.example.com',
    'unknown',
    '203.0.113.700',
    '203.0.113.7/32',
    '"',
    '',
  ]
  for (const from of nothings) {
    t.equal((await signIn({ from })).status, 200)
    t.match(sessionsOf(service.databaseFile).at(-1), serverItself, JSON.stringify(from))
  }
})

t.test('it is read with the password grant alone, and only of a client that may say it', async t => {
  const { service } = await mailServer(t)
  const settings = { grants: ['password', 'refresh_token', 'client_credentials'], scope: ['posts:read'] }
  await addClient(service, { ...settings, clientId: 'both', forwardsAddress: 'x-from' })
  const headers = { 'x-forwarded-for': '10.0.0.5', 'x-from': '203.0.113.7', 'x-dovecot-auth-remote': '203.0.113.7' }
  const ask = (client: string, form: Record<string, string>) =>
    service.token(form, { headers, client: [client, secret] })
  const { refresh_token } = (await ask('both', { grant_type: 'password', username: 'alice', password: password })).body
  t.match(sessionsOf(service.databaseFile).at(-1), person('203.0.113.7'))
  t.equal((await ask('both', { grant_type: 'refresh_token', refresh_token })).status, 200)
  t.match(sessionsOf(service.databaseFile).at(-1), serverItself, 'a refresh comes from where it comes from')
  t.equal((await ask('both', { grant_type: 'client_credentials' })).status, 200)
  t.match(sessionsOf(service.databaseFile).at(-1), serverItself)
  const wrongSecret = { client: ['both', `${secret}x`] as const, headers }
  t.equal((await service.token({ grant_type: 'client_credentials' }, wrongSecret)).status, 401)
  await service.writeEvents()
  t.match(rowsOf(service.databaseFile).at(-1), { type: 'client.authenticate', address: '10.0.0.5', details: null })
  for (const isConfidential of [true, false])
    t.equal(
      (
        await service.token(
          {
            grant_type: 'password',
            username: 'alice',
            password: password,
            ...(!isConfidential && { client_id: 'spa' }),
          },
          { headers, ...(isConfidential && { client: ['web-app', secret] as const }) },
        )
      ).status,
      200,
    )
  t.match(sessionsOf(service.databaseFile).slice(-2), [serverItself, serverItself], 'of others nobody looks at it')
})

t.test('guesses from one address are slowed down whomever they are for, through this client alone', async t => {
  const { service, signIn } = await mailServer(t)
  const from = '203.0.113.7:1'
  await times(50, number => signIn({ username: `somebody-${number}`, password: wrong(number), from }))
  t.equal((await signIn({ username: 'another', password: wrong(0), from })).status, 429)
  t.equal((await signIn({ from })).status, 429, 'whose password is right, too')
  t.equal((await signIn({ from: '203.0.113.8:1' })).status, 200, 'from elsewhere')
  t.equal((await signIn({})).status, 200, 'where the server does not say from where')
  t.equal(
    (await signIn({ from, clientId: 'chat' })).status,
    200,
    'what one server says is not held against users of another',
  )
  t.equal((await right(service, { address: '203.0.113.7' })).status, 200)
})

t.test(
  'what holds without an address holds with it: ten wrong passwords for an account, wherever they come from',
  async t => {
    const { signIn, compared } = await mailServer(t)
    for (let number = 0; number < 10; number += 1)
      t.equal((await signIn({ password: wrong(number), from: `203.0.113.${number}` })).status, 400)
    t.equal((await signIn({ from: '203.0.113.200' })).status, 429)
    t.equal(compared(), 10)
  },
)

t.test('a network is known for the client that told of it, and keeps nobody out elsewhere', async t => {
  const clock = testClock()
  const { service, signIn } = await mailServer(t, { clock })
  const known = () =>
    select(service.databaseFile, 'select network from sign_in_networks order by network').map(row => row['network'])
  const home = '203.0.113.7'
  t.equal((await signIn({ from: home })).status, 200)
  await until(async () => known().length === 1)
  t.match(known(), [/^client_\w+ 203\.0\.113\.7$/])
  await times(110, network => attempt(service, { password: wrong(network), address: `10.${network}.0.1` }))
  t.equal((await right(service, { address: home })).status, 429, 'nobody but the client has seen the person there')
  t.equal((await signIn({ from: home, clientId: 'chat' })).status, 429)
  t.equal((await signIn({ from: home })).status, 200)
  t.equal((await signIn({ from: '203.0.113.8' })).status, 429)
  t.equal((await signIn({})).status, 200, 'without an address nothing is added')
})

t.test('networks that a client tells of take no place of those that were seen', async t => {
  const clock = testClock()
  const { service, signIn } = await mailServer(t, { clock })
  const known = () =>
    select(service.databaseFile, 'select network from sign_in_networks order by last_at_ms').map(row => row['network'])
  t.equal((await right(service, { address: '192.0.2.1' })).status, 200)
  for (let host = 1; host <= 12; host += 1) {
    clock.advance(1000)
    t.equal((await signIn({ from: `203.0.113.${host}` })).status, 200)
  }
  await until(async () => known().length === 11 && known().at(-1).endsWith('.12'))
  t.equal(known()[0], '192.0.2.1')
})

t.test('failures are told of by where the person is, and one server has no more room in the audit for it', async t => {
  // All in one second, however fast the machine is.
  const { service, signIn } = await mailServer(t, { clock: testClock() })
  await times(120, number => signIn({ username: `n${number}`, password: 'w', from: `203.0.${number}.7` }))
  await service.writeEvents()
  const failures = rowsOf(service.databaseFile).filter(
    ({ type, outcome }) => type === 'user.sign_in' && outcome === 'failure',
  )
  t.equal(failures.length, 40)
  t.equal(new Set(failures.map(({ address }) => address)).size, 40)
})

t.test('taken back, it is looked at no more', async t => {
  const { service, signIn } = await mailServer(t)
  await service.clients.update('mail', { forwardsAddress: null }, byTest)
  t.equal((await signIn({ from: '203.0.113.7' })).status, 200)
  t.match(sessionsOf(service.databaseFile), [serverItself])
  t.same(countersOf(service), [])
})
