/** The thread in which phpass is computed: begun by the first that needs it, and none that a process waits for at its end. */
import { Worker } from 'node:worker_threads'

export interface PhpassWork {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly rounds: number
}

interface Waiting {
  resolve(hash: Buffer): void
  reject(error: Error): void
}

interface Thread {
  readonly worker: Worker
  /** Answers come in the order of the questions. */
  readonly waiting: Waiting[]
}

let thread: Thread | undefined

function begin(): Thread {
  const worker = new Worker(new URL('./phpass-worker.ts', import.meta.url))
  const waiting: Waiting[] = []
  const end = (error: Error) => {
    thread = undefined
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  worker.on('message', (hash: Uint8Array) => {
    waiting.shift()?.resolve(Buffer.from(hash))
    if (waiting.length === 0) worker.unref()
  })
  worker.on('error', end).on('exit', () => end(new Error('The thread that computes phpass has ended.')))
  return { worker, waiting }
}

/** @returns 16 bytes */
export function computeInThread(work: PhpassWork): Promise<Buffer> {
  thread ??= begin()
  const { worker, waiting } = thread
  worker.ref()
  return new Promise((resolve, reject) => {
    waiting.push({ resolve, reject })
    worker.postMessage(work)
  })
}
