/** The searches of all rooms, on SQLite; on PostgreSQL, where it has a say in them, they run beside the tests. */
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runRoom } from '../support/room.ts'

const tests = fileURLToPath(new URL('..', import.meta.url))
await runRoom(globSync('*/*.search.ts', { cwd: tests }).sort())
