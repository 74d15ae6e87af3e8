/** Every act of an operator and every request runs beside every other on PostgreSQL, and none waits in a circle for a lock. */
import t from 'tap'
import { nobodyWaitsInACircle } from '../support/lock-order.ts'

t.test('whatever runs beside whatever', t => nobodyWaitsInACircle(t, () => true))
