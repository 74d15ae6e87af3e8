/** There is one order in which locks are taken on PostgreSQL: acts run beside each other, and nobody waits in a circle. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { By } from '../../src/accounts/authority.ts'
import { AccountError } from '../../src/accounts/rules.ts'
import { addKey, addMachine, askAs, EXCHANGE, exchange, keyRevocation } from './asking-machines.ts'
import { migratedPostgres } from './postgres.ts'
import { byTest, claimsOf, password, type Service, secret, serve, temporaryFolder } from './serve.ts'
import { change, select } from './sqlite.ts'

const names = ['alice', 'bob'] as const
const clientIds = ['web', 'app'] as const
const roleNames = ['reader', 'writer'] as const
const wide = ['posts:read', 'posts:write']
const permission = 'signet:users:write'
const grants = ['password', 'refresh_token', 'client_credentials', EXCHANGE]

type Which = 0 | 1
type Act = (service: Service, which: Which) => Promise<unknown>

/** What an operator is refused because of what runs beside is no fault. */
const unlessRefused = (act: Act): Act => {
  return (service, which) =>
    act(service, which).catch(error => {
      if (!(error instanceof AccountError)) throw error
    })
}

const signIn: Act = (service, which) =>
  service.token(
    { grant_type: 'password', username: names[which], password },
    { client: [clientIds[1 - which] as string, secret] },
  )

async function refreshOf(service: Service, which: Which) {
  const { body } = (await signIn(service, which)) as { body: { refresh_token?: string; access_token?: string } }
  const client = [clientIds[1 - which] as string, secret] as const
  const refresh = () =>
    service.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' }, { client })
  return { client, body, refresh }
}

/** Keys of a user and of a client, whom another act may have disabled or deleted a moment before. */
const makeKeys = (service: Service, which: Which) =>
  Promise.all([{ username: names[which] }, { clientId: clientIds[which] }].map(owner => addKey(service, owner)))

/** A client that acts for itself. What a role that was deleted took from it is given back. */
async function machine({ clients }: Service, which: Which): Promise<By> {
  await clients.update(clientIds[which], { mayGrant: roleNames }, byTest)
  const { id } = await clients.find(clientIds[which])
  return { ...byTest, caller: { subjectId: id, scope: [permission], permission } }
}

const acts: Readonly<Record<string, Act>> = {
  'a sign-in': signIn,
  'refreshes of one token': async (service, which) => {
    const { refresh } = await refreshOf(service, which)
    await Promise.all([refresh(), refresh(), refresh()])
  },
  'the revocation of an access token': async (service, which) => {
    const { body, client, refresh } = await refreshOf(service, which)
    await service.get('/oauth/revoke', { form: { token: body.access_token ?? '' }, client })
    await refresh()
  },
  'a sign-out': async (service, which) => {
    const { body, client } = await refreshOf(service, which)
    await service.get('/oauth/revoke', { form: { token: body.refresh_token ?? '' }, client })
  },
  'grants of a client for itself': async (service, which) => {
    const ask = () => askAs(service, clientIds[which])
    const [{ body }] = await Promise.all([ask(), ask(), ask()])
    await service.get('/oauth/revoke', {
      form: { token: body.access_token ?? '' },
      client: [clientIds[which], secret],
    })
    await ask()
  },
  'API keys that are made, exchanged and revoked': async (service, which) => {
    const keys = await makeKeys(service, which)
    const through = clientIds[1 - which] as string
    const exchanges = () => Promise.all(keys.map(({ text }) => exchange(service, text, through)))
    await Promise.all([exchanges(), exchanges()])
    const apiKeys = await service.container.apiKeys()
    await Promise.all([...keys.map(({ id }) => apiKeys.revoke(id, keyRevocation)), exchanges()])
  },
  'API keys of an owner, all at once': async (service, which) => {
    const apiKeys = await service.container.apiKeys()
    const keys = await makeKeys(service, which)
    await Promise.all(keys.map(({ text }) => exchange(service, text, clientIds[1 - which] as string)))
    await apiKeys.revokeAllOf({ username: names[which] }, byTest)
    await apiKeys.revokeAllOf({ clientId: clientIds[which] }, byTest)
  },
  'a user who makes a key': async (service, which) => {
    const { body } = (await signIn(service, which)) as { body: { access_token?: string } }
    if (body.access_token === undefined) return
    const { sub: userId, sid: sessionId } = claimsOf(body.access_token)
    const { id: clientId } = await service.clients.find(clientIds[1 - which] as string)
    const asked = { name: 'own', scope: ['posts:read'], audiences: [], ttlSeconds: 3600 }
    const user = { userId, sessionId, clientId, scope: wide }
    await (await service.container.apiKeys()).createOwn(user, asked, byTest)
  },
  // Renamed to a spelling of the name, by which the other acts find the user all the same.
  'users disable, rename and enable': async ({ users }, which) => {
    await users.setStatus(names[which], 'disabled', byTest)
    await users.rename(names[which], { username: names[which].toUpperCase() }, byTest)
    await users.rename(names[which], { username: names[which] }, byTest)
    await users.setStatus(names[which], 'active', byTest)
  },
  'users add, rename and delete': async ({ users }, which) => {
    const username = `user-${randomBytes(8).toString('hex')}`
    await users.add({ username, password, roles: which === 0 ? roleNames : roleNames.toReversed() }, byTest)
    await users.rename(username, { username: `${username}-renamed` }, byTest)
    await users.setStatus(`${username}-renamed`, 'deleted', byTest)
  },
  'users who are changed by machines, over HTTP': async (service, which) => {
    const by = await machine(service, which)
    await service.users.update(names[which], { status: 'disabled', roles: [roleNames[which]] }, by)
    await service.users.update(names[which], { status: 'active', roles: roleNames }, by)
    const username = `user-${randomBytes(8).toString('hex')}`
    await service.users.add({ username, roles: roleNames.toReversed() }, by)
    await service.users.delete(username, by)
  },
  'password tickets that machines make for each other, and users redeem': async (service, which) => {
    const tickets = await service.container.passwordTickets()
    const { id, isPublic } = await service.clients.find(clientIds[1 - which] as string)
    const by = await machine(service, which)
    const { text } = await tickets.create(names[which], clientIds[1 - which] as string, by)
    const redeem = () =>
      tickets.redeem({ ticket: text, newPassword: password, client: { id, isPublic }, provenance: byTest })
    await Promise.allSettled([redeem(), redeem()])
  },
  'a user who changes the password': async (service, which) => {
    const { body } = (await signIn(service, which)) as { body: { access_token?: string } }
    if (body.access_token === undefined) return
    const { sub: userId, sid: sessionId } = claimsOf(body.access_token)
    await service.users.changePassword({ userId, sessionId, currentPassword: password, newPassword: password }, byTest)
  },
  'users set-password': ({ users }, which) => users.setPassword(names[which], password, byTest),
  'clients disable and enable': async ({ clients }, which) => {
    await clients.setStatus(clientIds[which], 'disabled', byTest)
    await clients.setStatus(clientIds[which], 'active', byTest)
  },
  'clients delete and add': async (service, which) => {
    await service.clients.setStatus(clientIds[which], 'deleted', byTest)
    await addMachine(service, clientIds[which], { grants, scope: [...wide, permission] })
  },
  'clients update': async ({ clients }, which) => {
    await clients.update(clientIds[which], { scope: ['posts:read'] }, byTest)
    await clients.update(clientIds[which], { scope: [...wide, permission] }, byTest)
  },
  'clients add-secret and remove-secret': async ({ clients }, which) => {
    const added = { name: undefined, secret: undefined, ttlSeconds: undefined }
    const { secretId = '' } = await clients.addSecret(clientIds[which], added, byTest)
    await clients.removeSecret(clientIds[which], secretId, byTest)
  },
  'roles revoke and grant': async ({ roles }, which) => {
    await roles.revoke(roleNames[which], names[which], byTest)
    await roles.grant(roleNames[which], names[which], byTest)
  },
  'roles update': async ({ roles }, which) => {
    await roles.update({ name: roleNames[which], permissions: ['posts:read'] }, byTest)
    await roles.update({ name: roleNames[which], permissions: wide }, byTest)
  },
  'roles delete and add': async ({ roles }, which) => {
    await roles.delete(roleNames[which], byTest)
    await roles.add({ name: roleNames[which], permissions: wide }, byTest)
    for (const name of names) await roles.grant(roleNames[which], name, byTest)
  },
  'sessions revoke of a user': async ({ container, users }, which) => {
    const { userId } = await users.find(names[which])
    await (await container.sessionManagement()).end({ subjectId: userId }, 'test', byTest)
  },
  'sessions revoke of a client': async ({ container, clients }, which) => {
    const { id } = await clients.find(clientIds[which])
    await (await container.sessionManagement()).end({ clientId: id }, 'test', byTest)
  },
  'a round of the janitor': async ({ container }) => (await container.janitor()).sweep(),
}

/** As if they had been made long ago: so many an hour are made for nobody. */
const ageKeys = (service: Service): void =>
  change(
    service.databaseFile,
    `update credentials set created_at_ms = created_at_ms - 7200000, last_used_at_ms = null where kind = 'api_key'`,
  )

/** The more sessions there are, the longer an act is on its way through them. */
const addSessions = (service: Service): void =>
  change(
    service.databaseFile,
    `insert into sessions select made.* from (select * from sessions where ended_at_ms is null and credential_id is null limit 4) as one,
       generate_series(1, 12) as n,
       jsonb_populate_record(null::sessions, to_jsonb(one) || jsonb_build_object(
         'id', 'session_' || md5(n || one.id || clock_timestamp()), 'handle_hash', md5(n || one.id || clock_timestamp()), 'status_index', 100000 + (random() * 900000 + n)::int)) as made`,
  )

const deadlocksIn = (service: Service): number => {
  const [row] = select(
    service.databaseFile,
    'select pg_stat_force_next_flush(), deadlocks from pg_stat_database where datname = current_database()',
  )
  return Number(row?.['deadlocks'])
}

/** @param isPair whether the acts with these numbers run beside each other */
export async function nobodyWaitsInACircle(t: Test, isPair: (one: number, other: number) => boolean): Promise<void> {
  const environment = {
    SIGNET_DATABASE_URL: await migratedPostgres(t),
    // A machine that is busy with tests is no outage.
    SIGNET_DATABASE_TIMEOUT: '20s',
    SIGNET_SESSION_LIMIT: '40',
  }
  const service = await serve(t, { folder: temporaryFolder(t), environment })
  // A circle is found at once, not after a second.
  const { pathname } = new URL(service.databaseFile)
  change(service.databaseFile, `alter database "${pathname.slice(1)}" set deadlock_timeout = '20ms'`)
  for (const name of roleNames) await service.roles.add({ name, permissions: wide }, byTest)
  for (const username of names) await service.users.add({ username, password, roles: roleNames }, byTest)
  for (const clientId of clientIds) await addMachine(service, clientId, { grants, scope: [...wide, permission] })
  for (const which of [0, 1, 0, 1, 0, 1] as const) await signIn(service, which)

  const before = deadlocksIn(service)
  const all = Object.entries(acts)
  for (const [index, [one, first]] of all.entries())
    for (const [distance, [other, second]] of all.slice(index).entries()) {
      if (!isPair(index, index + distance)) continue
      addSessions(service)
      ageKeys(service)
      const together = ([0, 1] as const).flatMap(which => [
        unlessRefused(first)(service, which),
        unlessRefused(second)(service, which),
      ])
      const failed = (await Promise.allSettled(together)).filter(({ status }) => status === 'rejected')
      t.same(failed, [], `${one} beside ${other}`)
    }
  // A connection that is idle tells what it has counted only at its end, or some seconds later.
  await service.stop()
  t.equal(deadlocksIn(service), before, 'no deadlock, not even one that was tried again')
  const errors = service.log().match(/.*"level":"error".*/g)
  t.equal(errors, null, 'no request failed')
}
