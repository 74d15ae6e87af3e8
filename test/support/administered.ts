/** alice's scene with those who administer it over HTTP: people with roles that give Signet's own permissions, and machines. */
import type { Test } from 'tap'
import { ownPermissions } from '../../src/records/role.ts'
import { addClient } from './clients.ts'
import { commandLine } from './command-line.ts'
import { scene } from './scene.ts'
import { type Answer, api, byTest, claimsOf, password, type ServeOptions, secret } from './serve.ts'

/** Whoever asks, as their token says it. */
export interface Asker {
  readonly access: string
  /** A user, or the internal id of a client. */
  readonly id: string
  readonly sid: string
}

export interface Asking {
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
}

const JSON_TYPE = { 'content-type': 'application/json' }

export async function administered(t: Test, options: ServeOptions = {}) {
  const its = await scene(t, options)
  const { service, clock } = its
  await addClient(service, { clientId: 'console', scope: ['*', ...ownPermissions], audiences: [service.issuer, api] })
  let made = 0

  async function signIn(username: string, scope?: string): Promise<Asker> {
    const form = { grant_type: 'password', username, password, ...(scope !== undefined && { scope }) }
    const answer = await service.token(form, { client: ['console', secret] })
    if (answer.status !== 200) throw new Error(`No sign-in: ${answer.text}`)
    const { access_token: access } = answer.body
    const { sub: id, sid } = claimsOf(access)
    return { access, id, sid }
  }

  /** What is answered; a body is sent as JSON. */
  const ask = ({ access }: Pick<Asker, 'access'>, method: string, path: string, more: Asking = {}): Promise<Answer> =>
    service.get(path, {
      method,
      headers: { authorization: `Bearer ${access}`, ...(more.body !== undefined && JSON_TYPE), ...more.headers },
      ...(more.body !== undefined && { body: typeof more.body === 'string' ? more.body : JSON.stringify(more.body) }),
    })

  await service.users.add({ username: 'admin', password, roles: ['signet-admin'] }, byTest)
  return {
    ...its,
    ...(await commandLine(t, service.environment, clock)),
    admin: await signIn('admin'),
    signIn,
    ask,
    /** A new user who has exactly these permissions, signed in. */
    async someoneWith(permissions: readonly string[], scope?: string): Promise<Asker> {
      made += 1
      const [username, role] = [`someone-${made}`, `role-of-someone-${made}`]
      await service.roles.add({ name: role, permissions }, byTest)
      await service.users.add({ username, password, roles: [role] }, byTest)
      return signIn(username, scope)
    },
    /** A new client that asks for itself. */
    async machineWith(scope: readonly string[], mayGrant: readonly string[] = []): Promise<Asker> {
      made += 1
      const clientId = `machine-${made}`
      const settings = { grants: ['client_credentials'], scope, mayGrant, audiences: [service.issuer] }
      await addClient(service, { ...settings, clientId })
      const answer = await service.token({ grant_type: 'client_credentials' }, { client: [clientId, secret] })
      const { access_token: access } = answer.body
      return { access, id: claimsOf(access).sub, sid: '' }
    },
  }
}

export type Administered = Awaited<ReturnType<typeof administered>>

/** Every page of a list, `limit` at a time. */
export async function pagesOf(
  { ask, admin }: Pick<Administered, 'ask' | 'admin'>,
  path: string,
  name: string,
  limit: number,
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
): Promise<any[][]> {
  const pages: unknown[][] = []
  for (let cursor = ''; ; ) {
    const joined = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}&cursor=${cursor}`
    const { status, text, body } = await ask(admin, 'GET', joined)
    if (status !== 200) throw new Error(`No page: ${text}`)
    pages.push(body[name])
    if (body.next_cursor === undefined) return pages as never
    cursor = body.next_cursor
  }
}

/** A refusal that says what is wrong with which member, and repeats nothing. */
export function saysOfFields(t: Test, { status, body }: Answer, fields: Readonly<Record<string, RegExp>>): void {
  t.equal(status, 422, JSON.stringify(body))
  t.same(Object.keys(body), ['error', 'error_description', 'errors'])
  t.equal(body.error, 'invalid_request')
  const told = body.errors as readonly { readonly field: string; readonly message: string }[]
  t.same(told.map(({ field }) => field).toSorted(), Object.keys(fields).toSorted())
  for (const { field, message } of told) t.match(message, fields[field], field)
}

/** A token does not do: of the permission that is needed, of another audience, of an API key. */
export async function needsPermission(
  t: Test,
  { ask, someoneWith, device }: Administered,
  permission: string,
  requests: readonly (readonly [method: string, path: string, body?: object])[],
): Promise<void> {
  const others = ownPermissions.filter(own => own !== permission)
  const [without, elsewhere] = [await someoneWith(others), await device({ clientId: 'web-app' })]
  for (const [method, path, body] of requests) {
    const send = (access: string) => ask({ access }, method, path, body && { body })
    const refused = await send(without.access)
    t.match([refused.status, refused.body.error], [403, 'insufficient_scope'], `${method} ${path}`)
    t.match(refused.headers.get('www-authenticate'), `scope="${permission}"`)
    t.equal((await send(elsewhere.access)).status, 401, 'for another audience')
  }
}

/** What `If-Match` takes; empty when the answer has none. */
export const etagOf = (answer: { readonly headers: Headers }): string => answer.headers.get('etag') ?? ''
