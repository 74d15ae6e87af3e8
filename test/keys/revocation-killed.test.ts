/** kill -9 while keys are revoked. */
import t from 'tap'
import { killedAtEachStep } from '../support/killed.ts'

// Each has processes of its own.
t.jobs = 2

const acts: Readonly<Record<string, readonly string[]>> = {
  revoke: ['revoked', 'active', 'pending'],
  'revoke --all': ['revoked', 'revoked', 'active', 'pending'],
}
for (const [act, after] of Object.entries(acts))
  t.test(`keys ${act} that is killed at any step was done wholly or not at all, and leaves nothing behind`, t =>
    killedAtEachStep(t, act, after),
  )
