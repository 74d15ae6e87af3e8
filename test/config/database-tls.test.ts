/** The parameters of TLS in SIGNET_DATABASE_URL: which are refused before anything is connected to, and what is warned of. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { authority } from '../support/certificates.ts'
import { refusesEach } from '../support/config.ts'
import { temporaryFolder } from '../support/environment.ts'

const name = 'SIGNET_DATABASE_URL'
const urlWith = (parameters: Readonly<Record<string, string>>) =>
  `postgres://app:x@db.example.com/d?${new URLSearchParams(parameters)}`

t.test('a mode that nobody has, or that protects nothing, is refused', async t => {
  refusesEach(t, name, /its sslmode must be one of disable, require, verify-ca, verify-full/, [
    urlWith({ sslmode: 'verify_full' }),
    urlWith({ sslmode: '' }),
    urlWith({ sslmode: 'REQUIRE' }),
  ])
  refusesEach(t, name, /in the clear/, [urlWith({ sslmode: 'prefer' }), urlWith({ sslmode: 'allow' })])
  refusesEach(t, name, /write require/, [urlWith({ sslmode: 'no-verify' })])
  refusesEach(t, name, /ssl must be true or false/, [urlWith({ ssl: 'yes' })])
  refusesEach(t, name, /needs an sslrootcert/, [urlWith({ sslmode: 'verify-ca' })])
  refusesEach(t, name, /needs sslmode=verify-full/, [urlWith({ sslmode: 'require', sslrootcert: 'system' })])
})

t.test('a file that is not there, or holds something else, is refused at the start', async t => {
  const folder = temporaryFolder(t)
  const file = (called: string, text: string) => {
    writeFileSync(join(folder, called), text)
    return join(folder, called)
  }
  const [one, another] = [authority('One').issue('one'), authority('One').issue('another')]
  const [nonsense, nowhere] = [file('nonsense', 'hello'), join(folder, 'nowhere')]
  const [sslcert, sslkey] = [file('one.crt', one.certificate), file('one.key', one.key)]
  const broken = file('broken', one.certificate.replace(/MII.{20}/, 'MII'))
  refusesEach(t, name, /file of its sslrootcert cannot be read \(ENOENT\)/, [urlWith({ sslrootcert: nowhere })])
  refusesEach(t, name, /file of its sslrootcert cannot be read \(EISDIR\)/, [urlWith({ sslrootcert: folder })])
  refusesEach(t, name, /file of its sslrootcert must hold a certificate in PEM/, [
    ...[nonsense, broken, sslkey].map(sslrootcert => urlWith({ sslrootcert })),
  ])
  refusesEach(t, name, /sslcert and sslkey need each other/, [
    urlWith({ sslcert }),
    urlWith({ sslkey, sslmode: 'require' }),
  ])
  refusesEach(t, name, /file of its sslkey must hold a private key/, [urlWith({ sslcert, sslkey: nonsense })])
  refusesEach(t, name, /sslkey is not the key of its sslcert/, [
    urlWith({ sslcert, sslkey: file('another.key', another.key) }),
  ])
})

t.test('what goes to another machine in the clear is warned of', async t => {
  const warns = (text: string) => readConfig({ [name]: text }).warnings.length
  for (const text of [
    ...[
      'postgres://app:x@db.example.com/d',
      'postgres://app:x@[fd00::1]/d',
      'postgres://10.0.0.5:5433/d?sslmode=disable',
    ],
    ...['postgres:///d?host=db&ssl=false', 'postgres://localhost.example.com/d'],
  ]) {
    t.equal(warns(text), 1, text)
    t.notMatch(readConfig({ [name]: text }).warnings[0], /:x@/)
  }
  for (const text of [
    ...[
      'postgres://app:x@db.example.com/d?sslmode=require',
      'postgres://app:x@db/d?ssl=true',
      'postgres://localhost/d',
    ],
    ...['postgres://127.0.0.2/d', 'postgres://[::1]/d', 'postgres:///d?host=/run/postgresql', 'file:a.sqlite'],
  ])
    t.equal(warns(text), 0, text)
})
