/**
 * The store of every peer: better-sqlite3 with prepared statements, WAL and full durability. A change is made at once, inside a
 * transaction that is committed when this turn of the event loop is over, so that requests share what a commit waits for the disk.
 */
import { join } from 'node:path'
import { hashSync, verify } from '@node-rs/argon2'
import Database from 'better-sqlite3'

const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** @param schema - of the tables beside that of the users */
export function openStore({ folder, usernames, password }, schema) {
  const database = new Database(join(folder, 'peer.sqlite'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec('CREATE TABLE IF NOT EXISTS users (username TEXT PRIMARY KEY, id TEXT UNIQUE, hash TEXT) WITHOUT ROWID')
  database.exec(schema)
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  /** Of the transaction that is open. */
  let committed

  /** A failed commit ends the process: nothing that it held has been acknowledged. */
  function commitSoon() {
    committed = Promise.withResolvers()
    begin.run()
    setImmediate(() => {
      commit.run()
      committed.resolve()
      committed = undefined
    })
  }

  function change(statement, ...parameters) {
    if (committed === undefined) commitSoon()
    return statement.run(...parameters).changes
  }

  const byName = database.prepare('SELECT id, hash FROM users WHERE username = ?')
  const byId = database.prepare('SELECT id, username FROM users WHERE id = ?')

  if (byName.get(usernames[0]) === undefined) {
    const insert = database.prepare('INSERT INTO users VALUES (?, ?, ?)')
    const hash = hashSync(password, argon2id)
    for (const username of usernames) insert.run(username, `user_${username}`, hash)
  }

  return {
    prepare: sql => database.prepare(sql),
    /** Makes a change; answers how many rows it has changed. @see durable */
    change,
    /** Resolves when every change made until now is on the disk. */
    durable: async () => committed?.promise,
    userById: id => byId.get(id),
    async userByPassword(username, presented) {
      const user = byName.get(username)
      return user !== undefined && (await verify(user.hash, presented)) ? { id: user.id, username } : undefined
    },
  }
}
