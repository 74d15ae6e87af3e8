/** Definitions beside a service: what applying them would change, applying them, and writing them down. */
import type { IssuerSurroundings } from '../accounts/issuer-rules.ts'
import { AccountError } from '../accounts/rules.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { Definitions } from '../records/definitions.ts'
import { type Snapshot, StorageConflict } from '../records/unit-of-work.ts'
import { type DefinitionWrite, Moved } from './apply-write.ts'
import { DefinitionsRefused, problemsOf } from './definition-problems.ts'
import { type Difference, differenceOf, isNothing, type Present } from './definitions.ts'
import { definitionsIn } from './export.ts'

export interface DefinitionAdministration {
  /**
   * What applying them would change; changes nothing.
   * @throws DefinitionsRefused
   */
  compare(definitions: Definitions): Promise<Difference>
  /**
   * Answers what was changed. What ends by it has ended then, too.
   * @param accept told of the difference before it is made, and again of what it is when something has moved meanwhile; throws to refuse
   * @throws DefinitionsRefused
   */
  apply(
    definitions: Definitions,
    by: Provenance,
    accept: (difference: Difference) => Promise<void>,
  ): Promise<Difference>
  /** Of all that there is. */
  export(): Promise<Definitions>
}

/** Others change the same now and then, not all the time. */
const MOST_TRIES = 5
const BUSY = 'Others are changing the same roles, issuers and clients. Nothing was changed: try again.'

/** Also when somebody has added or deleted what was to be: then it is compared again, and what is wrong is told. */
const mayHaveMoved = (error: unknown): error is Error =>
  error instanceof Moved || error instanceof AccountError || error instanceof StorageConflict

export function createDefinitionAdministration(dependencies: {
  readonly snapshot: Snapshot
  readonly definitionWrite: DefinitionWrite
  readonly surroundings: IssuerSurroundings
}): DefinitionAdministration {
  const { snapshot, definitionWrite, surroundings } = dependencies

  const present = (): Promise<Present> =>
    snapshot(async ({ roles, trustedIssuers, clients }) => ({
      roles: await roles.list(),
      issuers: await trustedIssuers.list(),
      clients: await clients.list(),
    }))

  async function compare(definitions: Definitions): Promise<Difference> {
    const now = await present()
    const difference = differenceOf(definitions, now)
    const problems = problemsOf(definitions, difference, now, surroundings)
    if (problems.length > 0) throw new DefinitionsRefused(problems)
    return difference
  }

  /** Answers why it is to be compared again, or undefined when it is made. */
  async function make(difference: Difference, by: Provenance): Promise<Error | undefined> {
    try {
      await definitionWrite.change(difference, by)
      return undefined
    } catch (error) {
      if (mayHaveMoved(error)) return error
      throw error
    }
  }

  return {
    compare,

    async apply(definitions, by, accept) {
      for (let tries = 1; ; tries += 1) {
        const difference = await compare(definitions)
        if (isNothing(difference)) return difference
        await accept(difference)
        const reason = await make(difference, by)
        if (reason === undefined) {
          await definitionWrite.finish(difference)
          return difference
        }
        if (tries === MOST_TRIES) throw reason instanceof Moved ? new AccountError('not_now', BUSY) : reason
      }
    },

    export: async () => definitionsIn(await present()),
  }
}
