/** Trusted issuers in the one write of `signet apply`. */

import type { Cascades } from '../accounts/cascades.ts'
import type { IssuerSurroundings } from '../accounts/issuer-rules.ts'
import { createIssuerChanges } from '../accounts/trusted-issuers.ts'
import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'
import type { Stores } from '../records/unit-of-work.ts'
import { byName, type Difference, nameOf } from './definitions.ts'

type Revised = Pick<TrustedIssuer, 'id' | 'name' | 'revision'>

const isSame = (one: Revised | undefined, other: Revised): boolean =>
  one?.id === other.id && one.revision === other.revision

export function createIssuerWrite(dependencies: {
  readonly cascades: Pick<Cascades, 'record'>
  readonly surroundings: IssuerSurroundings
  readonly clock: Clock
  readonly randomness: Randomness
}) {
  const changes = createIssuerChanges(dependencies)
  return {
    /**
     * Whether they are as they were compared. What is to be changed is locked, and what somebody is to trust, so that it is not on its way
     * out; in the order of their names. The rest is only looked at.
     */
    async areUnmoved({ trustedIssuers }: Stores, { issuers, clients, compared }: Difference): Promise<boolean> {
      const changed = new Set(issuers.map(({ after }) => after.name))
      const trusts = clients.flatMap(({ credentials }) => credentials.trusts.added)
      const trusted = new Set(trusts.map(({ issuerName }) => issuerName))
      for (const { id, name } of compared.issuers)
        if (changed.has(name)) await trustedIssuers.lock(name)
        else if (trusted.has(name)) await trustedIssuers.lockShared(id)
      if (compared.issuers.length === 0) return true
      const now = byName<Revised>(await trustedIssuers.list(), nameOf)
      return compared.issuers.every(issuer => isSame(now.get(issuer.name), issuer))
    },

    /** Answers all that are named, by name, as they are then. */
    async change(
      stores: Stores,
      { issuers, compared }: Difference,
      by: Provenance,
    ): Promise<ReadonlyMap<string, TrustedIssuer>> {
      const after = new Map(byName(compared.issuers, nameOf))
      for (const {
        before,
        after: { name, ...settings },
      } of issuers)
        after.set(
          name,
          before === undefined
            ? await changes.add(stores, name, settings, by)
            : await changes.update(stores, before, settings, by),
        )
      return after
    },
  }
}
