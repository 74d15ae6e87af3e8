/** What operators look at: the keys of an issuer as they are known, and what would be decided of a token. */
import type { Clock } from '../../clock.ts'
import type { Client } from '../../records/client.ts'
import type { FetchedKeys, FetchedKeysReader } from '../../records/fetched-keys.ts'
import type { TrustedIssuer } from '../../records/trusted-issuer.ts'
import { parseAssertion } from './assertion.ts'
import type { KeysAt } from './fetched-keys.ts'
import { locationOf } from './issuer-keys.ts'
import type { AssertionOutcome } from './outcome.ts'
import { ofRightForm } from './verification.ts'
import type { createWorkloadTokens } from './workload-token.ts'

export interface IssuerInspection {
  /** As any server has fetched them last; undefined: never, or there is no need to. */
  fetchedKeys(issuer: TrustedIssuer): Promise<FetchedKeys | undefined>
  /** Fetches them, whatever is known; undefined: there is no need to. */
  fetchKeys(issuer: TrustedIssuer): Promise<FetchedKeys | undefined>
  /** What would be decided of a token by the client's trusts in this issuer; consumes nothing. */
  test(issuer: TrustedIssuer, client: Client, token: string): Promise<AssertionOutcome>
}

export function createIssuerInspection(dependencies: {
  readonly keysAt: KeysAt
  readonly fetchedKeys: FetchedKeysReader
  readonly verifyWorkloadToken: ReturnType<typeof createWorkloadTokens>
  readonly clock: Clock
}): IssuerInspection {
  const { keysAt, fetchedKeys, verifyWorkloadToken, clock } = dependencies
  return {
    async fetchedKeys(issuer) {
      const location = locationOf(issuer)
      return location && fetchedKeys.find(location)
    },
    async fetchKeys(issuer) {
      const location = locationOf(issuer)
      return location && keysAt(location, () => false)
    },
    test(issuer, client, token) {
      const trusts = client.trusts.filter(({ issuerId }) => issuerId === issuer.id)
      const isSvid = issuer.trustDomain !== null
      return ofRightForm(parseAssertion(token), assertion =>
        verifyWorkloadToken(assertion, trusts, isSvid, clock.now()),
      )
    },
  }
}
