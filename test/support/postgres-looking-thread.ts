/** The thread of postgres-looking.ts: one statement after the other. */
import { type MessagePort, workerData } from 'node:worker_threads'
import pg from 'pg'
import type { Question, Reply } from './postgres-looking.ts'

const { port, replies }: { port: MessagePort; replies: Int32Array } = workerData
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.INT8, Number)

/** Statements are written for SQLite: `?` where a value goes. The column `rowid` is there, but is no column to be seen. */
async function answer({ url, statement, each }: Question): Promise<Reply> {
  const client = new pg.Client({ connectionString: url, types })
  await client.connect()
  try {
    let number = 0
    const text = statement.replaceAll('?', () => `$${++number}`)
    let rows: Record<string, unknown>[] = []
    await client.query('begin')
    // Several statements have several results.
    for (const values of each) rows = [await client.query(text, [...values])].flat().at(-1)?.rows ?? []
    await client.query('commit')
    return { rows: rows.map(({ rowid: _, ...row }) => row) }
  } finally {
    await client.end()
  }
}

port.on('message', async (question: Question) => {
  port.postMessage(await answer(question).catch(error => ({ error })))
  Atomics.add(replies, 0, 1)
  Atomics.notify(replies, 0)
})
