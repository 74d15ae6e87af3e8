/** Client secrets and API keys that were removed after a backup are good again in the copy: whoever accepts a restore decides. */
import t, { type Test } from 'tap'
import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Write } from '../../src/records/unit-of-work.ts'
import { EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { isoTime } from '../support/command-line.ts'
import { accepting, putBack, refusal, toRestore } from '../support/restore.ts'
import { byTest, environmentOf, type Service, secret } from '../support/serve.ts'
import { changeEach, everythingIn, select } from '../support/sqlite.ts'
import { device, restarted } from '../support/status-list.ts'

// Each has a database of its own.
t.jobs = 2

const exchange = (service: Service, text: string, clientSecret: string) =>
  service.token(
    {
      grant_type: EXCHANGE,
      subject_token: text,
      subject_token_type: 'urn:signet:params:oauth:token-type:api-key',
    },
    { client: ['exchanger', clientSecret] },
  )
const ownToken = (service: Service, clientSecret: string) =>
  service.token({ grant_type: 'client_credentials' }, { client: ['exchanger', clientSecret] })

/** A service with a client that exchanges keys, which has two secrets, and keys of alice and of that client. */
async function withCredentials(t: Test) {
  const scene = await toRestore(t)
  const { service, json } = scene
  await addClient(service, { clientId: 'exchanger', grants: [EXCHANGE, 'client_credentials'], scope: ['posts:read'] })
  const other = await json(['clients', 'add-secret', 'exchanger', '--name', 'the other', '--expires', '90d'])
  const ofAlice = await json(['api-keys', 'create', '--user', 'alice', '--name', 'script', '--scope', 'posts:read'])
  const ofClient = await json([
    ...['api-keys', 'create', '--client', 'exchanger', '--name', 'nightly', '--scope', 'posts:read'],
    ...['--expires', '365d'],
  ])
  const [{ userId }, { id }] = [await service.users.find('alice'), await service.clients.find('exchanger')]
  changeEach(
    service.databaseFile,
    'insert into password_tickets (id, user_id, client_id, hash, created_at_ms, expires_at_ms) values (?, ?, ?, ?, 0, ?)',
    Array.from({ length: 201 }, (_, at) => [`ticket_${at}`, userId, id, `hash-${at}`, Number.MAX_SAFE_INTEGER]),
  )
  return { ...scene, other, ofAlice, ofClient }
}

const ticketsIn = ({ databaseFile }: Service) => select(databaseFile, 'select id from password_tickets').length

/** A backup that was put back; before that, but after the backup, `act` was done. */
async function putBackAfter({ service, json, file }: Awaited<ReturnType<typeof toRestore>>, act = async () => {}) {
  await json(['backup', file])
  await act()
  await service.stop()
  putBack(file, service)
}

t.test('without a choice nothing is changed, and it is said what there is to decide, with exit code 1', async t => {
  const scene = await withCredentials(t)
  const { service, run, other, ofAlice, ofClient } = scene
  await device(service)
  await putBackAfter(scene)
  const before = everythingIn(service.databaseFile)
  const { code, stdout, stderr } = await run(['doctor', '--accept-restore', '--json'])
  t.strictSame([code, stderr], [1, ''])
  const answer = JSON.parse(stdout)
  const { problem, backed_up_at, last_event_at, newest_credentials: newest, ...more } = answer.restore
  t.strictSame(
    [answer.ok, more],
    [false, { sessions: 1, keys: 2, credentials: { client_secret: 4, client_key: 0, client_trust: 0, api_key: 2 } }],
  )
  t.equal(problem, `The database is a backup of ${backed_up_at} that was put back.`)
  for (const time of [backed_up_at, last_event_at]) t.match(time, isoTime)
  t.ok(last_event_at <= backed_up_at)
  t.equal(newest.length, 6)
  t.strictSame(newest[0], {
    ...{ kind: 'api_key', id: ofClient.api_key_id, name: 'nightly', username: null, client_id: 'exchanger' },
    ...{ created_at: ofClient.created_at, expires_at: ofClient.expires_at },
  })
  t.strictSame(newest[1], {
    ...{ kind: 'api_key', id: ofAlice.api_key_id, name: 'script', username: 'alice', client_id: null },
    ...{ created_at: ofAlice.created_at, expires_at: ofAlice.expires_at },
  })
  t.match(newest[2], { kind: 'client_secret', id: other.secret_id, name: 'the other', client_id: 'exchanger' })

  const people = await run(['doctor', '--accept-restore'])
  t.strictSame([people.code, people.stderr], [1, ''])
  const said = people.stdout.replace(/\n +/g, ' ')
  t.ok(said.startsWith(`${problem} Nothing was changed.\n`))
  t.match(
    said,
    /--keep-credentials .* --drop-credentials .* 4 client secrets, no client keys, no trusts and 2 API keys/,
  )
  t.match(said, /^Either way, this ends 1 session and revokes 2 signing keys\.$/m)
  t.ok(said.includes(`The backup was made at ${backed_up_at}.`))
  const created = ofAlice.created_at.replace(/\.\d+Z$/, 'Z')
  t.match(people.stdout, new RegExp(`^${ofAlice.api_key_id}\\s+api_key +alice +script +${created}$`, 'm'))
  t.strictSame(everythingIn(service.databaseFile), before)
  t.match(await refusal(t, service), /Nothing is served/)
})

t.test('credentials that are kept work, also those that were removed since the backup', async t => {
  const scene = await withCredentials(t)
  const { service, json, text, other, ofAlice } = scene
  const { client_secret: second } = other
  await putBackAfter(scene, async () => {
    await json(['clients', 'remove-secret', 'exchanger', other.secret_id])
    await json(['api-keys', 'revoke', ofAlice.api_key_id])
    t.equal((await ownToken(service, second)).status, 401)
    t.equal((await exchange(service, ofAlice.api_key, secret)).status, 400)
  })
  t.equal(ticketsIn(service), 201)
  t.match(await text(accepting.keep), /^Client secrets and API keys were kept: /m)
  t.equal(ticketsIn(service), 0, 'whichever is chosen')
  const again = await restarted(t, service)
  t.equal((await ownToken(again, second)).status, 200)
  t.equal((await exchange(again, ofAlice.api_key, secret)).status, 200)
})

t.test('of credentials that are dropped none works, and new ones do', async t => {
  const scene = await withCredentials(t)
  const { service, json, refuses, other, ofAlice, ofClient } = scene
  const tokens = await Promise.all([ownToken(service, secret), exchange(service, ofClient.api_key, secret)])
  t.strictSame(
    tokens.map(({ status }) => status),
    [200, 200],
  )
  await putBackAfter(scene)
  const revisions = () => select(service.databaseFile, 'select client_id, revision from clients order by client_id')
  const before = revisions()
  const { accepted_restore } = await json(accepting.drop)
  t.strictSame(accepted_restore, {
    sessions: 2,
    keys: 2,
    dropped_credentials: { client_secret: 4, client_key: 0, client_trust: 0, api_key: 2 },
  })
  t.equal(ticketsIn(service), 0)
  t.strictSame(
    revisions(),
    before.map(({ client_id, revision }) => ({ client_id, revision: revision + (client_id === 'spa' ? 0 : 1) })),
    'which every client notices that had one',
  )
  await refuses([{ words: accepting.drop, code: 1, says: /^There is no restore to accept/ }])

  const again = await restarted(t, service)
  for (const value of [secret, other.client_secret]) t.equal((await ownToken(again, value)).status, 401)
  const { client_secret } = await json(['clients', 'add-secret', 'exchanger'])
  for (const { api_key } of [ofAlice, ofClient]) t.equal((await exchange(again, api_key, client_secret)).status, 400)
  t.equal((await ownToken(again, client_secret)).status, 200)
  const fresh = await json(['api-keys', 'create', '--user', 'alice', '--name', 'again', '--scope', 'posts:read'])
  t.equal((await exchange(again, fresh.api_key, client_secret)).status, 200)
  const listed = await json(['api-keys', 'list'])
  t.strictSame(
    listed.map(({ name, status }: { name: string; status: string }) => [name, status]),
    [
      ['script', 'revoked'],
      ['nightly', 'revoked'],
      ['again', 'active'],
    ],
  )
})

t.test('the audit has each credential that was dropped, with its owner, and what was decided', async t => {
  const scene = await withCredentials(t)
  const { service, json, other, ofAlice } = scene
  const alice = await service.users.find('alice')
  await json(['clients', 'remove-secret', 'exchanger', other.secret_id])
  await putBackAfter(scene)
  await json(accepting.drop)
  const events = select(
    service.databaseFile,
    `select type, target, user_id, client_id, actor from audit_events
     where reason = 'restore_accepted' and type in ('client.remove_secret', 'api_key.revoke') order by rowid`,
  )
  t.equal(events.length, 5, 'and not the one that was removed before')
  t.ok(events.every(({ actor }) => /^operator:./.test(actor)))
  t.strictSame(
    events.filter(({ target }) => target === ofAlice.api_key_id).map(({ user_id, client_id }) => [user_id, client_id]),
    [[alice.userId, null]],
  )
  const [accepted] = select(service.databaseFile, "select reason from audit_events where type = 'restore.accept'")
  t.strictSame(accepted, { reason: 'credentials_dropped' })
})

t.test('many are dropped in small writes', async t => {
  const scene = await withCredentials(t)
  const { service } = scene
  const client = await service.clients.find('exchanger')
  changeEach(
    service.databaseFile,
    `insert into credentials (id, owner_id, kind, hash, created_at_ms) values (?, ?, 'client_secret', 'none', 0)`,
    Array.from({ length: 500 }, (_, at) => [`secret_${String(at).padStart(32, '0')}`, client.id]),
  )
  await putBackAfter(scene)
  const batches: number[] = []
  const write =
    (real: Write): Write =>
    (work, size) =>
      real(({ audit, ...stores }) => {
        batches.push(0)
        const append: typeof audit.append = event => {
          batches[batches.length - 1] = (batches.at(-1) ?? 0) + 1
          return audit.append(event)
        }
        return work({ ...stores, audit: { ...audit, append } })
      }, size)
  const faults: Faults = { write }
  const container = createContainer(readConfig(await environmentOf(service.folder)), {
    faults,
    logTo: { write: () => undefined },
  })
  t.teardown(() => container.close())
  const { dropped } = await (await container.doctor()).acceptRestore('drop', byTest)
  t.strictSame(dropped, { client_secret: 504, client_key: 0, client_trust: 0, api_key: 2 })
  t.ok(batches.filter(count => count > 10).length >= 8, 'more than one write')
  t.ok(Math.max(...batches) <= 66, 'each credential has its event, and with its owner it is less than 200 rows')
})

t.test('a choice without a restore to accept, or two choices, is wrong usage', async t => {
  const { service, refuses } = await withCredentials(t)
  const before = everythingIn(service.databaseFile)
  const both = /^Give --keep-credentials or --drop-credentials, not both\.$/m
  await refuses([
    { words: ['doctor', '--keep-credentials'], code: 2, says: /give --accept-restore, too/ },
    { words: ['doctor', '--drop-credentials'], code: 2, says: /give --accept-restore, too/ },
    { words: ['doctor', '--keep-credentials', '--drop-credentials'], code: 2, says: both },
    { words: [...accepting.keep, '--drop-credentials'], code: 2, says: both },
    { words: accepting.drop, code: 1, says: /^There is no restore to accept/ },
    { words: ['doctor', '--accept-restore'], code: 1, says: /^There is no restore to accept/ },
  ])
  t.strictSame(everythingIn(service.databaseFile), before)
})
