import type { Executor } from './prepared.ts'

/** For works that promised to be a single prepared statement: a second one would not be undone with the first. */
export function oneStatement(executor: Executor) {
  let isUsed = false
  const guarded: Executor = {
    ...executor,
    run(query, parameters) {
      if (isUsed) throw new Error('A work of one statement ran a second one.')
      isUsed = true
      return executor.run(query, parameters)
    },
  }
  return {
    executor: guarded,
    /** The next work begins. */
    begin: () => {
      isUsed = false
    },
  }
}
