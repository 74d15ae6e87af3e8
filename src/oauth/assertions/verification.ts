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

export const createAssertionVerification =
  (
    verifyClientAssertion: ReturnType<typeof createClientAssertions>,
    verifyWorkloadToken: ReturnType<typeof createWorkloadTokens>,
  ): VerifyAssertion =>
  async (assertion, client, isSvid, nowMs) => {
    if (assertion === undefined) return { problem: 'malformed_assertion' }
    if (!isAcceptedType(assertion.header)) return { problem: 'wrong_assertion_type' }
    if (!isSvid && client !== undefined && isClientAssertion(assertion, client.clientId))
      return verifyClientAssertion(assertion, client, nowMs)
    return verifyWorkloadToken(assertion, client?.trusts ?? [], isSvid, nowMs)
  }
