import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type Config, ConfigurationError, readConfig, variables } from '../src/config.ts'

type Environment = Record<string, string | undefined>

/** The mistakes that `environment` is refused for; none when it is accepted. */
function mistakesIn(environment: Environment): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes
    throw error
  }
}

/** One mistake, about `name`, with a reason that matches and a right example. */
function refuses(t: Test, environment: Environment, name: string, reason: RegExp) {
  const mistakes = mistakesIn(environment)
  const label = JSON.stringify(environment)
  t.equal(mistakes.length, 1, `${label} has one mistake: ${mistakes.join('; ')}`)
  t.match(mistakes[0], reason, label)
  t.ok(mistakes[0]?.startsWith(name), `${label}: the mistake begins with ${name}`)
  const example = /\. Example: (.+)$/.exec(mistakes[0] ?? '')?.[1] ?? ''
  const pairs = example.split(' ').map(pair => pair.split(/=(.*)/s).slice(0, 2))
  if (!name.endsWith('_FILE')) t.strictSame(mistakesIn(Object.fromEntries(pairs)), [], `${label}: ${example} is right`)
}

function refusesEach(t: Test, name: string, reason: RegExp, texts: readonly string[]) {
  for (const text of texts) refuses(t, { [name]: text }, name, reason)
}

function accepts<Member extends keyof Config>(t: Test, member: Member, cases: readonly [string, Config[Member]][]) {
  for (const [text, value] of cases) {
    t.strictSame(readConfig({ [variables[member].name]: text })[member], value, `${variables[member].name}=${text}`)
  }
}

t.test('an empty environment gives the documented defaults', async t => {
  t.strictSame(readConfig({ PATH: '/bin', SIGNET_PORT: undefined, SIGNET_PROT: undefined }), {
    issuer: 'http://127.0.0.1:3000',
    host: '127.0.0.1',
    port: 3000,
    managementHost: '127.0.0.1',
    managementPort: 9090,
    database: { kind: 'sqlite', path: 'db/signet.sqlite' },
    keysDirectory: 'keys',
    accessTokenTtlSeconds: 600,
    refreshIdleTtlSeconds: 14 * 86_400,
    refreshAbsoluteTtlSeconds: 90 * 86_400,
    refreshGraceSeconds: 30,
    keyRotationIntervalSeconds: 90 * 86_400,
    keyPublishLeadSeconds: 86_400,
    trustProxy: [],
    logLevel: 'info',
  })
})

t.test('the example of every variable is accepted and differs from its default', async t => {
  const defaults = readConfig({})
  for (const [member, { name, example }] of Object.entries(variables)) {
    const changed = readConfig({ [name]: example })[member as keyof Config]
    t.notSame(changed, defaults[member as keyof Config], `${name}=${example}`)
  }
})

t.test('all mistakes are reported at once, each with its variable', async t => {
  const mistakes = mistakesIn({
    SIGNET_NONSENSE_NAME: 'x',
    SIGNET_PORT: '0',
    SIGNET_LOG_LEVEL: 'loud',
    SIGNET_KEYS_DIR_FILE: '/nonexistent/file',
    SIGNET_REFRESH_IDLE_TTL: '100d',
  })
  const names = mistakes.map(mistake => /^SIGNET_[A-Z_]+/.exec(mistake)?.[0])
  t.strictSame(names.sort(), [
    'SIGNET_KEYS_DIR_FILE',
    'SIGNET_LOG_LEVEL',
    'SIGNET_NONSENSE_NAME',
    'SIGNET_PORT',
    'SIGNET_REFRESH_ABSOLUTE_TTL',
  ])
  const { message } = new ConfigurationError(mistakes)
  for (const mistake of mistakes) t.ok(message.includes(mistake), 'the message of the error holds every mistake')
})

t.test('a refused value is shown to the operator and causes no second mistake', async t => {
  refuses(
    t,
    { SIGNET_REFRESH_IDLE_TTL: '1y', SIGNET_REFRESH_ABSOLUTE_TTL: '1d' },
    'SIGNET_REFRESH_IDLE_TTL',
    /is "1y":/,
  )
})

t.test('an unknown SIGNET_ name is refused, with the nearest known one if it is near', async t => {
  t.strictSame(mistakesIn({ SIGNET_PROT: '1' }), ['SIGNET_PROT is not a variable of Signet: did you mean SIGNET_PORT?'])
  t.match(mistakesIn({ SIGNET_DATABASE_URL_FIEL: '1' })[0], /did you mean SIGNET_DATABASE_URL_FILE\?$/)
  const [far] = mistakesIn({ SIGNET_SOMETHING_ELSE: 'postgres-password' })
  t.match(far, /^SIGNET_SOMETHING_ELSE is not a variable/)
  t.notMatch(far, /did you mean|postgres-password/)
})

t.test('an empty value is refused, in the environment and in a file', async t => {
  const directory = t.testdir({ empty: '', newline: '\n' })
  for (const { name } of Object.values(variables)) {
    refuses(t, { [name]: '' }, name, /empty; unset it/)
    refuses(t, { [`${name}_FILE`]: `${directory}/empty` }, name, /empty; unset it/)
    refuses(t, { [`${name}_FILE`]: `${directory}/newline` }, name, /empty; unset it/)
    refuses(t, { [`${name}_FILE`]: '' }, `${name}_FILE`, /name is empty; unset/)
  }
})

t.test('white space around a value is refused', async t => {
  for (const { name, example } of Object.values(variables)) {
    for (const text of [` ${example}`, `${example}\r`]) refuses(t, { [name]: text }, name, /white space/)
  }
})

t.test('NAME_FILE reads the value and drops one newline at its end', async t => {
  const directory = t.testdir({ none: '8001', unix: '8001\n', windows: '8001\r\n', two: '8001\n\n' })
  for (const file of ['none', 'unix', 'windows']) {
    t.equal(readConfig({ SIGNET_PORT_FILE: `${directory}/${file}` }).port, 8001, file)
  }
  refuses(t, { SIGNET_PORT_FILE: `${directory}/two` }, 'SIGNET_PORT', /white space/)
})

t.test('NAME and NAME_FILE together are refused', async t => {
  const directory = t.testdir({ port: '8001' })
  refuses(t, { SIGNET_PORT: '8001', SIGNET_PORT_FILE: `${directory}/port` }, 'SIGNET_PORT', /both set/)
  refuses(t, { SIGNET_PORT: '', SIGNET_PORT_FILE: `${directory}/port` }, 'SIGNET_PORT', /both set/)
})

t.test('a file that cannot be read is refused, and the path is not repeated', async t => {
  const directory = t.testdir({})
  refuses(t, { SIGNET_KEYS_DIR_FILE: `${directory}/absent` }, 'SIGNET_KEYS_DIR_FILE', /ENOENT/)
  refuses(t, { SIGNET_KEYS_DIR_FILE: directory }, 'SIGNET_KEYS_DIR_FILE', /EISDIR/)
  const mistakes = mistakesIn({ SIGNET_DATABASE_URL_FILE: 'postgres://u:hunter2@h/d' })
  t.equal(mistakes.length, 1)
  t.notMatch(mistakes[0], /hunter2/)
})

t.test('no message repeats a database URL, what a file held, or a value that may hold a password', async t => {
  const directory = t.testdir({ secret: 'https://hunter2.example/', short: '2d' })
  const environments: Environment[] = [
    { SIGNET_DATABASE_URL: 'hunter2' },
    { SIGNET_DATABASE_URL: 'mysql://u:hunter2@h/d' },
    { SIGNET_DATABASE_URL: 'postgres://u:hunter2/@h/d' },
    { SIGNET_DATABASE_URL: 'postgres://u:1#hunter2@h/d' },
    { SIGNET_DATABASE_URL: 'file:hunter2?mode=ro' },
    { SIGNET_DATABASE_URL: ' hunter2' },
    { SIGNET_ISSUER: 'https://u:hunter2@h.example/' },
    { SIGNET_ISSUER: 'postgres://u:hunter2@h/d' },
    ...Object.values(variables)
      .filter(({ name }) => name !== 'SIGNET_KEYS_DIR')
      .map(({ name }) => ({ [`${name}_FILE`]: `${directory}/secret` })),
  ]
  for (const environment of environments) {
    const mistakes = mistakesIn(environment)
    t.equal(mistakes.length, 1, JSON.stringify(environment))
    t.notMatch(mistakes[0], /hunter2/)
  }
  const [mistake] = mistakesIn({ SIGNET_REFRESH_ABSOLUTE_TTL_FILE: `${directory}/short` })
  t.notMatch(mistake, /\b2d\b/, 'nor does a contradiction')
})

t.test('Kubernetes service links are ignored, and SIGNET_PORT=tcp://… names the setting that ends them', async t => {
  const links = {
    SIGNET_SERVICE_HOST: '10.0.0.1',
    SIGNET_SERVICE_PORT: '80',
    SIGNET_SERVICE_PORT_HTTP: '80',
    SIGNET_PORT_80_TCP: 'tcp://10.0.0.1:80',
    SIGNET_PORT_80_TCP_ADDR: '10.0.0.1',
  }
  t.strictSame(mistakesIn(links), [])
  refuses(t, { ...links, SIGNET_PORT: 'tcp://10.0.0.1:80' }, 'SIGNET_PORT', /enableServiceLinks: false/)
  t.match(mistakesIn({ SIGNET_POSTGRES_SERVICE_HOST: '10.0.0.1' }), [/^SIGNET_POSTGRES_.*enableServiceLinks: false/])
})

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

t.test('in production the issuer is required and https', async t => {
  const production = { NODE_ENV: 'production' }
  refuses(t, production, 'SIGNET_ISSUER', /required/)
  refuses(t, { ...production, SIGNET_ISSUER: 'http://127.0.0.1:3000' }, 'SIGNET_ISSUER', /https/)
  t.strictSame(mistakesIn({ ...production, SIGNET_ISSUER: 'https://a.example' }), [])
  t.strictSame(mistakesIn({ NODE_ENV: 'development' }), [])
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

t.test('the database is a SQLite file or a PostgreSQL URL', async t => {
  accepts(t, 'database', [
    ['file:a/b c%20.sqlite', { kind: 'sqlite', path: 'a/b c%20.sqlite' }],
    ['file:/var/lib/signet.sqlite', { kind: 'sqlite', path: '/var/lib/signet.sqlite' }],
    ['file:///var/lib/signet.sqlite', { kind: 'sqlite', path: '/var/lib/signet.sqlite' }],
    [
      'postgres://u:p%23@h:5432/d?sslmode=require',
      { kind: 'postgres', url: 'postgres://u:p%23@h:5432/d?sslmode=require' },
    ],
    ['postgresql://h/d', { kind: 'postgres', url: 'postgresql://h/d' }],
    ['postgres:///d?host=/run/postgresql', { kind: 'postgres', url: 'postgres:///d?host=/run/postgresql' }],
  ])
  refusesEach(t, 'SIGNET_DATABASE_URL', /begin with/, ['db/signet.sqlite', 'sqlite:a', 'mysql://h/d', 'postgres:h'])
  refusesEach(t, 'SIGNET_DATABASE_URL', /path/, ['file:', 'file:db/', 'file://host/a', 'file:a?mode=ro', 'file:a#b'])
  refusesEach(t, 'SIGNET_DATABASE_URL', /memory/, ['file::memory:'])
  refusesEach(t, 'SIGNET_DATABASE_URL', /percent-encoded/, ['postgres://u:p/w@h/d', 'postgres://u:1#w@h/d'])
  refusesEach(t, 'SIGNET_DATABASE_URL', /host/, ['postgres:///d'])
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
    ['10m', 600],
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
  refusesEach(t, 'SIGNET_REFRESH_GRACE', /from 0s to 60s/, ['61s', huge])
  refusesEach(t, 'SIGNET_REFRESH_IDLE_TTL', /from 1m to 365d/, ['59s', '366d'])
  refusesEach(t, 'SIGNET_REFRESH_ABSOLUTE_TTL', /from 1m to 3650d/, ['59s', '3651d'])
  refusesEach(t, 'SIGNET_KEY_PUBLISH_LEAD', /from 10m to 30d/, ['599s', '31d'])
  refusesEach(t, 'SIGNET_KEY_ROTATION_INTERVAL', /from 1h to 1095d/, ['59m', '1096d'])
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

t.test('trusted proxies are networks, and a bare address is a network of one', async t => {
  accepts(t, 'trustProxy', [
    ['none', []],
    ['10.0.0.0/8, 192.0.2.1,fd00::/8,::1', ['10.0.0.0/8', '192.0.2.1/32', 'fd00::/8', '::1/128']],
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
  refusesEach(t, 'SIGNET_TRUST_PROXY', /forge/, ['0.0.0.0/0', '::/0', '10.0.0.0/8,::/0'])
})

t.test('the log level is one of six words', async t => {
  for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const) {
    t.equal(readConfig({ SIGNET_LOG_LEVEL: level }).logLevel, level)
  }
  refusesEach(t, 'SIGNET_LOG_LEVEL', /one of fatal, error/, ['silent', 'INFO', 'toString'])
})

t.test('docs/operations.md lists every variable with its default and example, and no other', async t => {
  const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8')
  const section = /^## Configuration$(.*?)^## /ms.exec(page)?.[1] ?? ''
  const rows = [...section.matchAll(/^\| (`SIGNET_.*) \|$/gm)].map(([, row = '']) =>
    row.replaceAll('`', '').split(' | '),
  )
  const documented = rows.map(([name, standard, , example]) => ({ name, default: standard, example }))
  const inCode = Object.values(variables).map(variable => ({
    name: variable.name,
    default: variable.default,
    example: variable.example,
  }))
  t.strictSame(documented, inCode)
})
