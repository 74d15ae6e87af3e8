import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { unansweredRoutes } from '../../scripts/unanswered-routes.ts'
import { createManagementApp } from '../../src/http/management-app.ts'
import { createPublicApp } from '../../src/http/public-app.ts'
import { createLogger } from '../../src/logger.ts'
import { createRequestWaits } from '../../src/records/request-waits.ts'
import { API_KEY, EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { addAlice, api, password, request, secret, serve } from '../support/serve.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const run = (script: string, ...words: readonly string[]) =>
  new Promise<{ readonly code: unknown; readonly output: string }>(resolve => {
    const environment = { ...process.env, NODE_OPTIONS: '', REDOCLY_TELEMETRY: 'off' }
    execFile(process.execPath, [script, ...words], { cwd: root, env: environment }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    )
  })

test('openapi.yaml and the schema of definitions are what the sources say', async t => {
  const { code, output } = await run('scripts/openapi.ts', '--check')
  t.equal(code, 0, output)
})

test('openapi.yaml keeps the rules of its linter', async t => {
  const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json')
  const { code, output } = await run(join(dirname(manifest), 'bin', 'cli.js'), 'lint', 'openapi.yaml')
  t.equal(code, 0, output)
  t.notMatch(output, /warning/i)
})

interface Body {
  readonly content: {
    /** Undefined where it is JSON. */
    readonly 'application/x-www-form-urlencoded'?: {
      readonly schema: { readonly properties: Readonly<Record<string, { readonly minLength?: number }>> }
    }
  }
}

interface Operation {
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required: boolean
    readonly schema: object
  }[]
}

/** The paths that an app answers at all, as OpenAPI writes them: `printRoutes` draws a tree, each node with its part of the path. */
function pathsOf(app: FastifyInstance): string[] {
  const parts: string[] = []
  const paths = app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap(line => {
      const [, indent = '', part = '', methods] = /^([│├└─ ]*)(\S+)( \(.*\))?$/.exec(line) ?? []
      parts.splice(indent.length / 4 - 1, parts.length, part)
      return methods === undefined ? [] : [parts.join('').replace(/:(\w+)/g, '{$1}')]
    })
  return [...new Set(paths)]
}

test('every path that is served is described, and every path that is described is served, with its methods', async t => {
  const common = {
    ...{ log: createLogger('silent'), keepAliveSeconds: 75, trustProxy: [], onRequestOver: () => {} },
    requestWaits: createRequestWaits(),
  }
  const metrics = { contentType: 'text/plain', render: async () => '' }
  const apps = await Promise.all([
    createPublicApp({ ...common, ...unansweredRoutes }),
    createManagementApp({
      ...{ ...common, metrics, issuer: unansweredRoutes.metadata.issuer },
      readiness: { isServing: () => true, proofs: [] },
    }),
  ])
  await Promise.all(apps.map(app => app.ready()))
  const service = await serve(t)
  const { body: described } = await request(`${service.management}/docs/json`)
  const served = apps.flatMap(pathsOf).filter(path => !path.startsWith('/docs'))
  // Each port says at / what it is; one description has it once.
  t.equal(served.filter(path => path === '/').length, 2)
  t.same([...new Set(served)].toSorted(), Object.keys(described.paths).toSorted())

  for (const [path, operations] of Object.entries<object>(described.paths)) {
    const ports = [service.issuer, service.management]
    const answers = await Promise.all(ports.map(port => request(port + path, { method: 'PROPFIND' })))
    const expected = path === '/' ? [405, 405] : [404, 405]
    t.same(answers.map(({ status }) => status).toSorted(), expected, `${path} is served on one port`)
    const allow = answers.find(({ status }) => status === 405)?.headers.get('allow') ?? ''
    const methods = allow
      .toLowerCase()
      .split(', ')
      .filter(method => method !== 'head')
    t.same(methods.toSorted(), Object.keys(operations).toSorted(), path)
  }
})

test('every parameter in a path is described, and every described one is in its path', async t => {
  const { management } = await serve(t)
  const { body: described } = await request(`${management}/docs/json`)
  let seen = 0
  for (const [path, operations] of Object.entries<Record<string, Operation>>(described.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    seen += names.length
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      const inPath = parameters.filter(parameter => parameter.in === 'path')
      t.same(
        inPath.map(({ name, required, schema }) => ({ name, required, schema })),
        names.map(name => ({ name, required: true, schema: { type: 'string' } })),
        `${method} ${path}`,
      )
    }
  }
  t.ok(seen > 0, 'there are paths with parameters')
})

/** A form that is accepted; every parameter of it is needed. */
const forms: readonly (readonly [path: string, form: Readonly<Record<string, string>>])[] = [
  ['/oauth/token', { grant_type: 'password', username: 'alice', password }],
  ['/oauth/token', { grant_type: 'refresh_token', refresh_token: 'of alice' }],
  ['/oauth/token', { grant_type: EXCHANGE, subject_token: 'a key', subject_token_type: API_KEY }],
  ['/oauth/revoke', { token: 'x' }],
  ['/oauth/introspect', { token: 'x' }],
  ['/oauth/password-tickets/redeem', { ticket: 'x', new_password: 'another horse battery staple' }],
  ['/me/password', { current_password: password, new_password: 'another horse battery staple' }],
  ['/me/api-keys', { name: 'mine', scope: 'posts:read' }],
]

test('a parameter that needs a value is described so, and is refused without one', async t => {
  const service = await serve(t)
  await addAlice(service)
  const grants = ['password', 'refresh_token', EXCHANGE] as const
  await addClient(service, { clientId: 'all', grants, audiences: [service.issuer, api] })
  const client = ['all', secret] as const
  const signIn = await service.token({ grant_type: 'password', username: 'alice', password }, { client })
  const bearer = { headers: { authorization: `Bearer ${signIn.body.access_token}` } }
  const { body: described } = await request(`${service.management}/docs/json`)
  const seen = new Set<string>()
  for (const [path, form] of forms) {
    const more = path.startsWith('/me') ? bearer : { client }
    const { properties } = described.paths[path].post.requestBody.content['application/x-www-form-urlencoded'].schema
    for (const name of Object.keys(form)) {
      seen.add(`${path} ${name}`)
      t.ok(properties[name].minLength >= 1 || properties[name].enum !== undefined, `${path} ${name}`)
      const answer = await service.get(path, { form: { ...form, [name]: '' }, ...more })
      t.equal(answer.status, 400, `${path} without ${name}`)
      t.equal(answer.body.error, 'invalid_request')
    }
  }
  const toldToNeedOne = Object.entries<Record<string, { requestBody?: Body }>>(described.paths).flatMap(
    ([path, { post }]) =>
      Object.entries(post?.requestBody?.content['application/x-www-form-urlencoded']?.schema.properties ?? {})
        .filter(([, { minLength }]) => minLength !== undefined)
        .map(([name]) => `${path} ${name}`),
  )
  t.same(
    toldToNeedOne.filter(name => !seen.has(name)),
    [],
  )
})
