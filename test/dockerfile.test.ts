/**
 * No container engine is needed: the steps of the Dockerfile are run by hand in a folder that stands for the image's root, with this
 * Node in the place of the image's.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import packageJson from '../package.json' with { type: 'json' }
import { api, freePort, password, request, temporaryFolder } from './support/serve.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const read = (name: string) => readFileSync(join(checkout, name), 'utf8')

interface Step {
  readonly instruction: string
  readonly rest: string
}

/** The instructions, continued lines joined, comments left out. */
const steps: readonly Step[] = read('Dockerfile')
  .split('\n')
  .filter(line => !line.startsWith('#'))
  .join('\n')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter(line => line.trim() !== '')
  .map(line => {
    const [instruction = '', ...rest] = line.trim().split(/\s+/)
    return { instruction, rest: rest.join(' ') }
  })

const stages = steps.reduce<Step[][]>((found, step) => {
  if (step.instruction === 'FROM') found.push([])
  found.at(-1)?.push(step)
  return found
}, [])
const [dependencies = [], image = []] = stages

const all = (stage: readonly Step[], name: string): string[] =>
  stage.filter(({ instruction }) => instruction === name).map(({ rest }) => rest)
const last = (stage: readonly Step[], name: string): string => all(stage, name).at(-1) ?? ''

/** The words of an instruction in exec form; in shell form this throws. */
const execForm = (text: string): string[] => JSON.parse(text.slice(text.indexOf('[')))
const healthcheck = execForm(last(image, 'HEALTHCHECK').split('CMD')[1] ?? '')
const command = execForm(last(image, 'CMD'))
const volumes = execForm(last(image, 'VOLUME'))
const environmentSet: Record<string, string> = Object.fromEntries(
  all(image, 'ENV').flatMap(line => line.split(' ').map(setting => setting.split('='))),
)
const [uid = Number.NaN, gid = Number.NaN] = last(image, 'USER').split(':').map(Number)

/** What a stage copies from the checkout: sources and the folder they go to. */
const copies = (stage: readonly Step[]) =>
  all(stage, 'COPY')
    .filter(line => !line.startsWith('--from'))
    .map(line => line.split(' '))
    .map(words => ({ sources: words.slice(0, -1), target: words.at(-1) ?? '' }))

t.test(
  'the image starts from node 26 slim in both stages, not as root, and its commands are not behind a shell',
  async t => {
    t.strictSame(
      stages.map(([from]) => from?.rest),
      ['node:26-slim AS dependencies', 'node:26-slim'],
    )
    t.ok(uid > 0 && gid > 0, 'USER is a number that is not root, the last word on it')
    t.strictSame(steps.filter(({ instruction }) => instruction === 'USER').length, 1)
    t.strictSame(command, ['node', '/app/src/main.ts', 'serve'])
    t.equal(healthcheck[0], 'node')
    t.match(environmentSet, { NODE_ENV: 'production', SIGNET_HOST: '0.0.0.0', SIGNET_MANAGEMENT_HOST: '0.0.0.0' })
    t.strictSame(
      volumes,
      ['db', 'keys'].map(name => join(last(image, 'WORKDIR'), name)),
      'where the defaults look',
    )
    t.notOk(
      volumes.some(volume => '/app/db/migrations'.startsWith(volume)),
      'no volume hides a part of the program',
    )
    t.strictSame(all(image, 'EXPOSE'), ['3000 9090'])
  },
)

t.test('.dockerignore lets in what is copied, and nothing else: no key and no database', async t => {
  const [first, ...more] = read('.dockerignore')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
  t.equal(first, '*')
  const copied = [...copies(dependencies), ...copies(image)].flatMap(({ sources }) => sources)
  t.strictSame(more.sort(), [...new Set(copied)].map(name => `!${name}`).sort())
})

const isRoot = process.getuid?.() === 0
const run = promisify(execFile)

/** An absolute path of the image, below the folder that stands for its root. */
const below = (root: string, word: string): string => (word.startsWith('/') ? join(root, word) : word)

/** Carries the steps out below `root`. */
async function build(root: string): Promise<void> {
  const copyAll = (stage: readonly Step[], folder: string) => {
    for (const { sources, target } of copies(stage)) {
      for (const source of sources) {
        const destination = target === './' ? join(folder, source) : join(folder, target)
        cpSync(join(checkout, source), destination, { recursive: true })
      }
    }
  }
  const stage = join(root, 'dependencies')
  copyAll(dependencies, stage)
  const [install = '', ...others] = all(dependencies, 'RUN')
  if (others.length > 0) throw new Error(`an unknown step: ${others}`)
  const [program = '', ...words] = install.split(' ')
  await run(program, words, { cwd: stage, env: { ...process.env, npm_config_prefer_offline: 'true' } })
  const app = join(root, 'app')
  copyAll(image, app)
  cpSync(join(stage, 'node_modules'), join(app, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  rmSync(stage, { recursive: true })
  const bin = join(root, 'usr/local/bin')
  mkdirSync(bin, { recursive: true })
  copyFileSync(process.execPath, join(bin, 'node'))
  chmodSync(join(bin, 'node'), 0o755)
  for (const line of all(image, 'RUN')) {
    // Only root can give a folder away; whoever else runs this owns it already.
    const [step = '', ...rest] = (isRoot ? line : line.replace(/ -[og] \d+/g, '')).split(' ')
    await run(
      step,
      rest.map(word => below(root, word)),
    )
  }
}

/** `chmod -R` with what is allowed taken away or given: the image's root file system is read-only. */
function setWritable(path: string, writable: boolean): void {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return
  chmodSync(path, writable ? status.mode | 0o200 : (status.mode | (status.isDirectory() ? 0o555 : 0o444)) & ~0o222)
  if (!status.isDirectory()) return
  for (const { name } of readdirSync(path, { withFileTypes: true }).filter(entry => !entry.isSymbolicLink()))
    setWritable(join(path, name), writable)
}

const ended = (child: ChildProcess) => new Promise<number | null>(resolve => child.once('exit', resolve))

async function startIn(t: Test, root: string) {
  const temporary = join(root, 'tmp')
  mkdirSync(temporary)
  if (isRoot) chownSync(temporary, uid, gid)
  chmodSync(root, 0o755)
  const [port, managementPort] = [await freePort(), await freePort()]
  const options = {
    cwd: join(root, last(image, 'WORKDIR')),
    ...(isRoot && { uid, gid }),
    env: {
      PATH: `${join(root, 'usr/local/bin')}:/usr/bin:/bin`,
      TMPDIR: temporary,
      ...environmentSet,
      SIGNET_ISSUER: 'https://login.example.com',
      SIGNET_PORT: String(port),
      SIGNET_MANAGEMENT_PORT: String(managementPort),
    },
  }
  /** `env -u`: the test runner adds NODE_OPTIONS to every process. */
  const start = (words: readonly string[]): ChildProcess => {
    const child = spawn('env', ['-u', 'NODE_OPTIONS', ...words.map(word => below(root, word))], options)
    t.teardown(() => child.kill('SIGKILL'))
    return child
  }
  const cli = async (words: readonly string[], input = '') => {
    const child = start(['signet', ...words])
    let output = ''
    child.stdout?.on('data', chunk => (output += chunk))
    child.stderr?.on('data', chunk => (output += chunk))
    child.stdin?.end(input)
    const code = await ended(child)
    t.equal(code, 0, `signet ${words.slice(0, 2).join(' ')}: ${output}`)
  }
  return { start, cli, origin: `http://127.0.0.1:${port}` }
}

t.test(
  'the image, built and run by hand: production dependencies, read-only, not root, healthy, stopped by SIGTERM',
  async t => {
    const root = temporaryFolder(t)
    await build(root)
    t.teardown(() => setWritable(join(root, 'app'), true))
    const installed = (name: string) => statSync(join(root, 'app/node_modules', name), { throwIfNoEntry: false })
    t.strictSame(Object.keys(packageJson.devDependencies).filter(installed), [], 'no development dependency')
    t.strictSame(
      Object.keys(packageJson.dependencies).filter(name => !installed(name)),
      [],
      'every other dependency',
    )
    t.strictSame(readdirSync(join(root, 'app/db')), ['migrations'])
    setWritable(join(root, 'app'), false)

    const { start, cli, origin } = await startIn(t, root)
    const unhealthy = await ended(start(healthcheck))
    t.equal(unhealthy, 1, 'not healthy before it runs')
    const service = start(command)
    let log = ''
    await new Promise<void>((resolve, reject) => {
      service.stderr?.on('data', chunk => (log += chunk))
      service.stdout?.on('data', chunk => {
        log += chunk
        if (log.includes('"msg":"serving"')) resolve()
      })
      service.once('exit', code => reject(new Error(`it ended with ${code}: ${log}`)))
    })
    t.equal(await ended(start(healthcheck)), 0, 'healthy')
    await cli(['users', 'add', 'ann', '--password-stdin'], password)
    await cli(['clients', 'add', 'spa', '--public', '--grant', 'password', '--audience', api])
    const form = { grant_type: 'password', client_id: 'spa', username: 'ann', password }
    t.equal((await request(`${origin}/oauth/token`, { form })).status, 200, 'a sign-in')
    const [database = '', keys = ''] = volumes.map(volume => join(root, volume))
    t.ok(readdirSync(database).includes('signet.sqlite'))
    const keyFiles = readdirSync(keys).filter(name => name.endsWith('.pem'))
    t.equal(keyFiles.length, 2)
    const owners = new Set(keyFiles.map(name => statSync(join(keys, name)).uid))
    t.strictSame([...owners], [isRoot ? uid : process.getuid?.()], 'not root')
    const stopped = ended(service)
    service.kill('SIGTERM')
    t.equal(await stopped, 0, 'stopped by SIGTERM')
    t.strictSame(readdirSync(join(root, 'data')).sort(), ['db', 'keys'])
  },
)
