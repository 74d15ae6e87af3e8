/** What a client proves itself with besides secrets, in the one write of `signet apply`. */
import type { Cascades } from '../accounts/cascades.ts'
import { createClientKeys } from '../accounts/client-keys.ts'
import { createClientTrusts } from '../accounts/client-trusts.ts'
import { notFound } from '../accounts/rules.ts'
import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'
import type { Stores } from '../records/unit-of-work.ts'
import { type CredentialDifference, idsOfRemoved } from './credential-definitions.ts'

export function createCredentialWrite(dependencies: {
  readonly cascades: Pick<Cascades, 'end'>
  readonly clock: Clock
  readonly randomness: Randomness
  /** What is wrong with a URI to fetch from. */
  readonly uriProblem: (uri: string) => string | undefined
}) {
  const ofKeys = createClientKeys(dependencies)
  const ofTrusts = createClientTrusts(dependencies)

  /** @param issuers by name: locked, or new */
  return async (
    stores: Stores,
    client: RegisteredClient,
    difference: CredentialDifference,
    issuers: ReadonlyMap<string, TrustedIssuer>,
    by: Provenance,
  ): Promise<void> => {
    const { keys, trusts } = difference
    for (const { id } of keys.removed) await ofKeys.remove(stores, client, id, by)
    for (const { id } of trusts.removed) await ofTrusts.remove(stores, client, id, by)
    const removed = new Set(idsOfRemoved(difference))
    let now: RegisteredClient = {
      ...client,
      keys: client.keys.filter(({ id }) => !removed.has(id)),
      trusts: client.trusts.filter(({ id }) => !removed.has(id)),
    }
    for (const source of keys.added) now = { ...now, keys: [...now.keys, await ofKeys.add(stores, now, source, by)] }
    for (const { issuerName, conditions } of trusts.added) {
      const issuer = issuers.get(issuerName)
      if (issuer === undefined) throw notFound('issuer')
      now = { ...now, trusts: [...now.trusts, await ofTrusts.add(stores, now, issuer, conditions, by)] }
    }
  }
}
