/** What of a client's keys and trusts is to be added and removed: one that is defined as it is there stays. */
import { isDeepStrictEqual } from 'node:util'
import { isSameTrust } from '../accounts/client-trusts.ts'
import { canonical } from '../accounts/trust-rules.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { ClientKey, ClientKeySource } from '../records/client-key.ts'
import type { ClientTrust } from '../records/client-trust.ts'
import type { DefinedClient, DefinedTrust } from '../records/definitions.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'

interface Change<Defined, Stored> {
  readonly added: readonly Defined[]
  readonly removed: readonly Stored[]
}

export interface CredentialDifference {
  readonly keys: Change<ClientKeySource, ClientKey>
  readonly trusts: Change<DefinedTrust, ClientTrust>
}

function changeOf<Defined, Stored>(
  after: readonly Defined[],
  before: readonly Stored[],
  isSame: (defined: Defined, stored: Stored) => boolean,
): Change<Defined, Stored> {
  return {
    added: after.filter(defined => !before.some(stored => isSame(defined, stored))),
    removed: before.filter(stored => !after.some(defined => isSame(defined, stored))),
  }
}

/** @param issuers those that there are, by name */
export function credentialDifference(
  after: Pick<DefinedClient, 'keys' | 'trusts'>,
  before: RegisteredClient | undefined,
  issuers: ReadonlyMap<string, TrustedIssuer>,
): CredentialDifference {
  const { keys = [], trusts = [] } = before ?? {}
  // With its issuer a trust goes by itself.
  const lasting = trusts.filter(({ issuerName }) => issuerName !== null)
  const asStored = ({ issuerName, conditions }: DefinedTrust) => ({
    issuerId: issuers.get(issuerName)?.id ?? '',
    conditions: conditions.map(canonical),
  })
  return {
    // Also by the name and the algorithm: what the file says of it is to hold.
    keys: changeOf(after.keys, keys, (defined, { source }) => isDeepStrictEqual(defined, source)),
    trusts: changeOf(after.trusts, lasting, (defined, trust) => isSameTrust(asStored(defined), trust)),
  }
}

/** How many rows are added and removed. */
export const sizeOf = ({ keys, trusts }: CredentialDifference): number =>
  keys.added.length + keys.removed.length + trusts.added.length + trusts.removed.length

/** What the client got for itself with these ends. */
export const idsOfRemoved = ({ keys, trusts }: CredentialDifference): readonly string[] =>
  [...keys.removed, ...trusts.removed].map(({ id }) => id)
