/** How far a long change is, on standard error: a line a thousand, or a bar where somebody sees it at once. */
import type { Writable } from 'node:stream'

/** How much is done between two lines. */
const STEP = 1000
const BAR_WIDTH = 40

/** It is drawn over itself. */
function barOf(share: number, done: number): string {
  const full = Math.round(share * BAR_WIDTH)
  return `\r[${'#'.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)} %, ${done} done`
}

const ERASE = '\r\x1b[K'

export interface Progress {
  /** @param share of the whole, from 0 to 1, where that is known */
  tell(done: number, share?: number): void
  /** Before anything else is written to the terminal. */
  clear(): void
}

export function createProgress(stderr: Writable & { readonly isTTY?: boolean }): Progress {
  let toldAt = 0
  let bar = ''

  function draw(next: string): void {
    if (next !== bar) stderr.write(next === '' ? ERASE : next)
    bar = next
  }

  return {
    tell(done, share) {
      // A file that grows has more in it than it had.
      if (share !== undefined && stderr.isTTY) return draw(barOf(Math.min(1, share), done))
      // Another change begins to count anew.
      if (done < toldAt) toldAt = 0
      if (done < toldAt + STEP) return
      toldAt = done - (done % STEP)
      stderr.write(`${done} done\n`)
    },
    clear: () => draw(''),
  }
}
