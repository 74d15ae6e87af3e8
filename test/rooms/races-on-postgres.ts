/**
 * Where requests race, PostgreSQL has locks and several writers: what is promised of SQLite holds there, too. Here is what would be seen
 * first; `npm run test:postgres` runs all of these rooms there.
 */
import { runRoom } from '../support/room.ts'

process.env['SIGNET_TEST_DATABASE'] = 'postgres'
await runRoom(['oauth/changing-rights.test.ts', 'oauth/refresh-token.test.ts', 'oauth/session-limit.test.ts'])
