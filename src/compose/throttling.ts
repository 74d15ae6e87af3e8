/** What slows guesses down: the part of the composition root that few commands need. */
import type { Logger } from 'pino'
import { createLastWrongPasswords } from '../accounts/last-wrong-passwords.ts'
import { createSignInNetworks } from '../accounts/sign-in-networks.ts'
import { createSignInThrottling } from '../accounts/sign-in-throttling.ts'
import { createPlaceOf } from '../accounts/throttling-places.ts'
import { createAwayLog } from '../background/counter-sweep.ts'
import type { Clock } from '../clock.ts'
import type { AuditKeys } from '../keys/audit-keys.ts'
import { createObservableLimits } from '../metrics/observable-limits.ts'
import type { Randomness } from '../randomness.ts'
import type { Database } from '../storage/engine/database.ts'
import { once } from './once.ts'

export function composeThrottling(parts: {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly log: Logger
  database(): Promise<Database>
  auditKeys(): Promise<AuditKeys>
}) {
  const { clock, randomness, log, database, auditKeys } = parts
  const { onThrottled, onAway, observe: observeLimits } = createObservableLimits()

  const counters = once(async () => {
    const { counterTable: table } = await database()
    const { createCounters } = await import('../storage/counters/counters.ts')
    return createCounters({ table, onAway: createAwayLog(log, onAway) })
  })

  const throttling = once(async () => {
    const { read, write } = await database()
    return createSignInThrottling({
      counters: await counters(),
      placeOf: createPlaceOf(auditKeys, 'username'),
      networks: createSignInNetworks({ networks: read.signInNetworks, write, clock }),
      lastWrong: createLastWrongPasswords(randomness),
      onThrottled,
    })
  })

  return { counters, throttling, onThrottled, observeLimits }
}
