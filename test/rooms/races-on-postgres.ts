/** Where requests race, PostgreSQL has locks and several writers: what is promised of SQLite holds there, too. */
import { runRoom } from '../support/room.ts'

process.env['SIGNET_TEST_DATABASE'] = 'postgres'
await runRoom([
  'accounts/adding-users.test.ts',
  'oauth/as-it-was-read.test.ts',
  'oauth/cascades-killed.test.ts',
  'oauth/cascades-of-roles.test.ts',
  'oauth/changing-rights.test.ts',
  'oauth/gate.test.ts',
  'oauth/lock-order.test.ts',
  'oauth/machine-gate.test.ts',
  'oauth/machine-locks.test.ts',
  'oauth/machine-races.test.ts',
  'oauth/races-of-acts.test.ts',
  'oauth/refresh-token.test.ts',
  'oauth/refresh-token-faults.test.ts',
  'oauth/revocation-races.test.ts',
  'oauth/session-limit.test.ts',
  'http/password-change-races.test.ts',
])
