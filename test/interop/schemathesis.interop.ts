/**
 * Schemathesis asks what openapi.yaml says can be asked at /admin, and much that can't, with rights and without. SCHEMATHESIS names its
 * program; SCHEMATHESIS_EXAMPLES how many requests it makes up for each operation, and SCHEMATHESIS_SEED those of which run.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { noSettings } from '../../src/records/client.ts'
import { ownPermissions } from '../../src/records/role.ts'
import { addIssuer, newKey } from '../support/assertions.ts'
import { rowsOf } from '../support/audit.ts'
import { addClient } from '../support/clients.ts'
import { byTest, password, serve, temporaryFolder } from '../support/serve.ts'

const run = promisify(execFile)
const inCheckout = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const program = process.env['SCHEMATHESIS'] ?? 'schemathesis'
const examples = process.env['SCHEMATHESIS_EXAMPLES'] ?? '15'
const seed = process.env['SCHEMATHESIS_SEED'] ?? String(Date.now() % 2 ** 31)
const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_headers_conformance', 'response_schema_conformance'],
]

interface Line {
  readonly msg: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly request_id: string
}

t.test('nothing is answered that openapi.yaml does not describe, and the audit explains every change', async t => {
  const service = await serve(t, { environment: { SIGNET_ACCESS_TOKEN_TTL: '2h', SIGNET_SESSION_LIMIT: '1000' } })
  const roles = { administrator: ['signet-admin'], narrow: ['signet-admin'], plain: [] }
  const kept: string[] = ['console', 'signet-admin']
  for (const [username, given] of Object.entries(roles))
    kept.push((await service.users.add({ username, password, roles: given }, byTest)).userId)
  for (const name of ['ann', 'bob', 'cleo', 'dan']) {
    await service.roles.add({ name: `role-of-${name}`, permissions: [`${name}:read`] }, byTest)
    await service.users.add({ username: name, password, roles: [`role-of-${name}`] }, byTest)
    await addClient(service, { clientId: `client-of-${name}`, scope: [`${name}:read`] })
  }
  for (const name of ['builds', 'clusters']) await addIssuer(service, newKey(), {}, name)
  const settings = {
    grants: ['password', 'refresh_token'],
    scope: ['*', ...ownPermissions],
    audiences: [service.issuer],
  }
  await service.clients.add(
    { ...noSettings, ...settings, clientId: 'console', isPublic: true, secret: undefined },
    byTest,
  )
  const form = (username: string) => ({ grant_type: 'password', client_id: 'console', username, password })
  const askers = {
    administrator: form('administrator'),
    plain: form('plain'),
    narrow: { ...form('narrow'), scope: 'signet:users:read signet:users:write' },
  }

  t.comment(`SCHEMATHESIS_SEED=${seed} SCHEMATHESIS_EXAMPLES=${examples}`)
  const words = [
    'run',
    inCheckout('openapi.yaml'),
    '--url',
    service.issuer,
    '--seed',
    seed,
    '-n',
    examples,
    '--no-color',
  ]
  const chosen = ['--include-path-regex', '^/admin|password-tickets', '--phases', 'examples,coverage,fuzzing']
  const ran = await run(program, [...words, ...chosen, '--checks', checks.join(','), '--continue-on-failure'], {
    cwd: temporaryFolder(t),
    maxBuffer: 2 ** 26,
    env: {
      ...process.env,
      ...{ PYTHONPATH: inCheckout('test/interop'), SCHEMATHESIS_HOOKS: 'schemathesis_hooks', NO_PROXY: '127.0.0.1' },
      ...{ ISSUER: service.issuer, ASKERS: JSON.stringify(askers), KEPT: JSON.stringify(kept), SEED: seed },
    },
  }).catch(error => error)
  t.equal(ran.code ?? 0, 0, 'Schemathesis found nothing')
  if (ran.code) t.comment(ran.stdout.slice(-4000))

  const lines: Line[] = service
    .log()
    .split('\n')
    .filter(line => line.includes('"msg":"request"'))
    .map(line => JSON.parse(line))
  const answered = lines.filter(({ route }) => route?.startsWith('/admin'))
  t.comment(`${answered.length} requests at /admin`)
  const done = answered.filter(({ status }) => status < 300)
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE'])
    t.ok(
      done.some(line => line.method === method),
      `some ${method} did what it says`,
    )
  t.strictSame(
    lines.filter(({ status }) => status >= 500),
    [],
  )

  const events = rowsOf(service.databaseFile)
  const explained = new Set(events.map(({ request_id }) => request_id))
  // What is over already is over: asking again changes nothing.
  const repeatable = ['/admin/sessions/end', '/admin/api-keys/:api_key_id']
  const changes = done.filter(({ method, route }) => ['POST', 'DELETE'].includes(method) && !repeatable.includes(route))
  t.strictSame(
    changes.filter(({ request_id }) => !explained.has(request_id)),
    [],
    'each change has its event',
  )
  const good = new Set(done.map(({ request_id }) => request_id))
  const byCallers = events.filter(({ actor }) => actor.startsWith('user:'))
  t.ok(byCallers.length > 0)
  t.strictSame(
    byCallers.filter(({ request_id }) => !good.has(request_id ?? '')),
    [],
    'and each event its change',
  )
})
