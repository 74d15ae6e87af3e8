import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { variables } from '../../src/config/variables.ts'
import { commandLine, inParallel } from '../support/command-line.ts'
import { temporaryFolder } from '../support/serve.ts'

type Environment = Readonly<Record<string, string>>
interface Shown {
  readonly name: string
  readonly value: string
  readonly source: string
  readonly file?: string
}

const SECRET = 'hunter2'
const KEY = Buffer.alloc(32, SECRET).toString('base64')

t.test('every variable is shown with its default, those that follow another one as they are', async t => {
  const derived: Environment = { SIGNET_ISSUER: 'http://127.0.0.1:3000', SIGNET_MANAGEMENT_HOST: '127.0.0.1' }
  const { json } = await commandLine(t, {})
  t.strictSame(
    await json(['config']),
    Object.values(variables).map(variable => ({
      name: variable.name,
      value: derived[variable.name] ?? variable.default,
      source: 'default',
    })),
  )
})

t.test('a value from the environment or from a file says so, and a default that follows it is still one', async t => {
  const file = join(t.testdir({ issuer: 'https://login.example.com\n' }), 'issuer')
  const { json, text } = await commandLine(t, {
    SIGNET_PORT: '8080',
    SIGNET_HOST: '10.0.0.5',
    SIGNET_ACCESS_TOKEN_TTL: '600s',
    SIGNET_ISSUER_FILE: file,
  })
  const settings = new Map((await json(['config'])).map((setting: Shown) => [setting.name, setting]))
  const expected: readonly Shown[] = [
    { name: 'SIGNET_ISSUER', value: 'https://login.example.com', source: 'file', file },
    { name: 'SIGNET_HOST', value: '10.0.0.5', source: 'environment' },
    { name: 'SIGNET_PORT', value: '8080', source: 'environment' },
    { name: 'SIGNET_MANAGEMENT_HOST', value: '10.0.0.5', source: 'default' },
    { name: 'SIGNET_MANAGEMENT_PORT', value: '9090', source: 'default' },
    { name: 'SIGNET_ACCESS_TOKEN_TTL', value: '600s', source: 'environment' },
  ]
  for (const setting of expected) t.strictSame(settings.get(setting.name), setting)
  const lines = (await text(['config', '--wide'])).split('\n')
  t.match(lines[0], /^VARIABLE +VALUE +SOURCE$/)
  t.match(lines[1], new RegExp(`^SIGNET_ISSUER +https://login\\.example\\.com +file ${file}$`))
  t.match(lines[2], /^SIGNET_HOST +10\.0\.0\.5 +environment$/)
  t.match(lines[5], /^SIGNET_MANAGEMENT_PORT +9090 +default$/)
})

t.test('no secret is shown, wherever it was written and wherever it comes from', async t => {
  const urls: readonly (readonly [url: string, shown: string])[] = [
    [`postgres://signet:${SECRET}@db.example.com/signet`, 'postgres://signet:***@db.example.com/signet'],
    [`postgresql://:%40${SECRET}@h:5433/d?sslmode=require`, 'postgresql://:***@h:5433/d?sslmode=require'],
    [`postgres://u:one@${SECRET}@h/d`, 'postgres://u:***@h/d'],
    [`postgres://u:12/${SECRET}@h/d`, 'postgres://***'],
    [`postgres://u:12?${SECRET}@h/d`, 'postgres://***'],
    [`postgres://h/d?user=u&password=${SECRET}&sslmode=require`, 'postgres://h/d?user=u&password=***&sslmode=require'],
    [`postgres:///d?host=h&pass%77ord=1&password=${SECRET}`, 'postgres:///d?host=h&pass%77ord=***&password=***'],
    [`postgres://app:${SECRET}@/d?host=/cloudsql/p:r:i`, 'postgres://app:***@/d?host=/cloudsql/p:r:i'],
    [`postgresql://app:${SECRET}@%2Fcloudsql%2Fp%3Ar%3Ai/d`, 'postgresql://app:***@%2Fcloudsql%2Fp%3Ar%3Ai/d'],
    [`postgres:///?host=h&sslpassword=${SECRET}=&dbname=d`, 'postgres:///?host=h&sslpassword=***&dbname=d'],
    ['postgres://signet@db.example.com/signet', 'postgres://signet@db.example.com/signet'],
    ['file:/var/lib/signet/a@b.sqlite', 'file:/var/lib/signet/a@b.sqlite'],
  ]
  const folder = t.testdir(Object.fromEntries(urls.map(([url], at) => [`url-${at}`, url])))
  const key: Environment = { SIGNET_KEY_ENCRYPTION_KEY: KEY }
  await inParallel([...urls.entries()], async ([at, [url, shown]]) => {
    for (const from of [{ SIGNET_DATABASE_URL: url }, { SIGNET_DATABASE_URL_FILE: `${folder}/url-${at}` }]) {
      const { json, text } = await commandLine(t, { ...key, ...from })
      const settings: readonly Shown[] = await json(['config'])
      const shownOf = (wanted: string) => settings.find(({ name }) => name === wanted)?.value
      t.equal(shownOf('SIGNET_DATABASE_URL'), shown)
      t.equal(shownOf('SIGNET_KEY_ENCRYPTION_KEY'), '***')
      const printed = JSON.stringify(settings) + (await text(['config'])) + (await text(['config', '--wide']))
      for (const secret of [SECRET, KEY]) t.notOk(printed.includes(secret), `${shown} holds no secret`)
    }
  })
})

t.test('every mistake of the environment is told, with exit code 1 and nothing on standard output', async t => {
  const { run } = await commandLine(t, { SIGNET_PORT: 'none', SIGNET_PROT: '1', NODE_ENV: 'production' })
  for (const words of [['config'], ['config', '--json']]) {
    const { code, stdout, stderr } = await run(words)
    t.strictSame([code, stdout], [1, ''])
    for (const mistake of [/^ {2}SIGNET_PORT is "none"/m, /^ {2}SIGNET_PROT is not a variable/m])
      t.match(stderr, mistake)
    t.match(stderr, /^ {2}SIGNET_ISSUER is required/m)
  }
})

t.test('nothing is opened and nothing is made', async t => {
  const folder = temporaryFolder(t)
  const places: readonly Environment[] = [
    { SIGNET_DATABASE_URL: `file:${folder}/db/signet.sqlite`, SIGNET_KEYS_DIR: `${folder}/keys` },
    // Nobody listens on port 1.
    { SIGNET_DATABASE_URL: 'postgres://127.0.0.1:1/signet', SIGNET_KEYS_DIR: '/proc/1/keys' },
  ]
  for (const environment of places) await (await commandLine(t, environment)).text(['config'])
  t.strictSame(readdirSync(folder), [])
})
