import type { KyselyPlugin } from 'kysely'
import type { Executor } from './prepared.ts'

/** For works that promised to be a single statement: a second one would not be undone with the first. */
export function oneStatement(executor: Executor) {
  let isUsed = false
  function use(): void {
    if (isUsed) throw new Error('A work of one statement ran a second one.')
    isUsed = true
  }
  /** Called once for each query that is built when it is needed. */
  const counting: KyselyPlugin = {
    transformQuery({ node }) {
      use()
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const guarded: Executor = {
    ...executor,
    kysely: executor.kysely.withPlugin(counting),
    run(query, parameters) {
      use()
      return executor.run(query, parameters)
    },
    first(query, parameters) {
      use()
      return executor.first(query, parameters)
    },
    send(query, parameters) {
      use()
      return executor.send(query, parameters)
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
