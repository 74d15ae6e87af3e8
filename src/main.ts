#!/usr/bin/env node
/** The `signet` program: the environment of the process, then the command. */
import { enableCompileCache } from 'node:module'
import { availableParallelism } from 'node:os'

// Signatures must not wait behind password hashes, which take a thread each. Read once, when the pool is first used.
const configured = Number(process.env['UV_THREADPOOL_SIZE']) || 0
process.env['UV_THREADPOOL_SIZE'] = String(Math.max(configured, availableParallelism() + 4))
enableCompileCache()
process.umask(0o077)

const [{ createContainer }, { readConfig }, { runProgram }, { default: packageJson }] = await Promise.all([
  import('./compose/container.ts'),
  import('./config/read-config.ts'),
  import('./commands/program.ts'),
  import('../package.json', { with: { type: 'json' } }),
])

// `signet … list | head` has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const { stdin, stdout, stderr } = process
process.exitCode = await runProgram(
  {
    open: onProgress => createContainer(readConfig(), { onProgress }),
    io: { stdin, stdout, stderr, isTTY: stdin.isTTY === true },
    version: packageJson.version,
  },
  process.argv.slice(2),
)
