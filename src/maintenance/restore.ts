/**
 * Whether this database is a copy that was put back. What happened since the copy was made is missing from it: sessions that were
 * signed out, keys that were revoked. So a database has an epoch, a file beside the keys has it too, and `signet backup` marks its
 * copies; on a mark, or when the two differ, nothing is served until an operator has accepted the restore. Copies of others have no
 * mark: SQLite's count of writes, of which the keys know an earlier value, gives away most, and operators mark the rest.
 */

import { headOf } from '../audit/encoding.ts'
import { type Clock, isoTime } from '../clock.ts'
import type { EpochFile } from '../keys/epoch-file.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { InstanceReader } from '../records/instance.ts'
import { KeyError } from '../records/signing-key.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { Moves } from './moves.ts'

export interface RestoreGuard {
  /** What is wrong, for the operator; undefined when this is the database that the keys belong to. */
  problem(): Promise<string | undefined>
  /** The same, with what it means and what to run. */
  refusal(): Promise<string | undefined>
  /** @throws KeyError when there is a problem */
  assertOriginal(): Promise<void>
  /**
   * By mistake, on a database that nobody put back, accepting would end every session.
   * @throws KeyError when there is nothing to accept
   */
  assertRestored(): Promise<void>
  /**
   * Marks a copy that somebody put back and nothing gives away.
   * @throws KeyError when it is known to be one already
   */
  markRestored(by: Provenance): Promise<void>
  /**
   * The database is the original, on another server: nothing that was acknowledged is missing from it.
   * @throws KeyError when it is not on another one, or known to be a copy
   */
  acceptMove(by: Provenance): Promise<void>
  /** Notes beside the keys how many writes the database has seen: when a service starts, and then where that was done. */
  beginNotes(): Promise<void>
  noteWrites(): Promise<void>
  /**
   * Begins a new epoch, in which this is the original: the last step of accepting a restore.
   * @param reason for the audit: what was decided
   */
  renew(reason: string, by: Provenance): Promise<void>
}

const NOTHING_IS_SERVED =
  'Nothing is served until somebody accepts that, because whatever was revoked since would work again. If you put it back, run: ' +
  'signet doctor --accept-restore, which changes nothing yet and says what to decide.'
const RUNBOOK = 'docs/runbooks/restore.md'
const OR_MOVED =
  'If nothing that was acknowledged can be missing (pg_upgrade, a dump made while nothing was served, a synchronous standby that was ' +
  'promoted), run instead: signet doctor --accept-move, which ends no session.'

/** In place of an epoch: the operator says that this database was put back. */
export const RESTORED = 'restored'

const newEpoch = (randomness: Randomness): string => randomness.bytes(16).toString('hex')

export function createRestoreGuard(dependencies: {
  readonly epochFile: EpochFile
  readonly instance: InstanceReader
  readonly moves: Moves
  readonly write: Write
  /** A number that rises with what the database writes, on one server; undefined where none is known. */
  readonly countWrites: () => number | undefined
  /** What that counts, for the operator. */
  readonly counted?: string
  readonly clock: Clock
  readonly randomness: Randomness
}): RestoreGuard {
  const { epochFile, instance, moves, write, countWrites, counted = 'writes', clock, randomness } = dependencies

  /** The file first: a database without the row begins again. */
  async function begin(): Promise<void> {
    const [another] = await epochFile.databases()
    if (another !== undefined)
      throw new KeyError(
        `The database is new, and the key directory belongs to another (${another}): that was deleted, or SIGNET_DATABASE_URL names ` +
          'a wrong place. Nothing is served. Put a backup in its place: docs/runbooks/restore.md. If this is to be a new beginning, move ' +
          'what is in the key directory away first.',
      )
    const made = {
      id: randomId(randomness, 'database'),
      epoch: newEpoch(randomness),
      backedUpAtMs: null,
      serverIdentity: await moves.identify(),
      acceptedAtMs: null,
    }
    await epochFile.write(made.id, made.epoch)
    await write(stores => stores.instance.insert(made))
  }

  /** What is known to be a copy is none that was only moved; and writes are counted on each server anew. */
  async function look(): Promise<{ readonly copied?: string | undefined; readonly moved?: string | undefined }> {
    const copied = await problemOfCopy()
    const moved = copied === undefined ? await moves.problem() : undefined
    return copied === undefined && moved === undefined ? { copied: await problemOfWrites() } : { copied, moved }
  }

  async function problem(): Promise<string | undefined> {
    const { copied, moved } = await look()
    return copied ?? moved
  }

  async function refusal(): Promise<string | undefined> {
    const { copied, moved } = await look()
    if (copied !== undefined) return `${copied} ${NOTHING_IS_SERVED} ${RUNBOOK}`
    return moved && `${moved} ${NOTHING_IS_SERVED} ${OR_MOVED} ${RUNBOOK}`
  }

  async function problemOfCopy(): Promise<string | undefined> {
    const found = await instance.find()
    if (found === undefined) return undefined
    const { id, epoch, backedUpAtMs } = found
    if (backedUpAtMs !== null) return `The database is a backup of ${isoTime(backedUpAtMs)} that was put back.`
    if (epoch === RESTORED) return 'The database was put back, as `signet doctor --restored` was told.'
    const beside = await epochFile.read(id)
    if (beside === undefined)
      return 'The key directory has no epoch of this database: one of the two was put back or exchanged.'
    if (beside !== epoch) return 'The database and the key directory are of different times: one of them was put back.'
    return undefined
  }

  async function problemOfWrites(): Promise<string | undefined> {
    const { id } = (await instance.find()) ?? {}
    const [noted, writes] = [id === undefined ? undefined : await epochFile.readWrites(id), countWrites()]
    if (noted === undefined || writes === undefined) return undefined
    // The count begins again after 2^32.
    const missing = (noted - writes) | 0
    if (missing <= 0) return undefined
    return `The database is older than the key directory, ${missing} ${counted} are missing: a copy was put back.`
  }

  /** Once it is known, a database that can't be read any more is noted, too. */
  let noted: { readonly id: string; readonly writes: number } | undefined
  async function beginNotes(): Promise<void> {
    const { id } = (await instance.find()) ?? {}
    const writes = countWrites()
    if (id === undefined || writes === undefined) return
    noted = { id, writes }
    await epochFile.beginWrites(id, writes)
  }

  async function noteWrites(): Promise<void> {
    const writes = countWrites()
    if (writes === undefined) return
    // Never fewer: that is a copy which was put back under this process, and is to be known at the next start.
    if (noted !== undefined && ((writes - noted.writes) | 0) <= 0) return
    const id = noted?.id ?? (await instance.find())?.id
    if (id === undefined) return
    await epochFile.noteWrites(id, writes)
    noted = { id, writes }
  }

  return {
    problem,
    refusal,

    async assertOriginal() {
      if ((await instance.find()) === undefined) await begin()
      const refused = await refusal()
      if (refused !== undefined) throw new KeyError(refused)
      await moves.begin()
    },

    async assertRestored() {
      if ((await problem()) !== undefined) return
      throw new KeyError(
        'There is no restore to accept: this is not known to be a copy. Nothing was changed. If one was put back that `signet backup` ' +
          'did not make (a copy of the file, a snapshot, a dump), stop Signet and run: signet doctor --restored, and then this again.',
      )
    },

    async acceptMove(by) {
      const { copied, moved } = await look()
      if (copied !== undefined)
        throw new KeyError(`${copied} Nothing was changed. Go on with: signet doctor --accept-restore`)
      const now = await moves.identify()
      if (now === null || moved === undefined)
        throw new KeyError('The database is where it was: there is no move to accept. Nothing was changed.')
      await beginNotes()
      await moves.moveTo(now, by)
    },

    async markRestored(by) {
      const found = await problem()
      if (found !== undefined)
        throw new KeyError(`${found} Nothing was changed. Go on with: signet doctor --accept-restore`)
      const id = randomId(randomness, 'database')
      await write(async stores => {
        await stores.instance.insert({
          id,
          epoch: RESTORED,
          backedUpAtMs: null,
          serverIdentity: null,
          acceptedAtMs: null,
        })
        await stores.instance.renew(RESTORED, null, null)
        await stores.audit.append({ type: 'restore.mark', outcome: 'success', provenance: by })
      })
    },

    beginNotes,
    noteWrites,

    async renew(reason, by) {
      const { id } = (await instance.find()) ?? { id: '' }
      const epoch = newEpoch(randomness)
      // Until the last write it differs from that of the database, and nothing is served.
      await epochFile.write(id, epoch)
      const serverIdentity = await moves.identify()
      await beginNotes()
      await write(async stores => {
        await stores.instance.renew(epoch, serverIdentity, clock.now())
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
