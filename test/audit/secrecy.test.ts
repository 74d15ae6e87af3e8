/** What the audit must not hold, whatever was done and whatever was typed where. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { auditEventTypes } from '../../src/records/audit-event.ts'
import { ownPermissions } from '../../src/records/role.ts'
import { rowsOf } from '../support/audit.ts'
import { checksum } from '../support/checksum.ts'
import { addClient } from '../support/clients.ts'
import { forge, type Machines, machines } from '../support/machines.ts'
import { basic, byTest, claimsOf, password, request, secret } from '../support/serve.ts'
import { statusIn } from '../support/status-list.ts'

const document = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

t.test('every type of event is in the table of docs/audit.md, and no other', async t => {
  const [, table = ''] = document('docs/audit.md').split('| Type | When, and its reasons |\n')
  const [rows = ''] = table.split('\n\n')
  const types = rows.split('\n').flatMap(row => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
  t.strictSame(types.map(([, type]) => type).sort(), auditEventTypes.toSorted())
})

interface Described {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly requestBody?: { readonly content: Readonly<Record<string, Body>> } }>>
    >
  >
}
interface Body {
  readonly schema: { readonly properties?: Readonly<Record<string, { readonly type?: string }>> }
}

/** Each secret in the path, in the query and in each member of the body of every route of /admin. Answers what was made there. */
async function visitAdministration(
  { service, as }: Pick<Machines, 'service' | 'as'>,
  secrets: Readonly<Record<string, string>>,
  visited: Set<string>,
) {
  await service.users.add({ username: 'root', password, roles: ['signet-admin'] }, byTest)
  await addClient(service, { clientId: 'console', scope: ['*', ...ownPermissions], audiences: [service.issuer] })
  const form = { grant_type: 'password', username: 'root', password }
  const { body: signedIn } = await service.token(form, { client: ['console', secret] })
  const send = (method: string, path: string, body?: object) =>
    as({ access: signedIn.access_token }, method.toUpperCase(), path, {
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })

  const described: Described = (await request(`${service.management}/docs/json`)).body
  for (const [path, operations] of Object.entries(described.paths).filter(([path]) => path.startsWith('/admin')))
    for (const [method, { requestBody }] of Object.entries(operations)) {
      visited.add(path)
      const { properties } = Object.values(requestBody?.content ?? {})[0]?.schema ?? {}
      for (const value of Object.values(secrets)) {
        const filled = Object.entries(properties ?? {}).map(([name, { type }]) => [
          name,
          type === 'array' ? [value] : value,
        ])
        const there = path.replace(/\{\w+\}/g, encodeURIComponent(value))
        const query = new URLSearchParams({ user_id: value, client_id: value, cursor: value, username: value })
        await send(method, `${there}${method === 'get' ? `?${query}` : ''}`, properties && Object.fromEntries(filled))
        for (const member of filled) await send(method, there, Object.fromEntries([member]))
      }
    }
  const asked = { client_id: 'worker', name: 'over HTTP', scope: 'posts:read' }
  const { body } = await send('POST', '/admin/api-keys', asked)
  await send('DELETE', `/admin/api-keys/${body.api_key_id}`)
  const { userId } = await service.users.add({ username: 'forgetful', password, roles: [] }, byTest)
  const made = await send('POST', `/admin/users/${userId}/password-tickets`, { client_id: 'web-app' })
  const ticket: string = made.body.password_ticket
  visited.add('/oauth/password-tickets/redeem')
  for (const value of [...Object.values(secrets), ticket]) {
    const form = { ticket: value, new_password: `${value}, another` }
    await service.get('/oauth/password-tickets/redeem', { form, client: ['web-app', secret] })
  }
  return { overHttp: body.api_key as string, administrator: signedIn.refresh_token as string, ticket }
}

t.test('no secret that was presented or given, at any endpoint, right, wrong or in the wrong place', async t => {
  const its = await machines(t, { environment: { SIGNET_TRUST_PROXY: '127.0.0.0/8' } })
  const { service, device, refreshed, refresh, as, ask, exchange, make, given, revoke, introspect } = its
  const [wrong, newPassword] = ['wrong battery staple 11', 'another battery staple 10']
  const visited = new Set<string>()
  const visit = async <T>(path: string, act: () => Promise<T>): Promise<T> => {
    visited.add(path)
    return act()
  }
  let networks = 0
  /** Each from a network of its own: nothing is throttled. */
  const token = (form: Readonly<Record<string, string>>, client: readonly [string, string] = ['account', secret]) => {
    networks += 1
    const headers = { 'x-forwarded-for': `203.0.${networks}.7` }
    return visit('/oauth/token', () => service.token(form, { client, headers }))
  }

  const [here, other] = [await device(), await device()]
  const next = await refreshed(here)
  const later = await refreshed(next)
  const [key, spare] = [await make(), await make()]
  const [ofKey, ofWorker] = [await given(key.api_key), (await ask()).body.access_token]
  const mine = await visit('/me/api-keys', () =>
    as(later, 'POST', '/me/api-keys', { form: { name: 'laptop', scope: 'posts:read' } }),
  )
  const added = await its.json(['clients', 'add-secret', 'worker'])
  const secrets = {
    ...{ password, wrong, newPassword, secret, key: key.api_key, spare: spare.api_key, mine: mine.body.api_key },
    ...{ forged: forge(key.api_key, checksum), ofKey, ofWorker, added: added.client_secret },
    ...{ access: here.access, refresh: here.refreshToken, next: next.refreshToken, later: later.refreshToken },
    other: other.refreshToken,
  }

  // Wrong, and in each other's place.
  for (const [name, value] of Object.entries(secrets)) {
    t.type(value, 'string', name)
    its.clock.advance(1000)
    await token({ grant_type: 'password', username: value, password: value })
    await token({ grant_type: 'password', username: 'bob', password: `${value} ` })
    await token({ grant_type: 'client_credentials', scope: value.replace(/[^!-~]/g, '-') }, ['worker', secret])
    await token({ grant_type: 'client_credentials', resource: value }, ['worker', secret])
    await token({ grant_type: value })
    await token({ grant_type: 'client_credentials' }, [value.slice(0, 64), value])
    await token({ grant_type: 'client_credentials' }, ['worker', value])
    if (value !== later.refreshToken && value !== other.refreshToken) await refresh(value)
    await exchange(value === key.api_key || value === mine.body.api_key ? spare.api_key : value, { scope: value })
    await visit('/oauth/introspect', () => introspect(value))
    await visit('/oauth/revoke', () => revoke(value, { client: ['web-app', secret] }))
    await service.token({ grant_type: 'password' }, { headers: { authorization: `Basic ${value}` } })
    await visit('/me', () => service.get('/me', { headers: { authorization: `Bearer ${value}` } }))
    await service.get(`/me/sessions/${encodeURIComponent(value)}`, { method: 'DELETE' })
  }
  // Right, and to the end.
  its.clock.advance(1000)
  const again = await device()
  const change = { current_password: password, new_password: newPassword }
  for (const [path, method, form] of [
    ['/me', 'GET', undefined],
    ['/me/sessions', 'GET', undefined],
    ['/me/password', 'POST', { ...change, current_password: wrong }],
    ['/me/password', 'POST', change],
    [`/me/api-keys/${mine.body.api_key_id}`, 'DELETE', undefined],
    [`/me/sessions/${claimsOf(other.access).sid}`, 'DELETE', undefined],
  ] as const)
    await visit(path.replace(/(sessions|api-keys)\/.*/, '$1/{id}'), () =>
      as(again, method, path, form === undefined ? {} : { form }),
    )
  for (const value of [ofKey, ofWorker, key.api_key, again.access, again.refreshToken]) await revoke(value)
  const last = await device({ password: newPassword })
  await visit('/me/sessions', () => as(last, 'DELETE', '/me/sessions'))
  for (const path of ['jwks.json', 'oauth-authorization-server', 'openid-configuration'])
    await visit(`/.well-known/${path}`, () => service.get(`/.well-known/${path}`))
  const made = await visitAdministration(
    its,
    { password, newPassword, key: key.api_key, last: last.refreshToken },
    visited,
  )
  await visit('/healthz', () => service.get('/healthz'))
  await visit('/oauth/status-lists', () => service.get('/oauth/status-lists'))
  await visit('/oauth/status-lists/{id}', async () => service.get(new URL(statusIn(last.access).uri).pathname))
  const onPublicPort = [...document('openapi.yaml').matchAll(/^ {2}(\/\S+):$/gm)].map(([, path = '']) => path)
  const onManagementPort = ['/livez', '/readyz', '/metrics']
  t.strictSame([...visited].sort(), onPublicPort.filter(path => !onManagementPort.includes(path)).sort(), 'all of them')

  await service.stop()
  const rows = rowsOf(service.databaseFile)
  const types = new Set(rows.map(({ type, outcome }) => `${type} ${outcome}`))
  for (const seen of [
    ...['user.sign_in failure', 'session.refresh failure', 'client.authenticate failure', 'client.grant failure'],
    ...['api_key.exchange failure', 'access_token.revoke failure', 'session.end success', 'user.set_password failure'],
  ])
    t.ok(types.has(seen), seen)
  const text = JSON.stringify(rows)
  t.ok(text.includes(claimsOf(here.access).sid) && text.includes(key.api_key_id), 'what may be read is found')
  const alsoGiven = {
    ...made,
    again: again.refreshToken,
    signature: last.access.split('.')[2] ?? '',
    header: basic(['x', secret]),
  }
  for (const [name, value] of Object.entries({ ...secrets, ...alsoGiven })) {
    t.notOk(text.includes(value), name)
    t.notOk(text.includes(Buffer.from(value).toString('base64url')), `${name} in base64`)
  }
  // The random part of each, which stands in it without its prefix and its checksum.
  for (const value of [...Object.values(secrets), again.refreshToken].filter(value => value.startsWith('signet_')))
    t.notOk(text.includes(value.slice(-72, -8)), value.slice(0, 20))
})
