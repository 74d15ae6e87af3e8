/** Files that an operator names, or standard input: text that is all there, or why it is not. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { FileRefused, fileRefusal } from '../maintenance/file-refused.ts'

export interface LargestFile {
  readonly bytes: number
  /** What to do with a larger one. */
  readonly advice: string
}

async function read(stream: Readable, { bytes, advice }: LargestFile): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > bytes) throw new FileRefused(`The file has more than ${bytes / 1024 / 1024} MiB: ${advice}`)
  }
  return Buffer.concat(chunks)
}

/**
 * @param stdin read where the file is `-`
 * @throws FileRefused
 */
export async function readText(file: string, stdin: Readable, largest: LargestFile): Promise<string> {
  try {
    const bytes = await read(file === '-' ? stdin : createReadStream(file), largest)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw new FileRefused('The file is not UTF-8.')
    throw fileRefusal(error)
  }
}

const largestJson: LargestFile = { bytes: 1024 * 1024, advice: 'it is no key, and no set of keys.' }

/**
 * A key, or a set of keys. Nothing of the file is repeated, which may hold a private key.
 * @throws FileRefused
 */
export async function readJson(file: string, stdin: Readable): Promise<unknown> {
  const text = await readText(file, stdin, largestJson)
  try {
    return JSON.parse(text)
  } catch {
    throw new FileRefused('The file is no JSON. A key in PEM is written as a JWK (RFC 7517) first.')
  }
}
