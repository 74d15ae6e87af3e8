/** alice's scene with machines: clients that ask for themselves, and API keys that clients exchange. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { API_KEY, EXCHANGE } from './asking-machines.ts'
import { addClient } from './clients.ts'
import { commandLine } from './command-line.ts'
import { isListed, type Scene, scene } from './scene.ts'
import { type Answer, api, claimsOf, type RequestOptions, type ServeOptions, type Service, secret } from './serve.ts'
import { changeEach } from './sqlite.ts'

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** A second resource service. */
export const shop = 'https://shop.example.com'

/** The answer to every API key that is of no use. */
export const badKey =
  '{"error":"invalid_request","error_description":"The API key is unknown, revoked or expired, or its owner may have no token."}'

export type Form = Readonly<Record<string, string>>

/** A key as the command that made it tells of it. */
export interface MadeKey {
  readonly api_key: string
  readonly api_key_id: string
}

/** The same key with another secret, and the checksum that goes with it or another one. */
export const forge = (text: string, checksumOf: (body: string) => string): string => {
  const body = text.slice(0, -8)
  const other = body.endsWith('0') ? '1' : '0'
  const forged = `${body.slice(0, -1)}${other}`
  return `${forged}${checksumOf(forged)}`
}

/** What is answered to `gateway`, if it is not said otherwise. */
export const exchangeAt = (
  service: Pick<Service, 'token'>,
  key: string,
  form: Form = {},
  more: RequestOptions = {},
): Promise<Answer> =>
  service.token(
    {
      ...{ grant_type: EXCHANGE, subject_token: key, subject_token_type: API_KEY },
      ...(more.client === undefined && { client_id: 'gateway' }),
      ...form,
    },
    more,
  )

/** How machines come to a service: the client `worker` for itself, `gateway`, which is public, with keys of others. */
const visits = ({ service }: Scene) => ({
  /** What the client `worker` is answered, or another one with the same secret. */
  ask: (form: Form = {}, clientId = 'worker'): Promise<Answer> =>
    service.token({ grant_type: 'client_credentials', ...form }, { client: [clientId, secret] }),
  exchange: (key: string, form?: Form, more?: RequestOptions): Promise<Answer> => exchangeAt(service, key, form, more),
})

/**
 * alice's scene. worker asks for itself; gateway, which is public, and broker, which is not, exchange keys of whoever has some. All
 * three serve two audiences, and stand for whatever there is.
 */
export async function machines(t: Test, options: ServeOptions = {}) {
  const its = await scene(t, options)
  const { service, clock } = its
  const audiences = [api, shop]
  await addClient(service, { clientId: 'worker', grants: ['client_credentials'], audiences })
  const exchanges = { grants: [EXCHANGE], scope: ['*'], audiences }
  await addClient(service, { ...exchanges, clientId: 'gateway', isPublic: true, secret: undefined })
  await addClient(service, { ...exchanges, clientId: 'broker' })
  const line = await commandLine(t, service.environment, clock)
  const visit = visits(its)
  await its.fresh()
  return {
    ...its,
    ...line,
    ...visit,
    /** Made at the command line: alice's and for posts:read, if it is not said otherwise. */
    make: ({
      owner = ['--user', 'alice'],
      scope = ['posts:read'],
      name = 'ci',
      more = [],
    }: NewKey = {}): Promise<MadeKey & Record<string, unknown>> => {
      const scopes = scope.flatMap(permission => ['--scope', permission])
      return line.json(['api-keys', 'create', ...owner, '--name', name, ...scopes, ...more])
    },
    /** The access token of a good exchange. */
    async given(key: string, form?: Form, more?: RequestOptions): Promise<string> {
      const answer = await visit.exchange(key, form, more)
      if (answer.status !== 200) throw new Error(`No exchange: ${answer.text}`)
      return answer.body.access_token
    },
    /** Whether an access token still works: what introspection says, and the opposite of what the status list does. */
    async works(access: string): Promise<boolean> {
      const { body } = await its.introspect(access)
      const { aud } = claimsOf(access)
      if (aud !== api && aud !== service.issuer) throw new Error(`The client resource is not asked about ${aud}.`)
      if (body.active === (await isListed(access))) throw new Error('Introspection and status list disagree.')
      return body.active
    },
  }
}

interface NewKey {
  readonly owner?: readonly string[]
  readonly scope?: readonly string[]
  readonly name?: string
  readonly more?: readonly string[]
}

export type Machines = Awaited<ReturnType<typeof machines>>

/**
 * Copies of a key, as if they had been made before: the n-th one n seconds before `nowMs`, with the columns that are given.
 * @returns their ids, the one made last first
 */
export function copyKey(
  { service }: Pick<Machines, 'service'>,
  { api_key_id }: MadeKey,
  count: number,
  nowMs: number,
  { expires, revoked }: { readonly expires?: number | null; readonly revoked?: number | null } = {},
): readonly string[] {
  const ids = Array.from({ length: count }, () => `key_${randomBytes(16).toString('hex')}`)
  const copied = 'owner_id, kind, name, hash, data, last_used_at_ms, last_used_address'
  changeEach(
    service.databaseFile,
    `insert into credentials (id, created_at_ms, expires_at_ms, revoked_at_ms, ${copied})
     select ?, ?, ?, ?, ${copied} from credentials where id = ?`,
    ids.map((id, index) => [id, nowMs - index * 1000, expires ?? null, revoked ?? null, api_key_id]),
  )
  return ids
}
