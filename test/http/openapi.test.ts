import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { createManagementApp } from '../../src/http/management-app.ts'
import { createPublicApp } from '../../src/http/public-app.ts'
import { createLogger } from '../../src/logger.ts'
import { metadataOf } from '../../src/oauth/metadata.ts'
import { request, serve } from '../support/serve.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const run = (script: string, ...words: readonly string[]) =>
  new Promise<{ readonly code: unknown; readonly output: string }>(resolve => {
    const environment = { ...process.env, NODE_OPTIONS: '', REDOCLY_TELEMETRY: 'off' }
    execFile(process.execPath, [script, ...words], { cwd: root, env: environment }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    )
  })

test('openapi.yaml is what the routes say', async t => {
  const { code, output } = await run('scripts/openapi.ts', '--check')
  t.equal(code, 0, output)
})

test('openapi.yaml keeps the rules of its linter', async t => {
  const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json')
  const { code, output } = await run(join(dirname(manifest), 'bin', 'cli.js'), 'lint', 'openapi.yaml')
  t.equal(code, 0, output)
  t.notMatch(output, /warning/i)
})

/** The paths that an app answers at all: `printRoutes` draws them as a tree, each node with its part of the path. */
function pathsOf(app: FastifyInstance): string[] {
  const parts: string[] = []
  const paths = app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap(line => {
      const [, indent = '', part = '', methods] = /^([│├└─ ]*)(\S+)( \(.*\))?$/.exec(line) ?? []
      parts.splice(indent.length / 4 - 1, parts.length, part)
      return methods === undefined ? [] : [parts.join('')]
    })
  return [...new Set(paths)]
}

test('every path that is served is described, and every path that is described is served, with its methods', async t => {
  const never = async (): Promise<never> => {
    throw new Error('Nothing is asked here.')
  }
  const common = { log: createLogger('silent'), trustProxy: [] }
  const apps = await Promise.all([
    createPublicApp({
      ...common,
      metadata: metadataOf('http://127.0.0.1:3000', []),
      publishedKeys: () => ({ body: '', etag: '' }),
      tokenEndpoint: never,
      origins: { isKnown: never, mayUse: never },
    }),
    createManagementApp({ ...common, readiness: { isServing: () => true, proofs: [] } }),
  ])
  await Promise.all(apps.map(app => app.ready()))
  const service = await serve(t)
  const { body: described } = await request(`${service.management}/docs/json`)
  const served = apps.flatMap(pathsOf).filter(path => !path.startsWith('/docs'))
  t.same(served.toSorted(), Object.keys(described.paths).toSorted())

  for (const [path, operations] of Object.entries<object>(described.paths)) {
    const ports = [service.issuer, service.management]
    const answers = await Promise.all(ports.map(port => request(port + path, { method: 'PROPFIND' })))
    t.same(answers.map(({ status }) => status).toSorted(), [404, 405], `${path} is served on one port`)
    const allow = answers.find(({ status }) => status === 405)?.headers.get('allow') ?? ''
    const methods = allow
      .toLowerCase()
      .split(', ')
      .filter(method => method !== 'head')
    t.same(methods, Object.keys(operations), path)
  }
})
