/**
 * Whether the database that answers goes on from what this process saw before. A backup that was put back under it, or a standby that
 * lacks what was acknowledged, makes good again what was revoked since: then nothing is served until an operator has accepted it, and
 * the process begins anew.
 */
import type { Logger } from 'pino'
import { revivesKeys, setbackOf } from '../maintenance/continuity.ts'
import type { Moves } from '../maintenance/moves.ts'
import { RESTORED } from '../maintenance/restore.ts'
import { itself } from '../records/audit-event.ts'
import type { Pulse } from '../records/pulse.ts'
import { changeOf, mayBePromoted, type ServerIdentity } from '../records/server-identity.ts'
import { StorageRefused, StorageUnavailable } from '../records/unit-of-work.ts'

export interface Continuity {
  goesOn(pulse: Pulse): Promise<boolean>
  /** Resolves when the process has to begin anew, with the reason for the operator. */
  readonly over: Promise<Error>
}

const NOTHING_IS_SERVED = 'Nothing is served until that is accepted. The documents that are at hand still are.'
/** Another process does not know what was there before: to it the copy is the original. */
const MARK_IT =
  'If a copy was put back, do not restart anything: run signet doctor --restored, and then signet doctor --accept-restore. If not, ' +
  'find out who changed it first: a restart takes what is there now for the original.'
const ASK_DOCTOR = 'Run signet doctor, which says how.'

/** @param first what was seen when the service started */
export function createContinuity(dependencies: {
  readonly first: Pulse
  readonly server: { pin(identity: ServerIdentity): void; refuse(reason: string): void } | undefined
  readonly moves: Pick<Moves, 'moveTo'>
  /** What is noted beside the keys of one timeline means nothing on another. */
  readonly beginNotes: () => Promise<void>
  /** @throws when a newer program has changed the schema so that this one can't go on */
  readonly assertSchema: () => Promise<unknown>
  readonly log: Logger
}): Continuity {
  const { first, server, moves, beginNotes, assertSchema, log } = dependencies
  const { promise: over, resolve } = Promise.withResolvers<Error>()
  let seen = first
  let isLost = false

  function lose(what: string, advice: string): false {
    const reason = `${what} ${NOTHING_IS_SERVED} ${advice}`
    log.fatal(reason)
    server?.refuse(reason)
    isLost = true
    return false
  }

  function begunAnew(): false {
    resolve(
      new StorageRefused(
        'It was accepted that another copy of the database is used from now on: this process begins anew.',
      ),
    )
    return false
  }

  /** What was acknowledged is on the standby that was promoted: every commit has waited for it. */
  const lacksNothing = (before: ServerIdentity, now: ServerIdentity): boolean =>
    seen.server?.isSynchronous === true && mayBePromoted(before, now)

  async function follow(now: ServerIdentity, change: string): Promise<void> {
    log.warn({ server: now }, `${change} Nothing that was acknowledged is missing there: it is followed.`)
    server?.pin(now)
    await moves.moveTo(now, itself)
    await beginNotes()
  }

  /** An epoch of before comes back with an older copy, and with it keys that were revoked since. Whoever accepts revokes all. */
  const isNewEpoch = (pulse: Pulse): boolean =>
    pulse.epoch !== first.epoch && pulse.epoch !== RESTORED && pulse.epoch !== undefined && !revivesKeys(seen, pulse)

  /** Of one that is lost. */
  const isAccepted = (pulse: Pulse): boolean =>
    isNewEpoch(pulse) ||
    (pulse.serverIdentity !== seen.serverIdentity && pulse.serverIdentity === pulse.server?.identity)

  async function look(pulse: Pulse): Promise<boolean> {
    if (isLost) return isAccepted(pulse) && begunAnew()
    if (isNewEpoch(pulse)) return begunAnew()
    const [before, now] = [seen.server?.identity, pulse.server?.identity]
    const change = before === undefined || now === undefined ? undefined : changeOf(before, now)
    // Where another instance, or an operator, has said so already, this one need not.
    const isDecided = pulse.serverIdentity === now
    const setback = setbackOf(seen, pulse)
    if (setback !== undefined) {
      const older = `The database is older than what was seen of it before: ${setback}.`
      return change === undefined || isDecided ? lose(older, MARK_IT) : lose(`${change} ${older}`, ASK_DOCTOR)
    }
    if (pulse.epoch === RESTORED)
      return lose('The database was put back, as `signet doctor --restored` was told.', ASK_DOCTOR)
    if (before === undefined || now === undefined || change === undefined) return true
    if (!isDecided && !lacksNothing(before, now)) return lose(change, ASK_DOCTOR)
    await follow(now, change)
    return true
  }

  let schemaSteps = first.schemaSteps
  async function canWork(pulse: Pulse): Promise<boolean> {
    if (pulse.schemaSteps === schemaSteps) return true
    try {
      await assertSchema()
    } catch (error) {
      if (error instanceof StorageUnavailable) throw error
      resolve(error as Error)
      return false
    }
    schemaSteps = pulse.schemaSteps
    return true
  }

  return {
    over,
    async goesOn(pulse) {
      // Files are looked after by file-watch.ts. What is asked of the schema needs a server that is known to be the right one.
      if (server !== undefined) {
        if (!(await look(pulse))) return false
        seen = { ...pulse, server: pulse.server ?? seen.server }
      }
      return canWork(pulse)
    },
  }
}
