/**
 * Where the log goes: lines are written together, and no request waits for them. Whoever reads them may be slow, stop or go away: then
 * they wait, up to a limit, and those beyond it are lost and counted. Nothing here keeps the process from ending.
 */
import { constants, openSync, write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** A write a line costs more than the line: this many characters make one, or this many milliseconds. */
const BATCH = 12_288
const FLUSH_MS = 100
/** Bytes that wait for the reader: the lines of some 25,000 requests. */
const MOST_WAITING = 8 * 1024 * 1024
/** A pipe has 64 KiB of room: so often a reader that is slow for a moment is looked after. */
const RETRY_MS = 10
/** A process that ends waits for its reader no longer than this. */
const LONGEST_FAREWELL_MS = 1000

const nothing = Buffer.alloc(0)
const sleep = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/**
 * Standard output, so that a write for which there is no room fails with EAGAIN: a thread that waits would keep the process from ending.
 * A pipe is so since `process.stdout` was first used; a terminal is opened anew, where the system can do that.
 */
export function standardOutput(): number {
  if (!isatty(1)) return 1
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return 1
  }
}

/**
 * @param fd of what does not make a writer wait
 * @param onCaughtUp told how many lines were lost when the reader has taken those that waited
 */
export function createLogOutput(fd: number, onCaughtUp: (lost: number) => void): { write(line: string): void } {
  const batches: Buffer[] = []
  let [filling, waiting, lost] = ['', 0, 0]
  /** Taken from what waits, and not written yet. */
  let bytes: Buffer = nothing
  let isWriting = false

  function hasMore(): boolean {
    if (bytes.length > 0) return true
    bytes = batches.shift() ?? takeFilling()
    return bytes.length > 0
  }

  function takeFilling(): Buffer {
    const batch = Buffer.from(filling)
    filling = ''
    return batch
  }

  function flush(): void {
    if (isWriting || !hasMore()) return
    isWriting = true
    write(fd, bytes, (error, written) => {
      isWriting = false
      // There is no room, or nobody reads: neither is for ever.
      if (error !== null) return void setTimeout(flush, RETRY_MS).unref()
      bytes = bytes.subarray(written)
      waiting -= written
      if (waiting === 0 && lost > 0) tellOfLost()
      if (bytes.length > 0 || batches.length > 0) flush()
    })
  }

  function tellOfLost(): void {
    const count = lost
    lost = 0
    onCaughtUp(count)
  }

  setInterval(flush, FLUSH_MS).unref()
  process.once('exit', () => {
    const until = performance.now() + LONGEST_FAREWELL_MS
    // What a thread is writing it writes.
    if (isWriting) bytes = nothing
    while (hasMore()) {
      try {
        bytes = bytes.subarray(writeSync(fd, bytes))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > until) return
        sleep(RETRY_MS)
      }
    }
  })

  return {
    write(line) {
      const length = Buffer.byteLength(line)
      if (waiting + length > MOST_WAITING) {
        lost += 1
        return
      }
      waiting += length
      filling += line
      if (filling.length < BATCH) return
      batches.push(takeFilling())
      flush()
    },
  }
}
