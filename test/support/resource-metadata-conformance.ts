/** RFC 9728: where a resource service says who its issuer is. The same with the middlewares of each framework. */
import type { Verifier } from '@signet/verifier'
import { type Test, test } from 'tap'
import { exchanging } from './api-keys.ts'
import type { Reply } from './middleware-calls.ts'
import type { Call } from './middleware-cases.ts'
import { bearing, type Framework } from './middleware-conformance.ts'
import { standIn } from './resource-callers.ts'
import { api } from './serve.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const issuer = 'https://login.example.com'

const verifierOf = (...audience: readonly string[]): Verifier =>
  standIn(
    async () => {
      throw new Error('No token is looked at.')
    },
    { audience },
  )

const challengeOf = ({ headers }: Reply): string | undefined => headers['www-authenticate']

/** By audience, the path at which its metadata lies. */
const places: Readonly<Record<string, string>> = {
  'https://api.example.com': WELL_KNOWN,
  'https://api.example.com/': WELL_KNOWN,
  'https://api.example.com:8443': WELL_KNOWN,
  'https://api.example.com/posts': `${WELL_KNOWN}/posts`,
  'https://api.example.com/posts/': `${WELL_KNOWN}/posts/`,
  'https://api.example.com/a/b-c_d.e~f/1': `${WELL_KNOWN}/a/b-c_d.e~f/1`,
  'http://127.0.0.1:8080/mcp': `${WELL_KNOWN}/mcp`,
  'http://localhost:8080': WELL_KNOWN,
}

const noPlaces = [
  ...['posts-api', 'urn:example:posts', '', 'http://api.example.com', 'ftp://api.example.com', '//api.example.com'],
  ...['https://api.example.com?a=b', 'https://api.example.com/?', 'https://api.example.com/#', 'https://a@b.example'],
  ...['https://API.example.com', 'https://api.example.com:443', 'https://api.example.com/a/../b'],
  ...[
    'https://api.example.com/:id',
    'https://api.example.com/*',
    'https://api.example.com/a%20b',
    'https://b.example/é',
  ],
]

export function resourceMetadataConformance({ name, start }: Framework): void {
  const document = (t: Test, ...audience: readonly string[]) =>
    start(t, { verifier: verifierOf(...audience), resourceMetadata: true })

  test(`${name}: the document says who the issuer is, open to every page`, async t => {
    const { ask, served } = await start(t, { verifier: verifierOf(api, 'other'), resourceMetadata: true })
    const body = JSON.stringify({
      resource: api,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
    })
    const headers = {
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300',
      'content-length': String(body.length),
      'content-type': 'application/json; charset=utf-8',
      'www-authenticate': undefined,
    }
    t.match(await ask({ target: WELL_KNOWN }), { status: 200, headers, text: body })
    t.match(await ask({ target: `${WELL_KNOWN}?a=b` }), { status: 200, text: body })
    const head = await ask({ target: WELL_KNOWN, method: 'HEAD' })
    t.match(head, { status: 200, headers })
    t.equal(head.text, '')
    t.equal((await ask({ target: WELL_KNOWN, form: 'a=b' })).status, 404, 'POST is left to the service')
    t.equal((await ask({ target: `${WELL_KNOWN}/other` })).status, 404)
    t.equal(served(), 0)
  })

  test(`${name}: it says the scopes that it is told`, async t => {
    for (const [scopes, expected] of [
      [
        ['posts:read', 'posts:write'],
        ['posts:read', 'posts:write'],
      ],
      [[], undefined],
    ]) {
      const options = scopes === undefined ? {} : { scopes }
      const { ask } = await start(t, { verifier: verifierOf(api), resourceMetadata: options })
      t.strictSame(JSON.parse((await ask({ target: WELL_KNOWN })).text).scopes_supported, expected)
    }
  })

  test(`${name}: it lies where RFC 9728 §3.1 puts it, by the audience and never by the Host header`, async t => {
    for (const [audience, path] of Object.entries(places)) {
      const { ask } = await document(t, audience)
      const { status, text } = await ask({ target: path })
      t.match([status, JSON.parse(text)], [200, { resource: audience }], audience)
      const url = `${new URL(audience).origin}${path}`
      t.equal(challengeOf(await ask({ target: '/me' })), `Bearer realm="${audience}", resource_metadata="${url}"`)
    }
  })

  test(`${name}: every challenge names it, and 503 has none`, async t => {
    const { verifier, issuer } = await exchanging(t)
    const options = { verifier, apiKeys: { clientId: 'posts-api' }, resourceMetadata: true }
    const { ask } = await start(t, options)
    const named = `resource_metadata="${api}${WELL_KNOWN}"`
    const good = issuer.token({ scope: 'posts:read' })
    const calls: readonly (readonly [number, Call])[] = [
      [401, { target: '/me' }],
      [401, { target: '/posts' }],
      [401, bearing('/me', 'x')],
      [401, { target: '/me', apiKey: ['x'] }],
      [403, bearing('/posts', good)],
      [403, bearing('/admin', good)],
      [400, { target: '/me?access_token=x' }],
      [400, { target: '/me', apiKey: ['x', 'x'] }],
    ]
    for (const [status, call] of calls) {
      const reply = await ask(call)
      t.equal(reply.status, status)
      t.ok(challengeOf(reply)?.endsWith(`, ${named}`), `${status}`)
      t.equal(challengeOf(reply)?.split('resource_metadata').length, 2)
    }
    t.match(
      challengeOf(await ask(bearing('/posts', good))),
      `error="insufficient_scope", error_description="The permission posts:write is missing.", scope="posts:write", ${named}`,
    )
    const { status, text } = await ask({ target: WELL_KNOWN })
    t.match([status, JSON.parse(text)], [200, { authorization_servers: [issuer.issuer] }])
  })

  test(`${name}: without the option there is none, and no challenge names it`, async t => {
    for (const resourceMetadata of [undefined, false]) {
      const options = resourceMetadata === undefined ? {} : { resourceMetadata }
      const { ask } = await start(t, { verifier: verifierOf('urn:example:posts'), ...options })
      t.equal((await ask({ target: WELL_KNOWN })).status, 404)
      t.equal(challengeOf(await ask({ target: '/me' })), 'Bearer realm="urn:example:posts"')
    }
  })

  test(`${name}: an audience where nothing can lie, or options that are none, are a TypeError at the start`, async t => {
    for (const audience of noPlaces)
      await t.rejects(document(t, audience, api), { name: 'TypeError', message: /first audience/ }, audience)
    for (const wrong of ['yes', 1, null, { scopes: 'posts' }, { scopes: ['a b'] }, { scopes: [7] }, { scopes: [''] }])
      await t.rejects(start(t, { verifier: verifierOf(api), resourceMetadata: wrong as unknown as boolean }), {
        name: 'TypeError',
        message: /resourceMetadata/,
      })
  })
}
