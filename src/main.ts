#!/usr/bin/env node
/** The `signet` program: configuration → container → command. */
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

/** Read when a command first needs it: `--help` works with whatever environment. */
let container: ReturnType<typeof createContainer> | undefined
const services = () => {
  container ??= createContainer(readConfig())
  return container
}

// `signet … list | head` has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runProgram(
  {
    users: async () => services().users(),
    roles: async () => services().roles(),
    clients: async () => services().clients(),
    sessions: async () => services().sessions(),
    keys: async () => services().keys(),
    doctor: async () => services().doctor(),
    backup: async file => services().backup(file),
    migrate: async () => services().migrate(),
    serve: async () => services().serve(),
    close: async () => container?.close(),
  },
  packageJson.version,
  process.argv.slice(2),
)
