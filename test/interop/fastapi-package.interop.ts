/** The package signet-verifier: its types, its own tests, the program of its page, and what `pip install ./verifier-python` installs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { type Json, startIssuer } from '../support/issuer.ts'
import { checkout, run } from '../support/packed-verifier.ts'
import { temporaryFolder } from '../support/serve.ts'
import { startFastApi } from './fastapi-service.ts'

const project = join(checkout, 'verifier-python')
const interpreter = process.env['PYTHON'] ?? 'python3'

/** @throws with all that was printed, when it fails */
const python = (folder: string, words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  run(folder, [interpreter, ...words], { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...more })

const strictlyTyped = (t: Test, files: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  python(project, ['-m', 'mypy', '--strict', '--cache-dir', join(temporaryFolder(t), 'cache'), ...files], more)

test('signet-verifier: package, tests and example are typed in the strictest way', async t => {
  const example = join(checkout, 'examples/fastapi-resource')
  const files = ['src', 'tests', join(example, 'app.py'), join(example, 'settings.py')]
  t.match(await strictlyTyped(t, files, { MYPYPATH: example }), /^Success: no issues found/)
})

test('signet-verifier: its own tests pass', async t => {
  t.match(await python(project, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests']), /\d+ passed/)
})

test('signet-verifier: pip installs it from the checkout', async t => {
  const installed = temporaryFolder(t)
  // As on the page, but without a network: what it needs is there already.
  const offline = ['--no-build-isolation', '--no-deps', '--no-index', '--disable-pip-version-check', '--quiet']
  await python(checkout, ['-m', 'pip', 'install', ...offline, '--target', installed, './verifier-python'])
  const program = 'from signet_verifier import fastapi; print(fastapi.require_role.__module__, fastapi.__file__)'
  t.equal(
    await python(installed, ['-c', program], { PYTHONPATH: installed }),
    `signet_verifier.fastapi.dependencies ${installed}/signet_verifier/fastapi/__init__.py\n`,
  )
})

test('signet-verifier: the program of its page that needs no FastAPI prints who calls, or why not', async t => {
  const page = readFileSync(join(project, 'README.md'), 'utf8')
  const [, program = ''] = /^## Without FastAPI\n.*?^```python\n(.*?)^```$/ms.exec(page) ?? []
  const { issuer, token } = await startIssuer(t)
  const code = program.replace('https://login.example.com', issuer)
  const printed = (claims: Json) =>
    python(project, ['-c', code], { ACCESS_TOKEN: token(claims), NO_PROXY: '127.0.0.1' })
  t.equal(await printed({ scope: 'posts:write', roles: ['admin'] }), "user_1 ['posts:write'] ['admin']\n")
  t.equal(await printed({ exp: 1 }), 'expired The access token has expired.\n')
})

test('signet-verifier: the program of its page does what the page says', async t => {
  const issuer = await startIssuer(t)
  const { get, as } = await startFastApi(t, { ...issuer, app: 'readme' })
  const withToken = (path: string, claims: Json, method = 'GET') => as(issuer.token(claims), path, { method })
  t.match(await get('/me'), { status: 401, body: { error: 'missing_token' } })
  t.match(await withToken('/me', {}), { status: 200, body: { sub: 'user_1' } })
  t.match(await withToken('/admin/stats', { roles: ['editor'] }), { status: 403 })
  t.match(await withToken('/admin/stats', { roles: ['admin'] }), { status: 200, body: { posts: 42 } })
  t.match(await withToken('/posts', { scope: 'posts:read' }, 'POST'), { status: 403 })
  t.match(await withToken('/posts', { scope: 'posts:write' }, 'POST'), { status: 200, body: { author: 'user_1' } })
})
