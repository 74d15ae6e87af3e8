/** GET /: what this is and where to look, for whoever comes by: HTML for a browser, JSON for everybody else. */
import type { FastifyInstance, FastifySchema } from 'fastify'
import type { Metadata } from '../../oauth/metadata.ts'

/** Only what is configured is in it: nothing of the request. */
interface Welcome {
  /** One sentence. */
  readonly service: string
  /** By name, each a link. */
  readonly links: Readonly<Record<string, string>>
  readonly documentation: string
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, char => escapes[char] ?? char)

const pageOf = ({ service, links, documentation }: Welcome): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Signet</title>
<h1>Signet</h1>
<p>${escaped(service)}</p>
<ul>
${Object.entries(links)
  .map(([name, url]) => `<li>${escaped(name)}: <a href="${escaped(url)}">${escaped(url)}</a></li>`)
  .join('\n')}
</ul>
<p>${escaped(documentation)}</p>
</html>
`

/** Whether the caller names HTML, and with a weight above nothing (RFC 9110 §12.5.1): only browsers do. */
const wantsPage = (accept: string | undefined): boolean =>
  (accept ?? '')
    .split(',')
    .some(range => /^\s*text\/html\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range))

/** Nothing on the page asks for anything else, and nobody frames it. */
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

function welcomeRoute(app: FastifyInstance, url: string, welcome: Welcome, schema: FastifySchema): void {
  const [page, { service, links, documentation }] = [pageOf(welcome), welcome]
  const json = JSON.stringify({ service, ...links, documentation })
  app.route({
    method: 'GET',
    url,
    config: { openToEveryOrigin: true },
    schema,
    handler: async (request, reply) => {
      // `*`, and the address of another website that is asked as if this were a proxy, are routed here, too.
      if (!request.url.startsWith('/')) return reply.callNotFound()
      reply.headers({ 'cache-control': 'no-cache', vary: 'Accept' })
      return wantsPage(request.headers.accept)
        ? reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(page)
        : reply.type('application/json; charset=utf-8').send(json)
    },
  })
}

const text = { type: 'string' } as const
const uri = { type: 'string', format: 'uri' } as const

/** On the public port. @param url the issuer's path */
export const publicWelcomeRoute = (
  app: FastifyInstance,
  url: string,
  { issuer, jwks_uri }: Pick<Metadata, 'issuer' | 'jwks_uri'>,
  metadataUrl: string,
): void =>
  welcomeRoute(
    app,
    url,
    {
      service: 'An OAuth 2 token service. People and programs get access tokens here; there is no page to sign in on.',
      links: {
        issuer,
        metadata: metadataUrl,
        openid_configuration: `${issuer}/.well-known/openid-configuration`,
        jwks_uri,
      },
      documentation:
        'README.md and docs/ of Signet; the operator has the API reference at /docs on the management port.',
    },
    {
      operationId: 'welcome',
      tags: ['Verification'],
      security: [],
      summary: 'What this is, and where to look',
      description:
        'HTML for a browser, which accepts `text/html`; JSON for everybody else. The management port answers there, too, with its own paths.',
      response: {
        200: {
          description: 'Where the documents are',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['service', 'issuer', 'metadata', 'openid_configuration', 'jwks_uri', 'documentation'],
                properties: {
                  ...{ service: text, issuer: uri, metadata: uri, openid_configuration: uri, jwks_uri: uri },
                  documentation: text,
                },
              },
            },
            'text/html': { schema: text },
          },
        },
      },
    },
  )

/** On the management port. Hidden: in one description, a path is described once. */
export const managementWelcomeRoute = (app: FastifyInstance, issuer: string): void =>
  welcomeRoute(
    app,
    '/',
    {
      service: 'The management port of Signet, an OAuth 2 token service. Not for the public.',
      links: { issuer, livez: '/livez', readyz: '/readyz', metrics: '/metrics', docs: '/docs' },
      documentation: 'README.md and docs/ of Signet; /docs is the API reference.',
    },
    { hide: true } as FastifySchema,
  )
