/** What a machine may grant over HTTP, and clients that have no secret. */

import t from 'tap'
import { noSettings } from '../../src/records/client.ts'
import { commandLine, type Refused } from '../support/command-line.ts'
import { operatorBeside } from '../support/operator.ts'
import { api, byTest, serve } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const add = (id: string, ...more: readonly string[]) => ['clients', 'add', ...more, '--', id]
const update = (id: string, ...more: readonly string[]) => ['clients', 'update', id, ...more]
const machine = ['--grant', 'client_credentials', '--audience', api]
const refused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 1, says })
const misused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 2, says })

t.test('--may-grant names roles that exist, for a client that asks for itself, and never signet-admin', async t => {
  const { json, text, refuses } = await commandLine(t)
  for (const name of ['reader', 'editor']) await json(['roles', 'add', name, '--permission', 'posts:read'])
  const both = ['--may-grant', 'reader', '--may-grant', 'editor', '--may-grant', 'reader']
  t.match(await json(add('sign-up', ...machine, ...both)), { may_grant: ['reader', 'editor'] })
  await json(add('plain', '--grant', 'password', '--audience', api))
  await json(add('spa', '--public'))
  const before = await json(['clients', 'list'])
  const noRole = /^There is no such role to grant\.\n$/
  const itself =
    /^A client that may grant roles does so for itself: it keeps client_credentials for as long as it may\.\n$/
  const noPublic = /^A public client may grant no role: it can prove nothing, so anybody could\.\n$/
  await refuses([
    refused(add('new', ...machine, '--may-grant', 'nobody'), noRole),
    refused(update('sign-up', '--may-grant', 'reader', '--may-grant', 'nobody'), noRole),
    refused(add('new', ...machine, '--may-grant', 'signet-admin'), /^No client may grant signet-admin\.\n$/),
    refused(update('sign-up', '--may-grant', 'signet-admin'), /^No client may grant signet-admin\.\n$/),
    refused(add('new', '--may-grant', 'reader'), itself),
    refused(update('plain', '--may-grant', 'reader'), itself),
    refused(update('sign-up', '--grant', 'password'), itself),
    misused(add('new', '--public', '--may-grant', 'reader'), noPublic),
    refused(update('spa', '--may-grant', 'reader'), noPublic),
  ])
  t.strictSame(await json(['clients', 'list']), before)
  t.match(await text(['clients', 'show', 'sign-up']), /^May grant: +reader, editor$/m)
  t.same((await json(update('sign-up', '--scope', 'posts:read'))).may_grant, ['reader', 'editor'], 'the rest is kept')
  t.same((await json(update('sign-up', '--may-grant', 'editor'))).may_grant, ['editor'])
  t.same((await json(update('sign-up', '--may-grant', '', '--grant', 'password'))).may_grant, [])
})

t.test('a deleted role can be granted by nobody, however its deletion meets with what lets a client do so', async t => {
  const service = await serve(t)
  const beside = await operatorBeside(t, service)
  const { clients, roles } = service
  const role = { name: 'editor', permissions: ['posts:read'] }
  const none = { ...noSettings, grants: ['client_credentials'], audiences: [api] }
  const limits = { secret: undefined, isPublic: false }
  for (let round = 0; round < 10; round += 1) {
    await roles.add(role, byTest)
    const mine = `mine-${round}`
    const ids = Array.from({ length: 4 }, (_, index) => `${round}-${index}`)
    await clients.add({ ...none, ...limits, clientId: mine, mayGrant: ['editor'] }, byTest)
    for (const clientId of ids) await clients.add({ ...none, ...limits, clientId, mayGrant: [] }, byTest)
    const lets = (clientId: string) => clients.update(clientId, { mayGrant: ['editor'] }, byTest)
    const [first, second, third, fourth] = ids as [string, string, string, string]
    const done = await Promise.allSettled([
      ...[lets(first), lets(second)],
      beside.roles.delete('editor', byTest),
      ...[lets(third), lets(fourth), clients.update(mine, { scope: ['posts:read'] }, byTest)],
    ])
    const isFine = (result: PromiseSettledResult<unknown>) =>
      result.status === 'fulfilled' || result.reason.message === 'There is no such role to grant.'
    t.ok(done.every(isFine))
    t.equal(done[2]?.status, 'fulfilled')
    t.same(
      (await clients.list()).filter(({ mayGrant }) => mayGrant.length > 0),
      [],
      `round ${round}`,
    )
  }
})

t.test('a scope names permissions of Signet that there are', async t => {
  const { json, refuses } = await commandLine(t)
  const says = /^Of the permissions that begin with signet: there are signet:users:read, .*\.\n$/
  await refuses([
    refused(add('new', '--scope', 'signet:user:read'), says),
    refused(add('new', '--scope', 'posts:read', '--scope', 'signet:'), says),
  ])
  await json(add('there', '--scope', 'signet:users:read', '--scope', '*'))
  await refuses([refused(update('there', '--scope', 'signet:everything'), says)])
  t.match(await json(update('there', '--scope', 'signet:keys:read', '--scope', 'signets')), { public: false })
})

t.test('--no-secret adds a confidential client without one, which proves itself with none', async t => {
  const service = await serve(t)
  const { json, text, refuses } = await commandLine(t, service.environment)
  const added = await json(add('workload', '--no-secret', ...machine))
  t.match(added, { public: false, secrets: [] })
  t.notOk('client_secret' in added || 'secret_id' in added)
  t.equal(await text(add('other', '--no-secret')), 'Added other  confidential  active  \n')
  for (const value of ['', 'x'.repeat(32), 'undefined', 'null']) {
    const asked = await service.token({ grant_type: 'client_credentials' }, { client: ['workload', value] })
    t.match([asked.status, asked.body.error], [401, 'invalid_client'], value)
  }
  t.equal((await service.token({ grant_type: 'client_credentials', client_id: 'workload' })).status, 401)
  await refuses([
    misused(add('new', '--public', '--no-secret'), /^A public client has no secret anyway: leave out --no-secret\.\n$/),
    misused(add('new', '--no-secret', '--secret-stdin'), /^Give --secret-stdin or --no-secret, not both\.\n$/),
  ])
  t.equal((await json(['clients', 'list'])).length, 2)
  const { client_secret } = await json(['clients', 'add-secret', 'workload'])
  const client = ['workload', client_secret] as const
  t.equal((await service.token({ grant_type: 'client_credentials' }, { client })).status, 200)
})
