/** `npm run release`, in a small checkout of its own. The Python package is left out: what makes it comes from elsewhere. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { versionsIn } from '../scripts/release/versions.ts'
import { temporaryFolder } from './support/serve.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const image = 'image: registry.example.com/signet:0.3.0\n'
const packed = 'npm install ./signet-verifier-0.3.0.tgz\n'
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
const files = {
  '.gitignore': 'dist/\n/dist-release/\n',
  'package.json': json({ version: '0.3.0' }),
  'package-lock.json': json({ version: '0.3.0' }),
  'verifier/package.json': json({
    name: '@signet/verifier',
    version: '0.3.0',
    files: ['dist'],
    scripts: { prepack: 'mkdir dist && cp index.ts dist/index.js' },
  }),
  'verifier/index.ts': 'export {}\n',
  'examples/resource-api/package.json': json({ dependencies: { '@signet/verifier': '0.3.0' } }),
  'verifier-python/pyproject.toml': '[project]\nversion = "0.3.0"\n',
  'openapi.yaml': 'info:\n  version: 0.3.0\n',
  'CHANGELOG.md': '## [Unreleased]\n\n## [0.3.0] - 2026-01-02\n\n## [0.2.0] - 2026-01-01\n',
  'docs/tutorial.md': packed,
  'verifier/README.md': packed,
  'deploy/kubernetes/sqlite.yaml': image,
  'deploy/kubernetes/postgres/signet.yaml': image,
  'deploy/kubernetes/postgres/migrate.yaml': image,
}

function smallCheckout(t: Test, changed: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries({ ...files, ...changed })) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const git = (...words: string[]) => execFileSync('git', ['-C', folder, '-c', 'init.defaultBranch=main', ...words])
  git('init', '-q')
  git('add', '-A')
  git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', 'one')
  const run = () =>
    spawnSync(process.execPath, [join(checkout, 'scripts/release.ts')], {
      cwd: folder,
      env: { ...process.env, PYTHON: '/nowhere/python3' },
      encoding: 'utf8',
    })
  return { folder, run, made: (name: string) => join(folder, 'dist-release', name) }
}

t.test('it makes the packages with their checksums, and the same bytes again; what is ignored is in none', async t => {
  const { folder, run, made } = smallCheckout(t)
  mkdirSync(join(folder, 'verifier/dist'))
  writeFileSync(join(folder, 'verifier/dist/of-an-earlier-build.js'), '')
  const { status, stdout, stderr } = run()
  t.equal(status, 0, stderr)
  t.match(stdout, 'npm publish dist-release/signet-verifier-0.3.0.tgz --access public')
  t.match(stdout, '--label org.opencontainers.image.version=0.3.0 ')
  t.match(stderr, /^Not made: the Python package\./)
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: join(folder, 'dist-release') })
  const sums = readFileSync(made('SHA256SUMS'), 'utf8')
  t.match(sums, /^\w{64} {2}signet-0\.3\.0\.tar\.gz\n\w{64} {2}signet-verifier-0\.3\.0\.tgz\n$/)
  const names = execFileSync('tar', ['-tzf', made('signet-0.3.0.tar.gz')], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
  t.strictSame(
    names.filter(name => !name.endsWith('/')).sort(),
    Object.keys(files)
      .map(name => `signet-0.3.0/${name}`)
      .sort(),
  )

  const umask = process.umask(0o077)
  t.equal(run().status, 0)
  process.umask(umask)
  t.equal(readFileSync(made('SHA256SUMS'), 'utf8'), sums)
})

t.test('a checkout that is not clean is refused, and what was made before stays', async t => {
  const { folder, run, made } = smallCheckout(t)
  mkdirSync(join(folder, 'dist-release'))
  writeFileSync(made('kept'), '')
  writeFileSync(join(folder, 'notes.txt'), '')
  const { status, stdout, stderr } = run()
  t.strictSame([status, stdout, stderr], [1, '', 'The checkout is not clean:\n?? notes.txt\n'])
  t.equal(readFileSync(made('kept'), 'utf8'), '')
})

t.test('a version that differs is refused, each with its place', async t => {
  const { run } = smallCheckout(t, {
    'CHANGELOG.md': '## [Unreleased]\n\n## [0.2.0] - 2026-01-01\n',
    'openapi.yaml': 'info:\n  title: Signet\n',
  })
  const { status, stdout, stderr } = run()
  t.strictSame([status, stdout], [1, ''])
  t.equal(
    stderr,
    'openapi.yaml has no version, package.json has 0.3.0\nCHANGELOG.md has 0.2.0, package.json has 0.3.0\n',
  )
})

t.test('the places of this checkout are known and agree; the changelog follows with the release', async t => {
  const { mistakes } = versionsIn(file => readFileSync(join(checkout, file), 'utf8'))
  t.strictSame(
    mistakes.filter(mistake => !mistake.startsWith('CHANGELOG.md')),
    [],
  )
})
