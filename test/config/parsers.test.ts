import t from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { accepts, mistakesIn, refuses, refusesEach } from '../support/config.ts'

t.test('the issuer follows the port when it is not set, in normal form', async t => {
  t.equal(readConfig({ SIGNET_PORT: '8001' }).issuer, 'http://127.0.0.1:8001')
  t.equal(readConfig({ SIGNET_PORT: '80' }).issuer, 'http://127.0.0.1')
})

t.test('the issuer may be https anywhere and plain http on loopback, with a port and a path', async t => {
  const right = [
    'https://login.example.com',
    'https://login.example.com:8443/realm/a-b_c.d~e',
    'http://127.0.0.1:3000',
    'http://127.8.9.10',
    'http://[::1]:3000',
    'http://localhost:3000/auth',
  ]
  for (const text of right) accepts(t, 'issuer', [[text, text]])
})

t.test('plain http on a host that is not loopback is refused', async t => {
  const wrong = ['http://login.example.com', 'http://0.0.0.0', 'http://127.0.0.1.example.com', 'http://128.0.0.1']
  refusesEach(t, 'SIGNET_ISSUER', /loopback/, wrong)
})

t.test('an issuer that is no URL, or has credentials, query, fragment or an unsafe path is refused', async t => {
  refusesEach(t, 'SIGNET_ISSUER', /https URL/, ['login.example.com', 'ftp://a.example', 'https://', '/path'])
  refusesEach(t, 'SIGNET_ISSUER', /user name/, ['https://u@a.example', 'https://:p@a.example'])
  refusesEach(t, 'SIGNET_ISSUER', /query/, ['https://a.example?', 'https://a.example/b?c=d', 'https://a.example#'])
  refusesEach(t, 'SIGNET_ISSUER', /path/, ['https://a.example/:b', 'https://a.example/a%2Fb', 'https://a.example//b'])
})

t.test('an issuer that is not in normal form is refused, and the right form is shown', async t => {
  const wrong: readonly [string, string][] = [
    ['https://a.example/', 'https://a.example'],
    ['https://a.example/b//', 'https://a.example/b'],
    ['https://A.example', 'https://a.example'],
    ['HTTPS://a.example', 'https://a.example'],
    ['https://a.example:443', 'https://a.example'],
    ['https://a.example/b/../c', 'https://a.example/c'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://127.1:3000', 'http://127.0.0.1:3000'],
  ]
  for (const [text, rightForm] of wrong) {
    refuses(t, { SIGNET_ISSUER: text }, 'SIGNET_ISSUER', /slash|normal form/)
    t.ok(mistakesIn({ SIGNET_ISSUER: text })[0]?.endsWith(`Example: SIGNET_ISSUER=${rightForm}`), rightForm)
  }
})

t.test('in production the issuer is required, and what to type to try it is said', async t => {
  refuses(t, { NODE_ENV: 'production' }, 'SIGNET_ISSUER', /required.* or http:\/\/localhost:3000 to try/)
  t.strictSame(mistakesIn({ NODE_ENV: 'development' }), [])
})

t.test('in production plain http is for loopback hosts, as elsewhere, and is warned of', async t => {
  const production = { NODE_ENV: 'production', SIGNET_HOST: '0.0.0.0' }
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    const { issuer, warnings } = readConfig({ ...production, SIGNET_ISSUER: `http://${host}:3000` })
    t.match(warnings, [`SIGNET_ISSUER is ${issuer}: only this machine can reach it.`])
    t.equal(warnings.length, 1, host)
  }
  // Names below localhost lead to this machine in browsers only: others ask a name server for them.
  for (const host of ['login.example.com', 'signet.localhost', '10.0.0.5'])
    refuses(t, { ...production, SIGNET_ISSUER: `http://${host}` }, 'SIGNET_ISSUER', /loopback/)
  t.strictSame(readConfig({ ...production, SIGNET_ISSUER: 'https://a.example' }).warnings, [])
  t.strictSame(readConfig({ SIGNET_ISSUER: 'http://localhost:3000' }).warnings, [], 'outside production')
})

t.test('hosts are addresses or names without scheme, brackets and port', async t => {
  for (const text of ['0.0.0.0', '::', 'localhost', 'node-1.internal']) accepts(t, 'host', [[text, text]])
  const wrong = ['[::1]', 'localhost:3000', 'http://localhost', '256.0.0.1', '10.0.0', '*', '-a']
  for (const name of ['SIGNET_HOST', 'SIGNET_MANAGEMENT_HOST']) refusesEach(t, name, /IP address or a host name/, wrong)
})

t.test('the management host is the public host unless it is set', async t => {
  t.equal(readConfig({ SIGNET_HOST: '::1' }).managementHost, '::1')
  t.equal(readConfig({ SIGNET_HOST: '::1', SIGNET_MANAGEMENT_HOST: '127.0.0.1' }).managementHost, '127.0.0.1')
})

t.test('ports are whole numbers from 1 to 65535', async t => {
  accepts(t, 'port', [
    ['1', 1],
    ['65535', 65535],
  ])
  const wrong = ['0', '65536', '-1', '+80', '080', '80.0', '8e1', '0x50', 'http']
  for (const name of ['SIGNET_PORT', 'SIGNET_MANAGEMENT_PORT']) refusesEach(t, name, /from 1 to 65535/, wrong)
})

t.test('the two ports differ wherever one address can serve both', async t => {
  const ports = { SIGNET_PORT: '8001', SIGNET_MANAGEMENT_PORT: '8001' }
  refuses(t, ports, 'SIGNET_PORT', /must differ/)
  refuses(t, { SIGNET_PORT: '9090' }, 'SIGNET_PORT', /must differ/)
  refuses(t, { ...ports, SIGNET_MANAGEMENT_HOST: '0.0.0.0' }, 'SIGNET_PORT', /must differ/)
  refuses(t, { ...ports, SIGNET_HOST: '::', SIGNET_MANAGEMENT_HOST: '::1' }, 'SIGNET_PORT', /must differ/)
  t.strictSame(mistakesIn({ ...ports, SIGNET_MANAGEMENT_HOST: '10.0.0.1' }), [])
})

t.test('durations are a whole number and a unit, within their bounds', async t => {
  accepts(t, 'accessTokenTtlSeconds', [
    ['30s', 30],
    ['12h', 43_200],
  ])
  accepts(t, 'refreshGraceSeconds', [
    ['0s', 0],
    ['1m', 60],
  ])
  accepts(t, 'refreshIdleTtlSeconds', [
    ['1m', 60],
    ['90d', 7_776_000],
  ])
  accepts(t, 'refreshAbsoluteTtlSeconds', [
    ['14d', 1_209_600],
    ['3650d', 315_360_000],
  ])
  accepts(t, 'keyPublishLeadSeconds', [
    ['20m', 1200],
    ['30d', 2_592_000],
  ])
  accepts(t, 'keyRotationIntervalSeconds', [
    ['2d', 172_800],
    ['1095d', 94_608_000],
  ])
  refusesEach(t, 'SIGNET_ACCESS_TOKEN_TTL', /number and a unit/, [
    '10',
    '1.5h',
    '-1m',
    '10 m',
    '010m',
    '1h30m',
    '1H',
    'm',
  ])
  const huge = `${'9'.repeat(400)}d`
  refusesEach(t, 'SIGNET_ACCESS_TOKEN_TTL', /from 30s to 12h/, ['29s', '0m', '43201s', huge])
  refusesEach(t, 'SIGNET_REFRESH_GRACE', /from 0s to 1m/, ['61s', huge])
  refusesEach(t, 'SIGNET_REFRESH_IDLE_TTL', /from 1m to 365d/, ['59s', '366d'])
  refusesEach(t, 'SIGNET_REFRESH_ABSOLUTE_TTL', /from 1m to 3650d/, ['59s', '3651d'])
  refusesEach(t, 'SIGNET_KEY_PUBLISH_LEAD', /from 20m to 30d/, ['1199s', '31d'])
  refusesEach(t, 'SIGNET_KEY_ROTATION_INTERVAL', /from 1h to 1095d/, ['59m', '1096d'])
})

t.test('the session limit is a whole number from 1 to 1000', async t => {
  accepts(t, 'sessionLimit', [
    ['1', 1],
    ['1000', 1000],
  ])
  const wrong = ['0', '1001', '-1', '+5', '5.0', '1e2', '0x10', 'off', '9'.repeat(400)]
  refusesEach(t, 'SIGNET_SESSION_LIMIT', /whole number from 1 to 1000/, wrong)
})

t.test('an absolute lifetime below the idle one is refused', async t => {
  const equal = { SIGNET_REFRESH_IDLE_TTL: '1d', SIGNET_REFRESH_ABSOLUTE_TTL: '24h' }
  t.strictSame(mistakesIn(equal), [])
  refuses(t, { ...equal, SIGNET_REFRESH_IDLE_TTL: '25h' }, 'SIGNET_REFRESH_ABSOLUTE_TTL', /below/)
  refuses(t, { SIGNET_REFRESH_ABSOLUTE_TTL: '13d' }, 'SIGNET_REFRESH_ABSOLUTE_TTL', /below/)
})

t.test('rotation can be off, and else the publish lead is below the interval', async t => {
  const lead = { SIGNET_KEY_PUBLISH_LEAD: '30d' }
  const off = readConfig({ ...lead, SIGNET_KEY_ROTATION_INTERVAL: 'off' })
  t.equal(off.keyRotationIntervalSeconds, undefined)
  t.strictSame(mistakesIn({ ...lead, SIGNET_KEY_ROTATION_INTERVAL: '31d' }), [])
  refuses(t, { ...lead, SIGNET_KEY_ROTATION_INTERVAL: '30d' }, 'SIGNET_KEY_PUBLISH_LEAD', /below/)
})

t.test('the key-encryption key is 32 bytes in base64 or base64url, with its padding or without, or none', async t => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, number) => 255 - number))
  const [base64, base64url] = [key.toString('base64'), key.toString('base64url')]
  t.match(base64, /[+/].*=$/)
  for (const text of [base64, base64.slice(0, -1), base64url, `${base64url}=`]) {
    const { keyEncryptionKey } = readConfig({ SIGNET_KEY_ENCRYPTION_KEY: text })
    t.ok(keyEncryptionKey !== undefined && key.equals(keyEncryptionKey), text)
  }
  const file = `${t.testdir({ key: `${base64}\n` })}/key`
  const { keyEncryptionKey } = readConfig({ SIGNET_KEY_ENCRYPTION_KEY_FILE: file })
  t.ok(keyEncryptionKey !== undefined && key.equals(keyEncryptionKey), 'from a file')
  accepts(t, 'keyEncryptionKey', [['none', undefined]])
})

t.test('a key-encryption key of another length or form is refused, and never repeated', async t => {
  const [long, short] = ['q'.repeat(44), 'q'.repeat(42)]
  const wrong = [
    long,
    short,
    'q'.repeat(43).replace('q', '*'),
    '00'.repeat(32),
    'hunter2',
    `${'q'.repeat(43)}==`,
    'None',
  ]
  const reason = /must be 32 bytes in base64, as `openssl rand -base64 32` prints/
  refusesEach(t, 'SIGNET_KEY_ENCRYPTION_KEY', reason, wrong)
  for (const text of wrong) {
    const [mistake] = mistakesIn({ SIGNET_KEY_ENCRYPTION_KEY: text })
    t.notMatch(mistake, text)
  }
})

t.test('trusted proxies and allowed networks are networks, and a bare address is a network of one', async t => {
  for (const member of ['trustProxy', 'allowNetworks'] as const)
    accepts(t, member, [
      ['none', []],
      ['10.0.0.0/8, 192.0.2.1,fd00::/8,::1', ['10.0.0.0/8', '192.0.2.1/32', 'fd00::/8', '::1/128']],
      ['::ffff:10.0.0.0/104,::FFFF:c000:201,2001:DB8:0::/48', ['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/48']],
    ])
  const wrong = [
    'true',
    'proxy.internal',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0/8',
  ]
  refusesEach(t, 'SIGNET_TRUST_PROXY', /list of networks/, [
    ...wrong,
    '10.0.0.1,',
    'fe80::1%eth0',
    '10.0.0.0/255.0.0.0',
  ])
  for (const name of ['SIGNET_TRUST_PROXY', 'SIGNET_ALLOW_NETWORKS'])
    refusesEach(t, name, /is every address/, [
      ...['0.0.0.0/0', '::/0', '10.0.0.0/8,::/0'],
      ...['::ffff:0.0.0.0/96', '::ffff:10.0.0.1/96', '::ffff:10.0.0.1/8'],
    ])
})

t.test('the log level is one of six words', async t => {
  for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const) {
    t.equal(readConfig({ SIGNET_LOG_LEVEL: level }).logLevel, level)
  }
  refusesEach(t, 'SIGNET_LOG_LEVEL', /one of fatal, error/, ['silent', 'INFO', 'toString'])
})
