/**
 * A client that openapi-typescript makes from openapi.yaml compiles, strictly, and administers. OPENAPI_CLIENT names its
 * program, in the .bin of the packages where openapi-fetch and a TypeScript of theirs lie, too.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { administered } from '../support/administered.ts'
import { temporaryFolder } from '../support/serve.ts'

const run = promisify(execFile)
const document = fileURLToPath(new URL('../../openapi.yaml', import.meta.url))
const generator = process.env['OPENAPI_CLIENT'] ?? 'openapi-typescript'
const packages = dirname(dirname(generator))

const program = `
import createClient from 'openapi-fetch'
import type { paths } from './api.ts'

const [baseUrl = '', token = ''] = process.argv.slice(2)
const client = createClient<paths>({ baseUrl, headers: { authorization: \`Bearer \${token}\` } })

const added = await client.POST('/admin/roles', { body: { name: 'editor of all', permissions: ['posts:write'] } })
const fields: string[] = added.error !== undefined && 'errors' in added.error ? (added.error.errors ?? []).map(({ field }) => field) : []
const role = await client.POST('/admin/roles', { body: { name: 'writer', permissions: ['posts:write'] } })
const user = await client.POST('/admin/users', { body: { username: 'dora', roles: ['writer'] } })
if (user.data === undefined) throw new Error(JSON.stringify(user.error))
const path = { user_id: user.data.user_id }
const etag = user.response.headers.get('etag') ?? ''
const change = await client.PATCH('/admin/users/{user_id}', {
  params: { path, header: { 'if-match': etag } },
  headers: { 'content-type': 'application/json' },
  body: { status: 'disabled' },
})
const page = await client.GET('/admin/users', { params: { query: { limit: 1, status: 'disabled' } } })
const names: string[] = (page.data?.users ?? []).map(({ username }) => username)
const gone = await client.DELETE('/admin/users/{user_id}', { params: { path } })
console.log(JSON.stringify({ fields, role: role.data?.name, status: change.data?.status, names, gone: gone.response.status }))
`

const config = {
  compilerOptions: {
    ...{ strict: true, noEmit: true, target: 'es2023', module: 'nodenext', allowImportingTsExtensions: true },
    ...{ exactOptionalPropertyTypes: true, skipLibCheck: false, types: [], lib: ['es2023', 'dom'] },
  },
  files: ['client.ts', 'process.d.ts'],
}

t.test('a generated client compiles and works', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'client'))
  const inFolder = (name: string) => join(folder, 'client', name)
  symlinkSync(packages, inFolder('node_modules'))
  writeFileSync(inFolder('package.json'), '{ "type": "module" }')
  writeFileSync(inFolder('client.ts'), program)
  writeFileSync(inFolder('process.d.ts'), 'declare const process: { argv: string[] }\n')
  writeFileSync(inFolder('tsconfig.json'), JSON.stringify(config))
  await run(generator, [document, '-o', inFolder('api.ts')])
  const compiled = await run(join(packages, '.bin/tsc'), ['-p', inFolder('tsconfig.json')]).catch(error => error)
  t.equal(compiled.stdout, '', 'no mistake')

  const { service, admin } = await administered(t)
  const { stdout } = await run(process.execPath, [inFolder('client.ts'), service.issuer, admin.access])
  const done = { fields: ['name'], role: 'writer', status: 'disabled', names: ['dora'], gone: 204 }
  t.strictSame(JSON.parse(stdout), done)
})
