/** What becomes of the tokens of users and clients from whom something is taken; compose hands it in. */
import type { Provenance } from '../records/audit-event.ts'
import type { CascadeChange, CascadeTarget } from '../records/cascade.ts'
import type { SessionFilter } from '../records/session.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'

/** A user, a client (internal ids), a credential, a role or a trusted issuer; what is over any that is given. */
export interface Concern {
  readonly subjectId?: string
  readonly clientId?: string
  readonly credentialId?: string
  readonly roleName?: string
  readonly issuerId?: string
}

export interface Cascades {
  /** Inside the write of the act: ends sessions. What is more than one write may do is recorded in it. */
  end(stores: Stores, filter: SessionFilter, reason: string, by: Provenance): Promise<unknown>
  /** Inside the write of the act: ends access tokens; the sessions go on with their next refresh. */
  take(stores: Stores, filter: SessionFilter, reason: string, by: Provenance): Promise<unknown>
  /**
   * Inside the write of the act: records what is to be done and does nothing yet. With a role, that the access tokens of everybody end
   * who has it when this write is committed.
   */
  record(stores: Stores, change: CascadeChange, target: CascadeTarget, reason: string, by: Provenance): Promise<void>
  /** After that write: goes on until nothing is left. */
  finish(...concerns: readonly Concern[]): Promise<unknown>
  /** Inside a write that has locked what it concerns: whether something is left. */
  isUnderWay(stores: Stores, ...concerns: readonly Concern[]): Promise<boolean>
}

/**
 * For an act that changes much in one write: what has open sessions is only recorded there, and goes on after the commit. Whatever it
 * concerns must be locked, so that no session begins meanwhile.
 */
export function recordingOnly({ record }: Pick<Cascades, 'record'>): Pick<Cascades, 'end' | 'take' | 'record'> {
  const recordOf =
    (change: CascadeChange): Cascades['end'] =>
    async (stores, filter, reason, by) => {
      if (await stores.sessions.hasOpen(filter, '')) await record(stores, change, filter, reason, by)
    }
  return { end: recordOf('end'), take: recordOf('take'), record }
}

/**
 * Does an act that gives something back, once nothing is left of what took it away: what was ended stays ended, and nothing ends that
 * began afterwards.
 * @param act locks the row that it gives something back to; it is undone when something is left after all
 */
export const afterCascades = <T>(
  cascades: Pick<Cascades, 'finish' | 'isUnderWay'>,
  write: Write,
  concern: Concern,
  act: (stores: Stores) => Promise<T>,
): Promise<T> =>
  onceOver(cascades, write, [concern], async (stores, assertOver) => {
    const done = await act(stores)
    await assertOver()
    return done
  })

/**
 * The same for an act that takes something, too, or gives back to many.
 * @param act calls `assertOver` when it has locked the rows that it gives something back to, and before it takes something itself
 */
export async function onceOver<T>(
  cascades: Pick<Cascades, 'finish' | 'isUnderWay'>,
  write: Write,
  concerns: readonly Concern[],
  act: (stores: Stores, assertOver: () => Promise<void>) => Promise<T>,
): Promise<T> {
  for (;;) {
    await cascades.finish(...concerns)
    try {
      return await write(stores =>
        act(stores, async () => {
          if (await cascades.isUnderWay(stores, ...concerns)) throw new StillUnderWay()
        }),
      )
    } catch (error) {
      if (!(error instanceof StillUnderWay)) throw error
    }
  }
}

class StillUnderWay extends Error {}
