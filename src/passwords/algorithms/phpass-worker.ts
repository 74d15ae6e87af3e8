/** What the thread of phpass-thread.ts runs. */
import { hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { PhpassWork } from './phpass-thread.ts'

const md5 = (bytes: Uint8Array): Uint8Array => hash('md5', bytes, 'buffer')

parentPort?.on('message', ({ password, salt, rounds }: PhpassWork) => {
  let digest = md5(Buffer.concat([salt, password]))
  for (let round = 0; round < rounds; round++) digest = md5(Buffer.concat([digest, password]))
  parentPort?.postMessage(digest)
})
