/** `npm run demo` as a person uses it, with the lines for curl that it prints. Needs sh and curl. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { onFreePorts } from '../../scripts/demo/ports.ts'
import { createPrograms } from '../../scripts/demo/programs.ts'
import { freePort, request, temporaryFolder } from '../support/serve.ts'
import { isRevoked, statusIn } from '../support/status-list.ts'

const script = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url))

/** The demo in a process group of its own, as a terminal starts it. */
async function startDemo(t: Test) {
  const folder = temporaryFolder(t)
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, script], {
    detached: true,
    env: { ...process.env, TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: '1' },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => (output.stdout += chunk))
  child.stderr.on('data', chunk => (output.stderr += chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  t.teardown(() => signalGroup(child, 'SIGKILL'))
  return { child, folder, output, ended }
}

/** @returns whether there was anybody in the group */
function signalGroup({ pid = 0 }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

/** Everything that the demo prints when it is ready. */
async function instructionsOf({ child, output, ended }: Awaited<ReturnType<typeof startDemo>>): Promise<string> {
  while (!output.stdout.includes('Ctrl-C')) {
    const more = once(child.stdout ?? child, 'data')
    await Promise.race([more, ended])
    if (child.exitCode !== null) throw new Error(`The demo ended with ${child.exitCode}:\n${output.stderr}`)
  }
  return output.stdout
}

/** What is in the box when there is something, which is after the answer to a form. */
async function mailAt(url: string): Promise<string> {
  for (;;) {
    const { body } = await request(url)
    if (body.length > 0) return body[0].text
  }
}

t.test(
  'the demo runs beside a program that has its port; its curl lines do what it says; Ctrl-C leaves nothing behind',
  async t => {
    // Whoever has the port, the demo has to do without it.
    const other = createServer().listen(8080, '127.0.0.1')
    await Promise.race([once(other, 'listening'), once(other, 'error')]).catch(() => undefined)
    t.teardown(() => other.close())
    const demo = await startDemo(t)
    const text = await instructionsOf(demo)
    const address = (name: string): string => new RegExp(`^${name}: +(http:\\S+)$`, 'm').exec(text)?.[1] ?? ''
    const page = address('Login page and resource API')
    const [issuer, mails] = [address('Token service'), address('Mails that are sent')]
    t.not(page, 'http://127.0.0.1:8080')
    t.match((await request(page)).text, /<title>Posts/)
    t.match((await request(address('API reference'))).text, /<title>Signet API reference/)
    t.same(
      text.split('\n').filter(line => line.length > 80),
      [],
      'it fits a terminal of 80 columns',
    )

    const lines = [...text.matchAll(/^(?:SIGNET=|sign_in bob).*?\n\n/gms)].join('')
    const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', `${lines}\nmember access_token`])
    const said = stdout.trim().split('\n')
    t.equal(said.length, 9)
    const answers = said.slice(0, 8).map(line => JSON.parse(line))
    const refused = { error: 'insufficient_scope', status: 403 }
    t.match(answers, [
      { iss: issuer, aud: page, roles: ['admin'] },
      { title: 'Hello from alice' },
      { posts: 1, authors: 1 },
      200,
      { iss: issuer, aud: page, roles: ['user'] },
      { ...refused, error_description: 'The permission posts:write is missing.' },
      { ...refused, error_description: 'The role admin is missing.' },
      200,
    ])
    t.ok(await isRevoked(statusIn(said[8] ?? '')), 'the revocation is in the list that the resource API polls')

    const localPage = page.replace('127.0.0.1', 'localhost')
    t.ok(text.includes(localPage))
    const form = JSON.stringify({ username: 'dora', email: 'dora@example.org' })
    const json = { 'content-type': 'application/json', origin: localPage }
    t.equal((await request(new URL('/sign-up', mails).href, { body: form, headers: json })).status, 202)
    const [, ticket = ''] = /#ticket=([^&\s]+)/.exec(await mailAt(mails)) ?? []
    const redeemed = { client_id: 'login-page', ticket, new_password: 'quite another horse battery 7' }
    const headers = { origin: localPage }
    t.equal((await request(`${issuer}/oauth/password-tickets/redeem`, { form: redeemed, headers })).status, 204)

    t.ok(signalGroup(demo.child, 'SIGINT'))
    t.equal(await demo.ended, 0)
    t.equal(demo.output.stderr, '')
    t.notOk(signalGroup(demo.child, 0), 'no process is left')
    t.same(readdirSync(demo.folder), [], 'no file is left')
  },
)

t.test('Ctrl-C while the demo is being prepared leaves nothing behind either', async t => {
  const demo = await startDemo(t)
  await once(demo.child.stdout ?? demo.child, 'data')
  t.ok(signalGroup(demo.child, 'SIGINT'))
  t.equal(await demo.ended, 0)
  t.equal(demo.output.stderr, '')
  t.notMatch(demo.output.stdout, /Ctrl-C/, 'it was early enough')
  t.notOk(signalGroup(demo.child, 0), 'no process is left')
  t.same(readdirSync(demo.folder), [], 'no file is left')
})

t.test('when one of its services ends by itself, the demo says so and ends', async t => {
  const demo = await startDemo(t)
  await instructionsOf(demo)
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,pgid=,args='])
  const service = stdout
    .split('\n')
    .find(line => / src\/signet\.mjs serve/.test(line) && line.includes(` ${demo.child.pid} `))
  process.kill(Number.parseInt(service ?? '', 10), 'SIGKILL')
  t.equal(await demo.ended, 1)
  t.match(demo.output.stderr, /^src\/signet\.mjs serve ended by SIGKILL/)
  t.notOk(signalGroup(demo.child, 0), 'no process is left')
  t.same(readdirSync(demo.folder), [], 'no file is left')
})

t.test(
  'a port that is taken before a program has it is replaced once, and other failures are told at once',
  async t => {
    const programs = createPrograms()
    t.teardown(() => programs.stop())
    const folder = temporaryFolder(t)
    const storage = { SIGNET_DATABASE_URL: `file:${folder}/signet.sqlite`, SIGNET_KEYS_DIR: `${folder}/keys` }
    /** Starts a program on ports of which the first one is taken at the first time. */
    async function startLate(file: string, words: string[], name: string, word: string, more: Record<string, string>) {
      const tried: number[] = []
      await onFreePorts([0], async ([port]) => {
        tried.push(port)
        if (tried.length === 1) {
          const other = createHttpServer((_, answer) => answer.end()).listen(port, '127.0.0.1')
          t.teardown(() => other.close().closeAllConnections())
          await once(other, 'listening')
        }
        const { answers } = programs.start(file, words, { ...more, [name]: String(port) })
        await answers(`http://127.0.0.1:${port}/${name === 'PORT' ? 'posts' : '.well-known/jwks.json'}`, word)
      })
      return tried
    }
    const management = { SIGNET_MANAGEMENT_PORT: String(await freePort()) }
    for (const tried of [
      await startLate('src/signet.mjs', ['serve'], 'SIGNET_PORT', 'serving', { ...storage, ...management }),
      await startLate('examples/resource-api/server.ts', [], 'PORT', 'Server listening', {}),
    ]) {
      t.equal(tried.length, 2)
      t.not(tried[0], tried[1])
    }

    let times = 0
    const failing = onFreePorts([0], async () => {
      times += 1
      throw new Error('a bug')
    })
    await t.rejects(failing, { message: 'a bug' })
    t.equal(times, 1)
  },
)
