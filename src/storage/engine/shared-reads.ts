/**
 * Reads of one turn of the event loop can share a transaction: without one, each takes and frees the locks of its own, which costs
 * more than to find a row. Such a read may be as old as the turn in which it is made, but never older than this process's last commit.
 * It is for what a token is decided by, which the write asks again on a connection of its own.
 */
import type Sqlite from 'better-sqlite3'

export function sharedReads(database: Sqlite.Database): { readonly begin: () => void; readonly end: () => void } {
  const begin = database.prepare('BEGIN')
  const commit = database.prepare('COMMIT')
  let isOpen = false

  function end(): void {
    if (!isOpen) return
    isOpen = false
    // Closed meanwhile, or ended by the database itself after an error.
    if (database.inTransaction) commit.run()
  }

  return {
    begin() {
      if (isOpen) return
      begin.run()
      isOpen = true
      setImmediate(end)
    },
    /** Before a commit of this process, so that whoever heard of it reads what it wrote. */
    end,
  }
}
