/**
 * Looks into a PostgreSQL database and waits for the answer without giving way, as better-sqlite3 does: tests look between two steps of
 * a service that runs in their own process. The client lives in a thread (postgres-looking-thread.ts).
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Row } from './sqlite.ts'

export interface Question {
  readonly url: string
  readonly statement: string
  /** The statement is run once for each, in one transaction. */
  readonly each: readonly (readonly unknown[])[]
}

export type Reply = { readonly rows: Row[] } | { readonly error: Error }

let thread: { readonly port: MessagePort; readonly replies: Int32Array } | undefined

function start() {
  const { port1: port, port2 } = new MessageChannel()
  const replies = new Int32Array(new SharedArrayBuffer(4))
  new Worker(new URL('./postgres-looking-thread.ts', import.meta.url), {
    workerData: { port: port2, replies },
    transferList: [port2],
    execArgv: [],
  }).unref()
  return { port, replies }
}

/** What the last of the runs found. */
export function look(question: Question): Row[] {
  thread ??= start()
  const before = Atomics.load(thread.replies, 0)
  thread.port.postMessage(question)
  Atomics.wait(thread.replies, 0, before, 120_000)
  const reply: Reply | undefined = receiveMessageOnPort(thread.port)?.message
  if (reply === undefined) throw new Error(`No answer to: ${question.statement}`)
  if ('error' in reply) throw reply.error
  return reply.rows
}
