/** What a middleware makes of the verifier's answer; it is the same for every framework, so one is asked here. */
import { type AccessTokenClaims, TokenError, type TokenErrorCode } from '@signet/verifier'
import { signetWeb } from '@signet/verifier/web'
import { type Test, test } from 'tap'
import { standIn } from '../support/resource-callers.ts'
import { api } from '../support/serve.ts'

const request = () => new Request('https://api.example.com/me', { headers: { authorization: 'Bearer a.token' } })

const claims: AccessTokenClaims = {
  iss: 'https://signet.example.com',
  sub: 'user_1',
  aud: api,
  client_id: 'spa',
  jti: 'token_1',
  iat: 0,
  exp: 600,
}

const codes: Readonly<Record<Exclude<TokenErrorCode, 'unavailable'>, true>> = {
  malformed: true,
  unsupported: true,
  unknown_key: true,
  bad_signature: true,
  wrong_type: true,
  wrong_issuer: true,
  wrong_audience: true,
  expired: true,
  not_yet_valid: true,
  invalid_claim: true,
  revoked: true,
  invalid_api_key: true,
}

async function refusal(t: Test, answer: Promise<AccessTokenClaims | Response>): Promise<Response> {
  const response = await answer
  if (response instanceof Response) return response
  return t.fail('It was let pass.') as never
}

test("whatever a verifier has against a token, it is 401 invalid_token with the verifier's words", async t => {
  for (const code of Object.keys(codes) as TokenErrorCode[]) {
    const verifier = standIn(async () => {
      throw new TokenError(code, `What is ${code}, "quoted".`)
    })
    const response = await refusal(t, signetWeb({ verifier }).authenticate(request()))
    t.equal(response.status, 401, code)
    t.equal(
      response.headers.get('www-authenticate'),
      `Bearer realm="${api}", error="invalid_token", error_description="What is ${code}, ?quoted?."`,
    )
    t.same(await response.json(), {
      error: 'invalid_token',
      error_description: `What is ${code}, "quoted".`,
      status: 401,
      path: '/me',
    })
  }
})

test('Retry-After is the poll interval in whole seconds, and never nothing', async t => {
  for (const [pollInterval, seconds] of [
    [10, '10'],
    [0.05, '1'],
    [2.1, '3'],
  ] as const) {
    const unavailable = async () => {
      throw new TokenError('unavailable', 'Not now.')
    }
    const { authenticate } = signetWeb({ verifier: standIn(unavailable, { pollInterval }) })
    const { status, headers } = await refusal(t, authenticate(request()))
    t.same([status, headers.get('retry-after'), headers.get('www-authenticate')], [503, seconds, null])
  }
})

test('a role or a permission is there by its whole name only', async t => {
  const admit = async (has: Partial<AccessTokenClaims>) => {
    const { requireRole, requirePermission } = signetWeb({ verifier: standIn(async () => ({ ...claims, ...has })) })
    const answers = [requireRole('admin'), requirePermission('posts:write')].map(check => check(request()))
    return (await Promise.all(answers)).map(answer => (answer instanceof Response ? answer.status : 200))
  }
  t.same(await admit({ roles: ['editor', 'admin'], scope: 'posts:read posts:write' }), [200, 200])
  for (const has of [
    {},
    { roles: [], scope: '' },
    { roles: ['administrator', 'Admin', 'sub-admin'], scope: 'posts:writes posts xposts:write posts:Write' },
    { roles: ['posts:write'], scope: 'admin' },
  ])
    t.same(await admit(has), [403, 403], JSON.stringify(has))
})

test('the mode of a route is handed to the verifier, and none where the route has none', async t => {
  const modes: unknown[] = []
  const verifier = standIn(async (_, { mode } = {}) => {
    modes.push(mode)
    return { ...claims, roles: ['admin'], scope: 'posts:write' }
  })
  const { authenticate, requireToken, requireRole, requirePermission } = signetWeb({ verifier })
  const strict = { mode: 'strict' } as const
  for (const check of [
    authenticate,
    requireToken(),
    requireRole('admin'),
    requirePermission('posts:write'),
    requireToken({ mode: 'lenient' }),
    requireToken(strict),
    requireRole('admin', strict),
    requirePermission('posts:write', strict),
  ])
    t.equal((await check(request())) instanceof Response, false)
  t.same(modes, [undefined, undefined, undefined, undefined, 'lenient', 'strict', 'strict', 'strict'])
})
