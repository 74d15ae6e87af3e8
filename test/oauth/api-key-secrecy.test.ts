/** An API key is shown once; what is wrong with one costs little and tells nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checksum, withChecksum } from '../support/checksum.ts'
import { badKey, forge, machines } from '../support/machines.ts'
import { api, secret } from '../support/serve.ts'
import { auditedBy, notOnPostgres, rowsIn } from '../support/sqlite.ts'
import { watchStatements } from '../support/statements.ts'

// Statements are watched in the whole process.
t.jobs = 1

const unknown = withChecksum(`signet_key_${'0'.repeat(32)}_${'1'.repeat(64)}`)
const wrong = ['api_key.exchange failure wrong_api_key']

/** No more than to find out which client asks. */
const clientOnly = ['select clients']

t.test('nothing of the secret is in the database, its files, the lists, the audit, the log or an error', async t => {
  const { make, exchange, service, run, introspect, revoke } = await machines(t)
  const { api_key, api_key_id } = await make()
  const secretOfKey = api_key.slice(-72)
  const said = [
    (await exchange(api_key)).text,
    (await exchange(`${api_key}0`)).text,
    (await exchange(forge(api_key, checksum))).text,
    (await exchange(api_key, { subject_token_type: 'x' })).text,
    (await introspect(api_key)).text,
    (await service.get('/me', { headers: { authorization: `Bearer ${api_key}` } })).text,
    (await service.get(`/me?access_token=${api_key}`)).text,
    (await service.get(`/${api_key}`)).text,
    ...(await Promise.all(
      [
        ['list'],
        ['list', '--json'],
        ['show', api_key_id, '--json'],
        ['show', api_key],
        ['revoke', api_key],
        ['revoke', api_key_id, '--json'],
      ].map(async words => {
        const { stdout, stderr } = await run(['api-keys', ...words])
        return stdout + stderr
      }),
    )),
    (await revoke(api_key)).text,
    (await exchange(api_key)).text,
    service.log(),
    JSON.stringify(rowsIn(service.databaseFile)),
  ]
  const pieces = [secretOfKey.slice(0, 64), secretOfKey.slice(0, 20), secretOfKey.slice(30, 50), secretOfKey.slice(-20)]
  for (const text of said) for (const piece of pieces) t.notOk(text.includes(piece), text.slice(0, 200))
  t.ok(said.at(-1)?.includes(api_key_id), 'the id is there')
})

const onFile = notOnPostgres('it looks into the files')
t.test('nor is it in a byte of the files', { skip: onFile }, async t => {
  const { make, exchange, service } = await machines(t)
  const { api_key, api_key_id } = await make()
  await exchange(api_key)
  const folder = join(service.folder, 'db')
  const bytes = Buffer.concat(readdirSync(folder).map(name => readFileSync(join(folder, name))))
  t.ok(bytes.includes(api_key_id))
  const hexadecimal = api_key.slice(-72, -8)
  for (const piece of [hexadecimal.slice(0, 16), Buffer.from(hexadecimal, 'hex')]) t.notOk(bytes.includes(piece))
})

t.test('what fails the checksum, or has another form, is refused before anything is looked up', async t => {
  const { make, exchange, service } = await machines(t)
  const { api_key } = await make()
  const body = api_key.slice(0, -8)
  const watch = watchStatements(t)
  const bad = [
    `${api_key.slice(0, -1)}${api_key.endsWith('0') ? '1' : '0'}`,
    forge(api_key, () => api_key.slice(-8)),
    `${body}${checksum(body).toUpperCase()}!`,
    api_key.toUpperCase(),
    withChecksum(body.toUpperCase()),
    withChecksum(`${body.slice(0, 43)}${body.slice(43).toUpperCase()}`),
    ` ${api_key}`,
    `${api_key} `,
    `${api_key}\n`,
    withChecksum(`${body}\n`),
    withChecksum(`\n${body}`),
    withChecksum(body.replace('signet_', '')),
    withChecksum(body.replace('signet_key', 'signet_rt')),
    withChecksum(body.replace('key_', 'key_0')),
    withChecksum(`${body}0`),
    withChecksum(''),
    body,
    api_key.slice(0, -72),
    `${api_key}${api_key}`,
    `${api_key}\u00e9`,
    'x',
    '\u{1f600}',
    'signet_key_',
    'x'.repeat(12_000),
    withChecksum(`signet_key_${'0'.repeat(32)}_${'1'.repeat(12_000)}`),
  ]
  // The client is kept in memory once it was read.
  await exchange('nonsense')
  const events = await auditedBy(service, async () => {
    for (const key of bad) {
      const { answer, statements } = await watch(() => exchange(key))
      t.same([answer.status, answer.text, statements], [400, badKey, clientOnly], key.slice(0, 100))
    }
  })
  t.same(events, [])
  t.equal((await exchange(api_key)).status, 200)
})

t.test('what no form holds is refused before that', async t => {
  const { make, service, exchange } = await machines(t)
  const { api_key } = await make()
  const good = 'grant_type=urn:ietf:params:oauth:grant-type:token-exchange&client_id=gateway'
  const form = `${good}&subject_token_type=urn:signet:params:oauth:token-type:api-key&subject_token=`
  for (const [value, status] of [
    [`${api_key}%00`, 400],
    [`%00${api_key}`, 400],
    [`${api_key}%`, 400],
    [`${api_key}%ff`, 400],
    ['x'.repeat(17_000), 413],
  ] as const) {
    const answer = await service.token(form + value)
    t.same([answer.status, answer.body.error], [status, 'invalid_request'])
  }
  t.equal((await service.token(form + encodeURIComponent(api_key))).status, 200)
  t.equal((await exchange(api_key)).status, 200)
})

t.test('a wrong one costs one look-up, and is counted in the audit by minute and client', async t => {
  const its = await machines(t, { environment: { SIGNET_TRUST_PROXY: '127.0.0.0/8' } })
  const { make, exchange, service, clock } = its
  const { api_key } = await make()
  const wrongSecret = forge(api_key, checksum)
  const watch = watchStatements(t)
  await exchange('nonsense')
  const audited = (...acts: (() => Promise<unknown>)[]) =>
    auditedBy(service, async () => {
      for (const act of acts) await act()
    })
  t.same(await audited(() => exchange(wrongSecret)), wrong)
  for (const key of [wrongSecret, unknown]) {
    const { answer, statements } = await watch(() => exchange(key))
    t.same([answer.status, answer.text], [400, badKey])
    t.same(statements, [...clientOnly, 'select credentials'], 'in the same minute nothing is written')
  }
  const byBroker = { client: ['broker', secret] } as const
  t.same(await audited(() => exchange(unknown, {}, byBroker)), wrong, 'another client')
  const from = (address: string) => () => exchange(unknown, {}, { headers: { 'x-forwarded-for': address } })
  t.same(await audited(from('192.0.2.1'), from('192.0.2.2'), () => exchange(wrongSecret, {}, byBroker)), [])
  clock.advance(60_000 - 1)
  t.same(await audited(() => exchange(unknown)), [])
  await its.fresh()
  clock.advance(1)
  const failed = { type: 'api_key.exchange', outcome: 'failure', user_id: null, target: null }
  const ids = await Promise.all(['gateway', 'broker'].map(async id => (await service.clients.find(id)).id))
  await its.appendedLike(
    { ...failed, client_id: ids[0], count: 5, address: '127.0.0.1' },
    { ...failed, client_id: ids[1], count: 1 },
  )
  await exchange(wrongSecret)
  await its.appendedLike({ ...failed, client_id: ids[0], count: 1 })
})

t.test('a known id with a wrong secret is answered like an unknown one, to the byte, at every endpoint', async t => {
  const { make, exchange, introspect, revoke } = await machines(t)
  const { api_key } = await make({ more: ['--audience', api] })
  const wrongSecret = forge(api_key, checksum)
  for (const ask of [exchange, introspect, revoke]) {
    const [a, b] = [await ask(wrongSecret), await ask(unknown)]
    t.same([a.status, a.text], [b.status, b.text])
  }
  t.equal((await exchange(api_key)).status, 200, 'a wrong secret ends nothing')
})
