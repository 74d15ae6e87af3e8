import { randomBytes } from 'node:crypto'
import t from 'tap'
import { rotateTogether } from './keys/rotate-together.ts'
import { rounds } from './settings.ts'

t.test('two processes that rotate at the same moment have one winner each time', t => rotateTogether(t, rounds))

t.test('two processes that rotate encrypted keys at the same moment have one winner each time', t =>
  rotateTogether(t, rounds, { SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }),
)

t.test('two processes that rotate keys in the database at the same moment have one winner each time', t =>
  rotateTogether(t, rounds, {
    SIGNET_KEYS_STORE: 'database',
    SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  }),
)
