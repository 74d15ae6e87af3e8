/** README.md and docs/tutorial.md, typed word for word beside a service; only addresses are the test's own, and npm is left out. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { folderOnDisk, freePort } from './support/environment.ts'
import { serve } from './support/serve.ts'
import { notOnPostgres } from './support/sqlite.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))
// Each has a service of its own.
t.jobs = 2

const skip = notOnPostgres('the pages make the database that comes by default')

/** The shell blocks of a page with the nearest heading above each, without those that need a container engine. */
const blocksOf = (page: string): { heading: string; code: string }[] =>
  readFileSync(join(checkout, page), 'utf8')
    .split(/^#+ (?=\S)/m)
    .flatMap(section => {
      const heading = section.slice(0, section.indexOf('\n'))
      return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => ({ heading, code }))
    })
    .filter(({ code }) => !code.startsWith('docker '))

const isNpm = (line: string): boolean => line.startsWith('npm ')

/** What the blocks under each heading print, all typed into one shell beside a service of the test's own. */
async function typed(t: Test, page: string): Promise<{ printed: (heading: string) => string; npm: string[] }> {
  const folder = folderOnDisk(t)
  const service = await serve(t, { folder, faults: { hasher: argon2id => argon2id } })
  for (const name of ['signet', 'node_modules']) symlinkSync(join(checkout, name), join(folder, name))
  const ports = new Map([
    ['3000', String(service.config.port)],
    ['8080', String(await freePort())],
    ['8081', String(await freePort())],
  ])
  const lines = blocksOf(page).flatMap(({ heading, code }) => [`echo '## ${heading}'`, ...code.split('\n')])
  const script = lines
    .filter(line => !isNpm(line))
    .join('\n')
    .replaceAll(/\b(3000|8080|8081)\b/g, port => ports.get(port) ?? port)
  const output = await printedBy(t, script, folder, service.environment)
  const sections = output.split(/^## /m)
  return {
    npm: lines.filter(isNpm),
    printed: heading => sections.filter(section => section.startsWith(`${heading}\n`)).join(''),
  }
}

/** What the shell prints. What it leaves running ends with it. */
async function printedBy(t: Test, script: string, cwd: string, environment: Readonly<Record<string, string>>) {
  const child = spawn('bash', ['-euc', `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const [code] = await once(child, 'close')
  t.equal(code, 0, output)
  return output
}

t.test('README.md leads to a first token', { skip }, async t => {
  const { printed, npm } = await typed(t, 'README.md')
  t.strictSame(npm, ['npm ci', 'npm run demo', 'npm start'])
  t.match(printed('Your first token'), /"access_token":"eyJ/)
  t.match(printed('Your first token'), /user\.sign_in/)
})

t.test('docs/tutorial.md does what it says', { skip }, async t => {
  const { printed, npm } = await typed(t, 'docs/tutorial.md')
  const pack = 'npm pack --silent ./verifier --pack-destination playground'
  t.strictSame(npm, ['npm ci', 'npm start', 'npm run --silent build', pack])
  t.equal(printed('Sign in and refresh').match(/"refresh_token":"signet_rt_/g)?.length, 2)
  t.match(printed('Verify an access token'), /client_id: 'blog'/)
  t.match(printed('Ask whether it was revoked'), /\nnot revoked\n/)
  t.match(printed('Machines'), /"access_token":"eyJ/)
  t.match(printed('API keys'), /"expires_in":300/)
  const answers = printed('Protect an API')
    .split('\n')
    .filter(line => line.startsWith('{'))
  t.match(answers[0], /"client_id":"blog"/)
  t.equal(answers[1], '{"written":true}')
  t.match(answers[2], /"status":403/)
  t.match(answers[3], /"api_key_id":/)
  const ended = printed('Sign out')
  t.match(ended, /^Sign out\n200\n/)
  t.match(ended, /\nrevoked\n/)
  t.match(ended, /\n204\n/)
  t.match(printed('Keys, backups and a check'), /active/)
  t.match(printed('Keys, backups and a check'), /ok +database/i)
})
