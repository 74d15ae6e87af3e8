/** compose.yaml and compose.postgres.yaml, read as `docker compose` reads it: COMPOSE_READER names what is built from test/interop/compose-reader. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { checkout } from '../support/deployment.ts'
import { temporaryFolder } from '../support/serve.ts'

const file = join(checkout, 'compose.postgres.yaml')

function read(path: string, environment: Readonly<Record<string, string>> = { SITE: 'login.example.com' }) {
  const reader = process.env['COMPOSE_READER'] ?? 'compose-reader'
  return spawnSync(reader, [path], { env: { ...process.env, ...environment }, encoding: 'utf8' })
}

test('Compose takes it, and an instance starts when the database is there and has its schema', async t => {
  const { status, stdout, stderr } = read(file)
  t.equal(status, 0, stderr)
  t.equal(stderr, '')
  const { services, networks } = JSON.parse(stdout)
  for (const name of ['signet-1', 'signet-2']) {
    t.match(services[name].depends_on, {
      postgres: { condition: 'service_healthy' },
      migrate: { condition: 'service_completed_successfully' },
    })
    t.match(services[name].environment, { SIGNET_ISSUER: 'https://login.example.com' })
  }
  const published = Object.entries<{ ports?: unknown }>(services).filter(([, { ports }]) => ports !== undefined)
  t.strictSame(
    published.map(([name]) => name),
    ['caddy'],
    'nothing else can be reached',
  )
  t.match(networks, { callers: { internal: true }, database: { internal: true } })
})

test('Compose takes the one with SQLite, with a domain and without', async t => {
  for (const [SITE, issuer] of [
    ['login.example.com', 'https://login.example.com'],
    ['', 'http://localhost:3000'],
  ] as const) {
    const { status, stdout, stderr } = read(join(checkout, 'compose.yaml'), { SITE })
    t.equal(status, 0, stderr)
    t.equal(stderr, '')
    t.match(JSON.parse(stdout).services.signet.environment, { SIGNET_ISSUER: issuer })
  }
})

test('Compose says what is missing', async t => {
  const { status, stderr } = read(file, { SITE: '' })
  t.equal(status, 1)
  t.match(stderr, 'required variable SITE is missing a value: is the host name that clients use')
})

test('the reader finds what is mistyped', async t => {
  const text = readFileSync(file, 'utf8')
  const mistakes = [
    ['restart: unless', 'restrat: unless'],
    ['condition: service_healthy', 'condition: healthy'],
    ['secrets: [database-url,', 'secrets: [databas-url,'],
    ['networks: [callers,', 'networks: [caller,'],
  ] as const
  for (const [right, wrong] of mistakes) {
    const copy = join(temporaryFolder(t), 'compose.yaml')
    writeFileSync(copy, text.replace(right, wrong))
    t.equal(read(copy).status, 1, wrong)
  }
})
