/** SIGNET_DATABASE_URL: what each form of it names, and which are refused. */
import pg from 'pg'
import t from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { accepts, refusesEach } from '../support/config.ts'

const name = 'SIGNET_DATABASE_URL'

t.test('a SQLite file is a path, relative or absolute, percent-decoded', async t => {
  accepts(
    t,
    'database',
    [
      ['file:a/b c.sqlite', 'a/b c.sqlite'],
      ['file:db/my%20db.sqlite', 'db/my db.sqlite'],
      ['file:db/50%25%3F%23.sqlite', 'db/50%?#.sqlite'],
      ['file:/var/lib/signet.sqlite', '/var/lib/signet.sqlite'],
      ['file:///var/lib/signet.sqlite', '/var/lib/signet.sqlite'],
      ['file://localhost/var/lib/signet.sqlite', '/var/lib/signet.sqlite'],
      ['file://LOCALHOST/var/lib/%C3%A9.sqlite', '/var/lib/é.sqlite'],
    ].map(([text = '', path = '']) => [text, { kind: 'sqlite', path }]),
  )
})

t.test('what is no path of a file is refused', async t => {
  refusesEach(t, name, /begin with/, ['db/signet.sqlite', 'sqlite:a', 'mysql://h/d', 'postgres:h'])
  refusesEach(t, name, /path/, ['file:', 'file:db/', 'file://host/a', 'file:////a', 'file:a?mode=ro', 'file:a#b'])
  refusesEach(t, name, /memory/, ['file::memory:', 'file:%3Amemory%3A'])
  refusesEach(t, name, /%25/, ['file:a%zz', 'file:///tmp/x%', 'file:a%2', 'file:100%.sqlite'])
  refusesEach(t, name, /UTF-8 without a NUL/, ['file:a%00', 'file:a%ff'])
  refusesEach(t, name, /%2F/, ['file:a%2fb', 'file:..%2Fb'])
  refusesEach(t, name, /white space/, ['file:%20a', 'file:a%0A'])
})

/** What the driver makes of the URL that it is given. */
function connectionOf(text: string) {
  const { database } = readConfig({ [name]: text })
  if (database.kind !== 'postgres') throw new Error(`${text} is no PostgreSQL URL`)
  const { host, port, user, password, database: dbname } = new pg.Client(database.url)
  return { host, port, user, password, dbname }
}

t.test('a PostgreSQL URL means what it means to libpq', async t => {
  const all = { host: 'h', port: 5433, user: 'app', password: 'x', dbname: 'd' }
  const socket = { ...all, host: '/cloudsql/p:r:i', port: 5432 }
  const cases: readonly (readonly [text: string, connection: Readonly<Record<string, unknown>>])[] = [
    ['postgres://app:x@h:5433/d', all],
    ['postgresql://app:x@h:5433/d', all],
    ['postgres://app:x@h/d', { ...all, port: 5432 }],
    ['postgres://app:x@h:/d', { ...all, port: 5432 }],
    ['postgres://app:x@my_db-1.internal:5433/d', { ...all, host: 'my_db-1.internal' }],
    ['postgres://app:x@[::1]:5433/d', { ...all, host: '::1' }],
    ['postgres://app:x@/d?host=/cloudsql/p:r:i', socket],
    ['postgres://app:x@/d?host=%2Fcloudsql%2Fp%3Ar%3Ai&port=5433', { ...socket, port: 5433 }],
    ['postgres://app:x@%2Fcloudsql%2Fp%3Ar%3Ai/d', socket],
    ['postgres://app:x@%2fcloudsql%2fp%3Ar%3Ai:5433/d', { ...socket, port: 5433 }],
    ['postgres:///d?host=h&port=5433&user=app&password=x', all],
    ['postgres://?host=h&port=5433&user=app&password=x&dbname=d', all],
    ['postgres:///?dbname=d&host=h&port=5433&user=app&password=x', all],
    ['postgres://other:y@elsewhere:1/e?host=h&port=5433&user=app&password=x&dbname=d', all],
    ['postgres://app:x@h:5433/d?host=elsewhere&host=h', all],
    ['postgres://a%40b:p%23%2F%3F%25%40@h:5433/d', { ...all, user: 'a@b', password: 'p#/?%@' }],
    ['postgres://app:one@two@h:5433/d', { ...all, password: 'one@two' }],
    ['postgres://app@h:5433/d?password=a+b%26c=', { ...all, password: 'a+b&c=' }],
    ['postgres://app:x@h:5433/my%20d%C3%A9%25%2F1+2', { ...all, dbname: 'my dé%/1+2' }],
  ]
  for (const [text, connection] of cases) t.match(connectionOf(text), connection, text)
})

t.test('the other parameters reach the driver as they were written', async t => {
  const { database } = readConfig({ [name]: 'postgres://app:x@h/d?application_name=one&options=-c%20a%3Db+c' })
  const url = 'postgres://app:x@h/d?application_name=one&options=-c%20a%3Db%2Bc'
  t.strictSame(database, { kind: 'postgres', url })
})

t.test('what is no PostgreSQL URL, or names no host, several, or no port, is refused', async t => {
  refusesEach(t, name, /percent-encoded/, [
    ...['postgres://u:p/w@h/d', 'postgres://u:1#w@h/d', 'postgres://u:p?w@h/d', 'postgres://h/d#a'],
    ...['postgres://[::1/d', 'postgres://::1/d', 'postgres://%2Fcloudsql%2Fp:r:i/d'],
  ])
  refusesEach(t, name, /%25/, ['postgres://u:50%off@h/d', 'postgres://h/d?password=%', 'postgres://h%/d'])
  refusesEach(t, name, /UTF-8 without a NUL/, ['postgres://h/d%00', 'postgres://u:%ff@h/d'])
  refusesEach(t, name, /a host/, ['postgres:///d', 'postgres://u:p@/d', 'postgres:///d?host=', 'postgres://'])
  refusesEach(t, name, /one host/, ['postgres://a,b/d', 'postgres://a:1,b:2/d', 'postgres:///d?host=a,b'])
  refusesEach(t, name, /port/, ['postgres://h:0/d', 'postgres://h:65536/d', 'postgres://h/d?port=x'])
  refusesEach(t, name, /"\?" or "#"/, ['postgres://h/d%3F', 'postgres://h/?dbname=a%23'])
})
