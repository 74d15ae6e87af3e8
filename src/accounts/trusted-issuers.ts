/** Trusted issuers: adding, changing and removing one, with what that means for whoever came in by it. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import { ISSUER_REMOVED } from '../records/cascade.ts'
import type { TrustOfClient } from '../records/credential.ts'
import type { IssuerSettings, TrustedIssuer, TrustedIssuerReader } from '../records/trusted-issuer.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { Cascades } from './cascades.ts'
import { type IssuerSurroundings, issuerNameProblem, issuerProblems } from './issuer-rules.ts'
import { AccountError, assertNoProblems, notFound } from './rules.ts'
import { isKnownToBeShared } from './shared-issuers.ts'
import { conditionsProblem } from './trust-rules.ts'

/** Every act throws an AccountError when it is refused. */
export interface TrustedIssuers {
  add(name: string, settings: IssuerSettings, by: Provenance): Promise<TrustedIssuer>
  list(): Promise<readonly TrustedIssuer[]>
  find(name: string): Promise<TrustedIssuer>
  /** Replaces what is given and keeps the rest. What tokens prove by it is asked again: access tokens that were given for them end. */
  update(name: string, change: Partial<IssuerSettings>, by: Provenance): Promise<TrustedIssuer>
  /** With all trusts in it, and all that was given for its tokens. */
  remove(name: string, by: Provenance): Promise<void>
}

export interface IssuerChanges {
  add(stores: Stores, name: string, settings: IssuerSettings, by: Provenance): Promise<TrustedIssuer>
  /** Inside a write that has locked the issuer; the trusts in it are to fit it at the end of that. */
  update(stores: Stores, before: TrustedIssuer, settings: IssuerSettings, by: Provenance): Promise<TrustedIssuer>
}

export const findIssuer = async (reader: Pick<TrustedIssuerReader, 'find'>, name: string): Promise<TrustedIssuer> => {
  const issuer = await reader.find(name)
  if (issuer === undefined) throw notFound('issuer')
  return issuer
}

async function lockIssuer({ trustedIssuers }: Stores, name: string): Promise<TrustedIssuer> {
  return findIssuer({ find: trustedIssuers.lock }, name)
}

/** What nobody need say of those that are known. */
export const completed = (settings: IssuerSettings): IssuerSettings => ({
  ...settings,
  isShared: settings.isShared || isKnownToBeShared(settings.url),
})

/** Whether a token that proved something before may prove nothing now: whom it is shared with is asked of trusts alone. */
export const takes = (before: IssuerSettings, after: IssuerSettings): boolean => {
  const names = ['url', 'trustDomain', 'keySource', 'audience', 'maxLifetimeSeconds'] as const
  return names.some(name => !isDeepStrictEqual(before[name], after[name]))
}

/** What was asked of a trust when it was added is asked again, of an issuer that is to be changed. */
export function trustFitProblem(
  issuer: IssuerSettings,
  { id, clientId, conditions }: TrustOfClient,
): string | undefined {
  const problem = conditionsProblem(issuer, conditions)
  return problem && `The trust ${id} of the client ${clientId} would admit others. ${problem}`
}

/**
 * What was asked of each trust when it was added holds of the issuer as it is to be.
 * @throws AccountError conflict
 */
export async function assertTrustsFit({ credentials }: Stores, issuer: TrustedIssuer): Promise<void> {
  for (const trust of await credentials.trustsIn(issuer.id)) {
    const problem = trustFitProblem(issuer, trust)
    if (problem !== undefined) throw new AccountError('conflict', problem)
  }
}

/** Inside a write: of the act itself, or of one that makes many. */
export function createIssuerChanges(dependencies: {
  readonly cascades: Pick<Cascades, 'record'>
  readonly surroundings: IssuerSurroundings
  readonly clock: Clock
  readonly randomness: Randomness
}): IssuerChanges {
  const { cascades, surroundings, clock, randomness } = dependencies
  return {
    async add(stores, name, asked, by) {
      const settings = completed(asked)
      assertNoProblems({ name: issuerNameProblem(name), ...issuerProblems(settings, surroundings) })
      const made = { id: randomId(randomness, 'issuer'), name, createdAtMs: clock.now(), revision: 0 }
      const issuer = { ...settings, ...made }
      if (!(await stores.trustedIssuers.insert(issuer)))
        throw new AccountError('already_exists', 'There is an issuer with this name already.')
      await stores.audit.append({ type: 'issuer.add', outcome: 'success', target: issuer.id, provenance: by })
      return issuer
    },

    async update(stores, before, asked, by) {
      const settings = completed(asked)
      assertNoProblems(issuerProblems(settings, surroundings))
      await stores.trustedIssuers.update(before.id, settings)
      // Whoever adds a trust meanwhile waits for this write.
      const isTrusted = (await stores.credentials.nextTrustIn(before.id, '')) !== undefined
      if (isTrusted && takes(before, settings))
        await cascades.record(stores, 'take', { issuerId: before.id }, 'issuer_updated', by)
      await stores.audit.append({ type: 'issuer.update', outcome: 'success', target: before.id, provenance: by })
      return { ...before, ...settings, revision: before.revision + 1 }
    },
  }
}

export function createTrustedIssuers(dependencies: {
  readonly issuers: TrustedIssuerReader
  readonly write: Write
  readonly cascades: Cascades
  readonly surroundings: IssuerSurroundings
  readonly clock: Clock
  readonly randomness: Randomness
}): TrustedIssuers {
  const { issuers, write, cascades } = dependencies
  const changes = createIssuerChanges(dependencies)
  return {
    add: (name, settings, by) => write(stores => changes.add(stores, name, settings, by)),
    list: () => issuers.list(),
    find: name => findIssuer(issuers, name),

    async update(name, change, by) {
      const issuer = await write(async stores => {
        const before = await lockIssuer(stores, name)
        const after = await changes.update(stores, before, { ...before, ...change }, by)
        await assertTrustsFit(stores, after)
        return after
      })
      await cascades.finish({ issuerId: issuer.id })
      return issuer
    },

    async remove(name, by) {
      const id = await write(async stores => {
        const issuer = await lockIssuer(stores, name)
        await stores.trustedIssuers.remove(issuer.id)
        await cascades.record(stores, 'end', { issuerId: issuer.id }, ISSUER_REMOVED, by)
        await stores.audit.append({ type: 'issuer.remove', outcome: 'success', target: issuer.id, provenance: by })
        return issuer.id
      })
      await cascades.finish({ issuerId: id })
    },
  }
}
