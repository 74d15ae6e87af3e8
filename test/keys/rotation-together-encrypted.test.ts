/** The other half of a hundred rotations of two processes at once: the files of the keys are encrypted. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { rotateTogether } from '../support/rotate-together.ts'

t.test('two processes that rotate encrypted keys at the same moment, 50 times, have one winner each time', t =>
  rotateTogether(t, 50, { SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }),
)
