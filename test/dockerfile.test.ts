/** No container engine is needed: what the Dockerfile copies, sets and starts is tried in a folder, with this Node in the place of the image's. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, constants, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { folderOnDisk, freePort } from './support/environment.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const linesOf = (name: string): string[] =>
  readFileSync(join(checkout, name), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter(line => line !== '')

const lines = linesOf('Dockerfile')
/** What stands behind each of these instructions, in both stages. */
const all = (instruction: string): string[] =>
  lines.filter(line => line.startsWith(`${instruction} `)).map(line => line.slice(instruction.length + 1))
const last = (instruction: string): string => all(instruction).at(-1) ?? ''
/** In shell form, behind a shell that gets the signals, this throws. */
const execForm = (line: string): string[] => JSON.parse(line.slice(line.indexOf('[')))

const command = execForm(last('CMD'))
const healthcheck = execForm(last('HEALTHCHECK'))
const volumes = execForm(last('VOLUME'))
const settings = Object.fromEntries(
  last('ENV')
    .split(' ')
    .map(setting => setting.split('=')),
)
const [uid = 0, gid = 0] = last('USER').split(':').map(Number)
/** What docs/running.md says to type first, to try the image. */
const [, onLaptop = ''] = /^docker run --rm (.*)$/m.exec(readFileSync(join(checkout, 'docs/running.md'), 'utf8')) ?? []
/** The sources of each copy from the checkout, and the folder that they go to. */
const copies = all('COPY')
  .filter(line => !line.startsWith('--from'))
  .map(line => line.split(' '))
  .map(words => ({ sources: words.slice(0, -1), target: words.at(-1) ?? '' }))

t.test('the image starts from node 26 slim, not as root, and its commands are not behind a shell', async t => {
  t.strictSame(all('FROM'), ['node:26-slim AS dependencies', 'node:26-slim'])
  t.match(all('RUN')[0], /^npm ci --omit=dev --ignore-scripts /)
  t.ok(uid > 0 && gid > 0, 'USER is a number that is not root')
  t.equal(all('USER').length, 1)
  t.strictSame(command, ['node', '--disable-sigusr1', '--max-semi-space-size=4', '/app/src/signet.mjs', 'serve'])
  t.equal(healthcheck[0], 'node')
  t.match(settings, { NODE_ENV: 'production', SIGNET_HOST: '0.0.0.0', SIGNET_MANAGEMENT_HOST: '0.0.0.0' })
  t.strictSame(volumes, ['/data/db', '/data/keys'])
  t.equal(last('WORKDIR'), '/data', 'where the defaults look for both')
  t.match(last('LABEL'), 'org.opencontainers.image.licenses="Apache-2.0"')
  t.match(last('RUN'), `install -d -o ${uid} -g ${gid} -m 0700 /data ${volumes.join(' ')}`)
  t.strictSame(all('EXPOSE'), ['3000 9090'])
})

t.test('.dockerignore lets in what is copied, and nothing else: no key and no database', async t => {
  const [first, ...more] = linesOf('.dockerignore')
  t.equal(first, '*')
  const copied = new Set(copies.flatMap(({ sources }) => sources))
  t.strictSame(more.sort(), [...copied].map(name => `!${name}`).sort())
})

/** What is copied, with the packages that `npm ci --omit=dev` installs. */
function copyInto(app: string): void {
  for (const { sources, target } of copies)
    for (const source of sources)
      cpSync(join(checkout, source), join(app, target === './' ? source : target), { recursive: true })
  const list = execFileSync('npm', ['ls', '--all', '--omit=dev', '--parseable'], { cwd: checkout, encoding: 'utf8' })
  for (const path of list.split('\n').filter(line => line.startsWith(join(checkout, 'node_modules'))))
    cpSync(path, join(app, relative(checkout, path)), { recursive: true, verbatimSymlinks: true })
}

t.test(
  'what is copied serves on a laptop, is healthy and ends with SIGTERM, and writes to nothing but the two volumes',
  async t => {
    const root = folderOnDisk(t)
    chmodSync(root, 0o755)
    const [app, data, node] = [join(root, 'app'), join(root, 'data'), join(root, 'bin', 'node')]
    copyInto(app)
    mkdirSync(dirname(node))
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE)
    // Only root can become somebody else, to whom the program is read-only.
    const isRoot = process.getuid?.() === 0
    for (const folder of [data, ...volumes.map(volume => join(root, volume))]) {
      mkdirSync(folder, { mode: 0o700 })
      if (isRoot) chownSync(folder, uid, gid)
    }
    const [port, managementPort] = [await freePort(), await freePort()]
    const [, name = '', issuer = ''] = /-e (\w+)=(\S+)/.exec(onLaptop) ?? []
    const env: Record<string, string> = {
      ...settings,
      SIGNET_PORT: String(port),
      SIGNET_MANAGEMENT_PORT: String(managementPort),
    }
    /** `env -u`: the test runner adds NODE_OPTIONS to every process. */
    const start = ([program = '', ...words]: readonly string[]) => {
      const path = words.map(word => (word.startsWith('/app/') ? join(root, word) : word))
      const child = spawn('/usr/bin/env', ['-u', 'NODE_OPTIONS', program === 'node' ? node : program, ...path], {
        cwd: data,
        env,
        ...(isRoot && { uid, gid }),
      })
      t.teardown(() => child.kill('SIGKILL'))
      return child
    }

    const withoutIssuer = start(command)
    const said = text(withoutIssuer.stderr)
    t.strictSame(await once(withoutIssuer, 'exit'), [1, null], 'nothing is assumed')
    t.match(await said, `${name} is required`)
    t.match(await said, issuer, 'it says what to type')
    env[name] = issuer

    t.strictSame(await once(start(healthcheck), 'exit'), [1, null], 'not healthy before it runs')
    const service = start(command)
    let log = ''
    await new Promise<void>((resolve, reject) => {
      service.stderr.on('data', chunk => (log += chunk))
      service.stdout.on('data', chunk => {
        log += chunk
        if (log.includes('"msg":"serving"')) resolve()
      })
      service.once('exit', code => reject(new Error(`it ended with ${code}: ${log}`)))
    })
    t.strictSame(await once(start(healthcheck), 'exit'), [0, null], 'healthy')
    const metadata = await fetch(`http://localhost:${port}/.well-known/oauth-authorization-server`)
    t.match(await metadata.json(), { issuer, token_endpoint: `${issuer}/oauth/token` })
    const ended = once(service, 'exit')
    service.kill('SIGTERM')
    t.strictSame(await ended, [0, null], 'ended by SIGTERM')
    t.strictSame(readdirSync(data).sort(), ['db', 'keys'])
    t.ok(readdirSync(join(data, 'db')).includes('signet.sqlite'))
    t.equal(readdirSync(join(data, 'keys')).filter(name => name.endsWith('.pem')).length, 2)
  },
)
