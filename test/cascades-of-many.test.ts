/** Cascades that are more than one write: they end all there is, and what one that was cut short has left over is finished. */
import t, { type Test } from 'tap'
import { StorageUnavailable, type Write } from '../src/unit-of-work.ts'
import type { Tokens } from './support/account.ts'
import { addClient } from './support/clients.ts'
import { inParallel } from './support/command-line.ts'
import { badToken, ended, good, type Parties, resourceService } from './support/resource.ts'
import { byTest, claimsOf, password } from './support/serve.ts'
import { auditedBy, select } from './support/sqlite.ts'
import { fetchList, inflate, isSet, statusIn } from './support/status-list.ts'

/** Sessions that one write ends. */
const BATCH = 200
/** Beyond what one write ends of anything. */
const MANY = BATCH + 30

/** Writes that are still done; the others fail, as if the process had been killed. */
let writesLeft = Number.POSITIVE_INFINITY
const write =
  (inner: Write): Write =>
  async work => {
    if (writesLeft <= 0) throw new StorageUnavailable('Cut short.')
    writesLeft -= 1
    return inner(work)
  }

const its = await resourceService(t, { environment: { SIGNET_SESSION_LIMIT: '1000' }, faults: { write } })
const { users, roles, clients, databaseFile, issuer } = its.service

async function cutShort(t: Test, writes: number, act: () => Promise<unknown>): Promise<void> {
  writesLeft = writes
  await t.rejects(act(), { name: 'StorageUnavailable' })
  writesLeft = Number.POSITIVE_INFINITY
}

/** A user who is signed in on many devices through a client, both of whom no other case knows. */
async function crowd(count: number): Promise<{ who: Parties; many: readonly Tokens[] }> {
  const who = await its.parties()
  const more = await inParallel(Array.from({ length: count - 1 }), () => its.device(who))
  return { who, many: [who, ...more] }
}

/** How many of these tokens the status list shows as revoked. */
async function listed(many: readonly Tokens[]): Promise<number> {
  const statuses = many.map(({ access }) => statusIn(access))
  const uris = [...new Set(statuses.map(({ uri }) => uri))]
  const lists = new Map<string, Buffer>()
  for (const uri of uris) lists.set(uri, inflate(claimsOf((await fetchList(uri)).text).status_list.lst))
  return statuses.filter(({ idx, uri }) => isSet(lists.get(uri) ?? Buffer.alloc(0), idx)).length
}

const alive = (clientId: string): number =>
  select(
    databaseFile,
    `select sessions.id from sessions join clients on clients.id = sessions.client_id
     where clients.client_id = ? and ended_at_ms is null`,
    clientId,
  ).length

const janitor = await its.service.container.janitor()

t.test('every session of a client ends with it, however many there are', async t => {
  const { who, many } = await crowd(2 * BATCH + 1)
  const audited = await auditedBy(databaseFile, () => clients.setStatus(who.clientId, 'disabled', byTest))
  const end = 'session.end success client_disabled'
  t.same(audited, ['client.disable success', end, end, end])
  t.same([await listed(many), alive(who.clientId)], [many.length, 0])
  await clients.setStatus(who.clientId, 'active', byTest)
  const answers = await inParallel(many, ({ refreshToken }) => its.refresh(refreshToken, who))
  t.ok(answers.every(({ text }) => text === badToken))
})

t.test('every session of a user ends, however many there are, in one write', async t => {
  const { who, many } = await crowd(MANY)
  const bystander = await its.device({ clientId: who.clientId })
  writesLeft = 1
  await users.setStatus(who.username, 'disabled', byTest)
  writesLeft = Number.POSITIVE_INFINITY
  t.same([await listed(many), alive(who.clientId)], [many.length, 1])
  t.same(await its.verdictOn(bystander), good)
})

for (const status of ['disabled', 'deleted'] as const) {
  t.test(
    `what is left over when a client is ${status} and that is cut short gets nothing, and the janitor ends it`,
    async t => {
      const { who, many } = await crowd(MANY)
      await cutShort(t, 1, () => clients.setStatus(who.clientId, status, byTest))
      t.same([await listed(many), alive(who.clientId)], [BATCH, MANY - BATCH])
      const answers = await inParallel(many, ({ refreshToken }) => its.refresh(refreshToken, who))
      t.ok(answers.every(({ body }) => body.error === 'invalid_client'))
      const verdicts = await inParallel(many, ({ access }) => its.introspect(access))
      t.ok(
        verdicts.every(({ body }) => body.active === false),
        'introspection does not wait for the janitor',
      )

      its.fresh()
      t.match(await janitor.sweep(), { endedSessions: MANY - BATCH })
      const session_end = { type: 'session.end', reason: `client_${status}`, actor: 'signet' }
      its.appendedLike(session_end)
      t.same([await listed(many), alive(who.clientId)], [MANY, 0])
      t.match(await janitor.sweep(), { endedSessions: 0 })
      its.appendedLike()

      if (status === 'disabled') await clients.setStatus(who.clientId, 'active', byTest)
      else await addClient(its.service, { clientId: who.clientId, audiences: [issuer] })
      for (const tokens of [many.at(0), many.at(-1)]) {
        if (tokens === undefined) throw new Error('Nobody was signed in.')
        t.same(await its.verdictOn(tokens), ended)
        t.equal((await its.refresh(tokens.refreshToken, who)).text, badToken)
      }
    },
  )
}

t.test(
  'what is left over when a client is disabled and that is cut short ends before the client is enabled again',
  async t => {
    const { who, many } = await crowd(MANY + BATCH)
    await cutShort(t, 1, () => clients.setStatus(who.clientId, 'disabled', byTest))
    // The enabling is cut short itself, once: the client stays disabled as long as anything is left.
    await cutShort(t, 1, () => clients.setStatus(who.clientId, 'active', byTest))
    t.equal((await clients.find(who.clientId)).status, 'disabled')
    t.equal(alive(who.clientId), MANY - BATCH)
    await clients.setStatus(who.clientId, 'active', byTest)
    t.same([await listed(many), alive(who.clientId)], [many.length, 0])
    const answers = await inParallel(many, ({ refreshToken }) => its.refresh(refreshToken, who))
    t.ok(answers.every(({ text }) => text === badToken))
    t.same(await its.verdictOn(await its.device(who)), good)
  },
)

/** Users who all have one role, each signed in once. */
async function team(role: string): Promise<readonly Tokens[]> {
  await roles.add({ name: role, permissions: ['posts:read', 'posts:write'] }, byTest)
  const names = Array.from({ length: 120 }, (_, number) => `${role}-${number}`)
  return inParallel(names, async username => {
    await users.add({ username, password, roles: [role] }, byTest)
    return its.device({ username })
  })
}

const reduced = (name: string) => roles.update({ name, permissions: ['posts:read'] }, byTest)

t.test('the access tokens of everybody who has a role end with a permission of it, however many they are', async t => {
  const many = await team('reviewer')
  await reduced('reviewer')
  t.equal(await listed(many), many.length)
})

t.test(
  'a change of a role that was cut short gives the permission to nobody, and is finished by another try',
  async t => {
    for (const [role, act] of [
      ['author', () => reduced('author')],
      ['curator', () => roles.delete('curator', byTest)],
    ] as const) {
      await t.test(role, async t => {
        const many = await team(role)
        await cutShort(t, 1, act)
        const left = many.length - (await listed(many))
        t.ok(left > 0 && left < many.length, `${left} of ${many.length} are left`)
        const answers = await inParallel(many, ({ access }) => its.introspect(access))
        const withPermission = answers.filter(({ body }) => (body.scope ?? '').includes('posts:write'))
        t.same(withPermission, [], 'introspection says so at once')
        t.equal(answers.filter(({ body }) => body.active).length, left)
        await act()
        t.equal(await listed(many), many.length)
      })
    }
  },
)
