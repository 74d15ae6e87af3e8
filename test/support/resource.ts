/** A resource service that asks about tokens, beside alice and what issues them to her. */
import type { Test } from 'tap'
import { accountService, type SignIn, type Tokens, tokensOf } from './account.ts'
import { addClient } from './clients.ts'
import { type Answer, api, byTest, password, type ServeOptions, secret } from './serve.ts'
import { isRevoked, statusIn } from './status-list.ts'

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

export async function resourceService(t: Test, options: ServeOptions = {}) {
  const account = await accountService(t, options)
  const { service, fresh } = account
  const introspects = [service.issuer, api]
  await addClient(service, { clientId: 'resource', grants: [], scope: [], audiences: [], introspect: introspects })
  fresh()

  const introspect = (token: string, client: Client = ['resource', secret]): Promise<Answer> =>
    service.get('/oauth/introspect', { form: { token }, client })
  const revoke = (
    token: string,
    { form, client = ['account', secret], headers = {} }: Revoking = {},
  ): Promise<Answer> => service.get('/oauth/revoke', { form: { token, ...form }, headers, ...(client && { client }) })

  let made = 0
  /** A user with a role and a client like `account`, whom no other case knows, signed in. */
  async function parties(): Promise<Parties> {
    made += 1
    const [username, clientId, role] = [`user-${made}`, `client-${made}`, `role-${made}`]
    await service.roles.add({ name: role, permissions: ['posts:read', 'posts:write'] }, byTest)
    await service.users.add({ username, password, roles: [role] }, byTest)
    await addClient(service, { clientId, audiences: [service.issuer, api] })
    return { username, clientId, role, ...(await account.device({ username, clientId })) }
  }

  return {
    ...account,
    introspect,
    parties,
    /** Revokes as the client `account`, if it is not said otherwise. */
    revoke,
    /** The tokens that a refresh gives. */
    async refreshed({ refreshToken }: Tokens, signIn?: SignIn): Promise<Tokens> {
      const answer = await account.refresh(refreshToken, signIn)
      if (answer.status !== 200) throw new Error(`No refresh: ${answer.text}`)
      return tokensOf(answer)
    },
    /** An access token whose audience is not the service has no business at the service's own API. */
    async verdictOn({ access }: Pick<Tokens, 'access'>): Promise<Verdict> {
      const { status: me } = await service.get('/me', { headers: { authorization: `Bearer ${access}` } })
      const { text, body } = await introspect(access)
      if (!body.active && text !== inactive) throw new Error(`Introspection says more than it may: ${text}`)
      return { active: body.active, me, listed: await isRevoked(statusIn(access)) }
    },
  }
}

export type ResourceService = Awaited<ReturnType<typeof resourceService>>
