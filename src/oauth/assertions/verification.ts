/** What an assertion proves of a client, whoever signed it. It consumes nothing, and costs about the same without a client. */
import type { Client } from '../../records/client.ts'
import { type Assertion, isAcceptedType } from './assertion.ts'
import { type createClientAssertions, isClientAssertion } from './client-assertion.ts'
import type { AssertionOutcome } from './outcome.ts'
import type { createWorkloadTokens } from './workload-token.ts'

/**
 * @param assertion undefined: it can't be read
 * @param client undefined: there is none
 * @param isSvid whether it is presented as a JWT-SVID
 */
export type VerifyAssertion = (
  assertion: Assertion | undefined,
  client: Client | undefined,
  isSvid: boolean,
  nowMs: number,
) => Promise<AssertionOutcome>

/** Looks at what is a JWT of the right kind. @param assertion undefined: it can't be read */
export async function ofRightForm(
  assertion: Assertion | undefined,
  verify: (assertion: Assertion) => Promise<AssertionOutcome>,
): Promise<AssertionOutcome> {
  if (assertion === undefined) return { problem: 'malformed_assertion' }
  return isAcceptedType(assertion.header) ? verify(assertion) : { problem: 'wrong_assertion_type' }
}

export const createAssertionVerification =
  (
    verifyClientAssertion: ReturnType<typeof createClientAssertions>,
    verifyWorkloadToken: ReturnType<typeof createWorkloadTokens>,
  ): VerifyAssertion =>
  (presented, named, isSvid, nowMs) => {
    // For one that gets nothing anyway nobody is asked for keys.
    const client = named?.status === 'active' ? named : undefined
    return ofRightForm(presented, assertion =>
      !isSvid && client !== undefined && isClientAssertion(assertion, client.clientId)
        ? verifyClientAssertion(assertion, client, nowMs)
        : verifyWorkloadToken(assertion, client?.trusts ?? [], isSvid, nowMs),
    )
  }
