/** What operators do with signing keys, and what they are told before and after. */
import type { Clock } from '../clock.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import { type KeyPolicy, signingSpan } from '../keys/schedule.ts'
import type { SessionReader } from '../records/session.ts'

export interface KeyAdministration {
  readonly lifecycle: KeyLifecycle
  readonly policy: KeyPolicy
  /** @throws KeyError on a copy of the database: it must not change the keys of the original */
  assertOriginal(): Promise<void>
  /** Sessions whose newest access token lives and was signed by this key, or by any. */
  countLiveSessions(kid: string | undefined): Promise<number>
  /** Milliseconds since the epoch. */
  now(): number
}

export function createKeyAdministration(dependencies: {
  readonly lifecycle: KeyLifecycle
  readonly policy: KeyPolicy
  readonly assertOriginal: () => Promise<void>
  readonly sessionReader: SessionReader
  readonly clock: Clock
}): KeyAdministration {
  const { lifecycle, policy, assertOriginal, sessionReader, clock } = dependencies
  return {
    lifecycle,
    policy,
    assertOriginal,
    async countLiveSessions(kid) {
      const key = (await lifecycle.list()).find(each => each.kid === kid)
      if (kid !== undefined && key === undefined) return 0
      const { fromMs, untilMs } = key === undefined ? { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER } : signingSpan(key)
      return sessionReader.countLive(fromMs, untilMs, clock.now())
    },
    now: () => clock.now(),
  }
}
