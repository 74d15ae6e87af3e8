/** Runs a command beside one PostgreSQL server for all of its tests: COMMAND WORDS… The server, and every folder, is gone when the command is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { makeFoldersOfRun } from './folders-of-run.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

const [command = '', ...words] = process.argv.slice(2)
const name = 'SIGNET_TEST_DATABASE_URL'

let child: ChildProcess | undefined
let isInterrupted = false
// The terminal sends Ctrl-C to all, and the tests end by it: this process waits for that, and clears up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    isInterrupted = true
    child?.kill(signal)
  })

/** A signal that came while this process was blocked. */
const heard = () => setTimeout(10)

const removeFolders = makeFoldersOfRun()
let server: PostgresServer | undefined
process.exitCode = 1
try {
  if (!process.env[name]) {
    server = await startPostgres()
    process.env[name] = server.url
  }
  await heard()
  if (!isInterrupted) {
    child = spawn(command, words, { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    process.exitCode = code ?? 1
  }
} catch (error) {
  // The signal was for the programs that start the server, too.
  await heard()
  if (!isInterrupted) throw error
} finally {
  await server?.stop()
  await removeFolders()
}
