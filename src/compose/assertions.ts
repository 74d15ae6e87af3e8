/** Assertions, put together: for the endpoints at which clients authenticate, and for operators who look at issuers. */
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { createClientAssertions } from '../oauth/assertions/client-assertion.ts'
import { createFetchedKeys } from '../oauth/assertions/fetched-keys.ts'
import { createIssuerInspection } from '../oauth/assertions/inspection.ts'
import { createIssuerKeys } from '../oauth/assertions/issuer-keys.ts'
import { createAssertionVerification } from '../oauth/assertions/verification.ts'
import { createWorkloadTokens } from '../oauth/assertions/workload-token.ts'
import { createFetchDocument } from '../outgoing/fetch-document.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'
import type { Faults } from './sources.ts'

export type Assertions = ReturnType<typeof composeAssertions>

export function composeAssertions(parts: {
  readonly config: Config
  readonly read: Pick<Readers, 'fetchedKeys' | 'instance' | 'trustedIssuers'>
  readonly write: Write
  readonly faults: Faults
  readonly clock: Clock
}) {
  const { config, read, write, faults, clock } = parts
  const { issuer, allowNetworks } = config
  const fetchDocument = createFetchDocument({ allowNetworks })
  const { fetchedKeys, instance, trustedIssuers: issuers } = read
  const keysAt = createFetchedKeys({ fetch: faults.fetch?.(fetchDocument) ?? fetchDocument, fetchedKeys, write, clock })
  const verifyWorkloadToken = createWorkloadTokens({ issuer, issuers, issuerKeys: createIssuerKeys(keysAt) })
  const verifyClientAssertion = createClientAssertions({ issuer, keysAt, instance })
  const verifyAssertion = createAssertionVerification(verifyClientAssertion, verifyWorkloadToken)
  return { verifyAssertion, inspection: createIssuerInspection({ keysAt, fetchedKeys, verifyWorkloadToken, clock }) }
}
