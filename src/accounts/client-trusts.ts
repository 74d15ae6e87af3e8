/** Trusts of clients in issuers of workloads' tokens: each act inside a write that has locked the issuer and the client. */
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { ClientTrust, Condition } from '../records/client-trust.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'
import type { Stores } from '../records/unit-of-work.ts'
import type { Cascades } from './cascades.ts'
import { AccountError, assertNoProblem, notFound } from './rules.ts'
import { canonical, conditionsProblem } from './trust-rules.ts'

const MOST_TRUSTS = 20

export const PUBLIC_HAS_NO_TRUST = 'A public client has no trust: it can prove nothing.'

export const trustCountProblem = (count: number): string | undefined =>
  count <= MOST_TRUSTS
    ? undefined
    : `A client has at most ${MOST_TRUSTS} trusts: remove one that is no longer used first.`

const byClaim = (one: Condition, other: Condition): number => (one.name < other.name ? -1 : 1)

export const isSameTrust = (one: Pick<ClientTrust, 'issuerId' | 'conditions'>, other: typeof one): boolean =>
  one.issuerId === other.issuerId &&
  JSON.stringify(one.conditions.toSorted(byClaim)) === JSON.stringify(other.conditions.toSorted(byClaim))

export function createClientTrusts(dependencies: {
  readonly cascades: Pick<Cascades, 'end'>
  readonly clock: Clock
  readonly randomness: Randomness
}) {
  const { cascades, clock, randomness } = dependencies
  return {
    async add(
      stores: Stores,
      client: RegisteredClient,
      issuer: TrustedIssuer,
      asked: readonly Condition[],
      by: Provenance,
    ): Promise<ClientTrust> {
      const conditions = asked.map(canonical).toSorted(byClaim)
      assertNoProblem(conditionsProblem(issuer, conditions), 'claims')
      if (client.isPublic) throw new AccountError('conflict', PUBLIC_HAS_NO_TRUST)
      const tooMany = trustCountProblem(client.trusts.length + 1)
      if (tooMany !== undefined) throw new AccountError('limit_reached', tooMany)
      const trust = { id: randomId(randomness, 'trust'), issuerId: issuer.id, conditions, createdAtMs: clock.now() }
      if (client.trusts.some(other => isSameTrust(other, trust)))
        throw new AccountError('already_exists', 'The client has this trust already.')
      await stores.credentials.insertTrust(client.id, trust)
      await stores.clients.raiseRevision(client.id)
      const event = { type: 'client.add_trust', outcome: 'success', clientId: client.id } as const
      await stores.audit.append({ ...event, target: trust.id, provenance: by })
      return { ...trust, issuerName: issuer.name, lastUsedAtMs: null }
    },

    /** Ends what the client got for itself with it, too. */
    async remove(stores: Stores, client: RegisteredClient, trustId: string, by: Provenance): Promise<void> {
      if (!client.trusts.some(({ id }) => id === trustId)) throw notFound('trust of this client')
      await stores.credentials.revoke(trustId, clock.now())
      await cascades.end(stores, { credentialId: trustId }, 'trust_removed', by)
      await stores.clients.raiseRevision(client.id)
      const event = { type: 'client.remove_trust', outcome: 'success', clientId: client.id } as const
      await stores.audit.append({ ...event, target: trustId, provenance: by })
    },
  }
}
