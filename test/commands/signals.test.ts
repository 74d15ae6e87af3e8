/** Signals that mean nothing to a server, one of which opens Node's debugger unless it is kept from it: what it listens on is tried. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { inherited, spawnService } from '../support/process.ts'
import { freePort, request, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

const takesConnections = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** Starts a program in the checkout as it stands, with this Node as the only one. */
function start(t: Test, [file = '', ...words]: readonly string[], environment: Readonly<Record<string, string>>) {
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`
  // `env`: the test runner adds its own to NODE_OPTIONS at every spawn.
  const options = `NODE_OPTIONS=${environment['NODE_OPTIONS']}`
  const child = spawn('env', [options, file, ...words], {
    cwd: checkout,
    env: { ...inherited(), ...environment, PATH: path },
  })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, says: listener(child) }
}

/** Resolves when the program has written this, however often it is asked. @throws when it ends before */
function listener(child: ChildProcess) {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (text += chunk))
  return (what: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => text.includes(what) && resolve(text)
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', look)
      child.once('exit', () => reject(new Error(`it ended: ${text}`)))
      look()
    })
}

test('SIGUSR1 and SIGUSR2 are ignored and logged, and the debugger stays closed', async t => {
  const port = await freePort()
  const service = await spawnService(t, temporaryFolder(t), {}, [`--inspect-port=${port}`])
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGUSR1'] as const) process.kill(service.pid(), signal)
  while (!['SIGUSR1', 'SIGUSR2'].every(signal => service.log().includes(signal)))
    await request(`${service.management}/livez`)
  t.match(service.log(), /"level":"warn".*"signal":"SIGUSR1","msg":"the signal means nothing here, and was ignored"/)
  t.notOk(await takesConnections(port))
  t.notMatch(service.log(), 'Debugger')
  t.equal(await service.stop(), 0)
})

const preloading = (program: string): string => `--import=data:text/javascript,${encodeURIComponent(program)}`

test('a command opens no debugger either, however Node was started', async t => {
  const service = await spawnService(t, temporaryFolder(t))
  const port = await freePort()
  const answersSignals = preloading("process.on('SIGUSR2', () => console.error('heard'))")
  const words = [`--inspect-port=${port}`, answersSignals, 'src/signet.mjs', 'audit', 'tail', '--follow']
  const { child, says } = start(t, [process.execPath, ...words], { ...service.environment, NODE_OPTIONS: '' })
  await says('signing_key')
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) child.kill(signal)
  t.notMatch(await says('heard'), 'Debugger')
  t.notOk(await takesConnections(port))
})

test('a debugger that was opened before the first line of the program ends it, before it has read a key', async t => {
  const preload = `
    process.kill(process.pid, 'SIGUSR1')
    const { url } = await import('node:inspector')
    while (url() === undefined) await new Promise(setImmediate)`
  const started = spawnService(t, temporaryFolder(t), {}, ['--inspect-port=0', preloading(preload)])
  const error = await started.then(
    () => undefined,
    (reason: Error) => reason,
  )
  t.match(error?.message, 'ended with 1')
  t.match(error?.message, 'start it with node --disable-sigusr1')
  t.notMatch(error?.message, '"serving"')
})

test('whoever asks Node for its debugger has it', async t => {
  const service = await spawnService(t, temporaryFolder(t), {}, ['--inspect=127.0.0.1:0'])
  // It says so on the other stream than that it serves.
  await until(async () => service.log().includes('Debugger listening'))
  t.equal((await request(`${service.management}/livez`)).status, 200)
})

test('every way to start the service that is written down has the flag', async t => {
  // `signet` has another line, too, for a Node that may be too old to know the flag: there main.ts stands guard.
  const files = [
    'signet',
    'Dockerfile',
    'deploy/systemd/signet.service',
    ...globSync('{*.md,docs/**/*.md}', { cwd: checkout }),
  ]
  const starts = files.flatMap(file =>
    readFileSync(`${checkout}/${file}`, 'utf8')
      .replace(/\\\n/g, ' ')
      .split('\n')
      .filter(line => /(node\b.*src\/signet\.mjs"?,? "?serve|exec "\$node")/.test(line))
      .map(line => ({ file, line })),
  )
  t.ok(starts.length >= 3, 'they were found')
  t.strictSame(
    starts.filter(({ line }) => !line.includes('--disable-sigusr1')),
    [],
  )
})

test('what changes something goes on when nobody reads its answer any more', async t => {
  const { environment } = await spawnService(t, temporaryFolder(t))
  const run = async (words: readonly string[], input = '', isRead = true) => {
    const { child } = start(t, [process.execPath, 'src/signet.mjs', ...words], { ...environment, NODE_OPTIONS: '' })
    let text = ''
    child.stdout.on('data', chunk => (text += chunk))
    if (!isRead) for (const stream of [child.stdout, child.stderr]) stream.destroy()
    child.stdin.end(input)
    // Of one that has only ended, some of the answer may not be read yet.
    const [code] = await once(child, 'close')
    return { code, text }
  }
  const definitions = 'roles: { editor: { permissions: [posts:read] } }'
  t.equal((await run(['apply', '--dry-run', '-'], definitions, false)).code, 3)
  t.equal((await run(['apply', '-'], definitions, false)).code, 0)
  t.match(await run(['roles', 'list']), { code: 0, text: /editor/ })
  t.equal((await run(['audit', 'list'], '', false)).code, 0)
})
