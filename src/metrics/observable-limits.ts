/** Lets somebody follow which limits are reached, and whether the store of what is counted is away. */
import type { Allowance } from '../records/counters.ts'

export interface LimitObserver {
  throttled(limit: string): void
  throttlingStoreAway(isAway: boolean): void
}

/** Until somebody observes them, nobody is told. */
export function createObservableLimits() {
  let observer: LimitObserver | undefined
  return {
    onThrottled: ({ name }: Pick<Allowance, 'name'>): void => observer?.throttled(name),
    onAway: (isAway: boolean): void => observer?.throttlingStoreAway(isAway),
    observe(another: LimitObserver): void {
      observer = another
    },
  }
}
