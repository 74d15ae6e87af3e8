/** The one write of `signet apply`, whatever its size, and what follows from it. */
import { type Cascades, type Concern, onceOver, recordingOnly } from '../accounts/cascades.ts'
import { createClientChanges, finishPredecessors } from '../accounts/client-changes.ts'
import type { IssuerSurroundings } from '../accounts/issuer-rules.ts'
import { createRoleChanges } from '../accounts/roles.ts'
import { assertTrustsFit } from '../accounts/trusted-issuers.ts'
import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { Role } from '../records/role.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { createCredentialWrite } from './apply-credentials.ts'
import { createIssuerWrite } from './apply-issuers.ts'
import { idsOfRemoved } from './credential-definitions.ts'
import { byName, type ClientDifference, type Difference, nameOf, type RoleDifference } from './definitions.ts'
import type { IssuerDifference } from './issuer-definitions.ts'

/** Something is not as it was compared: nothing was changed. */
export class Moved extends Error {}

export interface DefinitionWrite {
  /**
   * Makes the difference, all of it or nothing. Of what ends by it only the record is written: `finish` goes on with that.
   * @throws Moved
   * @throws AccountError when somebody has added, deleted or changed something of it meanwhile
   */
  change(difference: Difference, by: Provenance): Promise<void>
  finish(difference: Difference): Promise<void>
}

type Of<Change extends { readonly before: unknown }> = Change & { readonly before: NonNullable<Change['before']> }

const isChange = <Change extends RoleDifference | IssuerDifference | ClientDifference>(
  difference: Change,
): difference is Of<Change> => difference.before !== undefined

/** On PostgreSQL the statements of so many are on their way at once; on SQLite more would only wait for each other. */
const WIDTH = 50

/** Waits for all before it throws: what is still under way must not go on in a write that is being undone. */
async function all<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += WIDTH)
    for (const settled of await Promise.allSettled(items.slice(from, from + WIDTH).map(work))) {
      if (settled.status === 'rejected') throw settled.reason
      results.push(settled.value)
    }
  return results
}

const isSameRole = (one: Role | undefined, other: Role): boolean =>
  JSON.stringify(one?.permissions) === JSON.stringify(other.permissions)

type Revised = Pick<RegisteredClient, 'id' | 'clientId' | 'revision'>

const isSameClient = (one: Omit<Revised, 'clientId'> | undefined, other: Revised): boolean =>
  one?.id === other.id && one.revision === other.revision

type Issuers = ReadonlyMap<string, TrustedIssuer>

/** Not only of its keys and trusts. */
const isOfItself = ({ settings, status }: ClientDifference): boolean =>
  status !== undefined || Object.keys(settings).length > 0

const concernOf = ({ id }: Revised): Concern => ({ clientId: id, subjectId: id })

export function createDefinitionWrite(dependencies: {
  readonly write: Write
  readonly cascades: Cascades
  readonly surroundings: IssuerSurroundings
  readonly clock: Clock
  readonly randomness: Randomness
}): DefinitionWrite {
  const { write, cascades, surroundings } = dependencies
  const recording = recordingOnly(cascades)
  const parts = { ...dependencies, cascades: recording, uriProblem: surroundings.uriProblem }
  const clients = createClientChanges(parts)
  const issuers = createIssuerWrite(parts)
  const changeCredentials = createCredentialWrite(parts)
  const roles = createRoleChanges(recording)

  /** What is to be changed is locked, in one order; what is as it should be is only looked at. */
  async function assertClientsUnmoved(
    stores: Stores,
    changed: readonly Of<ClientDifference>[],
    named: readonly Revised[],
  ) {
    const befores = changed.map(({ before }) => before).toSorted((one, other) => (one.id < other.id ? -1 : 1))
    const locked = await all(befores, ({ clientId }) => stores.clients.find(clientId))
    const isLocked = new Set(befores.map(({ id }) => id))
    const others = named.filter(({ id }) => !isLocked.has(id))
    const seen = await all(others, ({ clientId }) => stores.clients.revisionOf(clientId))
    const isSame =
      befores.every((before, index) => isSameClient(locked[index], before)) &&
      others.every((client, index) => isSameClient(seen[index], client))
    if (!isSame) throw new Moved()
  }

  async function assertRolesUnmoved(stores: Stores, changed: readonly RoleDifference[], named: readonly Role[]) {
    for (const { after } of changed) await stores.roles.find(after.name)
    const now = byName(await stores.roles.list(), nameOf)
    if (!named.every(role => isSameRole(now.get(role.name), role))) throw new Moved()
  }

  /** Its secret is for somebody to add who can keep it. */
  function prepareNew({ after, status, credentials }: ClientDifference) {
    const prepared = clients.prepare({ ...after, secret: null })
    return async (stores: Stores, named: Issuers, by: Provenance): Promise<void> => {
      await clients.add(stores, prepared, by)
      await changeCredentials(stores, prepared.client, credentials, named, by)
      if (status !== undefined) await clients.update(stores, prepared.client, { status }, by)
    }
  }

  return {
    async change(difference, by) {
      const { compared } = difference
      const newRoles = difference.roles.filter(role => !isChange(role))
      const changedRoles = difference.roles.filter(isChange)
      const newClients = difference.clients.filter(client => !isChange(client))
      const changedClients = difference.clients.filter(isChange)
      const addAll = newClients.map(prepareNew)
      if (newClients.length > 0)
        await finishPredecessors(
          dependencies,
          newClients.map(({ after }) => after.clientId),
        )
      const given = changedClients.filter(({ status }) => status === 'active')
      const concerns = [
        ...newRoles.map(({ after }) => ({ roleName: after.name })),
        ...given.map(({ before }) => concernOf(before)),
      ]
      await onceOver(cascades, write, concerns, async (stores, assertOver) => {
        // New roles first, because clients may name them, and new rows wait for nobody. Then issuers, clients, their credentials and roles,
        // as every act locks.
        await all(newRoles, ({ after }) => roles.add(stores, after, by))
        if (!(await issuers.areUnmoved(stores, difference))) throw new Moved()
        await assertClientsUnmoved(stores, changedClients, compared.clients)
        await assertOver()
        const named = await issuers.change(stores, difference, by)
        await all(changedClients, ({ before, credentials }) =>
          changeCredentials(stores, before, credentials, named, by),
        )
        await all(addAll, add => add(stores, named, by))
        await all(changedClients.filter(isOfItself), ({ before, settings, status }) =>
          clients.update(stores, before, { ...settings, ...(status && { status }) }, by),
        )
        for (const { after } of difference.issuers.filter(isChange)) {
          const issuer = named.get(after.name)
          if (issuer !== undefined) await assertTrustsFit(stores, issuer)
        }
        await assertRolesUnmoved(stores, changedRoles, compared.roles)
        await all(changedRoles, ({ before, after }) => roles.update(stores, before, after, by))
      })
    },

    async finish(difference) {
      const roles = difference.roles.filter(role => role.isNarrower)
      const clients = difference.clients.filter(isChange).filter(({ ends }) => ends !== undefined)
      const removed = difference.clients.flatMap(({ credentials }) => idsOfRemoved(credentials))
      await cascades.finish(
        ...roles.map(({ after }) => ({ roleName: after.name })),
        ...difference.issuers.filter(isChange).map(({ before }) => ({ issuerId: before.id })),
        ...clients.map(({ before }) => concernOf(before)),
        ...removed.map(credentialId => ({ credentialId })),
      )
    },
  }
}
