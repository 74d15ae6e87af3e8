/** What slows guessing down, put together. */
import type { Logger } from 'pino'
import { createLastWrongPasswords } from '../accounts/last-wrong-passwords.ts'
import { createSignInNetworks } from '../accounts/sign-in-networks.ts'
import { createSignInThrottling } from '../accounts/sign-in-throttling.ts'
import { createPlaces } from '../accounts/throttling-places.ts'
import { createAwayLog } from '../background/counter-sweep.ts'
import type { Clock } from '../clock.ts'
import type { AuditKeys } from '../keys/audit-keys.ts'
import type { Randomness } from '../randomness.ts'
import type { Database } from '../storage/engine/database.ts'
import { once } from './once.ts'

interface ThrottlingParts {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly log: Logger
  database(): Promise<Database>
  auditKeys(): Promise<AuditKeys>
}

export function composeThrottling({ clock, randomness, log, database, auditKeys }: ThrottlingParts) {
  const counters = once(async () => {
    const { counterTable: table } = await database()
    const { createCounters } = await import('../storage/counters/counters.ts')
    return createCounters({ table, onAway: createAwayLog(log) })
  })

  const throttling = once(async () => {
    const { read, write } = await database()
    return createSignInThrottling({
      counters: await counters(),
      placeOf: createPlaces(auditKeys, 'username'),
      networks: createSignInNetworks({ networks: read.signInNetworks, write, clock }),
      lastWrong: createLastWrongPasswords(randomness),
    })
  })

  return { counters, throttling }
}
