/** The README of the verifier: its programs run as they stand there, but for the issuer and the port, and its tables are complete. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { heard, start } from '../support/consumer-process.ts'
import { apiKey, ENDPOINT } from '../support/exchanging-issuer.ts'
import { type Issuer, type Json, startIssuer } from '../support/issuer.ts'
import { checkout, installVerifier, packVerifier, run } from '../support/packed-verifier.ts'
import { blocks, namesInTable, placed, programs, programUnder } from '../support/readme-blocks.ts'
import { type Answer, freePort, type RequestOptions, request } from '../support/serve.ts'

const codeUnder = (heading: string) => blocks.find(block => block.heading === heading)?.code ?? ''

type Ask = (path: string, options?: RequestOptions) => Promise<Pick<Answer, 'status' | 'headers' | 'body'>>

interface Placed {
  readonly folder: string
  readonly file: string
  readonly port: number
  readonly issuer: Issuer
  /** An access token of the issuer, with what is given. */
  readonly token: (claims?: Json) => string
}

/** Writes the program under a heading into the folder of a consumer, with an issuer that runs. */
async function place(t: Test, heading: string, beside: readonly string[] = []): Promise<Placed> {
  const [issuer, port] = [await startIssuer(t), await freePort()]
  const folder = await installVerifier(t, beside)
  const file = join(folder, 'program.ts')
  writeFileSync(file, placed(programUnder(heading), issuer.issuer, port))
  return { folder, file, port, issuer, token: issuer.token }
}

async function serving(t: Test, { folder, file, port }: Placed): Promise<Ask> {
  await heard(start(t, folder, [process.execPath, file]), String(port))
  return (path, options) => request(`http://127.0.0.1:${port}${path}`, options)
}

/** What a module with `fetch` in its default export answers. */
async function importing({ file }: Placed): Promise<Ask> {
  const { default: app } = await import(pathToFileURL(file).href)
  return async (path, options) => {
    const response: Response = await app.fetch(new Request(`http://127.0.0.1${path}`, options as RequestInit))
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
}

async function guards(t: Test, ask: Ask, { token }: Placed): Promise<void> {
  const withToken = (claims: Json) => ({ headers: { authorization: `Bearer ${token(claims)}` } })
  t.match(await ask('/me'), { status: 401, body: { error: 'missing_token' } })
  t.match(await ask('/me', withToken({})), { status: 200, body: { sub: 'user_1' } })
  t.match(await ask('/admin/stats', withToken({ roles: ['editor'] })), { status: 403 })
  t.match(await ask('/admin/stats', withToken({ roles: ['admin'] })), { status: 200, body: { posts: 42 } })
  t.match(await ask('/posts', { method: 'POST', ...withToken({ scope: 'posts:read' }) }), { status: 403 })
  t.match(await ask('/posts', { method: 'POST', ...withToken({ scope: 'posts:write' }) }), {
    status: 200,
    body: { id: 1 },
  })
}

/** By heading, how the program under it is tried. */
const trials: Readonly<Record<string, (t: Test, heading: string) => Promise<void>>> = {
  async Fastify(t, heading) {
    const placed = await place(t, heading, ['fastify'])
    await guards(t, await serving(t, placed), placed)
  },

  async 'Beside other plugins'(t, heading) {
    const placed = await place(t, heading, ['fastify'])
    const ask = await serving(t, placed)
    t.match(await ask('/me'), { status: 401, body: { error: 'missing_token' } })
    const headers = { authorization: `Bearer ${placed.token()}` }
    t.match(await ask('/me', { headers }), { status: 200, body: { sub: 'user_1' } })
  },

  async Express(t, heading) {
    const placed = await place(t, heading, ['express'])
    const ask = await serving(t, placed)
    await guards(t, ask, placed)
    const { body } = await ask('/me?page=1', { headers: { authorization: `Bearer ${placed.token({ exp: 1 })}` } })
    t.equal(JSON.stringify(body, null, 2), codeUnder('Errors').trim(), 'the error that the README shows')
  },

  async 'Hono, Bun, Deno'(t, heading) {
    const placed = await place(t, heading, ['hono'])
    await guards(t, await importing(placed), placed)
  },

  async 'Without a framework'(t, heading) {
    const { folder, file, token } = await place(t, heading)
    const printed = (ACCESS_TOKEN: string) => run(folder, [process.execPath, file], { ...process.env, ACCESS_TOKEN })
    t.equal(await printed(token({ scope: 'posts:write', roles: ['admin'] })), "user_1 posts:write [ 'admin' ]\n")
    t.equal(await printed(token({ exp: 1 })), 'expired The access token has expired.\n')
  },

  async 'API keys'(t, heading) {
    const placed = await place(t, heading, ['fastify'])
    const { issuer, token } = placed
    issuer.publishMetadata({ token_endpoint: `${issuer.issuer}${ENDPOINT}` })
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
    const access_token = token({ scope: 'posts:read', api_key_id: 'key_1' })
    issuer.publish(ENDPOINT, { access_token, issued_token_type, token_type: 'Bearer', expires_in: 300 })
    const ask = await serving(t, placed)
    const headers = { 'x-api-key': apiKey() }
    t.match(await ask('/me', { headers }), { status: 200, body: { sub: 'user_1', api_key_id: 'key_1' } })
    t.match(await ask('/posts', { method: 'POST', headers }), { status: 403 })
    t.match(await ask('/me', { headers: { 'x-api-key': 'x' } }), { status: 401, body: { error: 'invalid_token' } })
    t.equal(issuer.countOf(ENDPOINT), 1)
  },

  async 'Where to get a token'(t, heading) {
    const placed = await place(t, heading, ['express'])
    const ask = await serving(t, placed)
    const path = '/.well-known/oauth-protected-resource/posts'
    const { status, headers } = await ask('/posts/me')
    const [, named] = /resource_metadata="(.*)"$/.exec(headers.get('www-authenticate') ?? '') ?? []
    t.match([status, named], [401, `https://api.example.com${path}`])
    t.strictSame((await ask(path)).body, {
      resource: 'https://api.example.com/posts',
      authorization_servers: [placed.issuer.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['posts:read', 'posts:write'],
    })
    const authorization = `Bearer ${placed.token({ aud: 'https://api.example.com/posts' })}`
    t.match(await ask('/posts/me', { headers: { authorization } }), { status: 200, body: { sub: 'user_1' } })
  },

  async 'An issuer with another address'(t, heading) {
    const issuer = await startIssuer(t, { named: 'https://login.example.com' })
    const folder = await installVerifier(t)
    writeFileSync(join(folder, 'program.ts'), programUnder(heading).replace('http://signet:3000', issuer.url))
    t.equal(await run(folder, [process.execPath, 'program.ts']), `${issuer.url}/jwks.json\n`)
  },

  async 'While the token service is down'(t, heading) {
    const placed = await place(t, heading, ['fastify'])
    const ask = await serving(t, placed)
    const authorization = (scope: string) => ({ headers: { authorization: `Bearer ${placed.token({ scope })}` } })
    t.match(await ask('/me', authorization('')), { status: 200, body: { sub: 'user_1' } })
    t.match(await ask('/payments', { method: 'POST', ...authorization('') }), { status: 403 })
    t.match(await ask('/payments', { method: 'POST', ...authorization('payments:write') }), { status: 200 })
    t.match(await ask('/readyz'), { status: 200, body: { keys: { problem: undefined } } })
  },

  async 'A body of your own'(t, heading) {
    const ask = await serving(t, await place(t, heading, ['express']))
    const message = 'This needs an access token in the Authorization header.'
    t.strictSame((await ask('/me')).body, { code: 'missing_token', message })
  },

  async 'Tests of your service'(t, heading) {
    const folder = await installVerifier(t)
    writeFileSync(join(folder, 'program.ts'), programUnder(heading))
    t.equal(await run(folder, [process.execPath, 'program.ts']), '', 'its own assertions hold')
  },
}

t.test(
  'each program in the README is tried, and nothing else is code there but install lines and an error',
  async t => {
    t.strictSame(
      Object.keys(trials),
      programs.map(({ heading }) => heading),
    )
    const commands = blocks.filter(({ heading }) => heading === 'Install').map(({ code }) => code)
    const tarball = basename((await packVerifier()).tarball)
    t.strictSame(commands, ['npm pack ./verifier\n', `npm install PATH/${tarball}\n`])
    t.strictSame(
      blocks.filter(block => !programs.includes(block)).map(({ language, heading }) => [heading, language]),
      [
        ['Install', 'sh'],
        ['Install', 'sh'],
        ['Events', 'text'],
        ['Errors', 'json'],
      ],
    )
  },
)

for (const [heading, trial] of Object.entries(trials))
  t.test(`the program under "${heading}" does what the README says`, t => trial(t, heading))

const source = (name: string) => readFileSync(join(checkout, 'verifier/src', name), 'utf8')
const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name).sort()

t.test('the tables of the README have every error code, option and event, and no other', async t => {
  const codes = names(source('token-error.ts'), /^ {2}\| '(\w+)'/gm)
  t.strictSame(namesInTable('code').sort(), codes)
  const [, options = ''] = /interface VerifierOptions \{(.*?)^\}/ms.exec(source('options.ts')) ?? []
  t.strictSame(namesInTable('option').sort(), names(options, /^ {2}readonly (\w+)/gm))
  t.strictSame(namesInTable('type').sort(), names(source('environment.ts'), /readonly type: '(\w+)'/g))
  t.ok(codes.length > 10 && options !== '')
})
