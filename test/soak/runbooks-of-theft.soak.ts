/** The runbooks for what was stolen, of docs/runbooks.md, followed command by command: what they promise is so. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { exchangeAt } from '../support/machines.ts'
import { worksAt } from '../support/restore.ts'
import { blocksOf, isFollowed, running, terminalIn } from '../support/runbooks.ts'
import { sealedAudit } from '../support/sealed-audit.ts'
import { addAlice, api, password, refresh, secret, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'
import { device, isRevoked, statusIn } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const hasCurl = spawnSync('curl', ['--version']).error === undefined

/** A running service on which alice has signed in on two devices. */
async function withTwoDevices(t: Test) {
  const { service, json, before } = await running(t)
  return { service, json, stolen: before, other: await device(service) }
}

const idsIn = (list: string): string[] => JSON.parse(list).map(({ id }: { id: string }) => id)

isFollowed(t, 'Something was stolen', [
  'stolen-token',
  'lost-device',
  'known-password',
  'stolen-client-secret',
  'leaked-api-key',
  'audit-not-whole',
  'shut-out',
  // In runbooks-of-encryption.soak.ts.
  'key-encryption-key-seen',
])

t.test('A token is stolen: by an access token its session ends, and no other', async t => {
  const { service, stolen, other } = await withTwoDevices(t)
  const [revoke = '', , , look = '', ...more] = blocksOf('stolen-token')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder, { TOKEN: stolen.access })
  await terminal(revoke)
  const alive = await terminal(look)
  t.ok(alive.includes(other.sid) && !alive.includes(stolen.sid), alive)
  t.notOk((await worksAt(service, stolen)).includes('refresh'))
})

t.test(
  'A token is stolen: a refresh token ends its session, of a confidential and of a public client',
  { skip: hasCurl ? false : 'There is no curl.' },
  async t => {
    const { service, stolen } = await withTwoDevices(t)
    const [, revokePublic = '', revokeConfidential = '', look = ''] = blocksOf('stolen-token')
    const { body } = await service.token({ grant_type: 'password', username: 'alice', password, client_id: 'spa' })
    const ISSUER = service.issuer
    const confidential = { ISSUER, ID: 'web-app', SECRET: secret, TOKEN: stolen.refreshToken }
    const terminal = await terminalIn(t, service.folder, confidential)
    await terminal(revokeConfidential)
    t.notOk((await terminal(look)).includes(stolen.sid))
    t.match(await terminal(look), / {2}spa {2}/)
    await (await terminalIn(t, service.folder, { ISSUER, ID: 'spa', TOKEN: body.refresh_token }))(revokePublic)
    t.notMatch(await terminal(look), / {2}spa {2}/)
  },
)

t.test('A device is lost: its session is found and ended, and no other', async t => {
  const { service, stolen, other } = await withTwoDevices(t)
  const [find = '', revoke = '', look = '', ...more] = blocksOf('lost-device')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder, { NAME: 'alice', SID: stolen.sid })
  t.strictSame(idsIn(await terminal(find)).sort(), [stolen.sid, other.sid].sort())
  await terminal(revoke)
  t.strictSame(idsIn(await terminal(find)), [other.sid])
  t.notOk((await terminal(look)).includes(stolen.sid))
})

t.test('A password is known: the new one works, the old one and every session do not', async t => {
  // The command hashes with Argon2id, so the service does, too.
  const service = await serve(t)
  await addAlice(service)
  const { refreshToken } = await device(service)
  const [change = '', look = '', ...more] = blocksOf('known-password')
  t.strictSame(more, [])
  const PASSWORD_FILE = join(temporaryFolder(t), 'password')
  const newPassword = 'another horse battery staple 8'
  writeFileSync(PASSWORD_FILE, `${newPassword}\n`)
  const terminal = await terminalIn(t, service.folder, { NAME: 'alice', PASSWORD_FILE })
  await terminal(change)
  t.notMatch(await terminal(look), /session_/)
  for (const answer of [await signIn(service), await refresh(service, refreshToken)])
    t.equal(answer.body.error, 'invalid_grant')
  t.equal((await signIn(service, { password: newPassword })).status, 200)
})

t.test('A secret of a client is stolen: the old one is refused, the new one works, and sessions are ended', async t => {
  const { service, json, stolen } = await withTwoDevices(t)
  const [add = '', show = '', remove = '', end = '', look = '', ...more] = blocksOf('stolen-client-secret')
  t.strictSame(more, [])
  const [{ id: SECRET_ID }] = (await json(['clients', 'show', 'web-app'])).secrets
  const terminal = await terminalIn(t, service.folder, { ID: 'web-app', SECRET_ID })
  const newSecret = /: (\S+)$/m.exec(await terminal(add))?.[1] ?? ''
  t.match(await terminal(show), SECRET_ID)
  await terminal(remove)
  t.notMatch(await terminal(look), SECRET_ID)
  t.equal((await signIn(service)).body.error, 'invalid_client')
  const refreshWithNew = (refreshToken: string) =>
    service.token({ grant_type: 'refresh_token', refresh_token: refreshToken }, { client: ['web-app', newSecret] })
  const { status, body } = await refreshWithNew(stolen.refreshToken)
  t.equal(status, 200)
  await terminal(end)
  t.equal((await refreshWithNew(body.refresh_token)).body.error, 'invalid_grant')
})

t.test('An API key has leaked: it and its tokens end, and then those of its owner', async t => {
  const { service, json } = await withTwoDevices(t)
  const [revoke = '', show = '', revokeAll = '', look = '', ...more] = blocksOf('leaked-api-key')
  t.strictSame(more, [])
  await json(['clients', 'add', 'gateway', '--public', '--grant', EXCHANGE, '--scope', '*', '--audience', api])
  const make = () => json(['api-keys', 'create', '--user', 'alice', '--scope', 'posts:read', '--name', 'nightly'])
  const [leaked, other] = [await make(), await make()]
  const { access_token: access } = (await exchangeAt(service, leaked.api_key)).body
  const terminal = await terminalIn(t, service.folder, { KEY_ID: leaked.api_key_id, NAME: 'alice' })
  await terminal(revoke)
  t.match(await terminal(show), 'alice')
  t.ok(await isRevoked(statusIn(access)))
  t.equal((await exchangeAt(service, leaked.api_key)).body.error, 'invalid_request')
  t.equal((await exchangeAt(service, other.api_key)).status, 200)
  await terminal(revokeAll)
  t.equal((await exchangeAt(service, other.api_key)).body.error, 'invalid_request')
  t.match(await terminal(look), 'revoked')
})

t.test('Shut out a user or a client: sessions end, and no sign-in works', async t => {
  const { service, json, stolen } = await withTwoDevices(t)
  const [disableUser = '', disableClient = '', look = '', ...more] = blocksOf('shut-out')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder, { NAME: 'alice', ID: 'web-app' })
  await terminal(disableUser)
  t.notMatch(await terminal(look), /session_/)
  t.equal((await signIn(service)).body.error, 'invalid_grant')
  t.strictSame(await worksAt(service, stolen), ['offline'], 'the status list says it, not the signature')
  await json(['users', 'enable', 'alice'])
  await device(service)
  await terminal(disableClient)
  t.notMatch(await terminal(look), /session_/)
  t.equal((await signIn(service)).body.error, 'invalid_client')
})

t.test('The audit is not whole: what is there is kept, what is wrong is said, and it goes on to be known', async t => {
  const { service, happen, verify, publicKey, file } = await sealedAudit(t)
  for (const events of [3, 3]) await happen(events)
  const [{ head }, key] = [await verify(), await publicKey()]
  change(
    file,
    "delete from audit_events where type = 'role.add' and target = (select min(target) from audit_events where type = 'role.add')",
  )
  const ASIDE = temporaryFolder(t)
  const terminal = await terminalIn(t, service.folder, { ASIDE, PUBLIC_KEY: key, HEAD: head ?? '' })
  const [keep = '', known = '', ...more] = blocksOf('audit-not-whole')
  t.strictSame(more, [])
  const said = await terminal(keep)
  t.match(
    said,
    /^THE AUDIT IS NOT WHOLE: .*\nPROBLEM {2}Seal \d+ does not fit its events: 1 of its \d+ events? is missing/,
  )
  t.equal((await terminal('./signet audit verify "$ASIDE/audit.jsonl" || true')).match(/^PROBLEM/gm)?.length, 1)
  await terminal(known)
  const { problems } = JSON.parse(await terminal('cat "$ASIDE/known.json"'))
  t.equal(problems.length, 1)
})
