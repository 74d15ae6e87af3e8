/**
 * The bytes of a file that an operator names, or of standard input, which can be read twice: first to check, then to write. What the second
 * reading gives is what the first one gave, or it ends.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { randomId, systemRandomness } from '../../randomness.ts'
import { FileRefused, fileRefusal } from '../file-refused.ts'

export interface Source {
  /** The size, of standard input once it has ended. */
  readonly bytes: number
  /** From the beginning, as often as it is called. @throws FileRefused when it can't be read, or is another than before */
  read(): AsyncIterable<Buffer>
  close(): Promise<void>
}

/** What is read, and compared, at once. */
const BLOCK_BYTES = 256 * 1024

const digestOf = (block: Buffer): string => createHash('sha256').update(block).digest('base64')

function sourceOf(handle: FileHandle, bytes: number): Source {
  /** Of each block that was ever handed out. Of a gigabyte these are some hundred kilobytes. */
  const digests: string[] = []

  /** Blocks end at the same places in each reading, however much the system gives at once. */
  async function blockAt(position: number): Promise<Buffer> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    let length = 0
    while (length < BLOCK_BYTES) {
      const { bytesRead } = await handle.read(block, length, BLOCK_BYTES - length, position + length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return block.subarray(0, length)
  }

  /** Before anybody sees it. */
  function refuseAnother(index: number, block: Buffer): void {
    const digest = digestOf(block)
    digests[index] ??= digest
    if (digests[index] !== digest) throw new FileRefused('The file was changed while it was read. Start again.')
  }

  return {
    bytes,
    async *read() {
      try {
        for (let index = 0; ; index++) {
          const block = await blockAt(index * BLOCK_BYTES)
          refuseAnother(index, block)
          if (block.length > 0) yield block
          if (block.length < BLOCK_BYTES) return
        }
      } catch (error) {
        throw fileRefusal(error)
      }
    },
    close: () => handle.close(),
  }
}

/** A file of nobody's: it has no name, so that nothing is left of it whatever ends this process. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), randomId(systemRandomness, 'signet-import'))
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  await unlink(path)
  return handle
}

/** Keeps a stream, which can be read only once, where it can be read again. */
async function spool(stream: AsyncIterable<Buffer>): Promise<Source> {
  const handle = await openNameless().catch(refuseToSpool)
  try {
    let bytes = 0
    for await (const chunk of stream) {
      await handle.writeFile(chunk).catch(refuseToSpool)
      bytes += chunk.length
    }
    return sourceOf(handle, bytes)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function refuseToSpool(error: NodeJS.ErrnoException): never {
  throw new FileRefused(
    `Standard input, or a pipe, is kept in a temporary file while it is read, and ${tmpdir()} can't take it (${error.code}). Set TMPDIR to a folder with room for it, or name a file.`,
  )
}

async function openFile(file: string): Promise<Source> {
  const handle = await open(file)
  const stats = await handle.stat()
  if (stats.isFile()) return sourceOf(handle, stats.size)
  try {
    return await spool(handle.createReadStream({ autoClose: false }))
  } finally {
    await handle.close()
  }
}

/**
 * @param stdin read where the file is `-`; a pipe that has a name (`/dev/stdin`, `<(…)`) is read in the same way
 * @throws FileRefused
 */
export async function openSource(file: string, stdin: Readable): Promise<Source> {
  try {
    return file === '-' ? await spool(stdin) : await openFile(file)
  } catch (error) {
    throw fileRefusal(error)
  }
}
