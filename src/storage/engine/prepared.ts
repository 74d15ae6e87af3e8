import { type Compilable, type CompiledQuery, type Expression, type Kysely, type RawBuilder, sql } from 'kysely'
import type { Schema } from './schema.ts'

/** Whatever runs a query: a database, or a transaction in it. */
export interface Executor {
  /** Whether what is found is about to be changed, so that it must be locked; SQLite has one writer at a time anyway. */
  readonly locks: boolean
  /** For queries that are built when they are needed. */
  readonly kysely: Kysely<Schema>
  /** For queries that were compiled before: the shortest way to the driver. */
  run<R>(query: CompiledQuery<R>, parameters: readonly unknown[]): Promise<Ran<R>>
  /** The same for a query that reads one row. */
  first<R>(query: CompiledQuery<R>, parameters: readonly unknown[]): Promise<R | undefined>
  /** A change on whose answer nothing depends: it need not be waited for. If it fails, so does the commit. */
  send(query: CompiledQuery, parameters: readonly unknown[]): Promise<void>
}

export interface Ran<R> {
  readonly rows: readonly R[]
  /** How many rows were changed. */
  readonly changed: number
}

/**
 * A literal, not a parameter. SQLite prepares a statement anew at each execution, for some 10 µs, when a bound value could lead
 * it to another plan: one that decides whether a partial index fits, or one in a join. So hot queries bind no value there.
 */
export const notDeleted = sql.lit('deleted' as const)

/** For a change that is built when it is needed. */
export function send(executor: Executor, change: Compilable): Promise<void> {
  const compiled = change.compile()
  return executor.send(compiled, compiled.parameters)
}

class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export type Param<P> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]> & Expression<P[K]>

/**
 * Compiles a query when it is first used and never again: the builder and the compiler cost more than SQLite takes to run the
 * statement. `build` writes `param('name')` where a value goes.
 *
 *     const byKey = prepared<{ key: string }, UserRow>(param =>
 *       db.selectFrom('users').selectAll().where('username_key', '=', param('key')))
 *     const { rows } = await byKey(executor, { key })
 *     const row = await byKey.first(executor, { key })
 */
export function prepared<P extends object, R = never>(build: (param: Param<P>) => Compilable<R>) {
  let compiled: CompiledQuery<R> | undefined
  const compile = () => {
    compiled ??= build(name => sql<P[typeof name]>`${new Placeholder(name)}`).compile()
    return compiled
  }
  const fill = ({ parameters }: CompiledQuery<R>, values: P): unknown[] =>
    parameters.map(parameter => (parameter instanceof Placeholder ? values[parameter.name as keyof P] : parameter))
  const run = (executor: Executor, values: P): Promise<Ran<R>> => executor.run(compile(), fill(compile(), values))
  const first = (executor: Executor, values: P): Promise<R | undefined> =>
    executor.first(compile(), fill(compile(), values))
  const send = (executor: Executor, values: P): Promise<void> => executor.send(compile(), fill(compile(), values))
  return Object.assign(run, { first, send })
}
