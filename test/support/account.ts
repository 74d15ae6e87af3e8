/** alice where she manages her own things: a client with tokens for the service itself, and requests with such a token. */
import type { Test } from 'tap'
import { auditedService } from './audit.ts'
import { addClient } from './clients.ts'
import {
  type Answer,
  api,
  byTest,
  claimsOf,
  password,
  type RequestOptions,
  type ServeOptions,
  secret,
} from './serve.ts'
import { isRevoked, statusIn } from './status-list.ts'

export const page = 'https://account.example.com'

export interface SignIn {
  readonly username?: string
  readonly password?: string
  readonly clientId?: string
  readonly headers?: Readonly<Record<string, string>>
}

export async function accountService(t: Test, options: ServeOptions = {}) {
  const audited = await auditedService(t, options)
  const { service, fresh } = audited
  await addClient(service, { clientId: 'account', audiences: [service.issuer, api], origins: [page] })
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  const { id: accountId } = await service.clients.find('account')
  fresh()

  /** A sign-in as it is answered; through the client `account`, with a token for the service itself, unless it is said otherwise. */
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

  return {
    ...audited,
    accountId,
    attempt,
    /** The tokens of a sign-in. */
    async device(signIn?: SignIn): Promise<Tokens> {
      const answer = await attempt(signIn)
      if (answer.status !== 200) throw new Error(`No sign-in: ${answer.text}`)
      return tokensOf(answer)
    },
    refresh: (token: string, { clientId = 'account', headers = {} }: SignIn = {}) =>
      service.token({ grant_type: 'refresh_token', refresh_token: token }, { client: [clientId, secret], headers }),
    revoke: (token: string) => service.get('/oauth/revoke', { form: { token }, client: ['account', secret] }),
    /** A request with this access token. */
    as: ({ access }: Pick<Tokens, 'access'>, method: string, path: string, more: RequestOptions = {}) =>
      service.get(path, { ...more, method, headers: { ...more.headers, authorization: `Bearer ${access}` } }),
  }
}

export type AccountService = Awaited<ReturnType<typeof accountService>>

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
