/**
 * Group commit for a database with one writer. Works that arrive together run one after the other in one BEGIN IMMEDIATE, each in its
 * own SAVEPOINT unless it is a single statement, and are answered after the one COMMIT that makes them all durable: a commit that waits
 * for the disk costs some 20 rotations, so it is shared (docs/adr/0003-group-commit.md).
 */
import type { Stores, Write } from '../../records/unit-of-work.ts'

/** The statements of one write connection. */
export interface WriteConnection {
  /** BEGIN IMMEDIATE: the write lock is taken here or not at all, so that no work meets SQLITE_BUSY half-way. */
  begin(): void
  /** @param options.isCounted whether it gets a number of its own; without it, when something was changed */
  commit(options?: { readonly isCounted?: boolean }): void
  rollback(): void
  savepoint(): void
  release(): void
  rollbackToSavepoint(): void
  /** False after an error (a full disk, say) that made the database roll back by itself. */
  inTransaction(): boolean
}

/** A batch longer than this would keep other processes waiting for the lock. */
const LARGEST_BATCH = 200

interface Job {
  run(): Promise<unknown>
  /** A single statement is undone by itself when it fails. */
  readonly needsSavepoint: boolean
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** What can't be rolled back is gone when the next BEGIN fails; the callers of this batch must hear of it all the same. */
function rollBack(connection: WriteConnection): void {
  try {
    if (connection.inTransaction()) connection.rollback()
  } catch {
    // The error that led here is the one to tell.
  }
}

export function createGroupCommit(options: {
  readonly connection: WriteConnection
  readonly stores: Stores
  /** For works of one statement. */
  readonly singleStores: () => Stores
  /** Tries `begin` until the lock is free; rejects when it gives up. */
  readonly acquire: (begin: () => void) => Promise<void>
  /** What a failure of the database itself (not of a work) becomes. */
  readonly toError: (error: unknown) => unknown
}): { readonly write: Write; readonly idle: () => Promise<void> } {
  const { connection, stores, singleStores, acquire, toError } = options
  const queue: Job[] = []
  let draining: Promise<void> | undefined

  /** Answers what to tell the caller once the batch is durable. */
  async function run(job: Job): Promise<() => void> {
    if (job.needsSavepoint) connection.savepoint()
    try {
      const value = await job.run()
      if (job.needsSavepoint) connection.release()
      return () => job.resolve(value)
    } catch (error) {
      // Without a transaction there is nothing left to return to: the whole batch is lost.
      if (!connection.inTransaction()) throw error
      if (job.needsSavepoint) {
        connection.rollbackToSavepoint()
        connection.release()
      }
      return () => job.reject(toError(error))
    }
  }

  async function commitBatch(): Promise<void> {
    const batch: Job[] = []
    const answers: (() => void)[] = []
    try {
      await acquire(connection.begin)
      while (queue.length > 0 && batch.length < LARGEST_BATCH) {
        const job = queue.shift() as Job
        batch.push(job)
        answers.push(await run(job))
      }
      connection.commit()
    } catch (error) {
      rollBack(connection)
      const failed = batch.length > 0 ? batch : queue.splice(0)
      for (const job of failed) job.reject(toError(error))
      return
    }
    for (const answer of answers) answer()
  }

  async function drain(): Promise<void> {
    // One turn of the event loop, so that what became ready in this turn shares the commit.
    await new Promise(resolve => setImmediate(resolve))
    while (queue.length > 0) await commitBatch()
    draining = undefined
  }

  return {
    write: <T>(work: (stores: Stores) => Promise<T>, size?: 'one statement') =>
      new Promise<T>((resolve, reject) => {
        const isSingle = size === 'one statement'
        const run = () => work(isSingle ? singleStores() : stores)
        queue.push({ run, needsSavepoint: !isSingle, resolve: value => resolve(value as T), reject })
        draining ??= drain()
      }),
    /** Resolves when nothing is queued or being written. */
    idle: async () => {
      while (draining !== undefined) await draining
    },
  }
}
