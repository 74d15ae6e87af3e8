/** Rows of machines beyond what one write changes: those of a credential all end, and those that are not meant stay. */
import t, { type Test } from 'tap'
import { addKey, addMachine, exchange, keyRevocation } from '../support/asking-machines.ts'
import { scene } from '../support/scene.ts'
import { byTest, claimsOf, password } from '../support/serve.ts'
import { auditedBy, changeEach, type Row, select } from '../support/sqlite.ts'
import { isRevoked, statusIn, storedRevocations } from '../support/status-list.ts'

/** One write changes 200. */
const MANY = 205

/** Copies a row, each time with what `more` says. */
function copy(file: string, table: string, id: string, more: (at: number) => Row): void {
  const { rowid: _, ...row } = select(file, `select * from ${table} where id = ?`, id)[0] ?? {}
  const names = Object.keys(row)
  const holders = names.map((_, at) => (file.startsWith('postgres:') ? `$${at + 1}` : '?'))
  const copies = Array.from({ length: MANY }, (_, at): Row => ({ ...row, ...more(at) }))
  changeEach(
    file,
    `insert into ${table} (${names.join()}) values (${holders.join()})`,
    copies.map(each => names.map(name => each[name])),
  )
}

const openOf = (file: string, condition: string, value: string): number =>
  select(file, `select id from sessions where ended_at_ms is null and ${condition} = ?`, value).length

async function stage(t: Test) {
  const its = await scene(t)
  await addMachine(its.service, 'gateway')
  const key = await addKey(its.service, { username: 'alice' })
  const { access_token: token } = (await exchange(its.service, key.text, 'gateway')).body
  return { ...its, key, token, file: its.service.databaseFile }
}

t.test('a key that was used through more clients than one write ends is revoked through all of them', async t => {
  const { key, service, token, file } = await stage(t)
  const { id: clientId } = await service.clients.find('gateway')
  const [{ id: sessionId }] = select(file, 'select id from sessions') as [Row]
  copy(file, 'clients', clientId, at => ({ id: `client_${at}`, client_id: `gateway-${at}` }))
  copy(file, 'sessions', sessionId, at => ({
    ...{ id: `session_0${String(at).padStart(5, '0')}`, client_id: `client_${at}` },
    status_index: 1_000_000 + at,
  }))
  const apiKeys = await service.container.apiKeys()
  const audited = await auditedBy(service, () => apiKeys.revoke(key.id, keyRevocation))
  const end = 'session.end success api_key_revoked'
  t.same(audited, [end, 'api_key.revoke success revoked_by_operator', end])
  t.equal(openOf(file, 'credential_id', key.id), 0)
  t.equal(storedRevocations(file).length, MANY + 1)
  t.ok(await isRevoked(statusIn(token)))
  t.same(select(file, 'select id from cascades'), [])
})

t.test('who changes the own password with more sign-ins than one write ends keeps this one, and the keys', async t => {
  const { device, key, service, token, file, userId } = await stage(t)
  const here = await device()
  copy(file, 'sessions', here.sid, at => ({
    ...{ id: `session_0${String(at).padStart(5, '0')}`, handle_hash: `copy-${at}` },
    status_index: 1_000_000 + at,
  }))
  const { sid: sessionId } = claimsOf(here.access)
  await service.users.changePassword({ userId, sessionId, currentPassword: password, newPassword: password }, byTest)
  const open = select(file, 'select id, credential_id from sessions where ended_at_ms is null order by credential_id')
  t.match(new Set(open.map(row => row['credential_id'] ?? row['id'])), new Set([key.id, here.sid]))
  t.equal(open.length, 2)
  t.notOk(await isRevoked(statusIn(token)))
  t.equal((await exchange(service, key.text, 'gateway')).status, 200)
  t.equal(storedRevocations(file).length, MANY)
  t.same(select(file, 'select id from cascades'), [])
})
