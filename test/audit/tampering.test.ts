/** Whoever can write the database and does not have the key is found out, whatever they do. `npm run test:soak` does it a thousand times. */
import t from 'tap'
import { notOnPostgres } from '../support/sqlite.ts'
import { areFound } from '../support/tampered-audits.ts'

t.test(
  'an audit that was altered, cut off or forged is found out, and an untouched one is not accused',
  { skip: notOnPostgres('each case copies the file') },
  t => areFound(t, 8),
)
