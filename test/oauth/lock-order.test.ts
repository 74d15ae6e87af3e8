/** There is one order in which locks are taken: whatever runs beside whatever, nobody waits in a circle. */
import t from 'tap'
import { isOnPostgres } from '../support/environment.ts'
import { nobodyWaitsInACircle } from '../support/lock-order.ts'

// All pairs are for the soak. Here each act runs beside itself and a third of the others.
t.test(
  'acts of operators and requests run beside each other, and none waits in a circle',
  { skip: !isOnPostgres() && 'SQLite has one writer' },
  t => nobodyWaitsInACircle(t, (one, other) => (other - one) % 3 === 0),
)
