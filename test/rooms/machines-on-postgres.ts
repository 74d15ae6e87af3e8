/** What races-on-postgres.ts is for users, for machines. */
import { runRoom } from '../support/room.ts'

process.env['SIGNET_TEST_DATABASE'] = 'postgres'
await runRoom([
  'oauth/machine-cascades.test.ts',
  'oauth/machine-gate.test.ts',
  'oauth/machine-locks.test.ts',
  'oauth/machine-races-client-keys.test.ts',
  'oauth/machine-races-clients.test.ts',
  'oauth/machine-races-roles.test.ts',
  'oauth/machine-races-user-keys.test.ts',
  'oauth/machine-rows.test.ts',
  'oauth/machine-writes.test.ts',
])
