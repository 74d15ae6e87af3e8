/**
 * Who may do what at /admin: every route, asked by everybody. The table says what each is answered; a route of openapi.yaml that is not in
 * it, or a permission that no route takes, fails.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { noSettings } from '../../src/records/client.ts'
import { ownPermissions } from '../../src/records/role.ts'
import { type Administered, type Asker, administered } from '../support/administered.ts'
import { fresh, type Target, table } from '../support/administration-table.ts'
import { addIssuer, newKey } from '../support/assertions.ts'
import { api, byTest, password, secret } from '../support/serve.ts'

const key = newKey()

/** Makes what a row is about, and answers what its path has in the place of the parameters. */
async function make(its: Administered, target: Target): Promise<Readonly<Record<string, string>>> {
  const { service } = its
  if (target === 'nothing') return { kid: (await its.ask(its.admin, 'GET', '/admin/keys')).body.keys[0].kid }
  if (target === 'role') {
    const { name } = await service.roles.add({ name: fresh('role'), permissions: ['posts:read'] }, byTest)
    return { name }
  }
  if (target === 'issuer') {
    const { name } = await addIssuer(service, key, {}, fresh('issuer'))
    return { name }
  }
  if (target === 'client' || target === 'api-key') {
    const clientId = fresh('client')
    const settings = { ...noSettings, grants: ['password'], scope: ['posts:read'], audiences: [api] } as const
    const asked = { ...settings, clientId, isPublic: false, secret }
    const added = await service.clients.add(asked, byTest)
    const ofClient = { client_id: clientId, secret_id: added.secretId ?? '' }
    if (target === 'client') return ofClient
    const newKey = { name: 'key', scope: ['posts:read'], audiences: [api], ttlSeconds: 60 }
    const { key } = await (await service.container.apiKeys()).create({ clientId }, newKey, byTest)
    return { ...ofClient, api_key_id: key.id }
  }
  const roles = { user: [], reader: ['reader'], session: ['reader'], administrator: ['signet-admin'] }[target]
  const username = fresh(target)
  const { userId } = await service.users.add({ username, password, roles }, byTest)
  return { user_id: userId, id: target === 'session' ? (await its.signIn(username)).sid : userId }
}

const routesOfDocument = (): readonly string[] => {
  const { paths } = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'))
  return Object.entries<object>(paths)
    .filter(([path]) => path.startsWith('/admin'))
    .flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter(method => method !== 'parameters')
        .map(method => `${method.toUpperCase()} ${path}`),
    )
}

t.test('the table has every route, and every permission', async t => {
  t.strictSame([...new Set(table.map(({ route }) => route))].toSorted(), routesOfDocument().toSorted())
  t.strictSame([...new Set(table.map(({ permission }) => permission))].toSorted(), ownPermissions.toSorted())
})

t.test('everybody is answered as the table says', async t => {
  const its = await administered(t)
  await its.service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  const nobody = { access: 'nobody' }
  const plain = await its.someoneWith(['posts:write'])
  const elsewhere = await its.device({ clientId: 'web-app' })
  for (const permission of ownPermissions) {
    const rows = table.filter(row => row.permission === permission)
    const others = ownPermissions.filter(other => other !== permission)
    const askers = [
      await its.someoneWith([permission]),
      await its.machineWith([permission]),
      await its.machineWith([permission], ['reader']),
      its.admin,
      await its.signIn('admin', permission),
    ]
    const [without, former] = [await its.someoneWith(others), await its.someoneWith([permission])]
    const taken = { body: { roles: [] }, headers: { 'if-match': '*' } }
    t.equal((await its.ask(its.admin, 'PATCH', `/admin/users/${former.id}`, taken)).status, 200)
    for (const { route, of, body, answers } of rows) {
      const send = async ({ access }: Pick<Asker, 'access'>) => {
        const made = await make(its, of)
        const [method = '', path = ''] = route.split(' ')
        const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(made[name] ?? ''))
        const asked = body?.(made['client_id'] ?? made['user_id'] ?? '')
        const headers = { ...(method !== 'GET' && { 'if-match': '*' }) }
        return its.ask({ access }, method, filled, { ...(asked && { body: asked }), headers })
      }
      for (const [index, asker] of askers.entries()) {
        const { status, text } = await send(asker)
        const who = ['only', 'machine', 'granting machine', 'administrator', 'narrow administrator'][index]
        t.equal(status, answers[index], `${route} of ${of} by ${who}: ${text}`)
      }
      t.equal((await send(nobody)).status, 401, `${route} by nobody`)
      t.equal((await send(plain)).status, 403, `${route} by a plain user`)
      t.equal((await send(without)).status, 403, `${route} by a user with every other permission`)
      t.equal((await send(elsewhere)).status, 401, `${route} with a token of another audience`)
      t.match((await send(former)).status, /^40[13]$/, `${route} by whoever had the permission a moment ago`)
    }
  }
})
