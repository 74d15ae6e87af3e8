/** kill -9 of a command at each step of a cascade: a server that runs goes on with it by itself, and nothing is done twice. */

import t, { type Test } from 'tap'
import { inParallel } from '../support/command-line.ts'
import { badToken, type Scene, scene, type Tokens } from '../support/scene.ts'
import { byTest, claimsOf, password, serve } from '../support/serve.ts'
import { auditOf, select } from '../support/sqlite.ts'
import { statusIn, storedAs, storedRevocations, until } from '../support/status-list.ts'
import { startTogether } from '../support/together.ts'

/** Beyond what one write changes. */
const BATCH = 200
const MANY = BATCH + 5
const timeout = 600_000

const crowdAt = async (its: Scene, clientId: string): Promise<readonly Tokens[]> =>
  inParallel(Array.from({ length: MANY }), () => its.device({ clientId }))

/** Runs `signet …words` in a process that is killed when so many of its writes are durable. */
async function killed(t: Test, { service }: Scene, writes: number, words: readonly string[]): Promise<void> {
  const start = { words: [String(writes), ...words], environment: service.environment }
  const [part] = await startTogether(t, 'killed-command.ts', [start])
  const { signal, stderr } = (await part?.ended) ?? {}
  t.same([signal, stderr], ['SIGKILL', ''], `killed after write ${writes}`)
}

const nothingIsLeft = ({ service }: Scene): Promise<void> =>
  until(async () => select(service.databaseFile, 'select id from cascades').length === 0)

function revokedOf({ service }: Scene, tokens: readonly Tokens[]): number {
  const stored = new Set(storedRevocations(service.databaseFile))
  return tokens.filter(({ access }) => stored.has(storedAs(statusIn(access)))).length
}

t.test(
  'a change of a role reaches everybody who has it, at whatever step its command was killed',
  { timeout },
  async t => {
    const its = await scene(t)
    const { roles, users } = its.service
    const names = ['ann', 'ben']
    for (const name of names) await users.add({ username: name, password, roles: [] }, byTest)
    // The role, each user, and the look that finds nobody who is left.
    for (let writes = 1; writes <= names.length + 2; writes += 1) {
      for (const verb of ['update', 'delete']) {
        const role = `${verb}-${writes}`
        await roles.add({ name: role, permissions: ['posts:read', 'posts:write'] }, byTest)
        for (const name of names) await roles.grant(role, name, byTest)
        const before = await inParallel(names, username => its.device({ username }))
        const more = verb === 'update' ? ['--permission', 'posts:read'] : []
        await killed(t, its, writes, ['roles', verb, role, ...more])
        await nothingIsLeft(its)
        t.equal(revokedOf(its, before), names.length, `${role}: everybody's access token ended`)
        const after = await Promise.all(before.map(tokens => its.refreshed(tokens)))
        const scopes = after.map(({ access }) => claimsOf(access).scope)
        const left = verb === 'update' ? 'posts:read' : undefined
        t.same(
          scopes,
          names.map(() => left),
          role,
        )
        if (verb === 'update') await roles.delete(role, byTest)
        else await t.rejects(roles.find(role), { message: 'There is no such role.' }, `${role} is gone`)
      }
    }
  },
)

t.test(
  'every session of a client ends once, though the command is killed and two servers go on with it',
  { timeout },
  async t => {
    const its = await scene(t, { environment: { SIGNET_SESSION_LIMIT: '1000' } })
    await serve(t, { folder: its.service.folder, clock: its.clock })
    // The status with the first batch, the second batch, and the look that finds nobody.
    for (const writes of [1, 2, 3]) {
      const { clientId } = await its.parties()
      const many = await crowdAt(its, clientId)
      const before = auditOf(its.service.databaseFile).length
      await killed(t, its, writes, ['clients', 'disable', clientId])
      await nothingIsLeft(its)
      t.equal(revokedOf(its, many), MANY)
      const end = 'session.end success client_disabled'
      t.same(auditOf(its.service.databaseFile).slice(before), ['client.disable success', end, end])
      await its.service.clients.setStatus(clientId, 'active', byTest)
      const last = many.at(-1)?.refreshToken ?? ''
      t.equal((await its.refresh(last, { clientId })).text, badToken, 'what was ended stays ended')
    }
  },
)

t.test('what a client that was narrowed has given ends, though the command is killed', { timeout }, async t => {
  const its = await scene(t, { environment: { SIGNET_SESSION_LIMIT: '1000' } })
  const { clientId } = await its.parties()
  const many = await crowdAt(its, clientId)
  await killed(t, its, 1, ['clients', 'update', clientId, '--scope', 'posts:read'])
  await nothingIsLeft(its)
  t.equal(revokedOf(its, many), MANY)
  for (const tokens of [many.at(0), many.at(-1)]) {
    if (tokens === undefined) throw new Error('Nobody was signed in.')
    t.equal(claimsOf((await its.refreshed(tokens, { clientId })).access).scope, 'posts:read')
  }
})
