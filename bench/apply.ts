/**
 * How long `signet apply` takes for a file of 1,000 clients, each of which has a scope, an audience, an origin, a key and a trust: when they
 * are new, when each is changed, and when nothing is. Beside it, in the same run, what a command takes that only lists one role.
 *
 *     npm run bench:apply
 *     npm run bench:apply -- --clients 5000
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepareService } from './service.ts'

const { values } = parseArgs({ options: { clients: { type: 'string', default: '1000' } } })
const count = Number(values.clients)
const { environment, remove } = prepareService(34570)
const program = fileURLToPath(new URL('../src/signet.mjs', import.meta.url))
const file = join(dirname(environment['SIGNET_KEYS_DIR'] ?? ''), 'definitions.json')

/** Every member of each differs by the permission. */
const definitions = (permission: string) => ({
  roles: { editor: { permissions: [permission] } },
  issuers: { builds: { issuer: 'https://issuer.example.com' } },
  clients: Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `client-${at}`,
      {
        grants: ['client_credentials', 'password'],
        scope: [permission],
        audiences: [`https://${at}.example.com`],
        origins: [`https://o${at}.example.com`],
        keys: [{ jwks_uri: `https://${at}.example.com/keys` }],
        trusts: [{ issuer: 'builds', claims: { sub: `${at}`, scope: permission } }],
      },
    ]),
  ),
})

function run(...words: readonly string[]): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { env: environment, encoding: 'utf8' })
  if (status !== 0) throw new Error(`signet ${words.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - began
}

try {
  run('migrate')
  const rows = (
    [
      ['new', 'a:b'],
      ['changed', 'c:d'],
      ['the same', 'c:d'],
    ] as const
  ).map(([what, permission]) => {
    writeFileSync(file, JSON.stringify(definitions(permission)))
    return [what, run('apply', file)] as const
  })
  const least = Math.min(...Array.from({ length: 5 }, () => run('roles', 'list')))
  console.log(`signet roles list: ${Math.round(least)} ms`)
  for (const [what, ms] of rows)
    console.log(`${count} clients, ${what}: ${Math.round(ms)} ms, ${(ms / least).toFixed(1)} times that`)
} finally {
  remove()
}
