/** The proof that an assertion is (RFC 7521 §4.2.1): of the client itself once, of a workload as often as its token lives. */
import type { Clock } from '../../clock.ts'
import type { Client } from '../../records/client.ts'
import type { TrustedIssuerReader } from '../../records/trusted-issuer.ts'
import type { Write } from '../../records/unit-of-work.ts'
import type { UsedAssertion } from '../../records/used-assertion.ts'
import { isRefused, type ProvedAssertion } from '../assertions/outcome.ts'
import type { VerifyAssertion } from '../assertions/verification.ts'
import type { Outcome, PresentedAssertion, Proof } from './method.ts'

/** An assertion may be presented to an instance whose clock is behind. */
const REMEMBERED_LONGER_MS = 60_000

export interface AssertionProofs {
  /** Looks at what is presented, and consumes nothing. */
  prove(presented: PresentedAssertion, client: Client | undefined): Promise<Outcome>
  /** Consumes it, in a write of its own; false when it was used before. */
  use(assertion: UsedAssertion): Promise<boolean>
  /** Whether its issuer is still as it was read. */
  isIssuerAsRead(assertion: UsedAssertion): Promise<boolean>
}

function proofBy({ credential, expiresAtMs, issuer, hash, details }: ProvedAssertion): Proof {
  const { id: credentialId } = credential
  return {
    credential,
    holdsUntil: ({ keys, trusts }) =>
      [...keys, ...trusts].some(({ id }) => id === credentialId) ? expiresAtMs : undefined,
    assertion: { issuer, hash, untilMs: expiresAtMs + REMEMBERED_LONGER_MS, details },
  }
}

export function createAssertionProofs(dependencies: {
  readonly verifyAssertion: VerifyAssertion
  readonly issuers: Pick<TrustedIssuerReader, 'findSome'>
  readonly write: Write
  readonly clock: Clock
}): AssertionProofs {
  const { verifyAssertion, issuers, write, clock } = dependencies
  return {
    async prove({ assertion, isSvid }, client) {
      const outcome = await verifyAssertion(assertion, client, isSvid, clock.now())
      return isRefused(outcome) ? outcome : proofBy(outcome)
    },
    async use({ issuer, hash, untilMs }) {
      if (issuer !== undefined) return true
      return write(stores => stores.usedAssertions.use(hash, untilMs), 'one statement')
    },
    async isIssuerAsRead({ issuer }) {
      if (issuer === undefined) return true
      const [now] = await issuers.findSome([issuer.id])
      return now?.revision === issuer.revision
    },
  }
}
