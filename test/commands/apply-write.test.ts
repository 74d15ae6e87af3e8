import t from 'tap'
import type { Write } from '../../src/records/unit-of-work.ts'
import { issuerUrl, newKey } from '../support/assertions.ts'
import { commandLine, signet } from '../support/command-line.ts'
import { APPLY, applying, textOf } from '../support/definitions.ts'
import { isListed, scene } from '../support/scene.ts'
import { api, claimsOf } from '../support/serve.ts'
import { auditOf, select } from '../support/sqlite.ts'

// Each has a database of its own.
t.jobs = 2

t.test('what ends by it ends at once, and nothing that goes on is touched', async t => {
  const its = await scene(t)
  const line = await commandLine(t, its.service.environment)
  const { apply, exported } = applying(line)
  const [narrowed, disabled, kept, role] = await Promise.all([
    its.parties(),
    its.parties(),
    its.parties(),
    its.parties(),
  ])
  const file = await exported()
  file.clients[narrowed.clientId].scope = ['posts:read']
  file.clients[disabled.clientId].status = 'disabled'
  file.roles[role.role].permissions = ['posts:write']
  file.roles[kept.role].permissions.push('posts:more')
  const before = auditOf(its.service.databaseFile).length
  t.equal((await apply(file)).changes.length, 4)
  const scopeAfter = async (tokens: typeof kept) => claimsOf((await its.refreshed(tokens, tokens)).access).scope
  t.strictSame(
    await Promise.all([narrowed, disabled, kept, role].map(({ access }) => isListed(access))),
    [true, true, false, true],
    'access tokens that carried what is gone are revoked',
  )
  t.strictSame(
    [await scopeAfter(narrowed), await scopeAfter(role)],
    ['posts:read', 'posts:write'],
    'their sessions go on',
  )
  t.equal((await its.refresh(disabled.refreshToken, disabled)).status, 401, 'a disabled client gets nothing')
  t.strictSame(select(its.service.databaseFile, 'select id from cascades'), [], 'nothing is left to be done')
  // The refusal above is written beside the request, sooner or later.
  const events = auditOf(its.service.databaseFile).slice(before)
  t.match(events.filter(event => !event.startsWith('client.authenticate')).sort(), [
    'client.disable success',
    'client.update success',
    'role.update success',
    'role.update success',
    'session.end success client_disabled',
  ])
  file.clients[disabled.clientId].status = 'active'
  await apply(file)
  t.equal((await its.refresh(disabled.refreshToken, disabled)).status, 400, 'what was ended stays ended')
  await its.device(disabled)
  await line.json(['roles', 'delete', role.role])
  await apply(file)
  t.strictSame(
    (await line.json(['users', 'show', role.username])).roles,
    [],
    'a role that was deleted is given to nobody by its name',
  )
})

/** Does something before the first writes of a command. */
const before = (times: number, act: () => Promise<unknown>) => {
  let left = times
  return (inner: Write): Write =>
    async (work, size) => {
      if (left > 0) {
        left -= 1
        await act()
      }
      return inner(work, size)
    }
}

t.test('who changes the same meanwhile is not overwritten unseen: it is compared again, and told', async t => {
  const its = await commandLine(t)
  const { json } = its
  await its.run(APPLY, textOf({ roles: { editor: { permissions: ['a:b'] } }, clients: { app: {}, more: {} } }))
  const wanted = textOf({
    roles: { editor: { permissions: ['a:b', 'c:d'] } },
    clients: { app: { scope: ['a:b'] }, more: {} },
  })
  const applied = (times: number, act: () => Promise<unknown>) =>
    signet(its.environment, APPLY, wanted, undefined, { write: before(times, act) })
  const again = await applied(1, () => json(['clients', 'update', 'more', '--scope', 'e:f']))
  t.match(again, { code: 0, stderr: 'Something has changed meanwhile. Now the difference is:\n' })
  t.match(again.stdout, /~ client more\n {4}scope: - e:f\n {4}narrower/)
  t.match(await json(['clients', 'show', 'more']), { scope: [] })
  await json(['clients', 'delete', 'app'])
  const added = await applied(1, () => json(['clients', 'add', 'app']))
  t.match(added, { code: 0, stdout: /\+ client app [\s\S]*~ client app\n {4}scope: \+ a:b/ }, 'somebody was faster')
  await json(['roles', 'update', 'editor', '--permission', 'z:z'])
  const role = await applied(1, () => json(['roles', 'update', 'editor', '--permission', 'y:y']))
  t.match(role.stdout, /- z:z[\s\S]*- y:y/)
  let count = 0
  await json(['roles', 'update', 'editor', '--permission', 'z:z'])
  const never = await applied(99, () => {
    count += 1
    return json(['roles', 'update', 'editor', '--permission', `n:${count}`])
  })
  t.match(never, {
    code: 1,
    stderr: /Others are changing the same roles, issuers and clients\. Nothing was changed: try again\.\n$/,
  })
  t.equal(count, 5)
})

const key = newKey('ES256', 'one')
const builds = { issuer: issuerUrl, jwks: { keys: [key.jwk] } }
const main = { issuer: 'builds', claims: { sub: 'one' } }
const ofWorker = (worker: object) => ({ clients: { worker: { grants: [], ...worker } } })

t.test('nor is who changes an issuer or a key meanwhile', async t => {
  const its = await commandLine(t)
  const { json } = its
  await its.run(APPLY, textOf({ issuers: { builds }, ...ofWorker({ trusts: [main] }) }))
  const applied = (file: object, words: readonly string[]) =>
    signet(its.environment, APPLY, textOf(file), undefined, { write: before(1, () => json(words)) })
  const both = { keys: [{ jwk: key.jwk }], trusts: [main, { ...main, claims: { sub: 'b' } }] }
  const wanted = (audience: string) => ({ issuers: { builds: { ...builds, audience } }, ...ofWorker(both) })
  const updated = await applied(wanted('us'), ['issuers', 'update', 'builds', '--max-lifetime', '2h'])
  t.match(updated, { code: 0, stderr: /^Something has changed meanwhile/, stdout: /max_lifetime: 2h -> 1h/ })
  const removed = await applied(wanted('them'), ['issuers', 'remove', 'builds'])
  t.match(
    removed,
    { code: 0, stdout: /\+ issuer builds[\s\S]*trusts: \+ builds[^\n]*\+ builds/ },
    'its trusts went with it, and are made again',
  )
  const { keys, trusts } = await json(['clients', 'show', 'worker'])
  t.equal(trusts.length, 2)
  const without = await applied(ofWorker({ trusts: [main] }), ['clients', 'remove-key', 'worker', keys[0].id])
  t.match(without, { code: 0, stdout: /keys: - one[\s\S]*~ client worker\n {4}trusts: - builds with sub=b\n/ })
  const other = { clients: { other: { trusts: [main] } } }
  const gone = await applied(other, ['issuers', 'remove', 'builds'])
  t.match(
    gone,
    { code: 1, stderr: /There is no such issuer, and none is defined here/ },
    'nobody trusts one that is gone',
  )
})

const definitions = textOf({
  roles: { editor: { permissions: ['c:d'] }, more: { permissions: ['x:y'] } },
  issuers: { builds },
  clients: {
    spa: { public: true },
    app: { grants: ['password'], audiences: [api], keys: [{ jwk: key.jwk }], trusts: [main] },
  },
})

t.test('a fault before its commit leaves nothing of it, and one after it leaves all', async t => {
  const its = await commandLine(t)
  const { exported } = applying(its)
  await its.json(['roles', 'add', 'editor', '--permission', 'a:b'])
  const unchanged = await exported()
  const database = its.environment['SIGNET_DATABASE_URL']?.replace(/^file:/, '') ?? ''
  const cascades = () => select(database, 'select id from cascades')
  const failing =
    (after: boolean) =>
    (inner: Write): Write =>
    async (work, size) => {
      const done = await inner(async stores => {
        const worked = await work(stores)
        // The first write only looks for deleted clients of these ids.
        if (!after && !Array.isArray(worked)) throw new Error('before the commit')
        return worked
      }, size)
      if (after && !Array.isArray(done)) throw new Error('after the commit')
      return done
    }
  for (const after of [false, true]) {
    const { code } = await signet(its.environment, APPLY, definitions, undefined, { write: failing(after) })
    t.equal(code, 1)
    const now = await exported()
    if (!after) t.strictSame(now, unchanged)
    const there = [now.roles, now.issuers, now.clients].map(all => Object.keys(all).length)
    t.strictSame(there, after ? [2, 1, 2] : [1, 0, 0])
    t.equal(cascades().length, after ? 1 : 0, 'what ends by it is there for a server to go on with')
  }
  t.match(await applying(its).dryRun(definitions), { code: 0, changes: [] })
})

t.test('a thousand clients are one write', async t => {
  const its = await commandLine(t)
  const { apply } = applying(its)
  const clients = (permission: string) => ({
    clients: Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [
        `client-${at}`,
        {
          grants: ['password'],
          scope: [permission],
          audiences: [`https://${at}.example.com`],
          origins: [`https://o${at}.example.com`],
        },
      ]),
    ),
  })
  let writes = 0
  const counting =
    (inner: Write): Write =>
    (work, size) => {
      writes += 1
      return inner(work, size)
    }
  for (const permission of ['a:b', 'c:d']) {
    writes = 0
    const began = performance.now()
    const { code } = await signet(its.environment, APPLY, textOf(clients(permission)), undefined, { write: counting })
    t.comment(`a thousand clients: ${Math.round(performance.now() - began)} ms`)
    t.equal(code, 0)
    t.ok(writes <= 2, 'besides the look for deleted ones of these ids')
  }
  t.equal((await apply(clients('c:d'))).changes.length, 0)
})
