/** TLS towards PostgreSQL, with the modes of libpq: who is accepted, and what somebody is told whose server is not. */
import { chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { authority } from '../support/certificates.ts'
import { commandLine } from '../support/command-line.ts'
import { patience } from '../support/environment.ts'
import { noServerOfItsOwn, startPostgres } from '../support/postgres-server.ts'
import { temporaryFolder } from '../support/serve.ts'

const ours = authority('An authority')
const others = authority('Another authority')

async function serverWithTls(t: Test) {
  const server = await startPostgres()
  t.teardown(server.stop)
  const folder = temporaryFolder(t)
  const inFolder = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const files = { ours: inFolder('ours.pem', ours.certificate), others: inFolder('others.pem', others.certificate) }
  const { uid, gid } = statSync(server.data)
  const own = (name: string, text: string) => {
    writeFileSync(join(server.data, name), text, { mode: 0o600 })
    chownSync(join(server.data, name), uid, gid)
  }
  const beside = new pg.Client(server.url)
  await beside.connect()
  t.teardown(() => beside.end())
  return {
    files,
    inFolder,
    own,
    /** What it shows to those who connect from then on. */
    async shows({ certificate, key }: { readonly certificate: string; readonly key: string }) {
      own('server.crt', certificate)
      own('server.key', key)
      await beside.query('alter system set ssl = on')
      await beside.query('select pg_reload_conf()')
    },
    beside,
    urlWith: (parameters: Readonly<Record<string, string>>, hostname = 'localhost') =>
      Object.assign(new URL(server.url), { hostname, search: String(new URLSearchParams(parameters)) }).href,
  }
}

const accepts = async (t: Test, url: string) =>
  t.ok(await (await commandLine(t, { ...patience, SIGNET_DATABASE_URL: url })).text(['migrate']), url)

async function refuses(t: Test, url: string, says: RegExp) {
  const { refuses } = await commandLine(t, { ...patience, SIGNET_DATABASE_URL: url })
  await refuses([{ words: ['migrate'], code: 1, says }])
}

t.test(
  'each mode accepts whom libpq accepts, and says in a sentence why it does not',
  { skip: noServerOfItsOwn() },
  async t => {
    const { files, shows, urlWith, inFolder, own, beside } = await serverWithTls(t)
    const full = { sslmode: 'verify-full', sslrootcert: files.ours }

    await refuses(t, urlWith({ sslmode: 'require' }), /The server does not support SSL connections/)
    await shows(ours.issue('localhost'))
    await accepts(t, urlWith({ sslmode: 'require' }))
    await accepts(t, urlWith({ ssl: 'true' }))
    await accepts(t, urlWith({ sslmode: 'verify-ca', sslrootcert: files.ours }, '127.0.0.1'))
    await accepts(t, urlWith(full))
    await accepts(t, urlWith({ sslrootcert: files.ours }))
    await accepts(t, urlWith({ sslmode: 'disable' }))

    await refuses(t, urlWith(full, '127.0.0.1'), /does not match certificate's altnames.*127\.0\.0\.1/)
    await refuses(t, urlWith({ sslrootcert: files.ours }, '127.0.0.1'), /does not match certificate's altnames/)
    const unknown = /Give sslrootcert in SIGNET_DATABASE_URL the certificate of the authority/
    for (const sslmode of ['require', 'verify-ca', 'verify-full'])
      await refuses(t, urlWith({ sslmode, sslrootcert: files.others }), unknown)
    await refuses(t, urlWith({ sslmode: 'verify-full' }), unknown)
    await shows(ours.issue('localhost', -1))
    await refuses(t, urlWith(full), /certificate has expired \(CERT_HAS_EXPIRED\)/)

    const { certificate, key } = ours.issue('signet')
    own('root.crt', ours.certificate)
    own('pg_hba.conf', 'hostssl all all all trust clientcert=verify-full\n')
    await beside.query("alter system set ssl_ca_file = 'root.crt'")
    await shows(ours.issue('localhost'))
    await refuses(t, urlWith(full), /requires a valid client certificate \(28000\)/)
    await accepts(
      t,
      urlWith({ ...full, sslcert: inFolder('client.crt', certificate), sslkey: inFolder('client.key', key) }),
    )
  },
)
