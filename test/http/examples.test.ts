/** The examples of the API reference: "Try it out" sends them as they are, in the order of the README, and they do what is described. */
import { test } from 'tap'
import { ownPermissions } from '../../src/records/role.ts'
import { addClient } from '../support/clients.ts'
import { api, byTest, password, type RequestOptions, request, secret, serve } from '../support/serve.ts'

interface Property {
  readonly type: string | readonly string[]
  readonly examples?: readonly unknown[]
  readonly default?: unknown
}

interface Body {
  readonly content: Readonly<
    Record<string, { readonly schema: { readonly properties: Readonly<Record<string, Property>> } }>
  >
}

/** What the page fills in and sends for a property. */
const sampleOf = ({ examples, default: byDefault, type }: Property): unknown =>
  examples?.[0] ?? byDefault ?? `no example of ${type}`

test('the examples of the API reference do what they say', async t => {
  const service = await serve(t)
  const { issuer } = service
  const { body: described } = await request(`${service.management}/docs/json`)
  /** The body of an operation, as the page fills it in. */
  function sample(method: string, path: string): { readonly type: string; readonly fields: Record<string, unknown> } {
    const { content } = described.paths[path][method].requestBody as Body
    const [[type, { schema }] = ['', { schema: { properties: {} } }]] = Object.entries(content)
    const fields = Object.entries(schema.properties).map(([name, property]) => [name, sampleOf(property)])
    return { type, fields: Object.fromEntries(fields) }
  }
  const form = (path: string) => sample('post', path).fields as Record<string, string>

  await service.users.add({ username: 'admin', password, roles: ['signet-admin'] }, byTest)
  await addClient(service, { clientId: 'console', scope: ['*', ...ownPermissions], audiences: [issuer] })
  const signIn = { grant_type: 'password', username: 'admin', password }
  const { body: tokens } = await service.token(signIn, { client: ['console', secret] })
  const asAdmin = { authorization: `Bearer ${tokens.access_token}` }
  /** Sends the example as the administrator, to the path with this in the place of its parameter. */
  async function send(method: string, path: string, parameter = '', more: RequestOptions['headers'] = {}) {
    const { type, fields } = sample(method.toLowerCase(), path)
    const headers = { ...asAdmin, 'content-type': type, ...more }
    const url = path.replace(/\{\w+\}/, parameter)
    const answer = await service.get(url, { method, headers, body: JSON.stringify(fields) })
    t.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const etagOf = async (path: string) => ({
    'if-match': (await service.get(path, { headers: asAdmin })).headers.get('etag') ?? '',
  })

  const { name } = await send('POST', '/admin/roles')
  await send('PATCH', '/admin/roles/{name}', name, await etagOf(`/admin/roles/${name}`))
  const { user_id: id } = await send('POST', '/admin/users')
  await send('PATCH', '/admin/users/{user_id}', id, await etagOf(`/admin/users/${id}`))
  await send('POST', '/admin/users/{user_id}/set-password', id)
  const { client_id: clientId } = await send('POST', '/admin/clients')
  await send('PATCH', '/admin/clients/{client_id}', clientId, await etagOf(`/admin/clients/${clientId}`))
  await send('POST', '/admin/clients/{client_id}/secrets', clientId)
  await send('POST', '/admin/users/{user_id}/password-tickets', id)
  await send('POST', '/admin/api-keys')

  // What the README adds by commands.
  await service.users.add({ username: 'alice', password: 'correct horse battery staple 9', roles: [name] }, byTest)
  const blog = { clientId: 'blog', isPublic: true, secret: undefined, scope: ['*'] }
  await addClient(service, { ...blog, audiences: [api, issuer] })
  const { status, body } = await service.token(form('/oauth/token'))
  t.equal(status, 200, JSON.stringify(body))
  const { body: own } = await service.token({ ...form('/oauth/token'), resource: issuer })
  const asAlice = { authorization: `Bearer ${own.access_token}` }
  for (const path of ['/me/api-keys', '/me/password']) {
    const answer = await service.get(path, { form: form(path), headers: asAlice })
    t.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`)
  }
  const token = own.refresh_token
  t.equal((await service.get('/oauth/revoke', { form: { ...form('/oauth/revoke'), token } })).status, 200)
  t.equal((await service.get('/me', { headers: asAlice })).status, 401)
})
