/** deploy/systemd/ fits the program and the image. What checks its form is in test/interop/. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { signet } from './support/command-line.ts'
import { checkout, dockerfile } from './support/deployment.ts'
import { temporaryFolder } from './support/serve.ts'

const read = (path: string): string => readFileSync(join(checkout, path), 'utf8')
const unit = read('deploy/systemd/signet.service')
const wrapper = join(checkout, 'deploy/systemd/signet')
/** What docs/running.md says to type. */
const [, steps = ''] = /### systemd\n.*?```sh\n(.*?)```/s.exec(read('docs/running.md')) ?? []

const all = (setting: string): string[] =>
  [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value)
const first = (setting: string): string => all(setting)[0] ?? ''
/** With systemd's names for directories written out. */
const environment: Readonly<Record<string, string>> = Object.fromEntries(
  all('Environment')
    .flatMap(line => line.replaceAll('%C', '/var/cache').split(' '))
    .map(pair => pair.split('=')),
)
const stateDirectory = first('WorkingDirectory').replace('%S', '/var/lib')

t.test('the unit starts what the image starts', async t => {
  const [node = '', ...words] = first('ExecStart').split(' ')
  const [, command = ''] = /^CMD (.*)$/m.exec(dockerfile) ?? []
  t.strictSame(['node', ...words.map(word => word.replace('/opt/signet', '/app'))], JSON.parse(command))
  for (const path of [node, words.find(word => word.startsWith('/')) ?? ''])
    t.ok(existsSync(path.replace('/opt/signet', checkout)), path)
  t.equal(environment['NODE_ENV'], 'production')
  t.notMatch(unit, /^MemoryDenyWriteExecute=yes/m, 'V8 does not start with it')
})

t.test('Signet takes its environment with what the steps write, has its directories and the time to end', async t => {
  const [, written = '', file = ''] = /^echo (\S+) > (\S+)$/m.exec(steps) ?? []
  t.equal(first('EnvironmentFile'), file)
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'key-encryption-key'), `${Buffer.alloc(32, 1).toString('base64')}\n`)
  const environmentThere = Object.entries(environment).map(([name, value]) => [name, value.replace('%d', folder)])
  const there = Object.fromEntries([...environmentThere, written.split('=')])
  const { code, stdout, stderr } = await signet(there, ['config', '--json'])
  t.equal(code, 0, stderr)
  const config = Object.fromEntries(JSON.parse(stdout).map(({ name, value }: Record<string, string>) => [name, value]))
  t.match(config, { SIGNET_ISSUER: 'https://login.example.com', SIGNET_KEY_ENCRYPTION_KEY: '***' })
  t.equal(config['SIGNET_SHUTDOWN_DELAY'], '0s')
  t.equal(first('TimeoutStopSec'), '30s')
  t.match(config['SIGNET_DATABASE_URL'], /^file:db\//)
  t.strictSame(first('StateDirectory').split(' '), ['signet', 'signet/db', `signet/${config['SIGNET_KEYS_DIR']}`])
})

t.test('the steps install what there is, where the unit looks for it', async t => {
  const sources = [...steps.matchAll(/\/opt\/signet\/(\S+)/g)].map(([, path = '']) => path)
  t.equal(sources.length, 2)
  for (const path of sources) t.ok(existsSync(join(checkout, path)), path)
  t.match(steps, `--home-dir ${stateDirectory} `)
  t.match(steps, ` ${first('User')}\n`)
  t.match(steps, ` > ${first('LoadCredential').split(':')[1]})`)
})

t.test('a command runs beside it as the same user, in the same folder, with the same environment', async t => {
  const bin = t.testdir({})
  writeFileSync(join(bin, 'systemd-run'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 })
  const words = ['roles', 'show', 'a $HOME "b"']
  const PATH = `${bin}:${process.env['PATH']}`
  const given = execFileSync(wrapper, words, { env: { PATH }, encoding: 'utf8' }).trimEnd().split('\n')
  const unitName = given.find(word => word.startsWith('--unit='))?.slice('--unit='.length)
  const credentials = `/run/credentials/${unitName}.service`
  const wanted = [
    `--uid=${first('User')}`,
    `--working-directory=${stateDirectory}`,
    ...['UMask', 'EnvironmentFile', 'LoadCredential'].map(name => `--property=${name}=${first(name)}`),
    ...Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value.replace('%d', credentials)}`),
  ]
  for (const word of wanted) t.ok(given.includes(word), word)
  const program = given.indexOf('/opt/signet/signet')
  t.strictSame(given.slice(program + 1), ['roles', 'show', 'a $$HOME "b"'], 'systemd makes one $ of two')
})
