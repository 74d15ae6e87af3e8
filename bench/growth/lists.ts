/** A status list with more and more revocations: how often it is answered, what it weighs, and how soon it shows the next one. */
import Sqlite from 'better-sqlite3'
import { revokeForm } from '../accounts.ts'
import { openConnection } from '../connection.ts'
import { runWindow } from './refreshes.ts'

export interface ListFigures {
  readonly revocations: number
  readonly bytes: number
  readonly perSecond: number
  /** From the answer to a revocation to the document that shows it, in milliseconds. */
  readonly freshMilliseconds: number
}

const HOUR_MS = 3_600_000
const CONNECTIONS = 64

/** Spread over the entries, as people come and go. */
function insertRevocations(file: string, listId: string, count: number): void {
  const database = new Sqlite(file, { timeout: 5000 })
  database
    .prepare(
      `insert or ignore into revocations (list_id, status_index, until_ms)
       with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < cast(:count as integer))
       select :list, abs(random()) % 1048576, :until from numbers where :count > 0`,
    )
    .run({ count, list: listId, until: Date.now() + HOUR_MS })
  database.prepare('update status_lists set revision = revision + 1 where id = ?').run(listId)
  database.close()
}

/** Of the one list that the service has; before that, as many sessions as sizes must be there to revoke. */
export async function measureLists(options: {
  readonly port: number
  readonly pid: number
  readonly file: string
  readonly refreshTokens: readonly string[]
  readonly sizes: readonly number[]
  readonly seconds: number
}): Promise<readonly ListFigures[]> {
  const { port, pid, file, refreshTokens, sizes, seconds } = options
  const connection = await openConnection(port)
  const { status_lists } = JSON.parse((await connection.get('/oauth/status-lists')).body)
  const { pathname } = new URL(status_lists[0])
  const listId = pathname.split('/').at(-1) ?? ''
  const figures: ListFigures[] = []
  for (const [index, revocations] of sizes.entries()) {
    insertRevocations(file, listId, revocations)
    // Until the service has noticed.
    await connection.get(pathname)
    await connection.post('/oauth/revoke', revokeForm(refreshTokens[index] ?? ''))
    const begin = performance.now()
    const { body } = await connection.get(pathname)
    const freshMilliseconds = performance.now() - begin
    const send = async (each: typeof connection) => {
      const { status } = await each.get(pathname)
      if (status !== 200) throw new Error(`the list was answered with ${status}`)
    }
    const { perSecond } = await runWindow({ port, pid, connections: CONNECTIONS, seconds, send })
    figures.push({ revocations, bytes: body.length, perSecond, freshMilliseconds })
  }
  connection.close()
  return figures
}
