/**
 * Threads in which phpass is computed: as many as are needed at once, which the hashing lane bounds. Each is begun by the first that finds
 * none idle, is used again, and keeps no process alive that waits for nothing of it.
 */
import { Worker } from 'node:worker_threads'

export interface PhpassWork {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly rounds: number
}

interface Thread {
  readonly worker: Worker
  /** Of what it computes. */
  answer: PromiseWithResolvers<Uint8Array>
}

const idle = new Set<Thread>()

/** What the process was started with is not for it, and its work needs next to no memory. */
function begin(): Thread {
  const worker = new Worker(new URL('./phpass-worker.ts', import.meta.url), {
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  const thread: Thread = { worker, answer: Promise.withResolvers() }
  const end = (error: Error) => {
    idle.delete(thread)
    thread.answer.reject(error)
  }
  worker.on('message', (hash: Uint8Array) => thread.answer.resolve(hash))
  worker.on('error', end).on('exit', () => end(new Error('The thread that computes phpass has ended.')))
  return thread
}

/** @returns 16 bytes */
export async function computeInThread(work: PhpassWork): Promise<Buffer> {
  const [thread = begin()] = idle
  idle.delete(thread)
  const { worker } = thread
  thread.answer = Promise.withResolvers()
  worker.ref()
  worker.postMessage(work)
  const hash = await thread.answer.promise
  worker.unref()
  idle.add(thread)
  return Buffer.from(hash)
}
