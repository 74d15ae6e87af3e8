/** What runs the statements of the stores on PostgreSQL, with as few waits for the server as what they ask allows. */
import { type CompiledQuery, DefaultQueryExecutor, DummyDriver, Kysely, type TransactionSettings } from 'kysely'
import type { QueryResult } from 'pg'
import type { Executor, Ran } from '../prepared.ts'
import type { Schema } from '../schema.ts'
import type { Ask, Connection } from './connection.ts'
import { asking, dialectOf } from './driver.ts'

type Connect = () => Promise<Connection>

const driver = new DummyDriver()
const dialect = dialectOf(() => driver)
const [compiler, adapter] = [dialect.createQueryCompiler(), dialect.createAdapter()]

/** Kysely's own way lets no statement of a transaction go out before the one in front is answered. */
function kyselyOn(ask: Ask): Kysely<Schema> {
  const connection = asking(ask)
  const executor = new DefaultQueryExecutor(compiler, adapter, { provideConnection: use => use(connection) })
  return new Kysely<Schema>({ config: { dialect }, dialect, driver, executor })
}

const toRan = <R>({ rows, rowCount }: QueryResult): Ran<R> => ({ rows, changed: rowCount ?? 0 })

function executorOn(
  ask: Ask,
  {
    kysely = kyselyOn(ask),
    locks = false,
    send = ask as (text: string, values: readonly unknown[]) => Promise<unknown>,
  },
): Executor {
  return {
    locks,
    kysely,
    run: async <R>({ sql }: CompiledQuery<R>, parameters: readonly unknown[]) =>
      toRan<R>(await ask(sql, parameters, true)),
    first: async <R>({ sql }: CompiledQuery<R>, parameters: readonly unknown[]) =>
      (await ask(sql, parameters, true)).rows[0] as R | undefined,
    async send({ sql }, parameters) {
      await send(sql, parameters)
    },
  }
}

/** Each on a connection of its own. */
const apart =
  (connect: Connect): Ask =>
  async (text, values, isRepeated) => {
    const connection = await connect()
    try {
      return await connection.query(text, values, isRepeated)
    } finally {
      connection.release()
    }
  }

/** Whoever waits behind so many others had better wait for a connection. */
const MOST_TOGETHER = 4

/**
 * Some that one request asks in the same turn go one behind the other on one connection: it waits once. Only for short ones.
 * @param whose the request that asks: another has time of its own, which is counted for itself, and does not fail with this one
 */
export function together(connect: Connect, whose: () => unknown): Ask {
  let shared: { readonly connection: Promise<Connection>; readonly asker: unknown; users: number } | undefined

  function open(asker: unknown) {
    const opened = { connection: connect(), asker, users: 0 }
    // When all that this turn still does has asked.
    process.nextTick(() => {
      if (shared === opened) shared = undefined
    })
    return opened
  }

  return async (text, values, isRepeated) => {
    const asker = whose()
    if (shared === undefined || shared.asker !== asker || shared.users === MOST_TOGETHER) shared = open(asker)
    const mine = shared
    mine.users += 1
    const connection = await mine.connection
    try {
      return await connection.query(text, values, isRepeated)
    } finally {
      mine.users -= 1
      if (mine.users === 0) connection.release()
    }
  }
}

/** Statements that were prepared are short; those that are built when they are needed may search for long. */
export const readingExecutor = (connect: Connect, whose: () => unknown): Executor =>
  executorOn(together(connect, whose), { kysely: kyselyOn(apart(connect)) })

/** @param needsTransaction whether its limits can only be said in one: then it goes out as a whole, with the one statement in it */
export const singleExecutor = (connect: Connect, needsTransaction: boolean): Executor =>
  executorOn(needsTransaction ? asTransaction(connect) : apart(connect), {})

/** If the transaction does not begin, the statement is done by itself: as a whole, like one whose commit is not answered. */
const asTransaction =
  (connect: Connect): Ask =>
  (text, values) =>
    inTransaction(connect, undefined, async (connection, sent) => {
      const answer = connection.query(text, values)
      sent.push(answer)
      return { answer }
    }).then(({ answer }) => answer)

async function inTransaction<T>(
  connect: Connect,
  settings: TransactionSettings | undefined,
  work: (connection: Connection, sent: Promise<unknown>[]) => Promise<T>,
): Promise<T> {
  const connection = await connect()
  const sent: Promise<unknown>[] = []
  try {
    connection.begin(settings)
    const done = await work(connection, sent)
    await connection.commit(sent)
    return done
  } catch (error) {
    await connection.rollBack()
    throw error
  } finally {
    connection.release()
  }
}

/** Nothing comes of it when the transaction turns out not to have begun. */
const onlyReads = (text: string): boolean => /^\s*select\b/i.test(text)

/** One transaction: its beginning goes out with what it reads first, and with its end what was only sent. */
export const transaction = <T>(
  connect: Connect,
  work: (executor: Executor) => Promise<T>,
  { locks, ...settings }: TransactionSettings & { readonly locks: boolean },
): Promise<T> =>
  inTransaction(connect, settings, (connection, sent) => {
    const ask: Ask = async (text, values, isRepeated) => {
      if (!onlyReads(text)) await connection.hasBegun()
      return connection.query(text, values, isRepeated)
    }
    const send = async (text: string, values: readonly unknown[]) => {
      await connection.hasBegun()
      const answer = connection.query(text, values)
      // It is told at the commit.
      answer.catch(() => {})
      sent.push(answer)
    }
    return work(executorOn(ask, { locks, send }))
  })
