/** What callers repeat, and what the audit has of it. */
import type { Test } from 'tap'
import { scene } from './scene.ts'
import { type ServeOptions, secret } from './serve.ts'

export const MINUTE = 60_000
export const wrong = 'wrong battery staple 11'
export const forwarded = (address: string) => ({ headers: { 'x-forwarded-for': address } })

/** alice's scene behind a proxy, and what is recorded beside requests. */
export async function guessed(t: Test, options: ServeOptions = {}) {
  const its = await scene(t, { ...options, environment: { SIGNET_TRUST_PROXY: '127.0.0.0/8' } })
  await its.fresh()
  return {
    ...its,
    guess: (username: string, address = '203.0.113.7', form = {}, headers = {}) =>
      its.service.token(
        { grant_type: 'password', username, password: wrong, ...form },
        { client: ['web-app', secret], headers: { 'x-forwarded-for': address, ...headers } },
      ),
    /** A client that nobody has. */
    knock: (clientId: string, address = '203.0.113.7') =>
      its.service.token({ grant_type: 'client_credentials' }, { client: [clientId, secret], ...forwarded(address) }),
    /** `3 × type reason` of what was appended since the last look. */
    async appendedNow(): Promise<string[]> {
      return (await its.fresh()).map(({ count, type, reason }) => `${count} × ${type} ${reason}`)
    },
  }
}
