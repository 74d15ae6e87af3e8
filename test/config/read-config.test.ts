import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Config } from '../../src/config/config.ts'
import { ConfigurationError, readConfig } from '../../src/config/read-config.ts'
import { variables } from '../../src/config/variables.ts'
import { besides, type Environment, mistakesIn, refuses } from '../support/config.ts'

t.test('an empty environment gives the documented defaults', async t => {
  const {
    settings: _,
    warnings,
    ...config
  } = readConfig({ PATH: '/bin', SIGNET_PORT: undefined, SIGNET_PROT: undefined })
  t.strictSame(config, {
    issuer: 'http://127.0.0.1:3000',
    host: '127.0.0.1',
    port: 3000,
    managementHost: '127.0.0.1',
    managementPort: 9090,
    database: { kind: 'sqlite', path: 'db/signet.sqlite' },
    databasePoolSize: 10,
    databaseConnectionLifetimeSeconds: 1800,
    databaseTimeoutSeconds: 2,
    keysDirectory: 'keys',
    trustGroup: false,
    accessTokenTtlSeconds: 600,
    refreshIdleTtlSeconds: 14 * 86_400,
    refreshAbsoluteTtlSeconds: 90 * 86_400,
    refreshGraceSeconds: 30,
    sessionLimit: 50,
    auditGrants: 'changes',
    auditRetentionSeconds: 400 * 86_400,
    keyRotationIntervalSeconds: 90 * 86_400,
    keyPublishLeadSeconds: 86_400,
    keysStore: 'files',
    keyEncryptionKey: undefined,
    keyEncryptionKeyBefore: undefined,
    keepAliveSeconds: 75,
    shutdownDelaySeconds: 0,
    trustProxy: [],
    allowNetworks: [],
    logLevel: 'info',
  })
  t.strictSame(warnings, [])
})

t.test('without an issuer it follows a loopback host, and anything else is warned of', async t => {
  const cases: [host: string, issuer: string, warns: boolean][] = [
    ['127.0.0.1', 'http://127.0.0.1:3000', false],
    ['127.0.0.2', 'http://127.0.0.2:3000', false],
    ['::1', 'http://[::1]:3000', false],
    ['0:0:0:0:0:0:0:1', 'http://[::1]:3000', false],
    ['localhost', 'http://localhost:3000', false],
    ['LOCALHOST', 'http://localhost:3000', false],
    ['::1%lo', 'http://127.0.0.1:3000', true],
    ['0.0.0.0', 'http://127.0.0.1:3000', true],
    ['::', 'http://127.0.0.1:3000', true],
    ['10.0.0.5', 'http://127.0.0.1:3000', true],
    ['fe80::1%eth0', 'http://127.0.0.1:3000', true],
    ['localhost.example.com', 'http://127.0.0.1:3000', true],
  ]
  for (const [host, issuer, warns] of cases) {
    const config = readConfig({ SIGNET_HOST: host })
    t.equal(config.issuer, issuer, host)
    t.strictSame(mistakesIn({ SIGNET_ISSUER: issuer }), [], `${issuer} may be written down`)
    t.equal(config.warnings.length, warns ? 1 : 0, host)
    for (const warning of config.warnings) t.match(warning, /SIGNET_ISSUER is not set.*http:\/\/127\.0\.0\.1:3000/)
    const written = readConfig({ SIGNET_HOST: host, SIGNET_ISSUER: 'https://login.example.com' })
    t.strictSame(written.warnings, [], `${host} with an issuer`)
  }
  t.equal(readConfig({ SIGNET_HOST: '::1', SIGNET_PORT: '80' }).issuer, 'http://[::1]')
})

t.test('the example of every variable is accepted and differs from its default', async t => {
  const defaults = readConfig({})
  for (const [member, { name, example }] of Object.entries(variables)) {
    const changed = readConfig({ ...besides(name), [name]: example })[member as keyof Config]
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

t.test('docs/configuration.md lists every variable with its default and example, and no other', async t => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| (`SIGNET_.*) \|$/gm)].map(([, row = '']) => row.replaceAll('`', '').split(' | '))
  const documented = rows.map(([name, standard, , example]) => ({ name, default: standard, example }))
  const inCode = Object.values(variables).map(variable => ({
    name: variable.name,
    default: variable.default,
    example: variable.example,
  }))
  t.strictSame(documented, inCode)
})
