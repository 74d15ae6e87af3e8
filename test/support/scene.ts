/** alice with her clients, and all that tests ask of a service about her: sign-ins, tokens, verdicts on them, and what the audit says. */
import type { Test } from 'tap'
import { type AuditRow, rowsOf } from './audit.ts'
import { addClient } from './clients.ts'
import { testClock } from './clock.ts'
import {
  type Answer,
  addAlice,
  api,
  byTest,
  claimsOf,
  password,
  type RequestOptions,
  type ServeOptions,
  type Service,
  secret,
  serve,
} from './serve.ts'
import { isRevoked, statusIn } from './status-list.ts'

export const page = 'https://account.example.com'

export interface SignIn {
  readonly username?: string
  readonly password?: string
  readonly clientId?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Tokens {
  readonly access: string
  readonly refreshToken: string
  /** The session's id. */
  readonly sid: string
}

export function tokensOf({ body }: Answer): Tokens {
  const { access_token: access, refresh_token: refreshToken } = body
  return { access, refreshToken, sid: claimsOf(access).sid }
}

/** Whether resource services are told that this access token is revoked. */
export const isListed = (access: string): Promise<boolean> => isRevoked(statusIn(access))

/** What is said of an access token by introspection, by the service's own API and by the status list. */
export interface Verdict {
  readonly active: boolean
  readonly me: number
  readonly listed: boolean
}

export const good: Verdict = { active: true, me: 200, listed: false }
export const ended: Verdict = { active: false, me: 401, listed: true }

/** Exactly what RFC 7662 §2.2 allows to be said of a token that is not active. */
export const inactive = '{"active":false}'

/** The answer to every refresh token that is of no use. */
export const badToken =
  '{"error":"invalid_grant","error_description":"The refresh token is unknown, expired, revoked or was already used."}'

type Client = readonly [id: string, secret: string]

/** A sign-in that a case of its own may end. */
export type Parties = Required<Pick<SignIn, 'username' | 'clientId'>> & { readonly role: string } & Tokens

export interface Revoking {
  /** Beside the token. */
  readonly form?: Readonly<Record<string, string>>
  /** Null: nobody. */
  readonly client?: Client | null
  readonly headers?: Readonly<Record<string, string>>
}

const nothing = {
  reason: null,
  user_id: null,
  client_id: null,
  session_id: null,
  target: null,
  name_hash: null,
  details: null,
}

/** What a service appends to its audit from now on. */
function auditFrom(t: Test, { databaseFile, writeEvents }: Service, nowMs: () => number) {
  let seen = rowsOf(databaseFile).length
  const fresh = async () => {
    await writeEvents()
    const rows = rowsOf(databaseFile).slice(seen)
    seen += rows.length
    return rows
  }
  return {
    fresh,
    /** As many rows as patterns were appended since the last look, and each has what its pattern says. */
    async appendedLike(...patterns: readonly object[]) {
      const rows = await fresh()
      t.equal(rows.length, patterns.length, `${patterns.length} events`)
      t.match(rows, patterns)
    },
    /** Exactly these rows were appended since the last look, with nothing in the columns that are not named. */
    async appended(title: string, origin: Partial<AuditRow>, ...expected: readonly Partial<AuditRow>[]) {
      const rows = (await fresh()).map(({ id, seal, ...row }) => {
        t.match(id, /^event_[0-9a-f]{32}$/)
        return row
      })
      const usual = { ...nothing, outcome: 'success', occurred_at_ms: nowMs(), count: 1 }
      t.same(
        rows,
        expected.map(row => ({ ...usual, ...origin, ...row })),
        title,
      )
    },
  }
}

/** How people come to a service through its clients, the client `account` if it is not said otherwise. */
function visits(service: Service) {
  /** A sign-in as it is answered, with a token for the service itself. */
  const attempt = ({
    username = 'alice',
    password: typed = password,
    clientId = 'account',
    headers = {},
  }: SignIn = {}) =>
    service.token(
      { grant_type: 'password', username, password: typed },
      { client: [clientId, secret], headers: { 'user-agent': 'a browser', ...headers } },
    )
  const refresh = (token: string, { clientId = 'account', headers = {} }: SignIn = {}) =>
    service.token({ grant_type: 'refresh_token', refresh_token: token }, { client: [clientId, secret], headers })
  return {
    attempt,
    refresh,
    /** The tokens of a sign-in. */
    async device(signIn?: SignIn): Promise<Tokens> {
      const answer = await attempt(signIn)
      if (answer.status !== 200) throw new Error(`No sign-in: ${answer.text}`)
      return tokensOf(answer)
    },
    /** The tokens that a refresh gives. */
    async refreshed({ refreshToken }: Tokens, signIn?: SignIn): Promise<Tokens> {
      const answer = await refresh(refreshToken, signIn)
      if (answer.status !== 200) throw new Error(`No refresh: ${answer.text}`)
      return tokensOf(answer)
    },
    revoke: (token: string, { form, client = ['account', secret], headers = {} }: Revoking = {}): Promise<Answer> =>
      service.get('/oauth/revoke', { form: { token, ...form }, headers, ...(client && { client }) }),
    introspect: (token: string, client: Client = ['resource', secret]): Promise<Answer> =>
      service.get('/oauth/introspect', { form: { token }, client }),
    /** A request with this access token. */
    as: ({ access }: Pick<Tokens, 'access'>, method: string, path: string, more: RequestOptions = {}) =>
      service.get(path, { ...more, method, headers: { ...more.headers, authorization: `Bearer ${access}` } }),
  }
}

/**
 * A service whose clock stands still. alice, an editor, signs in through web-app, through spa, which is public, and through account,
 * whose tokens are for the service itself, too; resource is a resource service that introspects; bob has no role.
 */
export async function scene(t: Test, options: ServeOptions = {}) {
  const clock = testClock()
  const service = await serve(t, { clock, ...options })
  const { userId } = await addAlice(service)
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  await addClient(service, { clientId: 'account', audiences: [service.issuer, api], origins: [page] })
  const introspects = [service.issuer, api]
  await addClient(service, { clientId: 'resource', grants: [], scope: [], audiences: [], introspect: introspects })
  const [{ id: clientId }, { id: accountId }] = [
    await service.clients.find('web-app'),
    await service.clients.find('account'),
  ]
  const visit = visits(service)

  let made = 0
  return {
    clock,
    service,
    userId,
    /** Of web-app. */
    clientId,
    accountId,
    ...auditFrom(t, service, clock.now),
    ...visit,
    /** A user with a role and a client like `account`, whom no other case knows, signed in. */
    async parties(): Promise<Parties> {
      made += 1
      const [username, clientId, role] = [`user-${made}`, `client-${made}`, `role-${made}`]
      await service.roles.add({ name: role, permissions: ['posts:read', 'posts:write'] }, byTest)
      await service.users.add({ username, password, roles: [role] }, byTest)
      await addClient(service, { clientId, audiences: [service.issuer, api] })
      return { username, clientId, role, ...(await visit.device({ username, clientId })) }
    },
    /** An access token whose audience is not the service has no business at the service's own API. */
    async verdictOn({ access }: Pick<Tokens, 'access'>): Promise<Verdict> {
      const { status: me } = await service.get('/me', { headers: { authorization: `Bearer ${access}` } })
      const { text, body } = await visit.introspect(access)
      if (!body.active && text !== inactive) throw new Error(`Introspection says more than it may: ${text}`)
      return { active: body.active, me, listed: await isRevoked(statusIn(access)) }
    },
  }
}

export type Scene = Awaited<ReturnType<typeof scene>>
