/**
 * The networks from which an account has signed in lately: guesses from elsewhere do not keep it out there. Which they are is written
 * at most once a day each, in a write of its own that nobody waits for; one that is lost is made up for by the next sign-in.
 */
import type { Clock } from '../clock.ts'
import { SIGN_IN_NETWORK_KNOWN_SECONDS } from '../records/limits.ts'
import type { SignInNetworkReader } from '../records/sign-in-network.ts'
import type { Write } from '../records/unit-of-work.ts'

const DAY_MS = 24 * 60 * 60_000
const KNOWN_FOR_MS = SIGN_IN_NETWORK_KNOWN_SECONDS * 1000
const MOST_KEPT = 10

export interface SignInNetworks {
  /** When whoever has the name has last signed in from there, within the time for which that counts. */
  lastAtMs(usernameKey: string, network: string): Promise<number | undefined>
  /** @param lastAtMs as it was read */
  record(userId: string, network: string, lastAtMs: number | undefined): void
}

export function createSignInNetworks(dependencies: {
  readonly networks: SignInNetworkReader
  readonly write: Write
  readonly clock: Clock
}): SignInNetworks {
  const { networks, write, clock } = dependencies
  return {
    async lastAtMs(usernameKey, network) {
      const all = await networks.listOf(usernameKey)
      const lastAtMs = all.find(known => known.network === network)?.lastAtMs
      return lastAtMs !== undefined && lastAtMs > clock.now() - KNOWN_FOR_MS ? lastAtMs : undefined
    },

    record(userId, network, lastAtMs) {
      const nowMs = clock.now()
      // What lies ahead was written before the clock was set back.
      if (lastAtMs !== undefined && lastAtMs <= nowMs && nowMs - lastAtMs < DAY_MS) return
      write(async ({ users, signInNetworks }) => {
        // Of somebody who was deleted meanwhile nothing is kept.
        if ((await users.findById(userId)) !== undefined)
          await signInNetworks.record(userId, { network, lastAtMs: nowMs }, MOST_KEPT)
      }).catch(() => {})
    },
  }
}
