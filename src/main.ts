#!/usr/bin/env node
/** The `signet` program: the environment of the process, then the command. Whoever installs it by npm may begin here. */
import { enableCompileCache } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

// At this signal Node opens its debugger to every user of the machine. --disable-sigusr1 forbids it; so does a listener, from here on.
process.on('SIGUSR1', () => {})

// Signatures must not wait behind password hashes, which take a thread each. Read once, when the pool is first used.
const configured = Number(process.env['UV_THREADPOOL_SIZE']) || 0
process.env['UV_THREADPOOL_SIZE'] = String(Math.max(configured, availableParallelism() + 4))
process.umask(0o077)
// A folder of the user's own, unless NODE_COMPILE_CACHE names one: Node's default is one that whoever comes first can own, and what lies
// there runs.
const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME = '' } = process.env
if (!NODE_COMPILE_CACHE && HOME !== '') enableCompileCache(join(XDG_CACHE_HOME || join(HOME, '.cache'), 'signet'))

const [{ createContainer }, { readConfig }, { runProgram }, { default: packageJson }] = await Promise.all([
  import('./compose/container.ts'),
  import('./config/read-config.ts'),
  import('./commands/program.ts'),
  import('../package.json', { with: { type: 'json' } }),
])

// Before there was a listener the signal may have opened it, and nobody knows what was done through it meanwhile.
const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')]
const needsNoLook = options.some(option => /^--(disable[-_]sigusr1|inspect([-_](brk|wait))?(=.*)?)$/.test(option))
if (!needsNoLook && (await import('node:inspector')).url() !== undefined) {
  process.stderr.write('A signal has opened the debugger of Node. Signet ends: start it with node --disable-sigusr1.\n')
  process.exit(1)
}

const { stdin, stdout, stderr } = process
const words = process.argv.slice(2)

// Whoever reads may have read enough: `signet audit export | head`. What only reads ends then; what changes something is not left half done.
for (const stream of [stdout, stderr])
  stream.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    stream.on('error', () => {})
    if (code !== 'EPIPE') {
      process.exitCode = 1
      stderr.write(`The answer could not be written: ${message}\n`)
    }
    if (words[0] === 'audit') process.exit()
  })

const exitCode = await runProgram(
  {
    open: onProgress => createContainer(readConfig(), { onProgress }),
    io: { stdin, stdout, stderr, isTTY: stdin.isTTY === true },
    version: packageJson.version,
  },
  words,
)
process.exitCode ||= exitCode
