/** One resource service, built with the middlewares of each framework: the same requests get the same answers from all of them. */
import type { AccessTokenClaims, ApiKeyClient, Verifier } from '@signet/verifier'
import { type Test, test } from 'tap'
import type { Reply } from './middleware-calls.ts'
import { type Call, casesFor, oddRole, type Refusal, refused, unavailable } from './middleware-cases.ts'
import { callers, standIn, verifierFor } from './resource-callers.ts'
import { claimsOf, freePort } from './serve.ts'

interface RouteOptions {
  readonly mode?: 'lenient' | 'strict'
}

interface Middlewares<Handler> {
  readonly authenticate: Handler
  readonly requireToken: (options?: RouteOptions) => Handler
  readonly requireRole: (role: string, options?: RouteOptions) => Handler
  readonly requirePermission: (permission: string, options?: RouteOptions) => Handler
}

/** Each route answers the caller's claims, to GET and to POST. */
export const routesOf = <Handler>({
  authenticate,
  requireToken,
  requireRole,
  requirePermission,
}: Middlewares<Handler>) =>
  Object.entries({
    '/me': authenticate,
    '/any': requireToken(),
    '/posts': requirePermission('posts:write'),
    '/editor': requireRole('editor'),
    '/admin': requireRole('admin'),
    '/odd': requireRole(oddRole),
    '/strict': requireToken({ mode: 'strict' }),
    '/strict-posts': requirePermission('posts:write', { mode: 'strict' }),
    '/strict-editor': requireRole('editor', { mode: 'strict' }),
  })

export interface Resource {
  readonly ask: (call: Call) => Promise<Reply>
  /** How often a handler has been reached. */
  readonly served: () => number
}

export interface ResourceOptions {
  readonly verifier: Verifier
  readonly formatError?: (problem: object, request: { readonly method?: string | undefined }) => unknown
  readonly apiKeys?: ApiKeyClient
  readonly resourceMetadata?: boolean | { readonly scopes?: readonly string[] }
}

export interface Framework {
  readonly name: string
  /** Starts a service with these routes, and its resource metadata before them. Its own error handling answers 500 with the message of the error as the body. */
  readonly start: (t: Test, options: ResourceOptions) => Promise<Resource>
  readonly middlewares: (t: Test, verifier: Verifier) => Promise<Middlewares<unknown>>
  /** Whether a parser reads forms before the middlewares see the request. */
  readonly readsForms: boolean
}

/** What a caller can tell a refusal by. */
export const seen = ({ status, headers, text }: Reply): Refusal => {
  const header = (name: string) => headers[name] ?? null
  return {
    status,
    headers: {
      'cache-control': header('cache-control'),
      'content-type': header('content-type'),
      'retry-after': header('retry-after'),
      'www-authenticate': header('www-authenticate'),
    },
    text,
  }
}

export const bearing = (target: string, token: string): Call => ({ target, authorization: [`Bearer ${token}`] })

const bug = async (): Promise<AccessTokenClaims> => {
  throw new Error('a bug')
}

export function conformance({ name, start, middlewares, readsForms }: Framework): void {
  test(`${name}: every refusal has its status, headers and body, byte for byte, and reaches no handler`, async t => {
    const { verifier, tokens } = await callers(t)
    const { ask, served } = await start(t, { verifier })
    for (const { title, call, refusal, readsForm = false } of casesFor(tokens))
      if (readsForms || !readsForm) t.same(seen(await ask(call)), refusal, title)
    t.equal(served(), 0)
  })

  test(`${name}: a good token is served with its claims, where it has what the route asks for`, async t => {
    const { verifier, tokens } = await callers(t)
    const { ask } = await start(t, { verifier })
    const open = ['/me', '/any', '/posts', '/editor', '/strict', '/strict-posts', '/strict-editor']
    for (const call of [
      ...open.map(target => bearing(target, tokens.good)),
      bearing('/me', tokens.narrow),
      bearing('/me?xaccess_token=x&a=access_token', tokens.good),
      { ...bearing('/me', tokens.good), form: 'name=value' },
      { ...bearing('/me', tokens.good), form: '{"access_token":"x"}', contentType: 'application/json' },
      ...['bearer', 'BEARER', 'Bearer  '].map(scheme => ({
        target: '/me',
        authorization: [`${scheme} ${tokens.good}`],
      })),
    ]) {
      const { status, headers, text } = await ask(call)
      t.equal(status, 200, call.target)
      const token = call.authorization?.[0]?.split(' ').at(-1) ?? ''
      t.same(JSON.parse(text), claimsOf(token))
      t.notOk(headers['www-authenticate'])
    }
  })

  test(`${name}: as long as the token service has never been reached, it is 503 without a challenge`, async t => {
    const verifier = verifierFor(t, { issuer: `http://127.0.0.1:${await freePort()}`, pollInterval: 2.5 })
    const { tokens } = await callers(t)
    const { ask, served } = await start(t, { verifier })
    for (const path of ['/me', '/posts', '/admin', '/strict'])
      t.same(
        seen(await ask(bearing(path, tokens.good))),
        unavailable('The keys of the issuer are unavailable.', path, '3'),
        'seconds of Retry-After are whole',
      )
    t.same(seen(await ask({ target: '/me' })).status, 401, 'a token is missing all the same')
    t.equal(served(), 0)
  })

  test(`${name}: with the token service down for an hour, routes go on and strict ones answer 503`, async t => {
    let passedMs = 0
    const { service, verifier, tokens } = await callers(t, {
      now: () => Date.now(),
      elapsed: () => performance.now() + passedMs,
      random: () => 0,
      schedule: () => () => undefined,
      fetch,
    })
    const { ask } = await start(t, { verifier })
    await service.stop()
    const strict = ['/strict', '/strict-posts', '/strict-editor']
    for (const path of ['/me', ...strict]) t.equal((await ask(bearing(path, tokens.good))).status, 200, path)
    passedMs = 3_600_000
    for (const path of ['/me', '/any', '/posts', '/editor'])
      t.equal((await ask(bearing(path, tokens.good))).status, 200, path)
    const description = 'It cannot be known at the moment whether the access token was revoked.'
    for (const path of strict) t.same(seen(await ask(bearing(path, tokens.good))), unavailable(description, path))
  })

  test(`${name}: formatError puts a service's own body in its place and sees the request; status and headers stay`, async t => {
    const { verifier, tokens } = await callers(t)
    const problems: object[] = []
    const { ask } = await start(t, {
      verifier,
      async formatError(problem, { method }) {
        problems.push(problem)
        return { message: 'Zutritt verboten – é', method }
      },
    })
    const text = '{"message":"Zutritt verboten – é","method":"GET"}'
    for (const { title, call, refusal, readsForm = false } of casesFor(tokens))
      if (call.form === undefined && !readsForm) t.same(seen(await ask(call)), { ...refusal, text }, title)
    t.same(problems[0], {
      error: 'missing_token',
      error_description: 'This needs an access token in the Authorization header.',
      status: 401,
      path: '/me',
    })
  })

  test(`${name}: a fault of the service goes to its own error handling and never passes for a bad token`, async t => {
    const faulty = await start(t, { verifier: standIn(bug) })
    t.match(await faulty.ask(bearing('/me', 'x')), { status: 500, text: 'a bug' })
    t.equal(faulty.served(), 0)

    const { verifier } = await callers(t)
    const throwing = await start(t, {
      verifier,
      formatError() {
        throw new Error('no format')
      },
    })
    t.match(await throwing.ask({ target: '/me' }), { status: 500, text: 'no format' })
    const forgetful = await start(t, { verifier, formatError: () => undefined })
    t.match(await forgetful.ask({ target: '/me' }), { status: 500, text: /^formatError returned nothing/ })
    for (const { headers } of [await throwing.ask({ target: '/me' }), await forgetful.ask({ target: '/me' })])
      t.notOk(headers['www-authenticate'])
  })

  test(`${name}: the realm is the first audience, as a quoted-string of what a header may have`, async t => {
    const audience = ['the "posts" \\ of\r\n Zürich\u0000', 'https://api.example.com']
    const { ask } = await start(t, { verifier: standIn(bug, { audience }) })
    const body =
      '{"error":"missing_token","error_description":"This needs an access token in the Authorization header.","status":401,"path":"/me"}'
    t.same(seen(await ask({ target: '/me' })), refused(401, String.raw`realm="the \"posts\" \\ of Zrich"`, body))
  })

  test(`${name}: what a route asks for is checked when it is set up`, async t => {
    const { requireToken, requireRole, requirePermission } = await middlewares(t, standIn(bug))
    for (const role of ['', undefined, 7])
      t.throws(() => requireRole(role as string), { name: 'TypeError', message: /role/ })
    for (const permission of ['', undefined, 'posts:read posts:write', 'a"b', 'a\\b', 'é', 'a\nb', 'a\n'])
      t.throws(() => requirePermission(permission as string), { name: 'TypeError', message: /permission/ })
    const unknown = { mode: 'Strict' as 'strict' }
    for (const setUp of [
      () => requireToken(unknown),
      () => requireRole('admin', unknown),
      () => requirePermission('posts:write', unknown),
    ])
      t.throws(setUp, { name: 'TypeError', message: /mode/ })
    for (const options of ['strict', 5, null])
      t.throws(() => requireRole('admin', options as unknown as object), { name: 'TypeError', message: /options/ })
  })
}
