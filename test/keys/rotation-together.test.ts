/** Half of a hundred rotations of two processes at once; the other half is of encrypted keys. */
import t from 'tap'
import { rotateTogether } from '../support/rotate-together.ts'

t.test('two processes that rotate at the same moment, 50 times, have one winner each time', t => rotateTogether(t, 50))
