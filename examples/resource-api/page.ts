/** The login page: the files of public/, what they need to know, and headers that stop foreign scripts and requests to elsewhere. */
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'

/** Content Security Policy: scripts and styles of this page only; connections to this service and these addresses only. */
const policyFor = (addresses: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...addresses.map(address => new URL(address).origin)].join(' '),
    "base-uri 'none'",
    // The script sends the forms. If it can't run, a password must not be sent anywhere.
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')

export async function servePage(
  app: FastifyInstance,
  { issuer, audience, clientId, accountBackend, signInHint }: Config,
): Promise<void> {
  const policy = policyFor([issuer, ...(accountBackend === undefined ? [] : [accountBackend])])
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', policy)
    reply.header('referrer-policy', 'no-referrer')
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cross-origin-opener-policy', 'same-origin')
  })

  // None of it is secret: whoever opens the page sees it.
  app.get('/config.json', () => ({
    issuer,
    audience,
    client_id: clientId,
    account_backend: accountBackend,
    sign_in_hint: signInHint,
  }))
  await app.register(fastifyStatic, { root: fileURLToPath(new URL('public', import.meta.url)) })
}
