import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { test } from 'tap'
import { signetProcess, spawnService } from '../support/process.ts'
import { environmentOf, temporaryFolder } from '../support/serve.ts'

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

const noProc = process.platform !== 'linux' && 'threads are counted in /proc'

test('the pool has four threads more than there are cores, so that signatures never wait for hashes', {
  skip: noProc,
}, async t => {
  const service = await spawnService(t, temporaryFolder(t))
  const tasks = `/proc/${service.pid()}/task`
  const names = readdirSync(tasks).map(id => readFileSync(`${tasks}/${id}/comm`, 'utf8').trim())
  t.equal(names.filter(name => name === 'libuv-worker').length, availableParallelism() + 4)
})
