import { Writable } from 'node:stream'
import t from 'tap'
import { createProgress } from '../../src/commands/progress.ts'

/** What is written, and whether somebody sees it at once. */
function screen(isTTY: boolean) {
  const written: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
  })
  return { written, progress: createProgress(Object.assign(stream, { isTTY })) }
}

t.test('at a terminal a bar is drawn over itself, and is gone before anything else is said', async t => {
  const { written, progress } = screen(true)
  progress.tell(50, 0.25)
  progress.tell(50, 0.25)
  progress.tell(200, 1)
  progress.clear()
  progress.clear()
  t.strictSame(written, [
    `\r[${'#'.repeat(10)}${' '.repeat(30)}] 25 %, 50 done`,
    `\r[${'#'.repeat(40)}] 100 %, 200 done`,
    '\r\x1b[K',
  ])
})

t.test('in a file it is a line a thousand, and what follows counts anew', async t => {
  const { written, progress } = screen(false)
  for (const done of [50, 999, 1000, 1500, 2050, 200, 1100]) progress.tell(done, done / 4000)
  progress.clear()
  t.strictSame(written, ['1000 done\n', '2050 done\n', '1100 done\n'])
})
