/** API keys for the package signet-verifier and an issuer of the test's own that exchanges them. */
import type { Test } from 'tap'
import { ENDPOINT, exchangeAtIssuer, granted, LIFETIME, type Reply } from '../support/exchanging-issuer.ts'
import { startIssuer } from '../support/issuer.ts'
import { type FastApiOptions, startFastApi } from './fastapi-service.ts'

/** In which the example takes keys, as a public client. */
export const takesKeys = { API_KEY_CLIENT_ID: 'gateway' }

/** By default the issuer knows no key, and the example takes them as a public client. Its time stands still until it is moved. */
export async function withExchanges(t: Test, { app, environment = takesKeys }: Omit<FastApiOptions, 'issuer'> = {}) {
  const startedAt = Math.floor(Date.now() / 1000)
  const issuer = await startIssuer(t)
  const { calls, reply } = exchangeAtIssuer(issuer)
  let tokens = 0
  let ahead = 0

  const resource = await startFastApi(t, {
    issuer: issuer.issuer,
    ...(app && { app }),
    environment: { CLOCKS_STAND: 'yes', ...environment },
  })

  /** The answer with a new token: its jti is `token-1`, then `token-2`, and so on. */
  function grant(claims: object = {}, more: object = {}): Reply {
    tokens += 1
    const iat = startedAt + ahead
    return granted(issuer.token({ iat, exp: iat + LIFETIME, jti: `token-${tokens}`, ...claims }), more)
  }

  return {
    issuer,
    resource,
    calls,
    reply,
    grant,
    hold: () => issuer.holdAt(ENDPOINT),
    /** Lets time pass for both. */
    advance(seconds: number) {
      ahead += seconds
      resource.advance(seconds)
    },
    /** Which token a key is good for; else the status, what is said, and when to come again. */
    async outcomeOf(key: string): Promise<unknown> {
      const { status, body, headers } = await resource.withKey(key)
      if (status === 200) return body.jti
      return [status, body.error_description, ...(headers.get('retry-after') ?? '').split(' ').filter(Boolean)]
    },
  }
}
