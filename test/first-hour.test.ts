/** README.md and then docs/tutorial.md, typed word for word beside a service; only addresses are the test's own, and npm is left out. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { folderOnDisk, freePort } from './support/environment.ts'
import { inherited } from './support/process.ts'
import { serve } from './support/serve.ts'
import { notOnPostgres } from './support/sqlite.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))

const skip = notOnPostgres('the pages make the database that comes by default')

interface Block {
  readonly heading: string
  readonly code: string
}

/** The shell blocks of a page with the nearest heading above each, without those that need a container engine. */
const blocksOf = (page: string): Block[] =>
  readFileSync(join(checkout, page), 'utf8')
    .split(/^#+ (?=\S)/m)
    .flatMap(section => {
      const heading = section.slice(0, section.indexOf('\n'))
      return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => ({ heading, code }))
    })
    .filter(({ code }) => !code.startsWith('docker '))

const isNpm = (line: string): boolean => line.startsWith('npm ')
const codeOf = (blocks: readonly Block[]): string => blocks.map(({ code }) => code).join('')
const npmIn = (blocks: readonly Block[]): string[] => codeOf(blocks).split('\n').filter(isNpm)

/** What the blocks under each heading print, all typed into one shell beside a service of the test's own. */
async function typed(t: Test, blocks: readonly Block[]): Promise<(heading: string) => string> {
  const folder = folderOnDisk(t)
  const service = await serve(t, { folder, faults: { hasher: argon2id => argon2id } })
  for (const name of ['signet', 'node_modules']) symlinkSync(join(checkout, name), join(folder, name))
  const ports = new Map([
    ['3000', String(service.config.port)],
    ['8080', String(await freePort())],
    ['8081', String(await freePort())],
  ])
  const script = blocks
    .flatMap(({ heading, code }) => [`echo '## ${heading}'`, ...code.split('\n')])
    .filter(line => !isNpm(line))
    .join('\n')
    .replaceAll(/\b(3000|8080|8081)\b/g, port => ports.get(port) ?? port)
  const output = await printedBy(t, script, folder, service.environment)
  const sections = output.split(/^## /m)
  return heading => sections.filter(section => section.startsWith(`${heading}\n`)).join('')
}

/** What the shell prints. What it leaves running ends with it. */
async function printedBy(t: Test, script: string, cwd: string, environment: Readonly<Record<string, string>>) {
  const child = spawn('bash', ['-euc', `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`], {
    cwd,
    env: { ...inherited(), NODE_OPTIONS: '', ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const [code] = await once(child, 'close')
  t.equal(code, 0, output)
  return output
}

t.test('README.md leads to a first token, and docs/tutorial.md goes on from there', { skip }, async t => {
  const [readme, tutorial] = [blocksOf('README.md'), blocksOf('docs/tutorial.md')]
  t.strictSame(npmIn(readme), ['npm ci', 'npm run demo', 'npm start'])
  const pack = 'npm pack --silent ./verifier --pack-destination playground'
  t.strictSame(npmIn(tutorial), ['npm ci', 'npm start', 'npm run --silent build', pack])
  // The tutorial says to skip it after the README.
  const isAgain = ({ heading }: Block) => heading === 'A role, a user and a client'
  const [again, further] = [tutorial.filter(isAgain), tutorial.filter(block => !isAgain(block))]
  t.equal(codeOf(again), codeOf(readme.filter(({ code }) => /^(\.\/signet (roles|clients)|printf) /.test(code))))

  const printed = await typed(t, [...readme, ...further])
  t.match(printed('Your first token'), /"access_token":"eyJ/)
  t.match(printed('Your first token'), /user\.sign_in/)
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
