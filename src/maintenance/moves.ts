/**
 * Whether the database is on another PostgreSQL server than before. Nothing that is in a database tells it from a copy: so it remembers
 * on which server it is the original, and whatever is done with dumps, standbys and recoveries leads to another one.
 */
import type { Provenance } from '../records/audit-event.ts'
import type { InstanceReader } from '../records/instance.ts'
import type { PulseReader } from '../records/pulse.ts'
import { changeOf, type ServerIdentity } from '../records/server-identity.ts'
import type { Write } from '../records/unit-of-work.ts'

export interface Moves {
  /** The server that is there now; null where there is none, or it does not tell. */
  identify(): Promise<ServerIdentity | null>
  /** What happened, for the operator; undefined when it is the server that the database remembers. */
  problem(): Promise<string | undefined>
  /** A database that remembers none remembers this one. */
  begin(): Promise<void>
  /** This server has the original from now on: nothing that was acknowledged is missing there. */
  moveTo(now: ServerIdentity, by: Provenance): Promise<void>
}

export function createMoves(dependencies: {
  readonly instance: InstanceReader
  readonly pulse: PulseReader
  readonly write: Write
}): Moves {
  const { instance, pulse, write } = dependencies

  const identify = async () => (await pulse.take()).server?.identity ?? null
  const remembered = async () => (await instance.find())?.serverIdentity ?? null

  return {
    identify,

    async problem() {
      const [before, now] = [await remembered(), await identify()]
      return before === null || now === null ? undefined : changeOf(before, now)
    },

    async begin() {
      const [before, now] = [await remembered(), await identify()]
      if (before === null && now !== null) await write(stores => stores.instance.moveTo(now, null), 'one statement')
    },

    async moveTo(now, by) {
      const before = await remembered()
      if (before === now) return
      await write(async stores => {
        // Another instance may have been faster.
        if (await stores.instance.moveTo(now, before))
          await stores.audit.append({ type: 'restore.move', outcome: 'success', reason: now, provenance: by })
      })
    },
  }
}
