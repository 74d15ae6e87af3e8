/**
 * What goes on after the answer: one job after the other, and a few may wait. So an answer says nothing of what the job found, and
 * takes no longer for a name that is known. Here a job that fails is lost; a service that has a database keeps its jobs there.
 */
import { setImmediate } from 'node:timers/promises'

/** They wait at most for as long as Signet needs for so many. */
const MOST_JOBS = 100

type Job = () => Promise<void>

export interface Work {
  /** @returns false when too many are waiting */
  add(job: Job): boolean
  /** Resolves when all that was added is done. */
  idle(): Promise<void>
}

export function createWork(onFailure: (error: unknown) => void): Work {
  let last = Promise.resolve()
  let jobs = 0
  return {
    add(job) {
      if (jobs >= MOST_JOBS) return false
      jobs += 1
      last = last
        // The answer goes first.
        .then(() => setImmediate())
        .then(job)
        .catch(onFailure)
        .finally(() => {
          jobs -= 1
        })
      return true
    },
    idle: () => last,
  }
}
