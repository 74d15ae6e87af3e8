/**
 * Whether this database is a copy that was put back. What happened since the copy was made is missing from it: sessions that were
 * signed out, keys that were revoked. So a database has an epoch, a file beside the keys has it too, and `signet backup` marks its
 * copies; on a mark, or when the two differ, nothing is served until an operator has accepted the restore.
 */

import { headOf } from '../audit/encoding.ts'
import type { EpochFile } from '../keys/epoch-file.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { InstanceReader } from '../records/instance.ts'
import { KeyError } from '../records/signing-key.ts'
import type { Write } from '../records/unit-of-work.ts'

export interface RestoreGuard {
  /** What is wrong, for the operator; undefined when this is the database that the keys belong to. */
  problem(): Promise<string | undefined>
  /** @throws KeyError when there is a problem */
  assertOriginal(): Promise<void>
  /**
   * By mistake, on a database that nobody put back, accepting would end every session.
   * @throws KeyError when there is nothing to accept
   */
  assertRestored(): Promise<void>
  /**
   * Begins a new epoch, in which this is the original: the last step of accepting a restore.
   * @param reason for the audit: what was decided
   */
  renew(reason: string, by: Provenance): Promise<void>
}

const newEpoch = (randomness: Randomness): string => randomness.bytes(16).toString('hex')

export function createRestoreGuard(dependencies: {
  readonly epochFile: EpochFile
  readonly instance: InstanceReader
  readonly write: Write
  readonly randomness: Randomness
}): RestoreGuard {
  const { epochFile, instance, write, randomness } = dependencies

  /** The file first: a database without the row begins again. */
  async function begin(): Promise<void> {
    const made = { id: randomId(randomness, 'database'), epoch: newEpoch(randomness), backedUpAtMs: null }
    await epochFile.write(made.id, made.epoch)
    await write(stores => stores.instance.insert(made))
  }

  async function problem(): Promise<string | undefined> {
    const found = await instance.find()
    if (found === undefined) return undefined
    const { id, epoch, backedUpAtMs } = found
    if (backedUpAtMs !== null)
      return `The database is a backup of ${new Date(backedUpAtMs).toISOString()} that was put back.`
    const beside = await epochFile.read(id)
    if (beside === undefined)
      return 'The key directory has no epoch of this database: one of the two was put back or exchanged.'
    return beside === epoch
      ? undefined
      : 'The database and the key directory are of different times: one of them was put back.'
  }

  return {
    problem,

    async assertOriginal() {
      if ((await instance.find()) === undefined) await begin()
      const found = await problem()
      if (found === undefined) return
      throw new KeyError(
        `${found} Nothing is served, so that nothing lives again that was revoked since. If it was you, run: ` +
          'signet doctor --accept-restore, which says what to decide, then the same with --keep-credentials or --drop-credentials',
      )
    },

    async assertRestored() {
      if ((await problem()) !== undefined) return
      const { id } = (await instance.find()) ?? {}
      const advice =
        'If one was put back that `signet backup` did not make (a copy of the file, a snapshot, a dump), remove the file ' +
        `${id}.epoch from the key directory, and run this again.`
      throw new KeyError(
        `There is no restore to accept: this is not known to be a copy. Nothing was changed. ${id === undefined ? '' : advice}`.trim(),
      )
    },

    async renew(reason, by) {
      const { id } = (await instance.find()) ?? { id: '' }
      const epoch = newEpoch(randomness)
      await epochFile.write(id, epoch)
      await write(async stores => {
        await stores.instance.renew(epoch)
        // Who holds a later head learns that the copy ended here.
        const last = await stores.auditSeals.last()
        await stores.audit.append({
          ...{ type: 'restore.accept', outcome: 'success', reason, provenance: by },
          ...(last && { target: headOf(last) }),
        })
      })
    },
  }
}
