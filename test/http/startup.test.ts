import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { signetProcess, spawnService } from '../support/process.ts'
import { environmentOf, serve, temporaryFolder } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const broken = {
  SIGNET_PORT: '70000',
  SIGNET_ISSUER: 'ftp://login.example.com',
  SIGNET_ACCESS_TOKEN_TTL: 'soon',
  SIGNET_LOG_LEVL: 'info',
}

test('--help works in whatever environment', async t => {
  for (const words of [['--help'], ['serve', '--help'], ['users', 'add', '--help']]) {
    const { code, stdout, stderr } = await signetProcess(broken, words)
    t.equal(code, 0)
    t.match(stdout, /^Usage: signet/)
    t.equal(stderr, '')
  }
})

test('a Node that does not run TypeScript is told so, with what to do', async t => {
  const { code, stdout, stderr } = await signetProcess({}, ['--version'], '', {}, ['--no-strip-types'])
  t.strictSame([code, stdout], [1, ''])
  t.match(stderr, /^Signet needs a Node that .*22\.18 or later\. This is v\d+.*npm rebuild node.*\n$/)
})

test('a wrong configuration exits 1 before anything is made, and names every mistake', async t => {
  const folder = temporaryFolder(t)
  const { code, stdout, stderr } = await signetProcess({ ...(await environmentOf(folder)), ...broken }, ['serve'])
  t.equal(code, 1)
  t.equal(stdout, '')
  for (const name of Object.keys(broken)) t.match(stderr, name)
  t.match(stderr, 'did you mean SIGNET_LOG_LEVEL?')
  t.notMatch(stderr, /\n +at /, 'sentences, not a stack')
  t.same(readdirSync(folder), [])
})

test('a service without an issuer is found at the one that it names, and warns where others would not find it', async t => {
  for (const [host, names] of [
    ['::1', '[::1]'],
    ['127.0.0.2', '127.0.0.2'],
    ['localhost', 'localhost'],
    ['0.0.0.0', '127.0.0.1'],
  ] as const) {
    const service = await serve(t, { environment: { SIGNET_HOST: host } })
    const { body } = await service.get('/.well-known/oauth-authorization-server')
    t.equal(body.issuer, `http://${names}:${service.config.port}`, host)
    const warns = service.log().includes('SIGNET_ISSUER is not set')
    t.equal(warns, host === '0.0.0.0', `${host}: ${service.log()}`)
    await service.stop()
  }
})

test('a machine on which Argon2 does not run is noticed at the start, not at the first sign-in', async t => {
  const environment = { ...(await environmentOf(temporaryFolder(t))), NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere.node' }
  const { code, stderr } = await signetProcess(environment, ['serve'])
  t.equal(code, 1)
  t.match(stderr, /^Argon2 can't be loaded on this machine: .+\n$/, 'a sentence, not a stack')
})

test('a service holds nothing that is only of use for the API reference, for PostgreSQL or for a new password', {
  skip: notOnPostgres('it needs the driver'),
}, async t => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'loaded')
  const listLoaded = fileURLToPath(new URL('../programs/list-loaded.mjs', import.meta.url))
  const service = await spawnService(t, folder, { LOADED: file }, ['--import', listLoaded])
  await service.stop()
  const loaded = readFileSync(file, 'utf8')
  t.match(loaded, 'node_modules/fastify/')
  for (const name of ['@fastify/swagger', 'ajv', 'pg', '@zxcvbn-ts']) t.notMatch(loaded, `node_modules/${name}/`)
  t.notMatch(loaded, 'internal/deps/undici', "Node's second HTTP client")
})

const noProc = process.platform !== 'linux' && 'threads are counted in /proc'

test('the pool has four threads more than there are cores, so that signatures never wait for hashes', {
  skip: noProc,
}, async t => {
  const service = await spawnService(t, temporaryFolder(t))
  const tasks = `/proc/${service.pid()}/task`
  const names = readdirSync(tasks).map(id => readFileSync(`${tasks}/${id}/comm`, 'utf8').trim())
  t.equal(names.filter(name => name === 'libuv-worker').length, availableParallelism() + 4)
})
