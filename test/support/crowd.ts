/** Somebody with more sessions than one write ends, and an operator whose writes can be cut short. */
import type { Test } from 'tap'
import type { Status } from '../../src/records/standing.ts'
import { inParallel } from './command-line.ts'
import { interruptibleService } from './interruptible.ts'
import type { Parties, Tokens } from './scene.ts'
import { byTest } from './serve.ts'
import { select } from './sqlite.ts'

/** Sessions that one write ends. */
export const BATCH = 200
/** Beyond what one write ends. */
export const MANY = BATCH + 5

/** A service with a user who is signed in on many devices through a client. */
export async function crowd(t: Test, count: number) {
  const its = await interruptibleService(t)
  const who: Parties = await its.parties()
  const more = await inParallel(Array.from({ length: count - 1 }), () => its.device(who))
  const many: readonly Tokens[] = [who, ...more]
  const { databaseFile } = its.service
  its.leavesAll()
  return {
    ...its,
    who,
    many,
    setClient: (status: Status, { clients } = its.operator): Promise<unknown> =>
      clients.setStatus(who.clientId, status, byTest),
    setUser: (status: Status, { users } = its.operator): Promise<unknown> =>
      users.setStatus(who.username, status, byTest),
    /** How many access tokens are revoked, and how many sessions through the client have not ended. */
    revokedAndAlive: (): [revoked: number, alive: number] => [
      its.revokedOf(many),
      select(
        databaseFile,
        `select sessions.id from sessions join clients on clients.id = sessions.client_id
         where clients.client_id = ? and ended_at_ms is null`,
        who.clientId,
      ).length,
    ],
    refreshes: () => inParallel(many, ({ refreshToken }) => its.refresh(refreshToken, who)),
  }
}
