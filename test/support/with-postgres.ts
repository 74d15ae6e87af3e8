/** Runs a command beside one PostgreSQL server for all of its tests: COMMAND WORDS… The server is gone when the command is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startPostgres } from './postgres-server.ts'

const [command = '', ...words] = process.argv.slice(2)
const name = 'SIGNET_TEST_DATABASE_URL'
const server = process.env[name] === undefined ? await startPostgres() : undefined

const child = spawn(command, words, {
  stdio: 'inherit',
  env: { ...process.env, ...(server && { [name]: server.url }) },
})
// The terminal sends Ctrl-C to both, and the tests end by it: this process waits for that.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void child.kill(signal))
const [code] = await once(child, 'exit')
await server?.stop()
process.exitCode = code ?? 1
