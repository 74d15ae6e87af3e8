import { signetWeb } from '@signet/verifier/web'
import { Hono } from 'hono'
import { test } from 'tap'
import { apiKeyConformance } from '../support/api-key-conformance.ts'
import { asRequest, type Reply } from '../support/middleware-calls.ts'
import { conformance, type Framework, routesOf } from '../support/middleware-conformance.ts'
import { callers } from '../support/resource-callers.ts'
import { resourceMetadataConformance } from '../support/resource-metadata-conformance.ts'
import { claimsOf } from '../support/serve.ts'

const reply = async (response: Response): Promise<Reply> => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  text: await response.text(),
})

const framework: Framework = {
  name: 'Web',
  readsForms: false,
  middlewares: async (_, verifier) => signetWeb({ verifier }),
  async start(_, options) {
    let served = 0
    const signet = signetWeb(options)
    const routes = new Map(routesOf(signet))
    async function handle(request: Request): Promise<Response> {
      const metadata = signet.resourceMetadata(request)
      if (metadata !== undefined) return metadata
      if (!routes.has(new URL(request.url).pathname)) return new Response('', { status: 404 })
      const user = await routes.get(new URL(request.url).pathname)?.(request)
      if (user instanceof Response) return user
      served += 1
      return Response.json(user)
    }
    const answer = (request: Request) =>
      handle(request).catch((error: Error) => new Response(error.message, { status: 500 }))
    return { ask: async call => reply(await answer(asRequest(call))), served: () => served }
  },
}

conformance(framework)
apiKeyConformance(framework)
resourceMetadataConformance(framework)

test('an application of Hono serves and refuses by them', async t => {
  const { verifier, tokens } = await callers(t)
  const { requirePermission } = signetWeb({ verifier })
  const mayWrite = requirePermission('posts:write')
  const app = new Hono()
  app.post('/posts', async context => {
    const user = await mayWrite(context.req.raw)
    return user instanceof Response ? user : context.json({ author: user.sub })
  })
  const post = async (token: string) =>
    reply(
      await app.fetch(asRequest({ target: '/posts?draft=1', authorization: [`Bearer ${token}`], form: 'title=One' })),
    )
  t.match(await post(tokens.good), { status: 200, text: `{"author":"${claimsOf(tokens.good).sub}"}` })
  t.match(await post(tokens.narrow), {
    status: 403,
    headers: {
      'www-authenticate':
        'Bearer realm="https://api.example.com", error="insufficient_scope", error_description="The permission posts:write is missing.", scope="posts:write"',
    },
    text: '{"error":"insufficient_scope","error_description":"The permission posts:write is missing.","status":403,"path":"/posts"}',
  })
})

test('the body is left to the handler', async t => {
  const { verifier, tokens } = await callers(t)
  const request = asRequest({ target: '/me', authorization: [`Bearer ${tokens.good}`], form: 'access_token=x&a=b' })
  t.match(await signetWeb({ verifier }).authenticate(request), { sub: claimsOf(tokens.good).sub })
  t.equal(await request.text(), 'access_token=x&a=b')
})
